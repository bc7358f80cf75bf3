"""`simrack-sim play` and `simrack-sim stories`."""

import asyncio
import tempfile
from pathlib import Path

import click

from simulator.story import player, shelf
from simulator.story.model import Malformed, Story
from simulator.story.reader import read
from simulator.story.verdict import Verdict

_MALFORMED = 2


@click.command()
@click.argument("story")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write the verdict as JUnit XML.")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0),
              help="Factor on the times of story and network: 1 is real, 0.1 ten times as fast, 0 at once.")
@click.option("--seed", type=int, help="Another seed than the story's.")
@click.option("--dir", "devices", type=click.Path(path_type=Path), help="Folder for the devices p0, p1 … (default: a new one).")
@click.option("--keep", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Keep the gateway's files and its log in this folder.")
def play(story: str, junit: Path | None, speed: float, seed: int | None, devices: Path | None, keep: Path | None) -> None:
    """Play STORY (a file, or one of `simrack-sim stories`) against a gateway, and say what came of it.

    Exit code 0: all went well; 1: it did not; 2: the story cannot be read.
    """
    try:
        told = read(shelf.find(story))
    except Malformed as wrong:
        click.echo(f"Error: {wrong}", err=True)
        raise SystemExit(_MALFORMED) from None
    click.echo(f"{told.title} ({told.path})")
    try:
        verdict = _play(told, speed, seed, devices, keep)
    except BlockingIOError:
        raise click.ClickException(f"another bank runs in {devices}") from None
    except OSError as trouble:
        raise click.ClickException(str(trouble)) from None
    click.echo(verdict.told())
    if junit:
        junit.write_bytes(verdict.junit())
    raise SystemExit(0 if verdict.good else 1)


def _play(story: Story, speed: float, seed: int | None, devices: Path | None, keep: Path | None) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="story-") as own:
        settings = player.Settings(keep or Path(own) / "gateway", devices or Path(own) / "bank", speed, seed, click.echo)
        return asyncio.run(player.play(story, settings))


@click.command()
def stories() -> None:
    """List the stories that come along."""
    for name in shelf.names():
        click.echo(f"{name:24}{read(shelf.find(name)).title}")
