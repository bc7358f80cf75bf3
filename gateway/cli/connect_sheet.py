"""What `simrack connect` prints for a person at a phone system: what was made, what to type where, what to open. Makes nothing."""

from __future__ import annotations

import ipaddress
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from gateway.cli import options
from gateway.guides import file, filled, without
from gateway.settings.networks import within

if TYPE_CHECKING:
    from gateway.core.connecting import Connection
    from gateway.guides.recipe import Recipe
    from gateway.settings import Settings

_BEFORE = "(told before; --again makes a new one)"
_PATIENCE_S = 3.0
# What a door that the configuration opens comes down to, by what it answers.
_FOUND = {
    0: "is open in the configuration, but simrack does not answer: start it",
    404: "is open in the configuration, but not in the simrack that runs: restart it",
}
_PORTS = {"https": 443, "http": 80, "ami": 5038}


class Sheet:
    def __init__(self, recipe: Recipe, settings: Settings, gateway: str | None, url: str, pbx: str | None = None) -> None:
        self._recipe = recipe
        self._settings = settings
        self._url = url
        self._peer = urlsplit(url).hostname or pbx or ""
        listen = settings.smpp if recipe.smpp else settings.http
        self._listens = listen.listen
        self._own = _own_address(listen.host if listen.listen else "0.0.0.0", urlsplit(url).hostname)
        self._address = _checked(gateway) if gateway else f"http://{_bracketed(self._own)}:{settings.http.port}"
        self._given = bool(gateway)
        self.door_is_open = bool(listen.listen) if recipe.smpp else recipe.door in settings.doors.open
        self.let_in = settings.doors.networks("smpp" if recipe.smpp else recipe.door)  # None: whoever calls

    def typed(self, connection: Connection) -> list[tuple[str, str]]:
        """The fields with what goes into them; before there is a webhook, without those for incoming texts."""
        values, takes = self._values(connection), connection.webhook is not None
        return [(one.label, filled(one.value, values)) for one in self._recipe.fields if takes or not one.incoming]

    def file(self, connection: Connection) -> str:
        """Before there is a webhook, without what is for incoming texts."""
        if not self._recipe.file:
            return ""
        whole = file(self._recipe.file) or ""
        return filled(whole if connection.webhook else without(whole, "secret"), self._values(connection))

    def show(self, connection: Connection) -> None:
        self._made(connection)
        recipe, takes = self._recipe, connection.webhook is not None
        if recipe.fields:
            click.echo(f"\nType into {recipe.title}: {recipe.where}\n")
            fields = self.typed(connection)
            width = max(len(label) for label, _ in fields)
            for label, value in fields:
                click.echo(f"  {label.ljust(width)}  {value}")
        if recipe.file:
            click.echo(f"\nPut into {recipe.where if takes else recipe.where_sending or recipe.where}:\n")
            click.echo("".join(f"  {line}".rstrip() + "\n" for line in self.file(connection).splitlines()), nl=False)
        if connection.token or connection.secret:
            click.echo("\nKey, passwords and secrets are shown this once.")
        values = self._values(connection)
        for note in (*recipe.notes, *(recipe.incoming_notes if takes else ())):
            click.echo(f"\n{filled(note, values)}")
        self._gateway()
        self._firewall()
        click.echo(f"\nAll of it: {self._address}/guides/{recipe.page}")

    def _made(self, connection: Connection) -> None:
        name, limit = connection.key.name, connection.limit
        if connection.news:
            click.echo(f"{self._recipe.title}: made {', '.join(connection.news)}")
        else:
            click.echo(f"{self._recipe.title}: all was there, nothing is made")
        click.echo(f"  key      {name}, may {', '.join(sorted(connection.key.scopes))}")
        webhook = connection.webhook
        if webhook is not None:
            state = "" if webhook.enabled else f", off: {webhook.disabled_reason}; simrack webhook enable {webhook.id}"
            click.echo(f"  webhook  {webhook.id}, {webhook.format}, to {webhook.url}{state}")
            wanted = self._recipe.hook.path if self._recipe.hook else ""
            if wanted and wanted not in webhook.url:
                click.echo(f"           {self._recipe.title} usually has {wanted} in this address; compare it once more")
            if connection.others:
                others = options.counted(connection.others, "other webhook")
                click.echo(f"           {others} may hear of incoming texts too, until simrack inbound says whose they are")
        elif self._recipe.hook is not None:
            click.echo(f"  webhook  none yet: call it again with --url, {self._recipe.hook.asks}")
        most = "none" if limit is None else f"{limit.most} texts a minute; what is more waits"
        click.echo(f"  limit    {most}")

    def _gateway(self) -> None:
        """What is to be changed at this gateway before it works."""
        recipe, lines = self._recipe, []
        if recipe.smpp and not self._listens:
            lines += ["[smpp]", 'listen = "0.0.0.0:2775"']
        if not recipe.smpp and not self.door_is_open:
            doors = ", ".join(f'"{one}"' for one in (*self._settings.doors.open, recipe.door))
            lines += ["[doors]", f"open = [{doors}]"]
        door = "SMPP" if recipe.smpp else f"The door {recipe.door}"
        if lines:
            closed = "" if self.door_is_open else f"{door} is closed. "
            click.echo(f"\n{closed}In the configuration, then restart simrack:\n")
            click.echo("\n".join(f"  {line}" for line in lines))
        else:
            self._alive(door)
        self._addresses(door)
        self._only_here()
        if recipe.https and not self._address.startswith("https:"):
            remedy = "put a proxy in front of simrack, and give its address with --gateway https://…"
            click.echo(f"\n{recipe.title} wants https with a certificate it trusts: {remedy}.")

    def _addresses(self, door: str) -> None:
        """Who is let in, where that is not everybody."""
        if self.let_in is None:
            return
        listed, peer, title = ", ".join(self.let_in), self._peer, self._recipe.title
        remedy = f"in addresses of [doors] to {self._recipe.door or 'smpp'}, and restart simrack"
        if not _is_address(peer):
            click.echo(f"\n{door} lets in {listed} alone. Add the address of {title}, if it is another, {remedy}.")
        elif within(peer, self.let_in):
            click.echo(f"\n{door} lets in {listed} alone, {peer} among them.")
        else:
            click.echo(f"\n{door} is closed to {peer}: it lets in {listed} alone. Add {peer} {remedy}.")
        if self._address.startswith("https:") and not self._settings.http.trusted_proxies:
            click.echo("Behind a proxy everybody comes from its address, unless trusted_proxies in [http] names it.")

    def _only_here(self) -> None:
        """No proxy for HTTP carries SMPP: for that it is the address to listen on that must change."""
        if not _is_loopback(self._own):
            return
        if self._recipe.smpp:
            remedy = f'listen = "0.0.0.0:{self._settings.smpp.port}" in [smpp], and restart simrack'
            click.echo(f"\nSMPP listens on {self._listens or self._own} only. For a system on another machine: {remedy}.")
        elif not self._given:
            remedy = 'an HTTPS proxy in front, and its address with --gateway; or listen = "0.0.0.0:…" in [http]'
            click.echo(f"\nsimrack listens on {self._listens or self._own} only. For a system on another machine: {remedy}.")

    def _alive(self, door: str) -> None:
        """The configuration says open; whether the gateway that runs does."""
        if self._recipe.smpp:
            listening = _connects(self._own, self._settings.smpp.port)
            found = "is open" if listening else "is open in the configuration, but nothing listens: start or restart simrack"
        else:
            status = _asked(f"http://{_bracketed(_nearby(self._settings.http.host))}:{self._settings.http.port}{self._recipe.path}")
            found = _FOUND.get(status, "is open")
        click.echo(f"\n{door} {found}.")

    def _firewall(self) -> None:
        recipe, there = self._recipe, urlsplit(self._url)
        pbx = there.hostname or recipe.title
        click.echo("\nFirewall:")
        if recipe.smpp:
            host = urlsplit(self._address).hostname if self._given else self._own
            click.echo(f"  {pbx} -> {host}, TCP {self._settings.smpp.port if self._listens else 2775}")
        else:
            here = urlsplit(self._address)
            host = "this machine" if not self._given and _is_loopback(self._own) else here.hostname
            click.echo(f"  {pbx} -> {host}, TCP {here.port or _PORTS[here.scheme]}; nobody else")
        if there.hostname:
            click.echo(f"  this machine -> {there.hostname}, TCP {there.port or _PORTS.get(there.scheme, 443)}")

    def _values(self, connection: Connection) -> dict[str, str]:
        split, there = urlsplit(self._address), urlsplit(connection.webhook.url if connection.webhook else "")
        default = 443 if split.scheme == "https" else 80
        return {
            "address": self._address,
            "host": self._own if self._recipe.smpp and not self._given else split.hostname or "",
            "port": str(split.port or default),
            "smpp_port": str(self._settings.smpp.port if self._settings.smpp.listen else 2775),
            "name": connection.key.name,
            "key": connection.token or _BEFORE,
            "password": connection.password or _BEFORE,
            "secret": connection.secret or (_BEFORE if connection.webhook else "(when the webhook is made)"),
            "pbx": there.hostname or "192.0.2.7",
            "pbx_port": str(there.port or _PORTS.get(there.scheme, 80)),
            "country": self._settings.numbers.country,
        }


def _checked(gateway: str) -> str:
    split = urlsplit(gateway)
    if split.scheme not in ("http", "https") or not split.hostname or not gateway.isascii():
        raise click.UsageError(f"--gateway {gateway!r} is no address; write it as https://sms.example.net.")
    return gateway.rstrip("/")


def _own_address(host: str, peer: str | None) -> str:
    """The address others call, seen from that peer where it listens on all. Nothing is sent."""
    if host not in ("0.0.0.0", "::", ""):
        return host
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((peer or "192.0.2.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"


def _nearby(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _asked(url: str) -> int:
    """The status of a GET without a key, which no door takes for a text; 0 where nobody answers."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=_PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as fault:
        return fault.code
    except (OSError, ValueError):
        return 0


def _connects(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_PATIENCE_S):
            return True
    except OSError:
        return False
