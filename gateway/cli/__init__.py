"""The command line. Lists the commands and turns every failure into one line and an exit code; each group has its file.

Exit codes: 0 done · 1 the answer is no · 2 wrong usage · 3 wrong configuration · 4 cannot reach, or already running ·
5 no room to store. Commands import what they need when they run, so that `simrack --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

import gateway
from gateway.cli.exits import exit_code_of
from gateway.errors import SimrackError

__all__ = ["main"]


class Program(click.Group):
    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, standalone_mode: bool = True, **more: Any
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, standalone_mode=False, **more)
        try:
            result = super().main(args, prog_name or "simrack", standalone_mode=False, **more)
        except click.exceptions.NoArgsIsHelpError as fault:
            fault.show()
            sys.exit(2)
        except click.UsageError as fault:
            path = fault.ctx.command_path if fault.ctx else "simrack"
            _say(f"{fault.format_message()} Try '{path} --help'.")
            sys.exit(2)
        except click.Abort:
            sys.exit(130)
        except BrokenPipeError:
            # The reader has seen enough; nothing may be written at exit either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except (SimrackError, click.ClickException) as fault:
            _say(fault.format_message() if isinstance(fault, click.ClickException) else str(fault))
            sys.exit(exit_code_of(fault))
        sys.exit(result if isinstance(result, int) else 0)


def _say(line: str) -> None:
    click.echo("simrack: " + " ".join(line.split()), err=True)


EPILOG = """\b
Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 wrong configuration,
4 cannot reach or already running, 5 no room to store."""
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group("simrack", cls=Program, epilog=EPILOG, context_settings=_CONTEXT)
@click.version_option(gateway.__version__, prog_name="simrack")
def main() -> None:
    """simrack: many SIM cards behind one HTTP API.

    Commands with --url ask a gateway that runs, with a key. Commands with --config work on this machine, whether it runs or not.
    """


def _add_commands() -> None:
    from gateway.cli import (
        audit,
        backup,
        channels,
        check,
        connect,
        demo_door,
        inbound,
        keys,
        limits,
        messages,
        pdu,
        pools,
        probe,
        routes,
        run,
        send,
        sims,
        status,
        unpark,
        ussd,
        webhooks,
    )

    for command in (
        run.run,
        check.check,
        demo_door.demo,
        keys.key,
        webhooks.webhook,
        connect.connect,
        routes.routes,
        routes.route,
        inbound.inbound,
        send.send,
        messages.messages,
        status.status,
        channels.channels,
        pools.pools,
        limits.limits,
        sims.sims,
        ussd.ussd,
        unpark.unpark,
        audit.audit,
        probe.probe,
        pdu.decode,
        pdu.encode,
        backup.backup,
    ):
        main.add_command(command)


_add_commands()
