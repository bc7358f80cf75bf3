"""What an error code says about a text: one table per (family, code), with a reason and an advice for people.

The same number means different things on different families, so a family's own rows are asked first. Nothing is retried
here (3GPP TS 24.011 annex E, TS 23.040 clause 9.2.3.22, TS 27.005 clause 3.2.5, TS 27.007 clause 9.2, vendor manuals).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.records import Word


class Fate(StrEnum):
    """What became of the text."""

    REFUSED = "refused"
    UNKNOWN = "unknown"  # the firmware itself does not know whether the network took it
    EARLIER = "earlier"  # refused because an earlier copy was taken


@dataclass(frozen=True, slots=True)
class Verdict:
    word: Word
    reason: str
    advice: str = ""
    fate: Fate = Fate.REFUSED


NEVER, LATER, ELSEWHERE, CHANNEL = Word.NEVER, Word.LATER, Word.ELSEWHERE, Word.CHANNEL

_TOP_UP = "check credit and barring of this SIM"
_SIM = "check the SIM of this port"
_SMSC = "check the service centre number (smsc in the configuration)"
_BUG = "keep the PDU and report it"
_WAIT = "nothing to do; it is tried again"
_RESTART = "if it persists, switch the modem off and on"
_UNSURE = "it may have gone: on_unknown decides; better signal makes it rarer"
_PLAIN_SETTINGS = "send it without special settings"
_SPACE = "texts are taken off the SIM by the sweep; if it persists, delete old ones"

# fmt: off
# -- the network's own words: RP causes (24.011 annex E-2)
_NETWORK = {
    1: Verdict(NEVER, "the number is not assigned", "check the number"),
    8: Verdict(CHANNEL, "the operator bars this SIM", _TOP_UP),
    10: Verdict(CHANNEL, "this SIM may not send texts", _TOP_UP),
    17: Verdict(LATER, "network failure", _WAIT),
    # 21 is "no" without a why: spam filter, no credit, bad destination. Another SIM may know better; this one is not
    # blamed.
    21: Verdict(ELSEWHERE, "the service centre rejects the text", "credit, spam filter, or a number it does not serve"),
    22: Verdict(LATER, "memory capacity exceeded", _WAIT),
    27: Verdict(LATER, "the recipient is out of order", _WAIT),
    28: Verdict(ELSEWHERE, "the network does not know the subscriber", _SIM),
    29: Verdict(CHANNEL, "the facility is rejected for this SIM", _TOP_UP),
    30: Verdict(NEVER, "the recipient is unknown", "check the number"),
    38: Verdict(LATER, "the network is out of order", "may last; also seen without credit or with a wrong SMSC"),
    41: Verdict(LATER, "temporary failure", _WAIT),
    42: Verdict(LATER, "congestion", _WAIT),
    47: Verdict(LATER, "resources unavailable", _WAIT),
    50: Verdict(CHANNEL, "this SIM has no text service", _TOP_UP),
    69: Verdict(CHANNEL, "the service centre does not offer this", _SMSC),
    81: Verdict(LATER, "invalid transfer reference", _WAIT),
    95: Verdict(NEVER, "the network calls the text incorrect", _BUG),
    # A wrong service centre gives 96 as well as a bad PDU does: one channel's setting must not fail the text for good.
    96: Verdict(ELSEWHERE, "invalid mandatory information", _SMSC),
    97: Verdict(LATER, "message type not implemented", _WAIT),
    98: Verdict(LATER, "message not compatible with the state", "seen when a text comes in at the same moment"),
    99: Verdict(LATER, "information element not implemented", _WAIT),
    111: Verdict(LATER, "protocol error", _TOP_UP),
    127: Verdict(LATER, "interworking failed", _WAIT),
}
# -- the service centre's words: TP-FCS (23.040 clause 9.2.3.22)
_SERVICE_CENTRE = {
    128: Verdict(NEVER, "telematic interworking is not supported", _PLAIN_SETTINGS),
    129: Verdict(NEVER, "short message type 0 is not supported", _PLAIN_SETTINGS),
    130: Verdict(NEVER, "the text cannot be replaced", _PLAIN_SETTINGS),
    143: Verdict(NEVER, "TP-PID error", _BUG),
    144: Verdict(NEVER, "the alphabet is not supported", _BUG),
    145: Verdict(NEVER, "the message class is not supported", "send it without flash"),
    159: Verdict(NEVER, "TP-DCS error", _BUG),
    160: Verdict(NEVER, "the command cannot be carried out", _BUG),
    161: Verdict(NEVER, "the command is not supported", _BUG),
    175: Verdict(NEVER, "TP-Command error", _BUG),
    176: Verdict(NEVER, "the TPDU is not supported", _BUG),
    192: Verdict(LATER, "the service centre is busy", _WAIT),
    193: Verdict(CHANNEL, "this SIM has no subscription at the service centre", _SMSC),
    194: Verdict(LATER, "the service centre fails", _WAIT),
    195: Verdict(NEVER, "the recipient's address is invalid", "check the number"),
    196: Verdict(NEVER, "the recipient is barred", "check the number"),
    197: Verdict(NEVER, "the service centre has this text already", "nothing to do; the earlier copy counts", fate=Fate.EARLIER),
    198: Verdict(NEVER, "the validity format is not supported", "send it without validity_minutes"),
    199: Verdict(NEVER, "the validity period is not supported", "send it without validity_minutes"),
    208: Verdict(LATER, "the SIM's text storage is full", _SPACE),
    209: Verdict(CHANNEL, "the SIM has no text storage", _SIM),
    210: Verdict(CHANNEL, "error in the modem", _RESTART),
    211: Verdict(LATER, "memory capacity exceeded", _SPACE),
    212: Verdict(LATER, "the SIM toolkit is busy", _WAIT),
    213: Verdict(CHANNEL, "SIM data download error", _SIM),
    255: Verdict(LATER, "unspecified error", _TOP_UP),
}
# -- the modem's own words (27.005 clause 3.2.5)
_MODEM = {
    300: Verdict(CHANNEL, "modem failure", _RESTART),
    301: Verdict(LATER, "the modem's text service is reserved", _WAIT),
    302: Verdict(LATER, "operation not allowed", "the modem is busy with a call, or its radio is off"),
    303: Verdict(CHANNEL, "operation not supported", "this modem may not send texts at all"),
    304: Verdict(NEVER, "the modem calls the PDU invalid", _BUG),
    305: Verdict(CHANNEL, "invalid text mode parameter", "the modem has left PDU mode"),
    310: Verdict(CHANNEL, "no SIM", _SIM),
    311: Verdict(CHANNEL, "the SIM wants its PIN", "give pin or pin_file for this modem"),
    312: Verdict(CHANNEL, "the phone lock wants its PIN", _SIM),
    313: Verdict(CHANNEL, "SIM failure", _SIM),
    314: Verdict(LATER, "the SIM is busy", _WAIT),
    315: Verdict(CHANNEL, "wrong SIM", _SIM),
    316: Verdict(CHANNEL, "the SIM wants its PUK", _SIM),
    317: Verdict(CHANNEL, "the SIM wants its PIN2", _SIM),
    318: Verdict(CHANNEL, "the SIM wants its PUK2", _SIM),
    320: Verdict(CHANNEL, "memory failure", _SIM),
    321: Verdict(LATER, "invalid memory index", _WAIT),
    322: Verdict(LATER, "the text storage is full", _SPACE),
    330: Verdict(CHANNEL, "the service centre number is not known", _SMSC),
    331: Verdict(ELSEWHERE, "no network", "check antenna and registration of this port"),
    332: Verdict(LATER, "the network did not answer in time", _UNSURE, fate=Fate.UNKNOWN),
    340: Verdict(LATER, "no acknowledgement was expected", _WAIT),
    350: Verdict(NEVER, "the modem calls the text malformed", _BUG),
    500: Verdict(LATER, "unknown error", "weak signal, no credit, or a blocked SIM"),
}
# -- numbers that each family uses in its own way
_SIMCOM = {  # SIMCom and Quectel
    512: Verdict(LATER, "the SIM is not ready", _WAIT),
    513: Verdict(NEVER, "the text is too long for the modem", _BUG),
    514: Verdict(NEVER, "invalid request parameters", _BUG),
    515: Verdict(CHANNEL, "the modem's storage fails", _RESTART),
    517: Verdict(LATER, "invalid service mode", _WAIT),
    528: Verdict(LATER, "the modem confuses the order of texts", _WAIT),
    529: Verdict(CHANNEL, "this SIM may not send texts", _TOP_UP),
    530: Verdict(LATER, "GPRS is suspended", _WAIT),
    531: Verdict(LATER, "the modem's storage is full", _SPACE),
    604: Verdict(CHANNEL, "the modem's storage is inconsistent", "switch the modem off and on"),
}
_WAVECOM = {  # also MultiTech and older Sierra
    512: Verdict(LATER, "collision with an incoming text, or weak signal", _WAIT),
    # It gives up waiting 28 or 42 s after the transmission: the network may well have the text.
    513: Verdict(LATER, "the radio link was lost before the network answered", _UNSURE, fate=Fate.UNKNOWN),
    514: Verdict(LATER, "the network is congested", _WAIT),
    515: Verdict(LATER, "the modem is still starting", _WAIT),
    517: Verdict(LATER, "the SIM is not ready", _WAIT),
    519: Verdict(CHANNEL, "the modem wants a reset", "switch the modem off and on"),
}
_SIEMENS = {  # and Cinterion
    512: Verdict(LATER, "aborted", _WAIT),
    513: Verdict(LATER, "unable to store", _SPACE),
    514: Verdict(NEVER, "invalid status", _BUG),
    515: Verdict(NEVER, "invalid character in the number", "check the number"),
    516: Verdict(LATER, "invalid location", _WAIT),
    517: Verdict(NEVER, "invalid character in the PDU", _BUG),
    521: Verdict(LATER, "the network did not answer in time", _UNSURE, fate=Fate.UNKNOWN),
    532: Verdict(LATER, "the SIM is not ready", _WAIT),
    535: Verdict(LATER, "packet service is busy", _WAIT),
    538: Verdict(NEVER, "invalid parameter", _BUG),
    **{code: Verdict(NEVER, "the modem calls the PDU invalid", _BUG) for code in range(549, 555)},
    615: Verdict(LATER, "network failure", _WAIT),
    616: Verdict(LATER, "network failure", _WAIT),
}
# A modem of no known family: 513 may be Wavecom's, and a text that may have gone is never called refused.
_GENERIC = {
    512: Verdict(LATER, "the modem's text storage is not ready", "Sierra modems need minutes after their start"),
    513: Verdict(LATER, "the modem does not say whether the text left", _UNSURE, fate=Fate.UNKNOWN),
    524: Verdict(LATER, "no acknowledgement was expected", _WAIT),
}
# -- +CME ERROR (27.007 clause 9.2)
_EQUIPMENT = {
    0: Verdict(CHANNEL, "modem failure", _RESTART),
    1: Verdict(CHANNEL, "no connection to the modem", _RESTART),
    2: Verdict(LATER, "the modem's link is reserved", _WAIT),
    3: Verdict(LATER, "operation not allowed", "the modem is busy or locked"),
    4: Verdict(CHANNEL, "operation not supported", "this modem may not send texts at all"),
    5: Verdict(CHANNEL, "the phone lock wants its PIN", _SIM),
    6: Verdict(CHANNEL, "the phone lock wants its PIN", _SIM),
    7: Verdict(CHANNEL, "the phone lock wants its PUK", _SIM),
    10: Verdict(CHANNEL, "no SIM", _SIM),
    11: Verdict(CHANNEL, "the SIM wants its PIN", "give pin or pin_file for this modem"),
    12: Verdict(CHANNEL, "the SIM wants its PUK", _SIM),
    13: Verdict(CHANNEL, "SIM failure", _SIM),
    14: Verdict(LATER, "the SIM is busy", _WAIT),
    15: Verdict(CHANNEL, "wrong SIM", _SIM),
    16: Verdict(CHANNEL, "incorrect password", "check the PIN"),
    17: Verdict(CHANNEL, "the SIM wants its PIN2", _SIM),
    18: Verdict(CHANNEL, "the SIM wants its PUK2", _SIM),
    20: Verdict(LATER, "memory full", _SPACE),
    21: Verdict(LATER, "invalid index", _WAIT),
    22: Verdict(LATER, "not found", _WAIT),
    23: Verdict(CHANNEL, "memory failure", _RESTART),
    24: Verdict(NEVER, "the text is too long for the modem", _BUG),
    25: Verdict(NEVER, "invalid characters in the text", _BUG),
    26: Verdict(NEVER, "the number is too long", "check the number"),
    27: Verdict(NEVER, "invalid characters in the number", "check the number"),
    30: Verdict(ELSEWHERE, "no network", "check antenna and registration of this port"),
    31: Verdict(LATER, "the network did not answer in time", _UNSURE, fate=Fate.UNKNOWN),
    32: Verdict(ELSEWHERE, "emergency calls only", _SIM),
    **{code: Verdict(CHANNEL, "the modem is locked to another operator", _SIM) for code in range(40, 49)},
    50: Verdict(NEVER, "incorrect parameters", _BUG),
    100: Verdict(LATER, "unknown error", _WAIT),
    103: Verdict(CHANNEL, "the network has blocked this SIM", _SIM),
    106: Verdict(CHANNEL, "the network has blocked this modem's IMEI", "ask the operator"),
    **{code: Verdict(CHANNEL, "the network does not admit this SIM here", _SIM) for code in (107, 111, 112, 113)},
    **{code: Verdict(LATER, "packet service error", _WAIT) for code in (126, 132, 133, 134, 148, 149, 150)},
    256: Verdict(LATER, "operation temporarily not allowed", _WAIT),
    257: Verdict(CHANNEL, "call barred", _TOP_UP),
    258: Verdict(LATER, "the phone is busy", _WAIT),
    259: Verdict(LATER, "aborted", _WAIT),
    260: Verdict(NEVER, "the modem calls the command invalid", _BUG),
    261: Verdict(LATER, "supplementary service error", _WAIT),
    262: Verdict(CHANNEL, "the SIM is blocked", _SIM),
    263: Verdict(LATER, "invalid block", _WAIT),
    515: Verdict(LATER, "the modem is still starting", _WAIT),
    **{code: Verdict(CHANNEL, "the modem's SIM interface fails", _SIM) for code in range(765, 774)},
    3517: Verdict(LATER, "another program talks to this port", "stop the other program"),
}
# fmt: on
_STANDARD = {**_NETWORK, **_SERVICE_CENTRE, **_MODEM}
_FAMILIES = {"simcom": _SIMCOM, "wavecom": _WAVECOM, "siemens": _SIEMENS, "generic": _GENERIC}
_PLAIN = {
    "error": Verdict(LATER, "the modem said no without saying why", _WAIT),
    "unsupported": Verdict(CHANNEL, "the modem does not know the command", "this modem may not send texts at all"),
}


def classify(code: str, family: str) -> Verdict:
    """The verdict on `cms:21`, `cme:10`, `error` …; `family` is whose codes: simcom, wavecom, siemens, generic."""
    kind, _, digits = code.partition(":")
    if not digits.isdecimal():
        return _PLAIN.get(code, Verdict(LATER, f"the modem said {code}", _WAIT))
    value = int(digits)
    if kind == "cme":
        return _EQUIPMENT.get(value, Verdict(LATER, f"modem error {value}", _WAIT))
    verdict = _FAMILIES.get(family, _GENERIC).get(value) or _STANDARD.get(value)
    return verdict or _unlisted(value)


def _unlisted(value: int) -> Verdict:
    """224 to 254 are the service centre's private words, 0 to 127 reserved causes, above 500 the vendor's."""
    if value < 128:
        return Verdict(LATER, f"the network refuses with cause {value}", _TOP_UP)
    if value < 300:
        return Verdict(LATER, f"the service centre refuses with cause {value}", _TOP_UP)
    return Verdict(LATER, f"modem error {value}", "look the number up in the modem's manual")
