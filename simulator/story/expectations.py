"""What a story can expect: of the network, of the reports, of the webhooks. Each waits for what should come."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from simulator.story.listener import Posting
from simulator.story.model import Failed, Step, Values
from simulator.story.seen import Text, doubled, texts
from simulator.story.values import dig, matches
from simulator.story.world import World

_WITHIN, _WATCH = 20.0, 2.0


async def _counted(world: World, step: Step, what: Values, found: Callable[[], int], of: str, seen: Callable[[], str]) -> None:
    """Waits for `count` (1) of something; `exactly` holds to the end of the story, and so does a count of 0."""
    wanted = int(what.get("count", 1))

    def missing() -> str | None:
        return None if (there := found()) >= wanted else f"{there} of {wanted} {of}{seen()}"

    def too_many() -> str | None:
        return None if (there := found()) <= wanted else f"{there} {of}, wanted {wanted}{seen()}"

    if wanted:
        await world.until(missing, float(what.get("within", _WITHIN)))
    else:
        await world.throughout(too_many, float(what.get("within", _WATCH)))
    if what.get("exactly") or not wanted:
        world.lasting.append((step, too_many))
        if said := too_many():
            raise Failed(said)


async def _texts(world: World, step: Step, what: Values) -> None:
    def fitting() -> list[Text]:
        return [text for text in _sent(world) if _fits(text, what)]

    await _counted(world, step, what, lambda: len(fitting()), "such texts at the network",
                   lambda: _listed(f"{text.port} to {text.to}: {text.text!r}" for text in _sent(world)))


async def _no_doubles(world: World, step: Step, what: Values) -> None:
    def check() -> str | None:
        twice = doubled(text for text in _sent(world) if _fits(text, what))
        return None if not twice else "doubled at the network" + _listed(f"{n} times to {to}: {text!r}" for to, text, n in twice)

    world.lasting.append((step, check))
    if said := check():
        raise Failed(said)


async def _webhook(world: World, step: Step, what: Values) -> None:
    def fitting() -> list[Posting]:
        return [posting for posting in world.listener.postings
                if posting.accepted and re.search(what.get("body", ""), posting.body)
                and ("where" not in what or matches(posting.document, what["where"]))]

    await _counted(world, step, what, lambda: len(fitting()), "such webhooks",
                   lambda: _listed(posting.body for posting in world.listener.postings))
    for name, path in what.get("save", {}).items():
        try:
            world.values[name] = str(dig(fitting()[0].document, path))
        except KeyError:
            raise Failed(f"nothing at {path} in {fitting()[0].body}") from None


async def _report(world: World, step: Step, what: Values) -> None:
    # The journal's `from` of a report is the recipient it speaks of.
    facts = {key: what[name] for key, name in (("from", "to"), ("port", "port"), ("status", "status")) if name in what}
    await _entries(world, step, what, "report", {"status": 0} | facts)


async def _journal(world: World, step: Step, what: Values) -> None:
    await _entries(world, step, what, what["kind"], what.get("where", {}))


async def _entries(world: World, step: Step, what: Values, kind: str, where: Values) -> None:
    journal = world.bank.journal
    literal = {key: value for key, value in where.items() if not isinstance(value, str)}
    patterns = {key: value for key, value in where.items() if isinstance(value, str)}
    if kind == "report":
        patterns = {key: f"^{re.escape(value)}$" for key, value in patterns.items()}

    def found() -> int:
        return sum(matches(entry, patterns) for entry in journal.read(0, kind, **literal))

    await _counted(world, step, what, found, f"such entries {kind!r} in the journal",
                   lambda: _listed(json.dumps(entry, ensure_ascii=False) for entry in journal.read(0, kind)))


def _sent(world: World) -> list[Text]:
    return texts(world.bank.journal.read(0, "submit"))


def _fits(text: Text, what: Values) -> bool:
    given = (("to", text.to), ("from", text.sender), ("port", text.port))
    return all(what.get(name, value) == value for name, value in given) and bool(re.search(what.get("text", ""), text.text))


def _listed(lines: Any, most: int = 10) -> str:
    """The last few lines of evidence, below what is said."""
    shown = [line if len(line) < 300 else line[:300] + " …" for line in lines][-most:]
    return "".join(f"\n    {line}" for line in shown) or "\n    (nothing)"


EXPECTATIONS: dict[str, Callable[[World, Step, Values], Awaitable[None]]] = {
    "expect_texts": _texts, "expect_no_doubles": _no_doubles, "expect_webhook": _webhook, "expect_report": _report,
    "expect_journal": _journal,
}
# Fields that are patterns: what was saved stands in them for itself.
PATTERNS = ("text", "body", "where", "output")
