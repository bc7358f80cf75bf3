"""Placeholders: `{name}` in the strings of a story, replaced when a step is about to be played."""

import re
from collections.abc import Iterator
from typing import Any

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z0-9]+)*)\}")


def render(value: Any, known: dict[str, str], pattern: bool = False) -> Any:
    """A value with all its placeholders replaced, at every depth; in a `pattern` they stand for themselves alone."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: re.escape(known[found[1]]) if pattern else known[found[1]], value)
    if isinstance(value, list):
        return [render(each, known, pattern) for each in value]
    if isinstance(value, dict):
        return {key: render(each, known, pattern) for key, each in value.items()}
    return value


def used(value: Any) -> Iterator[str]:
    """The names of all placeholders in a value."""
    if isinstance(value, str):
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from used(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from used(each)


def dig(document: Any, path: str) -> Any:
    """What stands at a dotted path of a JSON document, as `data.0.id`. Raises KeyError with the path."""
    for name in path.split("."):
        try:
            document = document[int(name)] if isinstance(document, list) else document[name]
        except (KeyError, IndexError, TypeError, ValueError):
            raise KeyError(path) from None
    return document


def matches(document: Any, where: dict[str, Any]) -> bool:
    """Whether all paths lead to what is wanted: strings are patterns, everything else must be equal."""
    for path, wanted in where.items():
        try:
            found = dig(document, path)
        except KeyError:
            return False
        if not (re.search(wanted, str(found)) if isinstance(wanted, str) else found == wanted):
            return False
    return True
