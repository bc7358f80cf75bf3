"""How a modem says no: the refusal a command raises and the wording of the codes (27.007 clause 9.2, 27.005 3.2.5)."""

CME_TEXTS = {
    0: "phone failure", 1: "no connection to phone", 2: "phone-adaptor link reserved", 3: "operation not allowed",
    4: "operation not supported", 5: "PH-SIM PIN required", 10: "SIM not inserted", 11: "SIM PIN required",
    12: "SIM PUK required", 13: "SIM failure", 14: "SIM busy", 15: "SIM wrong", 16: "incorrect password",
    20: "memory full", 21: "invalid index", 22: "not found", 23: "memory failure", 24: "text string too long",
    25: "invalid characters in text string", 26: "dial string too long", 27: "invalid characters in dial string",
    30: "no network service", 31: "network timeout", 32: "network not allowed - emergency calls only",
    50: "incorrect parameters", 100: "unknown", 103: "illegal MS", 106: "illegal ME",
    515: "please wait, init or command processing in progress",
}
CMS_TEXTS = {
    1: "unassigned number", 8: "operator determined barring", 10: "call barred", 21: "short message transfer rejected",
    22: "memory capacity exceeded", 27: "destination out of service", 28: "unidentified subscriber",
    29: "facility rejected", 30: "unknown subscriber", 38: "network out of order", 41: "temporary failure",
    42: "congestion", 47: "resources unavailable", 50: "requested facility not subscribed",
    69: "requested facility not implemented", 96: "invalid mandatory information", 111: "protocol error",
    127: "interworking, unspecified", 192: "SC busy", 194: "SC system failure", 195: "invalid SME address",
    196: "destination SME barred", 197: "SM rejected-duplicate SM", 208: "SIM SMS storage full",
    211: "memory capacity exceeded", 300: "ME failure", 301: "SMS service of ME reserved",
    302: "operation not allowed", 303: "operation not supported", 304: "invalid PDU mode parameter",
    305: "invalid text mode parameter", 310: "SIM not inserted", 311: "SIM PIN required", 313: "SIM failure",
    314: "SIM busy", 316: "SIM PUK required", 320: "memory failure", 321: "invalid memory index", 322: "memory full",
    330: "SMSC address unknown", 331: "no network service", 332: "network timeout",
    340: "no +CNMA acknowledgement expected",
    500: "unknown error",
}


class Unknown(KeyError):
    """A name that does not exist here; the text says which names do."""

    def __str__(self) -> str:
        return str(self.args[0])


class Refused(Exception):
    """A command ends with an error. Kind `CME` or `CMS` with a code; any other kind is printed as it stands."""

    def __init__(self, kind: str = "ERROR", code: int = 0) -> None:
        super().__init__(kind, code)
        self.kind = kind
        self.code = code

    def line(self, cmee: int) -> str:
        """The final result code at one setting of +CMEE."""
        if self.kind not in ("CME", "CMS"):
            return self.kind
        if cmee == 0:
            return "ERROR"
        texts = CME_TEXTS if self.kind == "CME" else CMS_TEXTS
        return f"+{self.kind} ERROR: {texts.get(self.code, self.code) if cmee == 2 else self.code}"


def cme(code: int) -> Refused:
    return Refused("CME", code)


def cms(code: int) -> Refused:
    return Refused("CMS", code)
