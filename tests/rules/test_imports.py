"""Who may import whom, read from the source: the layers of the gateway hold, and the two programs stay strangers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GROUND = {"records", "errors", "numbers", "hours", "clock", "pace", "patterns", "settings"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "records": {"errors"},
    "clock": {"errors"},
    "numbers": {"errors"},
    "pace": {"errors"},
    "hours": {"errors"},
    "patterns": {"errors"},
    "settings": {"errors", "records", "patterns"},
    "pdu": GROUND,
    "at": GROUND,
    "pbx": GROUND,
    "modem": GROUND | {"at", "pdu"},
    "dinstar": GROUND,
    "store": GROUND,
    "channels": GROUND | {"modem", "dinstar"},
    "core": GROUND | {"channels", "store", "pbx", "pdu.split", "pdu.join"},
    "guides": set(),
    "web": GROUND | {"core", "store", "guides"},
    "smpp": GROUND | {"core", "store"},
}
# Beside the table: the web shows the type that `core.sending.preview` returns; texts in SMPP are in the alphabet of the SIMs.
ALSO = {("web", "pdu.split"), ("smpp", "pdu.alphabet")}
EVERYTHING = {"cli", "service", "__main__", "__init__"}

ONLY_IN = {
    "flask": "gateway/web/",
    "apiflask": "gateway/web/",
    "waitress": "gateway/web/",
    "markdown_it": "gateway/web/guides.py",
    "peewee": "gateway/store/",
    "re2": "gateway/patterns.py",
    "playhouse": "gateway/store/",
    "serial": "gateway/modem/",
    "serial_asyncio_fast": "gateway/modem/link.py",
    "httpx": "gateway/dinstar/client.py",
    "httpcore": "gateway/core/forwarding",
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module or name a file imports, dotted."""
    found: list[str] = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(found)


def modules(package: str) -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path, path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    home = ROOT / "gateway" / package
    paths = sorted(home.rglob("*.py")) if home.is_dir() else [home.with_suffix(".py")]
    for path in paths:
        for name in imports(path):
            if not name.startswith("gateway."):
                continue
            wanted = name.removeprefix("gateway.")
            if wanted.split(".")[0] in (package, "__version__"):
                continue
            allowed = MAY_IMPORT[package] | {target for source, target in ALSO if source == package}
            assert any(wanted == one or wanted.startswith(f"{one}.") for one in allowed), f"{path} imports {name}"


def test_every_package_has_its_row_in_the_table() -> None:
    found = {path.stem for path in (ROOT / "gateway").iterdir() if path.is_dir() or path.suffix == ".py"}
    found -= {"__pycache__", "install"}
    assert found == set(MAY_IMPORT) | EVERYTHING


def test_gateway_and_simulator_are_strangers() -> None:
    for path, name in modules("gateway"):
        assert not any(one.split(".")[0] == "simulator" for one in imports(path)), name
    for path, name in modules("simulator"):
        assert not any(one.split(".")[0] == "gateway" for one in imports(path)), name


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_stays_behind_its_door(library: str) -> None:
    for path, name in modules("gateway"):
        if any(one.split(".")[0] == library for one in imports(path)):
            assert name.startswith(ONLY_IN[library]), f"{name} imports {library}"


# It answers whoever gave the job, in another thread, with the fault; the other jobs of the group are committed.
BROAD_WITHOUT_A_LOOP = {"gateway/store/writer.py": "_one"}


def test_a_broad_except_is_the_one_net_of_a_loop() -> None:
    for package in ("gateway", "simulator"):
        for path, name in modules(package):
            for function in (node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
                broad = [node for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and _broad(node)]
                looped = {node for loop in ast.walk(function) if isinstance(loop, ast.While) for node in ast.walk(loop)}
                assert len(broad) <= 1, f"{name}: {function.name}"
                assert looped.issuperset(broad) or BROAD_WITHOUT_A_LOOP.get(name) == function.name, f"{name}: {function.name}"


def _broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException"))


def test_every_module_says_what_it_is_for() -> None:
    for package in ("gateway", "simulator"):
        for path, name in modules(package):
            if parsed(path).body:
                assert ast.get_docstring(parsed(path)), f"{name} has no docstring"
