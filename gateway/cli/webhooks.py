"""`simrack webhook`: who is told of events; make, list, switch, remove and test, with the gateway running or stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click

from gateway.cli import options

if TYPE_CHECKING:
    from gateway.core.webhooks import Webhooks
    from gateway.records import Webhook


def pairs(ctx: click.Context, parameter: click.Parameter, values: Any) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE.")
    return dict(value.split("=", 1) for value in values)


def format_options(format: str, given: dict[str, str]) -> dict[str, object]:
    """As the format has them: text stays text, everything else is read as JSON; a body may be both."""
    from gateway.pbx.formats import FORMATS, require_format

    require_format(format)
    texts = [option.name for option in FORMATS[format].options if option.form["type"] == "string"]
    return {name: value if name in texts else _from_json(value) for name, value in given.items()}


def _from_json(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:  # text, or what the format refuses by the name of the option
        return value


_FORM = (
    click.option(
        "--option",
        "given",
        multiple=True,
        callback=pairs,
        metavar="NAME=VALUE",
        help="An option of the format, as numbers=00 or 'ports={\"p0\": 3}'. May be repeated.",
    ),
    click.option(
        "--secret-file",
        "file",
        type=click.File("r", encoding="utf-8", errors="replace"),
        metavar="FILE",
        help="Take this secret (- for standard input).",
    ),
)


def _of_form(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_FORM):
        command = option(command)
    return command


def _secret(file: TextIO | None) -> str | None:
    return None if file is None else file.read().strip()


@click.group(short_help="Who is told of events, and what died on the way.")
def webhook() -> None:
    """Make, list, switch, remove and test webhooks, and post again what died."""


@contextmanager
def _webhooks(config: str) -> Iterator[Webhooks]:
    from gateway.clock import SystemClock
    from gateway.core.forwarding.addresses import Reach
    from gateway.core.webhooks import Webhooks

    reach = Reach.of(options.settings_of(config))
    with options.store_of(config) as store:
        # A running gateway finds what is queued here by itself.
        yield Webhooks(store, SystemClock(), wake=lambda: None, reach=reach)


@webhook.command()
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    required=True,
    callback=options.split_commas,
    metavar="TYPE",
    help="What it is told of, as message.received; * for everything. May be repeated.",
)
@click.option(
    "--channel",
    "channels",
    multiple=True,
    callback=options.split_commas,
    metavar="NAME",
    help="Only events of this channel. May be repeated.",
)
@click.option("--format", "format", default="standard", show_default=True, metavar="NAME", help="In which form: telnyx, twilio, ….")
@_of_form
@options.as_json
@options.config
def add(
    url: str,
    events: tuple[str, ...],
    channels: tuple[str, ...],
    format: str,
    given: dict[str, str],
    file: TextIO | None,
    as_json: bool,
    config: str,
) -> None:
    """Post events to URL. Prints the id, and the secret that verifies the signatures, which is not shown again."""
    from gateway.core.webhooks import require_known

    require_known(channels, options.settings_of(config).channel_names)
    with _webhooks(config) as webhooks:
        made, secret = webhooks.add(url, events, channels, format, _secret(file), options=format_options(format, given))
    if as_json:
        click.echo(json.dumps({"id": made.id, "secret": secret}))
    else:
        click.echo(f"id      {made.id}\nsecret  {secret}")
    _say_what_is_not_told(made)


@webhook.command(short_help="Change where or in which form events are posted.")
@click.argument("webhook_id", metavar="ID")
@click.option("--url", metavar="URL", help="Post there from now on.")
@click.option("--event", "events", multiple=True, callback=options.split_commas, metavar="TYPE", help="Tell it these events.")
@click.option("--format", "format", metavar="NAME", help="The form; its options are the given ones and no others.")
@_of_form
@options.config
def change(
    webhook_id: str,
    url: str | None,
    events: tuple[str, ...],
    format: str | None,
    given: dict[str, str],
    file: TextIO | None,
    config: str,
) -> None:
    """Change the webhook ID. Only what is given changes; options and a secret are given together with their format."""
    options.require_some([one for one in (url, events, format, given, file) if one], beside=("config",))
    wanted = None if format is None else format_options(format, given)
    with _webhooks(config) as webhooks:
        changed = webhooks.change(
            webhook_id, url=url, events=events or None, format=format, options=wanted or given or None, secret=_secret(file)
        )
    _say_what_is_not_told(changed)
    click.echo(f"{webhook_id} is changed", err=True)


def _say_what_is_not_told(made: Webhook) -> None:
    from gateway.core.webhooks import not_told

    if not_told(made):
        click.echo(f"not posted, for {made.format} cannot express them: {', '.join(not_told(made))}", err=True)


@webhook.command("list")
@click.option("--callbacks", is_flag=True, help="List the receivers of callbacks that requests named, instead.")
@options.as_json
@options.config
def list_(callbacks: bool, as_json: bool, config: str) -> None:
    """List the webhooks; their secrets are not shown.

    deliveries, replay, enable, disable and remove take the ID of a receiver of callbacks as well.
    """
    with options.store_of(config) as store:
        found = store.webhooks.receivers() if callbacks else store.webhooks.all()
    head = ("id", "url", "events", "channels", "format", "state")
    rows = [
        (
            *(one.id, one.url, ",".join(one.events), ",".join(one.channels) or "all"),
            *(one.format, _state(one.enabled, one.disabled_reason)),
        )
        for one in found
    ]
    if as_json:
        click.echo(json.dumps([dict(zip(head, row, strict=True)) for row in rows]))
    else:
        options.print_table(head, rows)


def _state(enabled: bool, reason: str | None) -> str:
    return "on" if enabled else f"off: {reason or 'disabled'}"


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@options.config
def enable(webhook_id: str, config: str) -> None:
    """Switch the webhook ID on again; what waited for it is posted."""
    with _webhooks(config) as webhooks:
        webhooks.change(webhook_id, enabled=True)
    click.echo(f"{webhook_id} is on", err=True)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@options.config
def disable(webhook_id: str, config: str) -> None:
    """Switch the webhook ID off; `enable` switches it on again."""
    with _webhooks(config) as webhooks:
        webhooks.change(webhook_id, enabled=False)
    click.echo(f"{webhook_id} is off", err=True)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@options.config
def remove(webhook_id: str, config: str) -> None:
    """Remove the webhook ID, with all that waits for it."""
    with _webhooks(config) as webhooks:
        webhooks.remove(webhook_id)
    click.echo(f"{webhook_id} is removed", err=True)


@webhook.command(short_help="Queue a test event.")
@click.argument("webhook_id", metavar="ID")
@options.config
def test(webhook_id: str, config: str) -> None:
    """Queue a test event for the webhook ID and print the id of the event.

    A running gateway posts it; a stopped one does when it starts. `simrack webhook deliveries ID` shows what came of it.
    """
    with _webhooks(config) as webhooks:
        event = webhooks.test(webhook_id)
    click.echo(event.id)
    click.echo(f"what came of it: simrack webhook deliveries {webhook_id}", err=True)


@webhook.command(short_help="Post again what died.")
@click.argument("webhook_id", metavar="ID")
@click.argument("events", nargs=-1, metavar="[EVENT]...")
@options.config
def replay(webhook_id: str, events: tuple[str, ...], config: str) -> None:
    """Post these events to the webhook ID again, whatever became of them; without EVENT, all that died.

    `simrack webhook deliveries ID` lists the events. They keep their ids.
    A running gateway posts them; a stopped one does when it starts.
    """
    with _webhooks(config) as webhooks:
        count = webhooks.replay(webhook_id, ids=events or None)
    click.echo(f"{options.counted(count, 'event')} will be posted again", err=True)


@webhook.command(short_help="List what was posted, and what waits.")
@click.argument("webhook_id", metavar="ID")
@options.as_json
@options.config
def deliveries(webhook_id: str, as_json: bool, config: str) -> None:
    """List the last deliveries to the webhook ID: what waits, what was accepted, what was given up and why."""
    from gateway.clock import isoformat

    with options.store_of(config) as store:
        found = store.forwards.of(webhook_id).forwards
    head = ("event", "type", "state", "tries", "created_at", "status", "error")
    rows = [
        (
            *(one.event_id, one.event_type, one.state, str(one.tries)),
            *(isoformat(one.created_at), _text(one.last_status), _text(one.last_error)),
        )
        for one in found
    ]
    if as_json:
        click.echo(json.dumps([dict(zip(head, row, strict=True)) for row in rows]))
    else:
        options.print_table(head, rows)


def _text(value: object) -> str:
    return "" if value is None else str(value)
