"""The last touches to `/openapi.json`: problems, events and the limits of this installation. Adds no route."""

from __future__ import annotations

import json
import re
from typing import Any

from gateway.core.inbound.checks import EXTENSION
from gateway.core.keys.rules import MOST_EXTENSIONS, MOST_SENDERS
from gateway.core.webhooks import forms, is_on_the_web
from gateway.hours import zones
from gateway.numbers import plain_form
from gateway.records import EventType
from gateway.settings import Settings
from gateway.web.event_schemas import BY_EVENT
from gateway.web.schemas import USUAL_AMI_ADDRESS, USUAL_WEB_ADDRESS, In, ProblemOut

_IDEMPOTENCY = (
    "May carry an `Idempotency-Key` header (see the parameters of this document): repeated with the same body within 48 hours,"
    " it is answered with the message accepted first and nothing is sent twice; with another body it is refused (422)."
)
_NESTED = re.compile(r'"#/components/schemas/\w+\.(\w+)"')
_GSM7_UNITS_OF_A_PART = 153  # 3GPP TS 23.040 clause 9.2.3.24.1: what a header leaves of 160


def describe(spec: dict[str, Any], settings: Settings) -> dict[str, Any]:
    spec = _flat(spec)
    schemas = spec["components"]["schemas"]
    problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), Problem=problem)
    channels = list(settings.channel_names)
    for model in BY_EVENT.values():
        schemas[model.__name__] = model.model_json_schema()
    _limit(schemas["SendIn"]["properties"], channels, settings)
    for name in ("WebhookIn", "WebhookChange"):
        _choose_some(schemas[name]["properties"]["channels"], channels)
    _form_webhooks(schemas)
    for name in ("RouteIn", "RouteChange"):
        _limit_route(schemas[name]["properties"], settings)
    for name in ("InboundIn", "InboundChange"):
        _limit_inbound(schemas[name]["properties"], settings)
    _choose(schemas["InboundExplainIn"]["properties"]["channel"], channels)
    _limit_rules(schemas["RulesIn"]["properties"], settings)
    _choose(schemas["LimitIn"]["properties"]["zone"], list(zones()))
    _limit_pool(schemas["PoolIn"]["properties"], settings)
    schemas["ExplainIn"]["properties"]["to"]["pattern"] = plain_form(settings.numbers.country)
    for path in ("/v1/limits/explain", "/v1/pools/{name}/explain", "/v1/channels/{name}/explain"):
        for parameter in spec["paths"][path]["get"]["parameters"]:
            if parameter["name"] == "to":
                parameter["schema"] = {"type": "string", "pattern": plain_form(settings.numbers.country)}
    for operations in spec["paths"].values():
        for operation in operations.values():
            _finish(operation, spec)
    spec["tags"] = [tag for number, tag in enumerate(spec["tags"]) if tag not in spec["tags"][:number]]
    spec["webhooks"] = {kind.value: _event(kind) for kind in EventType}
    return spec


def _finish(operation: dict[str, Any], spec: dict[str, Any]) -> None:
    if "requestBody" in operation:
        optional = [model.__name__ for model in In.__subclasses__() if model.may_be_missing]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        operation["requestBody"]["required"] = schema.rpartition("/")[2] not in optional
    for parameter in [one for one in operation["parameters"] if one["in"] == "header"]:
        # Named in words, not as a parameter: a schema cannot say that the same key must come with the same body, and
        # what tries requests by the schema alone would be told off for each second one.
        operation["parameters"].remove(parameter)
        operation["description"] = _IDEMPOTENCY
        spec["components"].setdefault("parameters", {})[parameter["name"]] = parameter


def _flat(spec: dict[str, Any]) -> dict[str, Any]:
    """One name for each model: APIFlask files a model inside another as Parent.Child, once for each parent."""
    found: dict[str, Any] = json.loads(_NESTED.sub(r'"#/components/schemas/\1"', json.dumps(spec)))
    schemas = found["components"]["schemas"]
    for name in [name for name in schemas if "." in name]:
        schemas.setdefault(name.partition(".")[2], schemas.pop(name))
    return found


def _limit(fields: dict[str, Any], channels: list[str], settings: Settings) -> None:
    """Say what this installation takes, so that a client's form can offer it. Own numbers may be more than are configured:
    SIMs tell theirs."""
    fields["text"]["maxLength"] = min(settings.sending.max_characters, settings.sending.max_parts * _GSM7_UNITS_OF_A_PART)
    fields["to"]["pattern"] = plain_form(settings.numbers.country)
    _choose(fields["from"], [modem.number for modem in settings.modems if modem.number])
    _choose(fields["channel"], channels)
    _choose(fields["pool"], [pool.name for pool in settings.pools])


def _limit_route(fields: dict[str, Any], settings: Settings) -> None:
    fields["from"]["anyOf"] = [{"type": "string", "pattern": plain_form(settings.numbers.country)}, {"type": "null"}]
    fields["zone"]["enum"] = list(zones())
    _choose(fields["pool"], [pool.name for pool in settings.pools])


def _limit_inbound(fields: dict[str, Any], settings: Settings) -> None:
    number = {"type": "string", "pattern": plain_form(settings.numbers.country)}
    fields["to"]["items"] = number
    # A star at the end is meant for a prefix, though some short codes end so.
    fields["from"]["items"]["anyOf"].append({**number, "not": {"pattern": "[*]$"}})
    _choose_some(fields["channels"], list(settings.channel_names))
    _choose(fields["pool"], [pool.name for pool in settings.pools])


def _limit_rules(fields: dict[str, Any], settings: Settings) -> None:
    names = [*settings.channel_names, *(pool.name for pool in settings.pools)]
    number = {"type": "string", "minLength": 7, "pattern": plain_form(settings.numbers.country)}  # no short code
    senders = {"type": "array", "maxItems": MOST_SENDERS, "items": {"anyOf": [{"type": "string", "enum": names}, number]}}
    extensions = {
        "type": "object",
        "maxProperties": MOST_EXTENSIONS,
        "propertyNames": {"pattern": rf"^(\*|{EXTENSION})$"},
        "additionalProperties": senders,
    }
    fields["from"]["anyOf"] = [senders, {"type": "null"}]
    fields["extensions"]["anyOf"] = [extensions, {"type": "null"}]


def _limit_pool(fields: dict[str, Any], settings: Settings) -> None:
    _choose_some(fields["channels"], list(settings.channel_names))
    fields["channels"]["uniqueItems"] = True
    fields["accept"]["format"] = "regex"


def _choose(field: dict[str, Any], names: list[str]) -> None:
    texts = {"type": "string", "enum": names}
    field["anyOf"] = [texts, {"type": "null"}] if names else [{"type": "null"}]


def _choose_some(field: dict[str, Any], names: list[str]) -> None:
    for form in field.get("anyOf", [field]):
        if form.get("type") == "array":
            form.update({"items": {"type": "string", "enum": names}} if names else {"maxItems": 0})


def _form_webhooks(schemas: dict[str, Any]) -> None:
    """Which options and secrets go with which format."""
    made, changed = schemas["WebhookIn"], schemas["WebhookChange"]
    made["properties"]["secret"] = {"type": ["string", "null"], "description": "Without it one is made."}
    made["properties"]["url"] = {"description": "An address of the kind that the format is posted to."}
    made["anyOf"] = [_with_url(form) for form in forms()]
    for name in ("url", "options", "secret", "format"):
        changed["properties"][name] = {"description": made["properties"][name].get("description", "")}
    nothing = {"type": "null"}
    for pattern in (USUAL_WEB_ADDRESS, USUAL_AMI_ADDRESS):
        made_of = {"url": {"anyOf": [nothing, _url(pattern)]}, "format": nothing, "options": nothing, "secret": nothing}
        changed.setdefault("anyOf", []).append({"properties": made_of})
    changed["anyOf"] += [_change_of(_with_url(form)) for form in forms()]


def _with_url(form: dict[str, Any]) -> dict[str, Any]:
    fields = form["properties"]
    pattern = USUAL_WEB_ADDRESS if is_on_the_web(fields["format"]["const"]) else USUAL_AMI_ADDRESS
    return {**form, "properties": {**fields, "url": _url(pattern)}}


def _url(pattern: str) -> dict[str, Any]:
    # Without the IPv6 form, which no pattern of this size describes exactly; core checks that one.
    return {"type": "string", "maxLength": 2000, "pattern": pattern}


def _change_of(form: dict[str, Any]) -> dict[str, Any]:
    """What is there already need not be given again: events, and options where the defaults will do."""
    fields, required = form["properties"], form["required"]
    for name in ("url", "events"):
        fields[name] = {"anyOf": [{"type": "null"}, fields[name]]}
    if "options" not in required:
        fields["options"] = {"anyOf": [{"type": "null"}, fields["options"]]}
    return {**form, "required": sorted({"format", *required})}


def _data(kind: EventType) -> dict[str, str]:
    if kind in BY_EVENT:
        return {"$ref": f"#/components/schemas/{BY_EVENT[kind].__name__}"}
    return {"$ref": "#/components/schemas/MessageOut"} if kind.value.startswith("message.") else {"type": "object"}


def _event(kind: EventType) -> dict[str, Any]:
    envelope = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "const": kind.value},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": _data(kind),
        },
    }
    return {
        "post": {
            "summary": kind.value,
            "description": "Posted to webhooks of the format standard, signed as Standard Webhooks says; any 2xx accepts it.",
            "requestBody": {"content": {"application/json": {"schema": envelope}}},
            "responses": {"2XX": {"description": "Accepted"}, "410": {"description": "Wants no more: the webhook is disabled"}},
        }
    }
