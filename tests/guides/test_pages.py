"""The guides cannot lie: what they name by path, command, option, format, setting and file exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click
import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from gateway import guides
from gateway.cli import main
from gateway.guides.recipe import Recipe
from gateway.guides.recipes import RECIPES
from gateway.pbx.formats import FORMATS, checked, untold
from gateway.records import EventType
from gateway.settings import DOORS, DoorsSettings, parse
from tests.web.compat.conftest import Open
from tests.web.conftest import Gateway, gateway  # noqa: F401  a fixture

SECTIONS = ["What you need", "On the simrack side", "What to type where", "Firewall", "Test", "What it cannot do"]
# Of others: paths at the PBX, and files of this machine.
FOREIGN = (
    *("/sms/generic/", "/api/v1.0/webhook/", "/app/messages/", "/smsconn/", "/Integra/resources/InboundSMS/", "/admin/ajax.php"),
    *("/etc/", "/var/"),
)
FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LONGEST_LINE = 140
REAL_HOSTS = ("www.standardwebhooks.com", "127.0.0.1")

pages = pytest.mark.parametrize("name", guides.names())
recipes = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


def text_of(name: str) -> str:
    found = guides.page(name)
    assert found is not None
    return found


def blocks(text: str, kind: str) -> list[str]:
    return [found[1] for found in FENCE.findall(text) if found[0] == kind]


def commands(text: str) -> Iterator[list[str]]:
    """Every call of simrack, as its words."""
    lines = [line for block in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *INLINE.findall(FENCE.sub("", text))]:
        if found := re.match(r"(?:sudo (?:-u simrack )?)?simrack (.*)", line):
            yield shlex.split(found[1])


def paths(text: str) -> set[str]:
    bare = re.sub(r"\{address\}|https?://[A-Za-z0-9.:]+", "", text)
    found = set(re.findall(r"(?<![A-Za-z0-9.*<_}])/[A-Za-z][A-Za-z0-9/_.{}-]*", " ".join(INLINE.findall(FENCE.sub("", bare)))))
    found |= set(re.findall(r"\{address\}(/[A-Za-z0-9/_.-]+)", text))
    return {one.rstrip("./") for one in found if not one.startswith(FOREIGN)}


@pages
def test_every_page_has_the_same_sections(name: str) -> None:
    assert re.findall(r"^## (.+)$", text_of(name), re.MULTILINE) == SECTIONS
    assert guides.title(text_of(name))
    assert not [line for line in text_of(name).splitlines() if len(line) > LONGEST_LINE and not line.startswith("|")]


@pages
def test_every_command_and_option_exists(name: str) -> None:
    found = list(commands(text_of(name)))
    assert any(words[0] == "connect" for words in found)
    for words in found:
        command: click.Command = main
        while isinstance(command, click.Group) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert command is not main, words
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, (command.name, words)
        if command.name == "connect":
            assert all(word.startswith("-") or word in RECIPES for word in words[:1])
        if "--format" in words and "FORMAT" not in words:
            format = words[words.index("--format") + 1]
            given = [words[place + 1].split("=", 1) for place, word in enumerate(words) if word == "--option"]
            assert format in FORMATS
            assert {option for option, _ in given} <= {option.name for option in FORMATS[format].options}
        events = {words[place + 1] for place, word in enumerate(words) if word == "--event"}
        assert events <= {"*", *(event.value for event in EventType)}


@pages
def test_every_piece_of_configuration_is_sound(name: str, tmp_path: Path) -> None:
    for block in blocks(text_of(name), "toml"):
        parse(block, tmp_path)


@pages
def test_every_path_of_ours_exists(name: str, gateway: Gateway) -> None:  # noqa: F811
    application = Open(gateway, DoorsSettings(open=DOORS)).application()
    adapter = application.url_map.bind("")
    for path in paths(text_of(name)):
        for method in ("GET", "POST"):
            try:
                adapter.match(path.replace("/ID", "/msg_01hzzzzzzzzzzzzzzzzzzzzzzz"), method)
                break
            except (MethodNotAllowed, RequestRedirect):
                break
            except NotFound:
                pass
        else:
            # Or where others of ours begin.
            assert any(rule.rule.startswith(f"{path}/") for rule in application.url_map.iter_rules()), f"{name}: no {path}"


@pages
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", text_of(name)):
        if target.startswith("files/"):
            assert guides.file(target.removeprefix("files/")) is not None, target
        elif not target.startswith("https://"):
            assert target.removesuffix(".md") in guides.names(), target


@pages
def test_addresses_are_those_kept_for_documents(name: str) -> None:
    text = text_of(name) + "".join(guides.file(one) or "" for one in guides.files())
    for host in re.findall(r"[a-z]+://([A-Za-z0-9.-]+)", text):
        assert host.endswith("example.net") or host.startswith("192.0.2.") or host in REAL_HOSTS, host


@recipes
def test_a_recipe_has_a_page_that_names_what_it_prints(recipe: Recipe) -> None:
    text = text_of(recipe.page)
    assert f"simrack connect {recipe.name}" in text
    for one in recipe.fields if recipe.name != "url" else ():
        assert one.label in text, one.label
    if recipe.file:
        assert f"files/{recipe.file}" in text and guides.file(recipe.file) is not None
    assert not recipe.door or (recipe.door in DOORS and f'"{recipe.door}"' in text)
    if recipe.hook is not None:
        assert f"`{recipe.hook.format}`" in text or recipe.hook.format == "standard"
        assert checked(recipe.hook.format, recipe.hook.options) == dict(recipe.hook.options)
        assert not {event.value for event in untold(recipe.hook.format, recipe.hook.options)} & set(recipe.hook.events)


def test_every_page_belongs_to_a_recipe() -> None:
    assert {recipe.page for recipe in RECIPES.values()} == set(guides.names())


def test_every_file_is_named_by_a_page() -> None:
    named = {name for page in guides.names() for name in re.findall(r"\(files/([^)]+)\)", text_of(page))}
    assert named == set(guides.files())


def test_a_name_that_leads_elsewhere_is_no_page() -> None:
    for name in ("../errors", "files/kannel", "3CX", "", "__init__"):
        assert guides.page(name) is None
    for name in ("../recipes.py", "..", ".hidden.md", "kannel"):
        assert guides.file(name) is None


def test_pages_and_files_come_with_the_package() -> None:
    package = resources.files("gateway.guides")
    assert package.joinpath("3cx.md").read_text(encoding="utf-8").startswith("# 3CX\n")
    assert package.joinpath("files", "kannel.conf").is_file()
    patterns = re.findall(r'"(guides/[^"]+)"', Path(__file__).parents[2].joinpath("pyproject.toml").read_text())
    assert patterns == ["guides/*.md", "guides/files/*"]
