"""Puts the parts of long texts together at whoever receives them."""

from simulator.smspdu import UCS2, UserData


class Joiner:
    """The long texts under way between any two numbers."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str, int, int], dict[int, UserData]] = {}

    def add(self, sender: str, to: str, data: UserData, text: str | None) -> tuple[str, int] | None:
        """The whole text and its number of parts once nothing is missing, None before that."""
        concat = data.concat
        if concat is None:
            return _shown(data, text), 1
        key = (sender, to, concat.reference, concat.total)
        parts = self._parts.setdefault(key, {})
        parts[concat.number] = data
        if len(parts) < concat.total:
            return None
        del self._parts[key]
        ordered = [parts[number] for number in sorted(parts)]
        if all(part.coding == UCS2 for part in ordered):
            # A character may be cut in two between the parts: join the octets first.
            return b"".join(part.body for part in ordered).decode("utf-16-be", "replace"), concat.total
        return "".join(_shown(part, part.text) for part in ordered), concat.total


def _shown(data: UserData, text: str | None) -> str:
    return text if text is not None else data.body.hex()
