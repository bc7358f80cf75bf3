"""The table [doors]: which of other people's SMS APIs are offered, to whom, and what their clients may choose. Records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from gateway.errors import BadValue
from gateway.settings import forms
from gateway.settings.forms import between, form, judged_by, network, one_of, secret
from gateway.settings.spelling import nearest

# The blueprints of `web.compat` (a test compares them).
DOORS = (
    *("telnyx", "plain", "integra", "kannel", "twilio", "vonage", "smseagle", "smsgate", "wildix", "playsms", "jasmin"),
    "dinstar",
)
# Who enters elsewhere has an address too: our own API, and SMPP.
ENTRANCES = (*DOORS, "v1", "smpp")
# What the plain door reads, under names that its clients choose.
PLAIN_FIELDS = ("to", "text", "from", "key", "ref", "channel", "pool", "flash", "extension")

_SECRET = (r"[!-~]{16,128}", "give 16 to 128 printable characters without a blank, or {}_file")


def a_door(written: str) -> None:
    if written not in DOORS:
        raise BadValue("", f"{written!r} is no door", nearest(written, DOORS))


def _an_entrance(written: str) -> None:
    if written not in ENTRANCES:
        raise BadValue("", f"{written!r} is no door", nearest(written, ENTRANCES))


def _plain_field(written: str) -> None:
    if written not in PLAIN_FIELDS:
        raise BadValue("", f"{written!r} is nothing the plain door reads", nearest(written, PLAIN_FIELDS))


def _secret(name: str) -> str:
    wanted = (_SECRET[0], _SECRET[1].format(name))
    made: str = field(default="", repr=False, metadata=secret(wanted, "secret", "it holds the secret alone, on one line"))
    return made


def _networks(written: str) -> None:
    for one in written.split(","):
        network(one.strip())


@dataclass(frozen=True, slots=True)
class DoorsSettings:
    open: tuple[str, ...] = field(
        default=("plain",), metadata={**judged_by(a_door), "empty": True, "such_as": '["plain", "twilio"]'}
    )
    # door, or "v1" or "smpp" -> addresses and networks from which alone it is entered; one not named is entered from anywhere
    addresses: Mapping[str, str] = field(
        default_factory=dict,
        metadata={**judged_by(_networks), "key_judge": _an_entrance, "such_as": '{ kannel = "192.0.2.7, 198.51.100.0/24" }'},
    )
    # a sender that is no number of ours: refused, or ignored, so that any SIM sends the text
    other_senders: str = field(default="refuse", metadata=one_of(("refuse", "ignore")))
    # numbers of bare digits: of the own country, unless they begin with its code; or of all the world without their plus sign
    bare_numbers: str = field(default="national", metadata=one_of(("national", "international")))
    plain_names: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            **form((r"[A-Za-z][A-Za-z0-9_.-]{0,31}", "use up to 32 letters, digits, '_', '.' or '-'")),
            "key_judge": _plain_field,
            "such_as": '{ to = "phone", text = "message" }',
        },
    )
    # requests to the Vonage door that are signed with this secret come in the name of this key
    vonage_key: str = field(default="", metadata=form((f"({forms.NAME[0]})?", "name a key of `simrack key list`")))
    vonage_secret: str = _secret("vonage_secret")
    # how the callbacks of requests to the Vonage door are told: as form, JSON or query
    vonage_callbacks: str = field(default="post", metadata=one_of(("post", "json", "get")))
    # signs the callbacks of requests to the Twilio door, in place of an auth token that is not kept
    twilio_secret: str = _secret("twilio_secret")
    # what a client of the Dinstar door takes for ports; empty: all channels in the order of this file, from 0
    dinstar_ports: Mapping[str, int] = field(
        default_factory=dict, metadata={**between(0, 999), "such_as": '{ p0 = 0, "box1.0" = 1 }'}
    )
    dinstar_pool: str = field(default="", metadata=form((f"({forms.NAME[0]})?", "name a pool")))  # for texts that name no port
    dinstar_sn: str = field(default="simrack", metadata=form((r"[!-~]{1,64}", "give up to 64 printable characters")))

    def ports_of(self, channels: Sequence[str]) -> dict[str, int]:
        """The channels that clients of the Dinstar door know, each with its number."""
        return dict(self.dinstar_ports) or {channel: port for port, channel in enumerate(channels)}

    def networks(self, door: str) -> tuple[str, ...] | None:
        """From where a door may be entered; None is from anywhere."""
        written = self.addresses.get(door)
        return None if written is None else tuple(str(ip_network(one.strip())) for one in written.split(","))
