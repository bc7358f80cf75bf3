"""`simrack audit`, and the rows that commands on the machine itself leave there."""

from __future__ import annotations

import json
from typing import Any

from gateway.store.audit import KINDS
from tests.test_cli import complaint, config, running, simrack

__all__ = ["config", "running"]  # fixtures


def rows(running: tuple[str, str], kind: str) -> list[Any]:
    """Oldest first, without what concerns the key of this call."""
    shown = simrack("audit", kind, "--json", SIMRACK_URL=running[0], SIMRACK_KEY=running[1])
    found = [(one["who"], one["what"], one["subject"]) for one in reversed(json.loads(shown.stdout))]
    return [one for one in found if one[2] != "key:cli"]


def test_whatever_is_done_to_keys_on_the_machine_is_kept(running: tuple[str, str], config: str) -> None:
    here = ("--config", config)
    printed = simrack("key", "add", "shop", "--scope", "send", "--smpp", *here).stdout.split()
    printed += simrack("key", "dinstar", "shop", *here).stdout.split()
    simrack("key", "rules", "shop", "--longest", "160", *here)
    simrack("key", "revoke", "shop", *here)
    assert simrack("key", "smpp", "shop", *here).exit_code == 1  # it is revoked
    whats = ["key.add", "key.smpp", "key.dinstar", "key.rules", "key.revoke"]
    assert rows(running, "key") == [("simrack key", what, "key:shop") for what in whats]
    told = simrack("audit", SIMRACK_URL=running[0], SIMRACK_KEY=running[1]).stdout
    assert len(printed) == 3 and not any(secret in told for secret in printed)


def test_whatever_is_done_to_webhooks_on_the_machine_is_kept(running: tuple[str, str], config: str) -> None:
    here = ("--config", config)
    added = simrack("webhook", "add", "https://pbx.example/sms", "--event", "message.sent", *here)
    (secret,) = [word for word in added.output.split() if word.startswith("whsec_")]
    (hook,) = [word for word in added.output.split() if word.startswith("wh_")][:1]
    for command in ("disable", "enable", "remove"):
        assert simrack("webhook", command, hook, *here).exit_code == 0
    whats = ["webhook.add", "webhook.change", "webhook.change", "webhook.remove"]
    assert rows(running, "webhook") == [("simrack webhook", what, f"webhook:{hook}") for what in whats]
    told = simrack("audit", "webhook", SIMRACK_URL=running[0], SIMRACK_KEY=running[1]).stdout
    assert secret not in told and "changed enabled" in told


def test_what_connecting_makes_is_kept_as_its_work(running: tuple[str, str], config: str) -> None:
    for again in ((), ("--again",)):
        assert simrack("connect", "dinstar", "--url", "https://pbx.example/push", *again, "--config", config).exit_code == 0
    who = {"simrack connect"}
    assert [one[1] for one in rows(running, "key")] == ["key.add", "key.dinstar", "key.token", "key.dinstar"]
    assert {one[0] for kind in ("key", "webhook", "limit", "connect") for one in rows(running, kind)} == who


def test_help_names_every_kind() -> None:
    told = simrack("audit", "--help").stdout.partition("Options:")[0].replace(",", " ").replace(".", " ").split()
    assert set(KINDS) <= set(told)


def test_a_kind_that_there_is_not_is_told_with_those_there_are(running: tuple[str, str]) -> None:
    refused = simrack("audit", "nix", SIMRACK_URL=running[0], SIMRACK_KEY=running[1])
    assert refused.exit_code == 1 and "about" in complaint(refused) and "'webhook'" in refused.stderr
