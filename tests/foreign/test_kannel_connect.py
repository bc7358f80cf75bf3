"""Kannel with the two groups that `simrack connect kannel` prints, pasted into its kannel.conf: texts go and come, by one each."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.settings import DoorsSettings
from simulator.testing import running_bank
from tests.foreign.clients import EMOJI, PATIENCE, PRICE, Daemon, needs
from tests.foreign.kannel import SERVICE, boxes, running_smsbox, send_by
from tests.ports import free_ports
from tests.receiver import Receiver
from tests.scenarios.box import running_gateway

pytestmark = [pytest.mark.slow, needs("kannel", "bearerbox", "smsbox")]

HANDSET = "+491709900001"


def printed(folder: Path, url: str, port: int) -> str:
    """What a technician pastes."""
    (folder / "simrack.toml").write_text(f'[store]\npath = "{folder}/simrack.db"\nreserve_mb = 0\n[doors]\nopen = ["kannel"]\n')
    args = ["--url", f"http://127.0.0.1:{port}/sms", "--gateway", url, "--config", str(folder / "simrack.toml")]
    shown = CliRunner().invoke(main, ["connect", "kannel", *args]).stdout
    found = re.search(r"Put into kannel\.conf:\n\n((?:(?:  .*)?\n)+?)\n?(?=Key, passwords)", shown)
    assert found is not None, shown
    return "\n".join(line.removeprefix("  ") for line in found[1].splitlines())


def test_what_is_printed_makes_a_bearerbox_send_and_receive(tmp_path: Path) -> None:
    admin, box, send, other, listen = free_ports(5)
    doors = DoorsSettings(open=("kannel",), other_senders="ignore")
    with Receiver() as web, running_bank(1) as bank, running_gateway(tmp_path, bank, doors=doors) as gateway:
        groups = printed(tmp_path, gateway.url, listen).replace("port = 13004", f"port = {other}")
        settings = tmp_path / "kannel.conf"
        settings.write_text(boxes(admin, box, send) + SERVICE.format(web=web.port) + "\n" + groups + "\n")
        with Daemon("bearerbox", "-v", "0", settings, folder=tmp_path) as bearerbox:
            bearerbox.wait_for("Start-up done")
            with running_smsbox(settings, box, send):
                for number in range(6):  # none of them by the group that takes incoming texts
                    send_by(send, username="x", password="x", to=HANDSET, text=f"{PRICE} {number}", charset="UTF-8")
                gateway.wait(lambda: len(bank.journal(kind="text", to=HANDSET)) == 6, "six texts", PATIENCE)
                bank.text(HANDSET, "p0", EMOJI)
                bank.text(HANDSET, "p0", "Grüße & 50%")
                told = [parse_qs(urlsplit(one.path).query) for one in web.wait_for(2, PATIENCE)]
        assert sorted(one["text"][0] for one in told) == sorted([EMOJI, "Grüße & 50%"])
        assert {(one["from"][0], one["family"][0]) for one in told} == {(HANDSET, "simrack-in")}
