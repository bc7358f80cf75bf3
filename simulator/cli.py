"""simrack-sim: runs a bank of simulated modems, and tells a running bank what to do."""

import asyncio
import contextlib
import json
import signal
from pathlib import Path
from typing import Any

import click

from simulator import personality, quirks
from simulator.bank import Bank, Plan
from simulator.dinstar.faults import CATALOGUE as BOX_CATALOGUE
from simulator.dinstar.plan import box_plan
from simulator.errors import Unknown
from simulator.faults import CATALOGUE
from simulator.pace import Pace, span
from simulator.remote import ControlError, Remote
from simulator.story.cli import play, stories


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Simulated GSM modems on one simulated network."""


main.add_command(play)
main.add_command(stories)


@main.command()
@click.option("--ports", default=1, show_default=True, type=click.IntRange(0, 256), help="How many modems.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Folder for the devices p0, p1 …")
@click.option("--tcp", metavar="HOST:PORT", help="Also listen on TCP, one port after the other; PORT 0: any.")
@click.option("--rfc2217", metavar="HOST:PORT", help="Also listen with RFC 2217, one port after the other; PORT 0: any.")
@click.option("--unix", is_flag=True, help="Unix sockets p0.sock … in the folder instead of terminals.")
@click.option("--abstract", default="", metavar="NAME", help="Unix sockets NAME-p0 … without files (Linux).")
@click.option("--composite", is_flag=True, help="Each modem has a port of its own for news: p0-news …")
@click.option("--family", "families", multiple=True, metavar="NAME|pN=NAME",
              help="Family of the modems; several are dealt in turn.")
@click.option("--quirk", "quirks_", multiple=True, metavar="NAME|pN=NAME", help="A habit of some firmware (see quirks).")
@click.option("--number", "first_number", default="+49151000000000", show_default=True, help="Number of p0.")
@click.option("--box", "boxes", multiple=True, metavar="NAME:KEY=VALUE,…",
              help="A Dinstar box beside the modems, e.g. box1:ports=8,port=8081,password=secret.")
@click.option("--seed", default=0, show_default=True, help="Decides identities and everything left to chance.")
@click.option("--latency", default="0", show_default=True, metavar="S|S-S", help="Time to submit a text.")
@click.option("--report-delay", default=0.5, show_default=True, help="Seconds from submission to report.")
@click.option("--answer-delay", default=0.2, show_default=True, help="Seconds until a handset answers.")
@click.option("--handset", "handsets", multiple=True, metavar="PREFIX=BEHAVIOUR",
              help="What numbers with this prefix do, e.g. +4917099=echo.")
@click.option("--pin", "pins", multiple=True, metavar="pN=PIN", help="A SIM that asks for its PIN.")
@click.option("--boot", default=0.0, show_default=True, help="Slowness of starting: 0 at once, 1 as the real family.")
@click.option("--delays", default=0.0, show_default=True, help="Slowness of answers: 0 at once, 1 as the real family.")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0),
              help="A factor on all times of network and modems: 1 real, 0.1 ten times as fast, 0 at once.")
@click.option("--ack-timeout", type=float, help="Seconds to acknowledge a shown text (default: the family's).")
@click.option("--journal", type=click.Path(path_type=Path), help="Also write the journal to this file.")
@click.option("--control", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT", help="Where to listen.")
def run(ports: int, folder: Path | None, tcp: str | None, rfc2217: str | None, unix: bool, abstract: str,
        composite: bool, families: tuple[str, ...], boxes: tuple[str, ...], quirks_: tuple[str, ...], first_number: str, seed: int,
        latency: str, report_delay: float, answer_delay: float, handsets: tuple[str, ...], pins: tuple[str, ...],
        boot: float, delays: float, speed: float, ack_timeout: float | None, journal: Path | None,
        control: str) -> None:
    """Run a bank until it is interrupted."""
    if not (folder or tcp or rfc2217 or abstract) and (ports or not boxes):
        raise click.UsageError("give --dir, --tcp or both, --rfc2217 or --abstract: the modems need a wire")
    if unix and folder is None:
        raise click.UsageError("--unix needs --dir")
    try:
        pace = Pace(latency=span(latency), report_delay=report_delay, answer_delay=answer_delay, speed=speed)
        bank = Bank(Plan(
            ports=ports, folder=folder, tcp=_address(tcp) if tcp else None, unix=unix, families=families,
            rfc2217=_address(rfc2217) if rfc2217 else None, abstract=abstract, composite=composite, quirks=quirks_,
            delays=delays,
            first_number=first_number, seed=seed, pace=pace, handsets=dict(_pair(each) for each in handsets),
            pins=dict(_pair(each) for each in pins), boot=boot, ack_seconds=ack_timeout, journal=journal,
            control=_address(control), boxes=tuple(box_plan(each) for each in boxes)))
    except (Unknown, ValueError) as wrong:
        raise click.UsageError(str(wrong)) from None
    try:
        asyncio.run(_run(bank))
    except BlockingIOError:
        raise click.ClickException(f"another bank runs in {folder}") from None
    except OSError as trouble:
        raise click.ClickException(str(trouble)) from None


async def _run(bank: Bank) -> None:
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await bank.start()
    try:
        for modem in bank.modems.values():
            devices = " ".join(port.device for port in modem.ports)
            click.echo(f"{modem.name} {devices} {modem.sim.number} {modem.personality.name}")
        for box in bank.boxes.values():
            click.echo(f"{box.plan.name} {box.url} {box.plan.user} {box.plan.sn} {len(box.ports)} ports")
        if bank.control:
            click.echo(f"control {bank.control.url}")
        click.echo("ready")
        await over.wait()
    finally:
        await bank.stop()


@main.command("families")
def families_() -> None:
    """List the modem families."""
    for name in personality.names():
        click.echo(f"{name:16}{personality.load(name).title}")


@main.command("quirks")
def show_quirks() -> None:
    """List the habits of firmware that a modem can be given besides those of its family."""
    for name, quirk in quirks.LIST.items():
        click.echo(f"{name:28}{quirk.sentence}")


@main.command("faults")
@click.option("--box", is_flag=True, help="Those of a Dinstar box instead.")
def faults_(box: bool) -> None:
    """List the faults a modem can be given."""
    for name, kind in (BOX_CATALOGUE if box else CATALOGUE).items():
        click.echo(f"{name:22}{kind.sentence}")
        details = [f"strikes: {', '.join(kind.moments)}"]
        details += [f"{option}={json.dumps(value)}" for option, value in kind.options.items()]
        click.echo(" " * 22 + "; ".join(details))


def _reaches_a_bank(command: Any) -> Any:
    command = click.option("--dir", "folder", type=click.Path(path_type=Path), help="The folder of the bank.")(command)
    return click.option("--control", "url", metavar="URL", help="The control of the bank.")(command)


def _remote(url: str | None, folder: Path | None) -> Remote:
    if url:
        return Remote(url)
    if folder is None:
        raise click.UsageError("give --dir or --control: which bank?")
    return Remote.in_folder(folder)


def _call(url: str | None, folder: Path | None, method: str, path: str, body: dict[str, Any] | None = None,
          **query: Any) -> Any:
    try:
        return _remote(url, folder).call(method, path, body, **query)
    except ControlError as trouble:
        raise click.ClickException(str(trouble)) from None


@main.command()
@_reaches_a_bank
@click.argument("sender")
@click.argument("to")
@click.argument("text")
def text(url: str | None, folder: Path | None, sender: str, to: str, text: str) -> None:
    """A TEXT arrives at port or number TO from SENDER."""
    answer = _call(url, folder, "POST", "/text", {"from": sender, "to": to, "text": text})
    click.echo(f"sent in {answer['parts']} part{'s' if answer['parts'] > 1 else ''}")


@main.command()
@_reaches_a_bank
@click.argument("port")
def unplug(url: str | None, folder: Path | None, port: str) -> None:
    """Pull the cable of PORT."""
    _call(url, folder, "POST", f"/ports/{port}/unplug")


@main.command()
@_reaches_a_bank
@click.argument("port")
def plug(url: str | None, folder: Path | None, port: str) -> None:
    """Plug PORT in again."""
    _call(url, folder, "POST", f"/ports/{port}/plug")


@main.command()
@_reaches_a_bank
@click.option("--as", "link", help="The new name in the folder (default: the next one).")
@click.argument("port")
def reenumerate(url: str | None, folder: Path | None, link: str | None, port: str) -> None:
    """PORT goes and comes back under another device name."""
    answer = _call(url, folder, "POST", f"/ports/{port}/reenumerate", {"as": link} if link else {})
    click.echo(answer["devices"][0])


@main.command()
@_reaches_a_bank
@click.option("--seconds", default=30.0, show_default=True, help="How long the caller is patient.")
@click.argument("port")
@click.argument("caller")
def call(url: str | None, folder: Path | None, seconds: float, port: str, caller: str) -> None:
    """PORT rings: CALLER is on the line."""
    answer = _call(url, folder, "POST", f"/ports/{port}/call", {"from": caller, "seconds": seconds})
    click.echo("it rings" if answer["rings"] else "nobody can be reached there")


@main.command()
@_reaches_a_bank
@click.option("--release", is_flag=True, help="Take the fault back instead.")
@click.argument("port")
@click.argument("name")
@click.argument("options", nargs=-1)
def fault(url: str | None, folder: Path | None, release: bool, port: str, name: str, options: tuple[str, ...]) -> None:
    """Give PORT the fault NAME, with OPTIONS such as code=38, nth=3, times=0, chance=0.05, when=payload."""
    if release:
        _call(url, folder, "DELETE", f"/ports/{port}/fault", {"name": name})
        return
    body = {key: _value(value) for key, value in map(_pair, options)}
    _call(url, folder, "POST", f"/ports/{port}/fault", {"name": name, **body})


@main.command()
@_reaches_a_bank
@click.argument("name")
@click.argument("deed", required=False, type=click.Choice(["fault", "release", "set"]))
@click.argument("words", nargs=-1)
def box(url: str | None, folder: Path | None, name: str, deed: str | None, words: tuple[str, ...]) -> None:
    """Show the box NAME, or give it a fault (`fault lost-reply command=send_sms`), take one back (`release dead`), or change
    its settings (`set delay=0.2 push_url=http://…`)."""
    path = f"/boxes/{name}"
    if deed == "set":
        shown = _call(url, folder, "POST", path + "/settings", {key: _value(value) for key, value in map(_pair, words)})
    elif deed == "release":
        shown = _call(url, folder, "DELETE", path + "/fault", {"name": words[0]} if words else {})
    elif deed == "fault":
        if not words:
            raise click.UsageError("which fault? `simrack-sim faults --box` lists them")
        options = {key: _value(value) for key, value in map(_pair, words[1:])}
        shown = _call(url, folder, "POST", path + "/fault", {"name": words[0], **options})
    else:
        shown = _call(url, folder, "GET", path)
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))


@main.command("journal")
@_reaches_a_bank
@click.option("--since", default=0, help="Only entries after this number.")
@click.option("--kind", help="Only entries of this kind.")
@click.option("--follow", is_flag=True, help="Go on as new entries come.")
def journal_(url: str | None, folder: Path | None, since: int, kind: str | None, follow: bool) -> None:
    """Print what the network saw, one JSON object per line."""
    wait = 0
    while True:
        for entry in _call(url, folder, "GET", "/journal", since=since, kind=kind, wait=wait)["entries"]:
            click.echo(json.dumps(entry, ensure_ascii=False))
            since = entry["n"]
        if not follow:
            return
        wait = 30


@main.command("bank")
@_reaches_a_bank
def bank_(url: str | None, folder: Path | None) -> None:
    """Print ports, families and states, and the boxes."""
    bank = _call(url, folder, "GET", "/bank")
    for port in bank["ports"]:
        state = "reachable" if port["reachable"] else "plugged in" if port["plugged"] else "unplugged"
        click.echo(f"{port['name']} {' '.join(port['devices'])} {port['number']} {port['family']} {state}")
    for box in bank["boxes"]:
        usable = sum(port["usable"] for port in box["ports"])
        click.echo(f"{box['name']} {box['url']} {box['sn']} {usable} of {len(box['ports'])} ports usable")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"{text!r}: expected NAME=VALUE")
    return name, value


def _value(text: str) -> Any:
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return text


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise click.UsageError(f"{text!r}: expected HOST:PORT")
    return host, int(port)


if __name__ == "__main__":
    main()
