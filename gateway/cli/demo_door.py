"""`simrack demo`, listed without being loaded: the story brings the whole gateway and a modem bank with it."""

from __future__ import annotations

import click


@click.command(
    short_help="Simulated modems and one text, told as a story.",
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def demo(args: tuple[str, ...]) -> None:
    """Show one text going out and its answer coming back, on simulated modems."""
    from gateway.cli import demo as story

    story.demo.main(args=list(args), prog_name="simrack demo", standalone_mode=False, help_option_names=["-h", "--help"])
