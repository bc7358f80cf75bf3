"""The built-in guides: a Markdown page for each phone system, the files that it names, and what `simrack connect` makes for it.

Pages and files are texts with placeholders as {address} and {key}; filling them in is left to who shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

# Not the ${…} of the files of others.
_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_]+)\}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_FILE = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9]+)+")


def names() -> list[str]:
    """The pages, by name."""
    return sorted(one.name.removesuffix(".md") for one in resources.files(__name__).iterdir() if one.name.endswith(".md"))


def page(name: str) -> str | None:
    """A page as it is written; None where there is none of this name."""
    return _read(f"{name}.md") if _NAME.fullmatch(name) else None


def files() -> list[str]:
    return sorted(one.name for one in resources.files(__name__).joinpath("files").iterdir() if _FILE.fullmatch(one.name))


def file(name: str) -> str | None:
    """A file that a page names, as it is written; None where there is none of this name."""
    return _read("files", name) if _FILE.fullmatch(name) else None


def title(page: str) -> str:
    """The first heading."""
    return next((line.removeprefix("# ").strip() for line in page.splitlines() if line.startswith("# ")), "")


def without(text: str, placeholder: str) -> str:
    """A file without the paragraphs that ask for this value."""
    return "\n\n".join(one for one in text.split("\n\n") if f"{{{placeholder}}}" not in one)


def filled(text: str, values: Mapping[str, str]) -> str:
    """With the placeholders that have a value; the others stay as they stand."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _read(*path: str) -> str | None:
    found = resources.files(__name__).joinpath(*path)
    return found.read_text(encoding="utf-8") if found.is_file() else None
