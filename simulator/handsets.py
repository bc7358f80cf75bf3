"""The telephones outside the bank: what becomes of a text for a number, and what its owner answers. Any number has a
handset; the default takes texts and never answers."""

from dataclasses import dataclass

from simulator import outside

FATES = {
    "delivered": "takes the text, is reported as delivered (the default)",
    "noreport": "takes the text, but no report ever comes back",
    "doublereport": "takes the text, its report comes twice",
    "late": "takes the text, the report comes 60 s later, or as in `late:5`",
    "fail": "never gets the text; the report is a permanent failure, 0x43 or as in `fail:0x41`",
    "temporary": "first a temporary report (0x30), then delivered; `temporary:5` waits 5 s in between",
    "off": "is switched off for ever, or as long as in `off:30`; the service centre tries until TP-VP is over (0x46)",
    "refuse": "the service centre refuses the submission with a CMS code, 38 or as in `refuse:1`",
}
ANSWERS = {
    "silent": "never answers (the default)",
    "echo": "answers `echo: ` and the text it got",
    "answer": "answers a fixed text, as in `answer:Thank you`",
    "stop": "answers STOP",
    "long": "answers 399 characters in three parts; `long:reversed`, `shuffled`, `lost`, `doubled`, joined by commas",
    "turkish": "answers in the Turkish national tables",
    "hindi": "answers in the Hindi national tables",
    "emoji": "answers in two parts whose border goes through an emoji",
    "flash": "answers with a class 0 text",
    "mms": "answers with an MMS, whose notification comes as a WAP push",
    "binary": "answers with data octets",
}
KINDS = FATES | ANSWERS


@dataclass(frozen=True, slots=True)
class Trait:
    """One of FATES or ANSWERS with what stands behind its colon."""

    kind: str
    detail: str = ""

    def number(self, otherwise: int) -> int:
        return int(self.detail, 0) if self.detail else otherwise

    def seconds(self, otherwise: float) -> float:
        return float(self.detail) if self.detail else otherwise


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What becomes of a text, and how it is answered."""

    fate: Trait = Trait("delivered")
    answer: Trait = Trait("silent")

    def __str__(self) -> str:
        told = [f"{trait.kind}:{trait.detail}" if trait.detail else trait.kind
                for trait in (self.fate, self.answer) if trait.kind not in ("delivered", "silent")]
        return ";".join(told) or "silent"


SILENT = Behaviour()


def parse(text: str) -> Behaviour:
    """`kind`, `kind:detail`, or a fate and an answer joined by a semicolon. Raises ValueError with the known kinds."""
    fate, answer, rest = SILENT.fate, SILENT.answer, text
    while rest:
        kind = rest.partition(":")[0]
        # A fixed answer is whatever stands behind its colon, semicolons too.
        piece, rest = (rest, "") if kind == "answer" else _split(rest)
        trait = _trait(piece)
        if trait.kind in FATES:
            fate = trait
        else:
            answer = trait
    return Behaviour(fate, answer)


def _split(text: str) -> tuple[str, str]:
    piece, _, rest = text.partition(";")
    return piece, rest


def _trait(text: str) -> Trait:
    kind, _, detail = text.partition(":")
    if kind not in KINDS:
        raise ValueError(f"no handset behaviour {kind!r}; there are: {', '.join(KINDS)}")
    trait = Trait(kind, detail)
    if kind in ("fail", "refuse"):
        trait.number(0)
    if kind in ("temporary", "late", "off"):
        trait.seconds(0.0)
    if kind == "long":
        outside.check(kind, detail)
    return trait


class Handsets:
    """Rules by number prefix; the longest prefix that fits decides."""

    def __init__(self, rules: dict[str, Behaviour] | None = None) -> None:
        self.rules: dict[str, Behaviour] = dict(rules or {})

    def of(self, number: str) -> Behaviour:
        if not self.rules:
            return SILENT
        for size in range(len(number), 0, -1):
            if (rule := self.rules.get(number[:size])) is not None:
                return rule
        return SILENT
