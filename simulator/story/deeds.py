"""What a story can do: to the bank, to the gateway, to the listener."""

import signal
from typing import Any

from simulator.story import programs, requests
from simulator.story.expectations import EXPECTATIONS, PATTERNS
from simulator.story.model import Failed, Step, Values
from simulator.story.values import render
from simulator.story.vocabulary import CONTROL_DEEDS
from simulator.story.world import World


async def perform(world: World, step: Step) -> None:
    """Does or awaits what a step says. Raises Failed."""
    what = _rendered(step, world.values)
    if step.kind in EXPECTATIONS:
        await EXPECTATIONS[step.kind](world, step, what)
    elif step.kind in CONTROL_DEEDS:
        await _control(world, step.kind, what)
    elif step.kind == "http":
        await _http(world, what)
    elif step.kind == "run":
        await command(world.values, what)
    elif step.kind == "webhook_answers":
        world.listener.status = what["status"]
    else:
        await _gateway(world, what)


async def command(values: dict[str, str], what: Values) -> None:
    """Runs a command, and keeps its output under the name in `save`."""
    told = await programs.run(what)
    if "save" in what:
        values[what["save"]] = told


def _rendered(step: Step, values: dict[str, str]) -> Any:
    if not isinstance(step.what, dict):
        return step.what
    searched = step.kind in EXPECTATIONS or step.kind == "run"
    what = {key: render(value, values, pattern=searched and key in PATTERNS) for key, value in step.what.items()}
    if step.kind == "http" and "expect" in what:
        what["expect"] = {key: render(value, values, pattern=True) for key, value in step.what["expect"].items()}
    return what


async def _control(world: World, kind: str, what: Any) -> None:
    method, path = CONTROL_DEEDS[kind]
    body = {"port": what} if isinstance(what, str) else dict(what)
    await world.control(method, path.format(**body), {key: value for key, value in body.items() if f"{{{key}}}" not in path})


async def _http(world: World, what: Values) -> None:
    for turn in range(1, int(what.get("times", 1)) + 1):
        # A request that is made several times can tell its turns apart.
        body = await requests.request(_numbered(world.addressed(what), str(turn)))
        world.values.update(requests.saved(body, what["save"]) if "save" in what else {})


def _numbered(value: Any, turn: str) -> Any:
    if isinstance(value, str):
        return value.replace("#turn", turn)
    if isinstance(value, dict):
        return {key: _numbered(each, turn) for key, each in value.items()}
    return value


async def _gateway(world: World, what: str) -> None:
    if world.gateway is None:
        raise Failed("this story does not start the gateway, so it cannot be ended or started; give it [gateway] start")
    if what == "start":
        await world.gateway.start()
    else:
        await world.gateway.end(signal.SIGKILL if what == "kill" else signal.SIGTERM)
