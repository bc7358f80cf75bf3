"""What came of a story: told line by line for people, and as JUnit XML for machines."""

import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

OK, FAILED, SKIPPED = "ok", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one step. `ended` and `took` in seconds; `said`: why it failed or was left out."""

    name: str
    line: int
    state: str
    ended: float
    took: float
    said: str = ""

    def told(self) -> str:
        return "\n".join([f"{self.ended:7.2f} s  {self.state:8}{self.name}",
                          *(f"{'':21}{line}" for line in self.said.splitlines())])


@dataclass(slots=True)
class Verdict:
    """The outcomes of one story in the order they came."""

    title: str
    file: Path
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return bool(self.outcomes) and all(outcome.state == OK for outcome in self.outcomes)

    def count(self, state: str) -> int:
        return sum(outcome.state == state for outcome in self.outcomes)

    def told(self) -> str:
        word = "PASSED" if self.good else "FAILED"
        return (f"{word}  {self.title}: {self.count(OK)} steps went well, {self.count(FAILED)} failed, "
                f"{self.count(SKIPPED)} were left out, in {self.seconds:.1f} s")

    def junit(self) -> bytes:
        """One test suite with a case for each step."""
        root = xml.Element("testsuites")
        suite = xml.SubElement(root, "testsuite", name=self.title, tests=str(len(self.outcomes)), failures=str(self.count(FAILED)),
                               errors="0", skipped=str(self.count(SKIPPED)), time=f"{self.seconds:.3f}")
        for outcome in self.outcomes:
            case = xml.SubElement(suite, "testcase", name=outcome.name, classname=self.file.stem, file=str(self.file),
                                  line=str(outcome.line), time=f"{outcome.took:.3f}")
            if outcome.state != OK:
                tag = "failure" if outcome.state == FAILED else "skipped"
                note = xml.SubElement(case, tag, message=_clean(outcome.said.partition("\n")[0]))
                note.text = _clean(outcome.said)
        xml.indent(root)
        return xml.tostring(root, encoding="utf-8", xml_declaration=True)


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(character if character in "\t\n\r" or (character >= " " and character not in "\ufffe\uffff") else "?"
                   for character in text if not "\ud800" <= character <= "\udfff")
