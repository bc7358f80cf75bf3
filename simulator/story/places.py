"""Where in a TOML file a key stands, for messages that a person can follow. Reads no values."""

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*(?:\.[^=]+)?=")
_QUOTES = ("'''", '"""')


class Places:
    """Lines of tables and keys. An array's tables are counted from 0: `step.2` is the third `[[step]]`."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, int] = {}
        counts: dict[str, int] = {}
        table, inside = "", ""
        for number, line in enumerate(text.splitlines(), 1):
            if inside:
                inside = "" if inside in line else inside
                continue
            if header := _HEADER.match(line):
                table = header[2]
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = f"{table}.{counts[table]}"
                self._lines[table] = number
            elif key := _KEY.match(line):
                self._lines.setdefault(".".join(filter(None, (table, key[1].strip('"')))), number)
            inside = next((quote for quote in _QUOTES if line.count(quote) % 2), "")

    def line(self, path: str) -> int:
        """The line of a path such as `step.2.text`, or of the nearest table around it."""
        while path and path not in self._lines:
            path = path.rpartition(".")[0]
        return self._lines.get(path, 1)
