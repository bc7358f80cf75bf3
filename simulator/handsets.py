"""The telephones outside the bank: what a number does with a text. Any number has a handset; the default takes texts
and never answers."""

from dataclasses import dataclass

from simulator.smspdu import UserData

KINDS = {
    "silent": "takes the text, is reported as delivered, never answers (the default)",
    "echo": "answers `echo: ` and the text it got",
    "answer": "answers a fixed text, as in `answer:Thank you`",
    "noreport": "takes the text, but no report ever comes back",
    "fail": "never gets the text; the report is a permanent failure, 0x43 or as in `fail:0x41`",
    "temporary": "first a temporary report (0x30), then delivered; `temporary:5` waits 5 s in between",
    "refuse": "the service centre refuses the submission with a CMS code, 38 or as in `refuse:1`",
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One of KINDS with what stands behind its colon."""

    kind: str = "silent"
    detail: str = ""

    def number(self, otherwise: int) -> int:
        return int(self.detail, 0) if self.detail else otherwise

    def __str__(self) -> str:
        return f"{self.kind}:{self.detail}" if self.detail else self.kind


SILENT = Behaviour()


def parse(text: str) -> Behaviour:
    """`kind` or `kind:detail`. Raises ValueError with the known kinds."""
    kind, _, detail = text.partition(":")
    if kind not in KINDS:
        raise ValueError(f"no handset behaviour {kind!r}; there are: {', '.join(KINDS)}")
    behaviour = Behaviour(kind, detail)
    if kind in ("fail", "refuse"):
        behaviour.number(0)
    if kind == "temporary" and detail:
        float(detail)
    return behaviour


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


class Joiner:
    """Puts the parts of long texts together at whoever receives them."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str, int, int], dict[int, str]] = {}

    def add(self, sender: str, to: str, data: UserData, text: str | None) -> tuple[str, int] | None:
        """The whole text and its number of parts once nothing is missing, None before that."""
        concat = data.concat
        shown = text if text is not None else data.body.hex()
        if concat is None:
            return shown, 1
        key = (sender, to, concat.reference, concat.total)
        parts = self._parts.setdefault(key, {})
        parts[concat.number] = shown
        if len(parts) < concat.total:
            return None
        del self._parts[key]
        return "".join(parts[number] for number in sorted(parts)), concat.total
