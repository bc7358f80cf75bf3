"""The phone systems that `simrack connect` knows, by name. Each has a page among the guides, which a test compares with this."""

from __future__ import annotations

from gateway.guides.recipe import WITH_REPORTS, Field, Hook, Recipe

_ALL = (
    Recipe(
        "3cx",
        "3CX",
        "Admin > Voice & Chat > the SIP trunk > SMS, provider Generic",
        (Field("Provider URL", "{address}/compat/3cx"), Field("API Key", "{key}")),
        door="telnyx",
        path="/compat/3cx",
        hook=Hook(
            "telnyx",
            "the Webhook URL that 3CX shows on the SMS tab of the trunk",
            "https://{pbx}/sms/generic/{id}",
            WITH_REPORTS,
            path="/sms/generic/",
        ),
        https=True,
        notes=("The number of each SIM must be a number (DID) of that trunk, written with + and the code of the country.",),
    ),
    Recipe(
        "yeastar",
        "Yeastar P-Series",
        "Messaging > Message Channel > Add > SMS, ITSP General",
        (
            Field("API Address for Sending Messages", "{address}/compat/yeastar"),
            Field("API Key", "{key}"),
            Field("Secret", "{secret}"),
        ),
        door="telnyx",
        path="/compat/yeastar",
        hook=Hook(
            "telnyx",
            "the Webhook URL that Yeastar shows for the channel",
            "https://{pbx}/api/v1.0/webhook/general/{id}",
            options={"signing": "hmac-sha256"},
            path="/api/v1.0/webhook/general/",
        ),
        https=True,
        notes=("The Secret must be typed as it stands here: Yeastar refuses incoming texts that are signed with another.",),
    ),
    Recipe(
        "url",
        "Anything with a URL",
        "the program that sends and receives",
        (
            Field("To send, GET or POST", "{address}/api/send?key={key}&to=NUMBER&text=TEXT"),
            Field("The same with a header", "Authorization: Bearer {key}"),
            Field("Secret of the webhook", "{secret}"),
        ),
        door="plain",
        path="/api/send",
        hook=Hook("standard", "where incoming texts are to be posted", events=WITH_REPORTS),
        scopes=("send", "read"),
    ),
    Recipe(
        "kannel",
        "Kannel",
        "kannel.conf",
        (),
        door="kannel",
        path="/cgi-bin/sendsms",
        hook=Hook(
            "kannel",
            "the port of this smsc group in the bearerbox, as http://192.0.2.7:13005/sms",
            "http://{pbx}:13005/sms",
            options={"mo": "username=simrack&password=%{secret}&from=%p&to=%P&text=%b", "dlr_mask": 0},
            path="/sms",
        ),
        per_minute=60,
        file="kannel.conf",
    ),
    Recipe(
        "smpp",
        "SMPP",
        "the client that binds",
        (
            Field("Host", "{host}"),
            Field("Port", "{smpp_port}"),
            Field("system_id", "{name}"),
            Field("password", "{password}"),
            Field("Bind", "transceiver, SMPP 3.4"),
        ),
        scopes=("send", "read"),
        per_minute=60,
    ),
)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
