"""`simrack connect`: key, webhook and limit for a phone system in one step, what to type there, and the first text each way.

Works on the database, as `simrack key` and `simrack webhook` do, with the gateway running or stopped. Writes no configuration.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from gateway.cli import options
from gateway.cli.exits import NO
from gateway.cli.webhooks import format_options, pairs

if TYPE_CHECKING:
    from gateway.core.connecting import Connection
    from gateway.guides.recipe import Recipe

_WAIT_S = 600.0


@click.command(short_help="Connect a phone system: key, webhook and limit in one step.")
@click.argument("system", metavar="[SYSTEM]", required=False)
@click.option("--list", "listed", is_flag=True, help="List the systems there are instructions for.")
@click.option("--pbx", metavar="HOST", help="Its name or address; its webhook is built from it where its path is known.")
@click.option("--id", "id", metavar="ID", help="The last part of the webhook's address, as the system shows it.")
@click.option("--url", metavar="URL", help="Or the whole address that incoming texts are posted to.")
@click.option("--gateway", metavar="URL", help="How the system reaches this gateway; else as [http] listen says.")
@click.option("--name", metavar="NAME", help="What the key is called, for a second system of a kind; else like SYSTEM.")
@click.option("--per-minute", type=click.IntRange(0, 1_000_000), metavar="N", help="At most N texts a minute; 0: no limit.")
@click.option(
    "--option",
    "given",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="An option of the webhook's format, as numbers=e164. May be repeated.",
)
@click.option("--again", is_flag=True, help="Make a new key and new secrets in place of those there are.")
@click.option("--wait", type=click.FloatRange(0), metavar="SECONDS", help="Wait so long for the first text each way.")
@options.as_json
@options.config
def connect(system: str | None, listed: bool, as_json: bool, config: str, wait: float | None, **wishes: Any) -> int:
    """Make the key, the webhook and the limit for SYSTEM and print what to type into it. Then wait for the first text each way.

    What was made before is kept, and told. Without --wait it waits 10 minutes when a person watches, and not at all else.
    Exit code 1 if it waited and a text did not come, or did not arrive.
    """
    if listed or system is None:
        return _list(as_json, asked=listed)
    recipe = _recipe(system)
    with options.store_of(config) as store:
        from gateway.cli import connect_wait
        from gateway.cli.connect_sheet import Sheet
        from gateway.clock import SystemClock
        from gateway.core.connecting import Connecting
        from gateway.core.forwarding.addresses import Reach

        clock = SystemClock()
        began = clock.now()
        url = _webhook_url(recipe, as_json, wishes)
        settings = options.settings_of(config)
        sheet = Sheet(recipe, settings, wishes["gateway"], url or "", wishes["pbx"])
        connection = Connecting(store, clock, Reach.of(settings)).connect(_wanted(recipe, url, wishes), wishes["again"])
        if as_json:
            click.echo(json.dumps(_json(recipe, connection, sheet)))
        else:
            sheet.show(connection)
        seconds = wait if wait is not None else _WAIT_S if sys.stdout.isatty() and not as_json else 0.0
        if not seconds:
            return 0
        return 0 if connect_wait.wait(store, recipe, connection, began, seconds, aside=as_json) else NO


def _list(as_json: bool, asked: bool) -> int:
    from gateway.guides.recipes import RECIPES

    if as_json:
        click.echo(json.dumps([{"name": one.name, "title": one.title, "guide": f"/guides/{one.page}"} for one in RECIPES.values()]))
        return 0
    if not asked:
        raise click.UsageError(f"name a system: {', '.join(RECIPES)}.")
    rows = [(one.name, one.title, "smpp" if one.smpp else one.door, f"/guides/{one.page}") for one in RECIPES.values()]
    options.print_table(("name", "for", "door", "guide"), rows)
    return 0


def _recipe(system: str) -> Recipe:
    from gateway.guides.recipes import RECIPES
    from gateway.settings.spelling import nearest

    recipe = RECIPES.get(system.lower())
    if recipe is None:
        raise click.UsageError(f"{system!r} is no system known here: {nearest(system.lower(), tuple(RECIPES))}.")
    return recipe


def _webhook_url(recipe: Recipe, as_json: bool, wishes: dict[str, Any]) -> str | None:
    """Where incoming texts are posted; None when that is not known yet."""
    hook, url, pbx, id = recipe.hook, wishes["url"], wishes["pbx"], wishes["id"]
    if hook is None:
        if url:
            raise click.UsageError(f"{recipe.title} has no way for incoming texts that is known; leave --url away.")
        return None
    if url:
        return str(url)
    if not pbx and hook.url and "{pbx}" not in hook.url:
        return hook.url
    if pbx and hook.url and (id or "{id}" not in hook.url):
        return hook.url.replace("{pbx}", pbx).replace("{id}", id or "")
    if id and not pbx:
        raise click.UsageError("--id needs --pbx, the name of the system.")
    if sys.stdin.isatty() and not as_json:
        asked = click.prompt(f"Incoming texts go to {hook.asks}.\nURL (empty: not yet)", default="", show_default=False)
        return str(asked).strip() or None
    return None


def _wanted(recipe: Recipe, url: str | None, wishes: dict[str, Any]) -> Any:
    from gateway.core.connecting import Wanted

    hook = recipe.hook
    return Wanted(
        name=wishes["name"] or recipe.name,
        recipe=recipe.name,
        scopes=recipe.scopes,
        url=url or "",
        format=hook.format if hook else "",
        events=hook.events if hook else (),
        options={**hook.options, **format_options(hook.format, wishes["given"])} if hook else {},
        chosen=bool(wishes["given"]),
        password=recipe.password,
        per_minute=wishes["per_minute"],
        usual_per_minute=recipe.per_minute,
    )


def _json(recipe: Recipe, connection: Connection, sheet: Any) -> dict[str, object]:
    webhook, limit = connection.webhook, connection.limit
    return {
        "system": recipe.name,
        "made": list(connection.news),
        "key": {"name": connection.key.name, "key": connection.token or None, "password": connection.password or None},
        "webhook": None if webhook is None else {"id": webhook.id, "url": webhook.url, "secret": connection.secret or None},
        "per_minute": None if limit is None else limit.most,
        "type": dict(sheet.typed(connection)),
        "file": sheet.file(connection) or None,
        "door": {"name": "smpp" if recipe.smpp else recipe.door, "open": sheet.door_is_open, "addresses": sheet.let_in},
        "guide": f"/guides/{recipe.page}",
    }
