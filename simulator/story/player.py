"""Plays a story: builds its bank, starts the gateway, lets every step happen at its time, and tells what came of it."""

import asyncio
import contextlib
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.bank import Bank
from simulator.story import boxes, requests
from simulator.story.deeds import command, perform
from simulator.story.listener import Listener
from simulator.story.model import Failed, Step, Story
from simulator.story.programs import Program, free_port
from simulator.story.reader import plan
from simulator.story.values import render
from simulator.story.verdict import FAILED, OK, SKIPPED, Outcome, Verdict
from simulator.story.world import World

_READY_WITHIN, _SETTLE = 60.0, 1.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a story is played: in which folder, how fast, by which seed, and who listens."""

    folder: Path
    devices: Path
    speed: float = 1.0
    seed: int | None = None
    tell: Tell = lambda line: None


async def play(story: Story, settings: Settings) -> Verdict:
    """The verdict on one story."""
    verdict = Verdict(story.title, story.path)
    begun = time.monotonic()

    def note(outcome: Outcome) -> None:
        verdict.outcomes.append(outcome)
        settings.tell(outcome.told())

    def outcome(name: str, line: int, state: str, since: float, said: str = "") -> None:
        now = time.monotonic()
        note(Outcome(name, line, state, now - begun, now - since, said))

    async with _stage(story, settings) as world:
        try:
            await _make_ready(story, settings, world)
        except Failed as failed:
            outcome("the gateway gets ready", 1, FAILED, begun, _with_last_words(str(failed), world))
        else:
            outcome("the gateway gets ready", 1, OK, begun)
            await _run(story, world, outcome)
            for step, check in world.lasting:
                if said := check():
                    outcome(f"{step.name} (at the end)", step.line, FAILED, time.monotonic(), said)
            if world.gateway and world.gateway.ended is not None:
                outcome("the gateway runs to the end", 1, FAILED, begun,
                        _with_last_words(f"it ended by itself with {world.gateway.ended}", world))
        try:
            if world.gateway:
                await world.gateway.end()
        except Failed as failed:
            outcome("the gateway ends when told to", 1, FAILED, begun, str(failed))
    verdict.seconds = time.monotonic() - begun
    return verdict


@contextlib.asynccontextmanager
async def _stage(story: Story, settings: Settings) -> AsyncIterator[World]:
    """Bank and listener, started and stopped around the story."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    bank = Bank(replace(plan(story.bank, settings.devices, settings.speed, settings.seed)))
    listener = Listener()
    await listener.start()
    await bank.start()
    values = {"folder": str(settings.folder), "devices": str(settings.devices), "python": sys.executable, "webhook": listener.url}
    values |= {name: modem.ports[0].device for name, modem in bank.modems.items()}
    values |= {f"{name}.number": modem.sim.number for name, modem in bank.modems.items()}
    values |= boxes.placeholders(bank)
    values |= {name: str(free_port()) for name in story.gateway.free}
    world = World(bank, listener, None, settings.speed, story.gateway, values)
    try:
        await world.control("POST", "network", dict(story.network))
        yield world
    finally:
        if world.gateway:
            with contextlib.suppress(Failed):
                await world.gateway.end()
        await listener.stop()
        await bank.stop()


async def _make_ready(story: Story, settings: Settings, world: World) -> None:
    """Files, preparing commands, the start of the gateway, and waiting until it serves. Raises Failed."""
    gateway = story.gateway
    before = {name: replace(modem.registers) for name, modem in world.bank.modems.items()}
    for name, text in gateway.files.items():
        path = settings.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(text, world.values), encoding="utf-8")
    for each in gateway.prepare:
        await command(world.values, render(each, world.values))
    if gateway.start:
        world.gateway = Program(render(list(gateway.start), world.values), settings.folder / "gateway.log")
        await world.gateway.start()
    ready = gateway.ready or {"modems": list(world.bank.modems)}
    within = float(ready.get("within", _READY_WITHIN))
    if "url" in ready:
        await _answers(world, ready, within)
        return

    def untouched() -> str | None:
        if gone := _gone(world):
            raise Failed(gone)
        idle = [name for name in ready["modems"] if world.bank.modems[name].registers == before[name]]
        if not gateway.ready:
            idle += boxes.untouched(world.bank)
        return f"no client has set up {', '.join(idle)}" if idle else None

    await world.until(untouched, within)
    # Setting up takes a few commands; what shows that it began does not show that it is over.
    await asyncio.sleep(_SETTLE if ready["modems"] else 0)


async def _answers(world: World, ready: dict[str, object], within: float) -> None:
    what = render({key: ready[key] for key in ("url", "headers") if key in ready}, world.values)
    what = world.addressed(what) | {"expect": {key: ready[key] for key in ("status", "body") if key in ready}}
    deadline = time.monotonic() + within
    while True:
        if gone := _gone(world):
            raise Failed(gone)
        try:
            await requests.request(what)
        except Failed:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
        else:
            return


def _gone(world: World) -> str | None:
    return None if world.gateway is None or world.gateway.ended is None else f"the gateway ended with {world.gateway.ended}"


async def _run(story: Story, world: World, outcome: Callable[..., None]) -> None:
    """All steps, each when its time has come."""
    begun = time.monotonic()
    done: dict[int, asyncio.Task[bool]] = {}

    async def one(step: Step) -> bool:
        """Whether the step went well."""
        earlier = await asyncio.gather(*(done[number] for number in step.after))
        if not all(earlier):
            failed = next(story.steps[number].name for number, good in zip(step.after, earlier, strict=True) if not good)
            outcome(step.name, step.line, SKIPPED, time.monotonic(), f"because {failed!r} did not go well")
            return False
        await asyncio.sleep(step.wait * world.speed)
        await asyncio.sleep(max(0.0, begun + step.at * world.speed - time.monotonic()))
        since = time.monotonic()
        try:
            await asyncio.wait_for(perform(world, step), max(0.1, begun + story.limit - since))
        except Failed as failed:
            outcome(step.name, step.line, FAILED, since, str(failed))
            return False
        except TimeoutError:
            outcome(step.name, step.line, FAILED, since, f"not done when the story's limit of {story.limit:g} s was over")
            return False
        outcome(step.name, step.line, OK, since)
        return True

    for step in story.steps:
        done[step.number] = asyncio.create_task(one(step))
    await asyncio.gather(*done.values())


def _with_last_words(said: str, world: World) -> str:
    words = world.gateway.last_words() if world.gateway else ""
    # A log line may hold anything; what is told must fit a terminal.
    shown = re.sub(r"[^\S\n]+|[\x00-\x09\x0b-\x1f]", " ", words)
    return f"{said}\nthe gateway's last words:\n{shown}" if words else said
