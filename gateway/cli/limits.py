"""`simrack limits`: how much SIMs, pools and clients may send, what is left, why texts wait, and how long many will take."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import click

from gateway.cli import limit_words as words
from gateway.cli import options
from gateway.cli.api import Api, access
from gateway.cli.audit import show_audit
from gateway.cli.exits import NO

Command = TypeVar("Command", bound=Callable[..., Any])

_KINDS = ("texts", "parts", "recipients", "gap", "hours", "warmup", "share")
_BUDGETS = ("texts", "parts", "recipients")


def _wishes(command: Command) -> Command:
    """The options that say what a limit allows."""
    for option in reversed(
        (
            click.option("--texts", type=click.IntRange(1), metavar="N", help="At most N texts."),
            click.option("--parts", type=click.IntRange(1), metavar="N", help="At most N parts; a long text has several."),
            click.option("--recipients", type=click.IntRange(1), metavar="N", help="At most N different recipients."),
            click.option("--per", type=click.Choice(["minute", "hour", "day", "month"]), help="In each of these."),
            click.option("--gap", metavar="S or S-S", help="Seconds from one text to the next, or a range to draw them from."),
            click.option("--hours", metavar="HOURS", help='Only then: "Mon-Fri 08:00-20:00, Sat 09:00-12:00".'),
            click.option("--warmup", type=click.IntRange(1), metavar="N", help="N texts on its first day, then more each day."),
            click.option("--factor", type=float, metavar="X", help="So many times as many from day to day of a warm-up."),
            click.option("--days", type=int, metavar="N", help="For how many days a SIM is new."),
            click.option("--share", type=float, metavar="X", help="How much a client key counts beside the others; 1 without."),
            click.option("--zone", metavar="ZONE", help="The time zone, as Europe/Berlin; UTC without it."),
            click.option("--reset-day", type=int, metavar="DAY", help="The day on which months begin."),
        )
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True, short_help="How much may be sent, what is left, and why texts wait.")
@click.pass_context
def limits(context: click.Context) -> None:
    """List, make, change, remove and reset the limits of a running gateway; explain what waits; foresee how long texts take.

    Without a command it lists them.
    """
    options.list_by_default(context, list_)


@limits.command("list", short_help="List the limits and what is left of each.")
@click.argument("subject", required=False)
@options.as_json
@access
def list_(subject: str | None, as_json: bool, url: str, key_file: str | None) -> None:
    """List the limits and what is left of each; with SUBJECT only those that hold for it."""
    query = f"?{urlencode({'subject': subject})}" if subject else ""
    found = Api(url, key_file).get(f"/v1/limits{query}")["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    head = ("", "limit", "for", "channel", "used", "left", "until")
    options.print_table(head, [row for one in found for row in _rows(one)])


@limits.command(short_help="Make a limit.")
@click.argument("subject")
@_wishes
@access
def add(subject: str, url: str, key_file: str | None, **wishes: Any) -> None:
    """Make a limit for SUBJECT: sim:* (each SIM alone), sim:ID, channel:NAME (its SIM), pool:NAME, key:* or key:NAME."""
    content = {"subject": subject, **_content(wishes, {})}
    if "counted" not in content:
        raise click.UsageError("say what is limited: --texts, --parts, --recipients, --gap, --hours, --warmup or --share.")
    made = Api(url, key_file).post("/v1/limits", content)
    click.echo(f"limit {made['id']}: {words.limit(made)} for {made['subject']}", err=True)


@limits.command(short_help="Change what a limit allows.")
@click.argument("limit_id", metavar="ID", type=click.IntRange(1))
@click.option("--subject", metavar="SUBJECT", help="For whom it is.")
@_wishes
@access
def change(limit_id: int, subject: str | None, url: str, key_file: str | None, **wishes: Any) -> None:
    """Change what is given of the limit ID; everything else stays, and so does what is counted."""
    options.require_some([one for one in (subject, *wishes.values()) if one is not None])
    api = Api(url, key_file)
    before = {name: value for name, value in api.get(f"/v1/limits/{limit_id}").items() if name not in ("id", "now")}
    content = {**_content(wishes, before), "subject": subject or before["subject"]}
    changed = api.put(f"/v1/limits/{limit_id}", content)
    click.echo(f"limit {limit_id}: {words.limit(changed)} for {changed['subject']}", err=True)


@limits.command()
@click.argument("limit_id", metavar="ID", type=click.IntRange(1))
@access
def remove(limit_id: int, url: str, key_file: str | None) -> None:
    """Remove the limit ID."""
    Api(url, key_file).delete(f"/v1/limits/{limit_id}")
    click.echo(f"limit {limit_id} is removed", err=True)


@limits.command(short_help="Let what was counted count no more.")
@click.argument("limit_id", metavar="ID", type=click.IntRange(1))
@click.option("--subject", metavar="SUBJECT", help="Only this one of those that a limit for all is about.")
@access
def reset(limit_id: int, subject: str | None, url: str, key_file: str | None) -> None:
    """Let what the limit ID counted in its present windows count no more. The audit keeps what it was."""
    content = {} if subject is None else {"subject": subject}
    done = Api(url, key_file).post(f"/v1/limits/{limit_id}/reset", content)["reset"]
    click.echo(f"limit {limit_id} is reset for {options.counted(done, 'subject')}", err=True)


@limits.command(short_help="Say whether a text could leave now.")
@click.option("--channel", metavar="NAME", help="Over this channel.")
@click.option("--pool", metavar="NAME", help="Over this pool.")
@click.option("--key", metavar="NAME", help="As if the client with this key sent it; without it, the key of this call.")
@click.option("--to", metavar="NUMBER", help="To this recipient; somebody new without it.")
@click.option("--parts", type=click.IntRange(1, 255), help="A text of so many parts.")
@options.as_json
@access
def explain(as_json: bool, url: str, key_file: str | None, **wishes: Any) -> int:
    """Say whether a text could leave now, and which limits say no until when. Exit code 1 if it could not."""
    found = Api(url, key_file).get(f"/v1/limits/explain?{options.query(wishes)}")
    if as_json:
        click.echo(json.dumps(found))
    elif found["may_leave"]:
        click.echo(f"a text could leave now, over {', '.join(found['channels'])}")
    else:
        click.echo(f"no text could leave before {words.moment(found['until'])}" if found["until"] else "no text could leave")
    if not as_json:
        words.print_refusals(found["refusals"])
    return 0 if found["may_leave"] else NO


@limits.command(short_help="Say how long many texts will take.")
@click.option("--count", type=click.IntRange(1, 10_000_000), required=True, help="So many texts.")
@click.option("--parts", type=click.IntRange(1, 255), help="Of so many parts each.")
@click.option("--pool", metavar="NAME", help="Over this pool.")
@click.option("--channel", metavar="NAME", help="Over this channel.")
@click.option("--key", metavar="NAME", help="As if the client with this key sent them.")
@click.option("--known", is_flag=True, help="All recipients were texted already; for limits on recipients.")
@options.as_json
@access
def forecast(as_json: bool, known: bool, url: str, key_file: str | None, **wishes: Any) -> int:
    """Say how long many texts will take under the limits there are. Exit code 1 if they would never all leave."""
    content = {name: value for name, value in wishes.items() if value is not None}
    found = Api(url, key_file).post("/v1/limits/forecast", {**content, **({"recipients": "known"} if known else {})})
    if as_json:
        click.echo(json.dumps(found))
        return 0 if found["until"] else NO
    click.echo(words.forecast(found))
    if longest := found["held_by"]:
        click.echo(f"what holds them back the longest is limit {longest['id']}: {words.limit(longest)} for {longest['subject']}")
    rows = [(one["channel"], str(one["texts"]), str(one["held_by"] or "")) for one in found["channels"]]
    options.print_table(("channel", "texts", "held back by limit"), rows)
    return 0 if found["until"] else NO


@limits.command()
@options.as_json
@access
def audit(as_json: bool, url: str, key_file: str | None) -> None:
    """List who changed limits, newest first."""
    found = Api(url, key_file).get("/v1/limits/audit")["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    show_audit(found)


def _content(wishes: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What is wanted, as the API spells it; of the same kind as before unless another is given."""
    given = {name: value for name, value in wishes.items() if value is not None}
    kinds = [kind for kind in _KINDS if kind in given]
    if len(kinds) > 1:
        raise click.UsageError(f"--{kinds[0]} and --{kinds[1]} are two limits; make them one by one.")
    content = {name: value for name, value in before.items() if value is not None}
    if kinds and kinds[0] != content.get("counted"):
        content = {"counted": kinds[0]}
    for name in ("per", "zone", "reset_day", "factor", "days"):
        if name in given:
            content[name] = given[name]
    if content.get("per") not in (None, "month") and "reset_day" not in given:
        content.pop("reset_day", None)
    if kinds:
        content.update(_value(kinds[0], given[kinds[0]]))
    return content


def _value(kind: str, value: Any) -> dict[str, Any]:
    if kind in _BUDGETS:
        return {"most": value}
    if kind == "gap":
        low, _, high = value.partition("-")
        try:
            return {"gap_s": [float(low), float(high or low)]}
        except ValueError:
            raise click.UsageError(f"--gap {value!r} is no gap; write seconds as 10, or a range as 5-20.") from None
    return {{"hours": "hours", "warmup": "first", "share": "factor"}[kind]: value}


def _rows(shown: dict[str, Any]) -> list[tuple[str, ...]]:
    """The limit, and below it each subject of a limit for all."""
    head = (str(shown["id"]), words.limit(shown))
    uses = [_use(use) for use in shown["now"]]
    if [use["subject"] for use in shown["now"]] == [shown["subject"]]:
        return [(*head, *uses[0])]
    return [(*head, shown["subject"], "", "", "", ""), *(("", "", *use) for use in uses)]


def _use(use: dict[str, Any]) -> tuple[str, ...]:
    used, left = ("" if use[name] is None else str(use[name]) for name in ("used", "left"))
    closed = f"closed until {words.moment(use['closed_until'])}" if use["closed_until"] else ""
    return use["subject"], use["channel"] or "", used, left, closed or words.moment(use["resets_at"])
