"""Reads a story from a TOML file, whole or not at all."""

import tomllib
from pathlib import Path
from typing import Any

from simulator import network_control
from simulator.bank import Bank, Plan
from simulator.dinstar.plan import box_plan
from simulator.handsets import parse
from simulator.pace import Pace, span
from simulator.story import boxes, vocabulary
from simulator.story.checks import Checker, check_step
from simulator.story.model import GatewayPlan, Malformed, Step, Story, Values
from simulator.story.values import used

_LIMIT = 120.0


def read(path: Path) -> Story:
    """The story in a file. Raises Malformed with line, key and remedy."""
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as trouble:
        raise Malformed(f"{path}: {trouble.strerror}; `simrack-sim stories` lists those that come along") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise Malformed(f"{path}: no TOML: {wrong}; see https://toml.io, strings need quotes") from None
    checker = Checker(path, text)
    checker.table("", values, vocabulary.TOP)
    bank, network = values.get("bank", {}), values.get("network", {})
    checker.table("bank", bank, vocabulary.BANK)
    trial = _trial(checker, bank)
    for key, value in network.items():
        checker.allowed(f"network.{key}", lambda key=key, value=value: network_control.change(trial.network, {key: value}))
    gateway = _gateway(checker, _with_used(checker, path, values.get("gateway", {})), trial)
    story = Story(path, values["title"], values.get("about", "").strip(), float(values.get("limit", _LIMIT)), bank, network,
                  gateway, _steps(checker, values["step"], trial))
    _check_placeholders(checker, story, trial)
    return story


def plan(bank: Values, folder: Path | None = None, speed: float = 1.0, seed: int | None = None) -> Plan:
    """The bank of a story as it is built. Raises Unknown or ValueError for what does not exist."""
    families = bank.get("family", ())
    for behaviour in bank.get("handsets", {}).values():
        parse(behaviour)
    pace = Pace(latency=span(bank.get("latency", 0)), report_delay=float(bank.get("report_delay", 0.5)),
                answer_delay=float(bank.get("answer_delay", 0.2)), speed=speed)
    return Plan(ports=bank.get("ports", 1), folder=folder, families=(families,) if isinstance(families, str) else tuple(families),
                first_number=bank.get("number", Plan().first_number), seed=bank.get("seed", 0) if seed is None else seed,
                pace=pace, handsets=dict(bank.get("handsets", {})), pins=dict(bank.get("pins", {})),
                boot=float(bank.get("boot", 0.0)), boxes=tuple(box_plan(each) for each in bank.get("boxes", ())))


def _trial(checker: Checker, bank: Values) -> Bank:
    """A bank that is never started: what cannot be built or set is found on it."""
    if not (0 if bank.get("boxes") else 1) <= bank.get("ports", 1) <= 256:
        checker.complain("bank.ports", "a bank has 1 to 256 ports; 0 only when it has boxes")
    for key in bank:
        alone = {name: bank[name] for name in ("ports", key) if name in bank}
        checker.allowed(f"bank.{key}", lambda alone=alone: Bank(plan(alone)))
    return Bank(plan(bank))


def _with_used(checker: Checker, path: Path, gateway: Values) -> Values:
    """The table with what it takes over from the [gateway] of another story; its own keys win."""
    if not isinstance(gateway, dict) or "use" not in gateway:
        return gateway
    other = path.parent / str(gateway["use"])
    try:
        taken = tomllib.loads(other.read_text(encoding="utf-8")).get("gateway", {})
    except (OSError, ValueError) as trouble:
        checker.complain("gateway.use", f"{other}: {trouble}; name a story in the same folder that has a [gateway]")
    files = {**taken.get("files", {}), **gateway.get("files", {})}
    return {**taken, **gateway, **({"files": files} if files else {})}


def _gateway(checker: Checker, values: Values, trial: Bank) -> GatewayPlan:
    checker.table("gateway", values, vocabulary.GATEWAY)
    for command in values.get("prepare", []):
        checker.table("gateway.prepare", command, vocabulary.COMMAND)
    ready = values.get("ready", {})
    checker.table("gateway.ready", ready, vocabulary.READY)
    for port in ready.get("modems", []):
        checker.choice("gateway.ready", port, trial.modems, "port")
    if ready and ("url" in ready) == ("modems" in ready):
        checker.complain("gateway.ready", "give it either url (an address to ask) or modems (ports a client must have set up)")
    checker.pattern("gateway.ready", ready.get("body", ""))
    return GatewayPlan(tuple(values.get("start", ())), tuple(values.get("free", ("http",))), values.get("files", {}),
                       tuple(values.get("prepare", ())), ready, values.get("url", ""), values.get("headers", {}))


def _steps(checker: Checker, tables: list[Values], trial: Bank) -> tuple[Step, ...]:
    steps: list[Step] = []
    names: dict[str, int] = {}
    for number, table in enumerate(tables):
        place = f"step.{number}"
        kinds = [key for key in table if key not in vocabulary.STEP]
        for key in kinds:
            checker.choice(f"{place}.{key}", key, (*vocabulary.STEP_KINDS, *vocabulary.STEP), "step")
        if len(kinds) != 1:
            checker.complain(place, f"a step does one thing, this one {len(kinds)}; give it one of: "
                                    f"{', '.join(vocabulary.STEP_KINDS)}")
        kind = kinds[0]
        checker.table(place, {key: table[key] for key in table if key != kind}, vocabulary.STEP)
        check_step(checker, f"{place}.{kind}", kind, table[kind], trial)
        after = table.get("after", [])
        for name in (after := [after] if isinstance(after, str) else after):
            checker.choice(f"{place}.after", name, names, "earlier step")
        # Without a word about when, a step follows the one before it.
        previous = (number - 1,) if number and not after and "at" not in table else ()
        name = table.get("name") or _told(kind, table[kind])
        steps.append(Step(number, name, checker.line(place), kind, table[kind], tuple(names[name] for name in after) or previous,
                          float(table.get("at", 0)), float(table.get("wait", 0))))
        names[name] = number
    return tuple(steps)


def _told(kind: str, what: Any) -> str:
    """A name for a step that has none."""
    facts = what if isinstance(what, str) else " ".join(
        f"{key}={value}" for key, value in what.items() if isinstance(value, (str, int, float)) and key != "within")
    return f"{kind.replace('_', ' ')} {facts}"[:90].rstrip()


def _check_placeholders(checker: Checker, story: Story, trial: Bank) -> None:
    ports = [f"{port}{end}" for port in trial.modems for end in ("", ".number")]
    saved = [name for step in story.steps if isinstance(step.what, dict) for name in _saves(step.what)]
    saved += [name for command in story.gateway.prepare for name in _saves(command)]
    known = ["folder", "devices", "python", "webhook", *story.gateway.free, *ports, *boxes.placeholders(trial), *saved]
    gateway = story.gateway
    for place, value in [("gateway.start", gateway.start), ("gateway.ready", gateway.ready), ("gateway.prepare", gateway.prepare),
                         ("gateway.url", gateway.url), ("gateway.headers", gateway.headers),
                         *((f"gateway.files.{name}", text) for name, text in gateway.files.items()),
                         *((f"step.{step.number}.{step.kind}", step.what) for step in story.steps)]:
        for name in used(value):
            checker.choice(place, name, known, "placeholder")


def _saves(what: Values) -> list[str]:
    save = what.get("save", {})
    return [save] if isinstance(save, str) else list(save)
