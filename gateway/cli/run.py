"""`simrack run`: reads the configuration, prepares the log, hands over to the service."""

from __future__ import annotations

import logging
import os

import click

from gateway.cli import options

# These write a line for every posting or job, with whole URLs; what matters of it is logged by ourselves.
# The last writes every parameter of every statement when asked for much: texts, numbers, and addresses with passwords in them.
_TALKATIVE = ("httpx", "httpcore", "apscheduler", "waitress", "peewee")


@click.command(short_help="Run the gateway.")
@options.config
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="How much is written to standard error.",
)
def run(config: str, log_level: str) -> None:
    """Run the gateway until it is told to stop (Ctrl-C, SIGTERM)."""
    settings = options.settings_of(config)
    prepare_log(log_level)
    _stay_on_one_core()
    from gateway import service

    with options.naming(config):
        service.run(settings)


def prepare_log(level: str) -> None:
    # The journal stamps each line itself.
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=level.upper(), format=f"{stamp}%(levelname)s %(name)s: %(message)s")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _stay_on_one_core() -> None:
    """Python runs one thread at a time, so more cores give us nothing, and handing the interpreter from a thread on one core to
    a thread on another costs dearly: the same two cores accept three times as many texts a second when we keep to one.
    """
    if hasattr(os, "sched_setaffinity"):
        # The last one allowed: the first usually serves the interrupts.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
