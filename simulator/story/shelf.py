"""The stories that come along with the simulator, by name."""

import difflib
from pathlib import Path

from simulator.story.model import Malformed

FOLDER = Path(__file__).parent.parent / "stories"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def find(wanted: str) -> Path:
    """The file of a story: a path, or the name of one on the shelf. Raises Malformed when there is neither."""
    path = Path(wanted)
    if path.suffix == ".toml" or path.exists():
        return path
    if wanted in names():
        return FOLDER / f"{wanted}.toml"
    near = difflib.get_close_matches(wanted, names(), 1)
    hint = f"did you mean {near[0]!r}?" if near else "`simrack-sim stories` lists them"
    raise Malformed(f"no story {wanted!r}; {hint}")
