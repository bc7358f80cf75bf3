"""Whole texts out of the parts that the network took, as the journal tells of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.journal import Entry


@dataclass(frozen=True, slots=True)
class Text:
    """A text of which the network took every part."""

    port: str
    sender: str
    to: str
    text: str


def texts(submissions: Iterable[Entry]) -> list[Text]:
    """The texts that are complete; the parts of a long one may come in any order."""
    found: list[Text] = []
    under_way: dict[tuple[str, str, int, int], dict[int, str]] = {}
    for entry in submissions:
        text = entry["text"] if entry["text"] is not None else entry["pdu"]
        if entry["concat"]:
            reference, total, number = entry["concat"]
            key = (entry["from"], entry["to"], reference, total)
            parts = under_way.setdefault(key, {})
            parts[number] = text
            if len(parts) < total:
                continue
            del under_way[key]
            text = "".join(parts[number] for number in sorted(parts))
        found.append(Text(entry["port"], entry["from"], entry["to"], text))
    return found


def doubled(found: Iterable[Text]) -> list[tuple[str, str, int]]:
    """Recipient, text and number of the texts that went to somebody more than once."""
    counts = Counter((text.to, text.text) for text in found)
    return [(to, text, count) for (to, text), count in counts.items() if count > 1]
