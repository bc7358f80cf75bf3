"""The words a story may use: steps with their fields, and the fields of its tables."""

from typing import Any

# Field: the types it may have; a name with ! must be there.
Fields = dict[str, tuple[type, ...]]
NUMBER, TEXT, LIST, TABLE, FLAG = (int, float), (str,), (list,), (dict,), (bool,)
ANY: tuple[type, ...] = (int, float, str, bool)

TOP: Fields = {"title!": TEXT, "about": TEXT, "limit": NUMBER, "bank": TABLE, "network": TABLE, "gateway": TABLE,
               "step!": LIST}
BANK: Fields = {"ports": (int,), "family": (str, list), "seed": (int,), "number": TEXT, "latency": (int, float, str),
                "report_delay": NUMBER, "answer_delay": NUMBER, "handsets": TABLE, "pins": TABLE, "boot": NUMBER,
                "boxes": LIST}
GATEWAY: Fields = {"use": TEXT, "url": TEXT, "headers": TABLE,
                   "start": LIST, "free": LIST, "files": TABLE, "prepare": LIST, "ready": TABLE}
READY: Fields = {"url": TEXT, "headers": TABLE, "status": (int,), "body": TEXT, "modems": LIST, "within": NUMBER}
COMMAND: Fields = {"command!": LIST, "exit": (int,), "output": TEXT, "save": TEXT, "within": NUMBER}
STEP: Fields = {"name": TEXT, "at": NUMBER, "after": (str, list), "wait": NUMBER}

_PORT: Fields = {"port!": TEXT}
_BOX: Fields = {"box!": TEXT}
_COUNTED: Fields = {"count": (int,), "within": NUMBER, "exactly": FLAG}

# Steps whose value is the name of a port.
PORT_DEEDS = ("unplug", "plug", "reset")
# Steps that are handed to the control of the bank as they are: method and path.
CONTROL_DEEDS: dict[str, tuple[str, str]] = {
    "text": ("POST", "text"), "network": ("POST", "network"), "handsets": ("POST", "handsets"),
    "fault": ("POST", "ports/{port}/fault"), "release": ("DELETE", "ports/{port}/fault"),
    "signal": ("POST", "ports/{port}/signal"), "registration": ("POST", "ports/{port}/registration"),
    "sim": ("POST", "ports/{port}/sim"), "pin": ("POST", "ports/{port}/pin"), "say": ("POST", "ports/{port}/say"),
    "unplug": ("POST", "ports/{port}/unplug"), "plug": ("POST", "ports/{port}/plug"),
    "reset": ("POST", "ports/{port}/reset"),
    "box_fault": ("POST", "boxes/{box}/fault"), "box_release": ("DELETE", "boxes/{box}/fault"),
    "box_settings": ("POST", "boxes/{box}/settings"),
}
GATEWAY_DEEDS = ("stop", "kill", "start")
# Fields of the steps that are tables; None: any.
FIELDS: dict[str, Fields | None] = {
    "text": {"from!": TEXT, "to!": TEXT, "text": TEXT, "like": TEXT, "pdu": TEXT, "dcs": (int,)},
    "network": None, "handsets": None,
    "fault": None, "release": _PORT | {"name": TEXT},
    "signal": _PORT | {"csq!": (int,)}, "registration": _PORT | {"stat!": (int,)}, "sim": None,
    "pin": _PORT | {"pin": TEXT}, "say": _PORT | {"line!": TEXT},
    "box_fault": None, "box_release": _BOX | {"name": TEXT}, "box_settings": None,
    "http": {"method": TEXT, "url!": TEXT, "headers": TABLE, "json": (dict, list), "body": TEXT, "times": (int,),
             "expect": TABLE, "save": TABLE, "within": NUMBER},
    "run": COMMAND,
    "webhook_answers": {"status!": (int,)},
    "expect_texts": _COUNTED | {"to": TEXT, "from": TEXT, "port": TEXT, "text": TEXT},
    "expect_no_doubles": {"to": TEXT, "text": TEXT},
    "expect_webhook": _COUNTED | {"body": TEXT, "where": TABLE, "save": TABLE},
    "expect_report": _COUNTED | {"to": TEXT, "port": TEXT, "status": (int,)},
    "expect_journal": _COUNTED | {"kind!": TEXT, "where": TABLE},
}
EXPECTED_HTTP: Fields = {"status": (int, list), "body": TEXT, "where": TABLE}
STEP_KINDS = (*FIELDS, *PORT_DEEDS, "gateway")


def names(fields: Fields) -> list[str]:
    return [name.removesuffix("!") for name in fields]


def fits(value: Any, types: tuple[type, ...]) -> bool:
    """Whether a TOML value has one of the types; a truth value is no number."""
    return isinstance(value, types) and (not isinstance(value, bool) or bool in types)


def shown(types: tuple[type, ...]) -> str:
    words = {int: "a whole number", float: "a number", str: "a string", list: "an array", dict: "a table", bool: "true or false"}
    return " or ".join(words[each] for each in types)
