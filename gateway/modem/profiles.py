"""What modem families do differently, as data. `Profile` explains each switch, a page per family is in firmware-notes/.

Nothing here talks to a modem. What is known of one family is not guessed for another: the generic profile is careful.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.errors import ModemUnfit


@dataclass(frozen=True, slots=True)
class PinCounter:
    """How to learn how many PIN tries are left: `pattern` has one group, the number."""

    command: str
    pattern: str


@dataclass(frozen=True, slots=True)
class UssdWay:
    """One way to dial a service code: how it is written, what comes before and after, and for which models alone."""

    form: str = "text"  # text, packed (septets in hex) or ucs2 (in hex)
    before: tuple[str, ...] = ('AT+CSCS="GSM"',)
    after: tuple[str, ...] = ()
    coding: str = ",15"
    models: tuple[str, ...] = ()  # lower-case pieces of the answer to AT+CGMM; none: any model

    def fits(self, model: str) -> bool:
        return not self.models or any(piece in model.lower() for piece in self.models)


_PLAIN_CODE = UssdWay()
_BARE_CODE = UssdWay(coding="")
_UCS2_CODE = UssdWay("ucs2", before=('AT+CSCS="UCS2"',), after=('AT+CSCS="GSM"',))
_PACKED_CODE = UssdWay("packed", before=())

_CPINR = PinCounter("AT+CPINR", r"\+CPINR:\s*\"?SIM PIN\"?\s*,\s*(\d+)")
_SPIC = PinCounter("AT+SPIC", r"\+SPIC:\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    makers: tuple[str, ...] = ()  # lower-case beginnings of the answer to AT+CGMI
    models: tuple[str, ...] = ()  # lower-case pieces of the answer to AT+CGMM, one of which must occur; none: any model
    codes: str = "generic"  # whose error codes these are (at.codes)
    first: tuple[str, ...] = ()  # commands sent after identification; a refusal is ignored
    iccid: tuple[str, ...] = ("AT+CCID", "AT+ICCID", "AT+CRSM=176,12258,0,0,10")
    pin_counters: tuple[PinCounter, ...] = (_CPINR,)
    pause_s: float = 0.0  # silence the firmware needs between an answer and the next command
    pin_pause_s: float = 0.0  # silence the firmware needs after the PIN
    cpin_without_final: bool = False  # AT+CPIN? is answered by its line alone
    fixes_speed: bool = False  # ships with autobaud, and then keeps its boot notifications to itself
    domains: tuple[str, ...] = ("+CREG", "+CEREG")  # where registration may be seen; the first that serves counts
    stores: tuple[str, ...] = ("SM", "ME")  # where incoming texts go, best first
    second_look_s: float = 0.0  # the first AT+CMGL after start may list nothing: sweep again after this
    routing_modes: tuple[int, ...] = (2, 1, 3)  # CNMI <mode>, best first
    report_routes: tuple[int, ...] = (1, 2, 0)  # CNMI <ds>, best first: +CDS, +CDSI, none
    unwell: tuple[str, ...] = ()  # answers to a listing that only a restart of the modem cures
    report_filling: str = ""  # what precedes the PDU of a stored status report and is not part of it
    keeps_link: bool = True  # AT+CMMS=2 is worth trying
    hang_up: str = "ATH"  # refuses a voice call
    ussd: tuple[UssdWay, ...] = (_PLAIN_CODE, _BARE_CODE, _UCS2_CODE)  # ways to dial a service code, best first
    reset: str = "AT+CFUN=1,1"  # restarts the modem; empty where that has never brought one back
    send_timeout_s: float = 150.0  # how long the network may take to answer a CMGS
    quirks: str = field(default="", compare=False)  # for people: one line for `simrack probe`


GENERIC = Profile("generic")

WAVECOM = Profile(
    "wavecom",
    makers=("wavecom", "sierra wireless"),
    models=("multiband", "q24", "q26", "fastrack", "fxt", "wmo", "wismo"),
    codes="wavecom",
    iccid=("AT+CCID", "AT+CRSM=176,12258,0,0,10"),
    cpin_without_final=True,
    domains=("+CREG",),
    stores=("SM",),
    report_filling="000000FF00",
    reset="",  # AT+CFUN=1 kills a Q2406A that searches for its network
    quirks="answers AT+CPIN? without OK; CMS 512 means a collision, 513 an unknown outcome",
)

SIM800 = Profile(
    "sim800",
    makers=("simcom",),
    models=("sim800", "sim808", "sim868", "sim900", "sim908", "sim300", "sim600"),
    codes="simcom",
    pin_counters=(_SPIC,),
    fixes_speed=True,
    domains=("+CREG",),
    report_routes=(1, 0),
    send_timeout_s=120.0,
    quirks="takes reports only as +CDS; resets itself when 2 A peaks pull its supply down",
)

SIMCOM_LTE = Profile(
    "simcom-lte",
    makers=("simcom", "incorporated"),
    codes="simcom",
    iccid=("AT+CICCID", "AT+CCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(_SPIC,),
    hang_up="AT+CHUP",
    reset="AT+CRESET",
    quirks="some A76xx variants are data-only and refuse AT+CMGF",
)

QUECTEL_M = Profile(
    "quectel-m",
    makers=("quectel",),
    models=("m10", "m26", "m35", "m66", "m85", "m95", "mc60"),
    codes="simcom",
    iccid=("AT+QCCID", "AT+CCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(PinCounter("AT+QTRPIN", r"\+QTRPIN:\s*(\d+)"), _CPINR),
    fixes_speed=True,
    domains=("+CREG",),
    unwell=("cms:604",),
    send_timeout_s=150.0,
    quirks="CMS 604 on listing means that its storage is inconsistent; CME 3517 that another program talks to the port",
)

QUECTEL_EC2X = Profile(
    "quectel-ec2x",
    makers=("quectel",),
    codes="simcom",
    iccid=("AT+QCCID", "AT+ICCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(PinCounter("AT+QPINC?", r"\+QPINC:\s*\"?SC\"?\s*,\s*(\d+)"), _CPINR),
    stores=("ME", "SM"),
    hang_up="AT+CHUP",
    quirks="keeps texts in ME; notifications go to the port that AT+QURCCFG names",
)

HUAWEI = Profile(
    "huawei",
    makers=("huawei", "brovi"),
    first=("AT^CURC=0", "AT^PORTSEL=1"),
    iccid=("AT^ICCID?", "AT+ICCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(PinCounter("AT^CPIN?", r"\^CPIN:\s*[^,]+,[^,]*,\d+,(\d+)"),),
    pin_pause_s=3.0,
    second_look_s=0.5,
    routing_modes=(1, 2),
    keeps_link=False,
    hang_up="AT+CHUP",
    reset="AT^RESET",
    ussd=(
        UssdWay(models=("e169", "e3131", "e3276", "e3372", "me909", "mu609", "mu709")),
        _PACKED_CODE,
        UssdWay(before=("AT^USSDMODE=0", 'AT+CSCS="GSM"')),
    ),
    quirks="message index starts at 0; says ^SMMEMFULL instead of +CMTI when full; may hang after an hour",
)

SIEMENS = Profile(
    "siemens",
    makers=("siemens", "cinterion", "gemalto", "thales"),
    codes="siemens",
    iccid=("AT^SCID", "AT+CCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(PinCounter("AT^SPIC", r"\^SPIC:\s*(\d+)"),),
    hang_up="AT+CHUP",
    quirks="lists dummy records of F; some models offer no report routing, reports are then fetched by the sweep",
)

TELIT = Profile(
    "telit",
    makers=("telit",),
    first=("AT#QSS=1",),
    iccid=("AT#CCID", "AT+CCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(PinCounter("AT#PCT", r"#PCT:\s*(\d+)"), _CPINR),
    pin_pause_s=1.0,
    pause_s=0.02,
    hang_up="AT+CHUP",
    reset="AT#REBOOT",
    quirks="answers CMS 314 until #QSS: 3; wants 20 ms between an answer and the next command",
)

ZTE = Profile(
    "zte",
    makers=("zte",),
    first=("AT+CPMS?",),
    iccid=("AT+ZGETICCID", "AT+ICCID?", "AT+CCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(PinCounter("AT+ZPINPUK=?", r"\+ZPINPUK:\s*(\d+)"), _CPINR),
    routing_modes=(1, 2),
    hang_up="AT+CHUP",
    reset="AT+CFUN=1,1",
    quirks="floods +ZUSIMR until AT+CPMS? was asked; may forget the service centre; says dcs 15 and writes UCS-2",
)

UBLOX = Profile(
    "ublox",
    makers=("u-blox",),
    iccid=("AT+CCID", "AT+CRSM=176,12258,0,0,10"),
    pin_counters=(PinCounter("AT+UPINCNT", r"\+UPINCNT:\s*(\d+)"), _CPINR),
    hang_up="AT+CHUP",
    reset="AT+CFUN=16",
    quirks="its port appears up to 20 s before it listens",
)

# The first that fits is taken, so a family told by its models comes before one that takes every model of its maker.
PROFILES = (WAVECOM, SIM800, SIMCOM_LTE, QUECTEL_M, QUECTEL_EC2X, HUAWEI, SIEMENS, TELIT, ZTE, UBLOX, GENERIC)


def detect(manufacturer: str, model: str) -> Profile:
    """The family of a modem that calls itself so."""
    maker, kind = manufacturer.lower().strip(), model.lower()
    for profile in PROFILES:
        of_maker = maker.startswith(profile.makers) if profile.makers else True
        of_model = any(piece in kind for piece in profile.models) if profile.models else True
        if of_maker and of_model:
            return profile
    return GENERIC


def named(family: str) -> Profile:
    """The profile a technician chose by name."""
    for profile in PROFILES:
        if profile.name == family:
            return profile
    names = ", ".join(sorted({profile.name for profile in PROFILES}))
    raise ModemUnfit(f"there is no modem family {family!r}", f"family is auto or one of {names}")
