"""The example configuration is sound, shows every setting, and what it calls a default is one."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

import gateway
from gateway import settings
from gateway.settings import Settings, parse


def example() -> str:
    return (Path(gateway.__file__).parent / "install" / "simrack.toml").read_text()


def with_the_examples(text: str) -> str:
    """Tables behind a # alone lose it."""
    return re.sub(r"^#(?=[\[#\w])", "", text, flags=re.MULTILINE)


def uncovered(text: str) -> str:
    """Defaults behind "# " lose it."""
    return re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p0.pin").write_text("1234")
    (tmp_path / "box1.pw").write_text("geheim")
    (tmp_path / "vonage.secret").write_text("0123456789abcdef")
    (tmp_path / "twilio.secret").write_text("0123456789abcdef")
    return tmp_path


def test_the_example_is_a_sound_configuration(tmp_path: Path) -> None:
    assert parse(example(), tmp_path).channel_names == ("p0", "p1")


def test_the_tables_it_shows_as_examples_are_sound_together(folder: Path) -> None:
    shown = parse(with_the_examples(example()), folder)
    assert len(shown.channel_names) == 10
    assert [len(tables) for tables in (shown.dinstars, shown.tariffs, shown.pools)] == [1, 1, 2]


@pytest.mark.parametrize("text", [example(), with_the_examples(example())], ids=["as it is", "with the examples"])
def test_what_the_example_calls_a_default_is_one(folder: Path, text: str) -> None:
    covered, shown = parse(text, folder), parse(uncovered(text), folder)
    for table in (one.name for one in fields(Settings) if one.name != "modems"):
        assert getattr(shown, table) == getattr(covered, table)
    assert shown.modems == (replace(covered.modems[0], pin="1234", smsc="+491710760000"), *covered.modems[1:])


@pytest.mark.parametrize("table", sorted(one for one in settings.__all__ if one.endswith("Settings") and one != "Settings"))
def test_every_setting_is_shown(table: str) -> None:
    for setting in fields(getattr(settings, table)):
        assert re.search(rf"^(#|# |## )?{setting.name}(_file)? = ", example(), re.MULTILINE), setting.name
