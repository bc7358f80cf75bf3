"""The firmware notes keep up with the code: every quirk is answered or named, every switch and file they name exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from gateway.modem.ladder import RUNGS
from gateway.modem.profiles import PROFILES, Profile

ROOT = Path(__file__).parents[2]
NOTES = ROOT / "firmware-notes"
ROWS = [line.split("|")[1:-1] for line in (NOTES / "QUIRKS.md").read_text().splitlines() if re.match(r"\| \d+ \|", line)]


def test_every_quirk_of_the_reference_has_its_row():
    assert [int(row[0]) for row in ROWS] == list(range(1, 84))


def test_every_quirk_is_answered_by_a_switch_or_for_every_modem_or_named_as_not_yet_seen():
    for number, _, _, answer, _ in ROWS:
        assert answer.strip().startswith(("switch `", "general", "not yet seen: ")), number


def test_every_file_that_answers_a_quirk_exists():
    for number, *_, where in ROWS:
        assert (ROOT / where.strip(" `")).is_file(), f"{number}: {where}"


def test_every_switch_that_is_named_is_a_field_of_a_profile():
    known = {field.name for field in fields(Profile)}
    for number, _, _, answer, _ in ROWS:
        named = re.search(r"switch `(\w+)`", answer)
        assert named is None or named[1] in known, f"{number}: {answer}"


def test_every_family_has_its_page_in_the_index():
    index = (NOTES / "README.md").read_text()
    for profile in PROFILES:
        assert f"| `{profile.name}` |" in index, profile.name


def test_every_page_that_is_linked_exists():
    for page in NOTES.glob("*.md"):
        for target in re.findall(r"\]\(([\w-]+\.md)\)", page.read_text()):
            assert (NOTES / target).is_file(), f"{page.name}: {target}"


def test_the_ladder_is_described_as_it_is():
    table = re.findall(r"^\| `(\w+)` \| .* \| (\d+) s \|$", (NOTES / "README.md").read_text(), re.MULTILINE)
    assert [step for step, _ in table] == [rung.step for rung in RUNGS]
    assert all(float(said) == (rung.patience_s or 10.0) for (_, said), rung in zip(table, RUNGS, strict=True))
