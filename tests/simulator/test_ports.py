"""Terminals, TCP and unix sockets: what a client meets when modems come and go."""

import os

import pytest

from simulator.testing import running_bank


def test_a_terminal_has_a_stable_name(connect):
    with running_bank(ports=2) as bank:
        assert bank.device("p1") == str(bank.folder / "p1") and os.path.islink(bank.device("p1"))
        assert connect(bank.device("p1")).ask("AT") == b"\r\nOK\r\n"


def test_a_client_can_go_and_another_one_come():
    from tests.simulator.conftest import Client

    with running_bank() as bank:
        for _ in range(3):
            client = Client(bank.device("p0"))
            assert client.ask("AT").endswith(b"OK\r\n")
            client.close()


def test_settings_outlive_the_client_as_in_a_real_modem(connect):
    with running_bank() as bank:
        first = connect(bank.device("p0"))
        first.close()
        assert connect(bank.device("p0"), quiet=False).ask("AT") == b"\r\nOK\r\n"


def test_unplugging_hangs_up_and_takes_the_name_away(connect):
    with running_bank() as bank:
        client = connect(bank.device("p0"))
        bank.unplug("p0")
        assert not os.path.lexists(bank.device("p0"))
        assert os.read(client.fd, 1) == b""
        with pytest.raises(OSError, match="Input/output error"):
            client.write("AT\r")


def test_plugging_in_brings_a_new_terminal_under_the_old_name(connect):
    with running_bank() as bank:
        client = connect(bank.device("p0"))
        old = os.readlink(bank.device("p0"))
        bank.unplug("p0")
        bank.plug("p0")
        # The old number is still held by the old client, so the new terminal has another one.
        assert os.readlink(bank.device("p0")) != old
        client.close()
        assert connect(bank.device("p0"), quiet=False).ask("AT") == b"AT\r\r\nOK\r\n"


def test_boot_lines_are_said_when_a_modem_is_plugged_in(connect):
    with running_bank(family="sim800") as bank:
        client = connect(bank.device("p0"), quiet=False)
        assert client.until(rb"SMS Ready\r\n") == (
            b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n")


def test_a_store_survives_unplugging(connect):
    with running_bank() as bank:
        bank.text("+4917012345", "p0", "hello")
        bank.unplug("p0")
        bank.plug("p0")
        assert b"+CMGL: 1,0" in connect(bank.device("p0")).ask("AT+CMGL=4")


def test_a_modem_can_be_reached_over_tcp(connect):
    with running_bank(ports=2, tcp=("127.0.0.1", 0)) as bank:
        over_tcp = connect(bank.device("p1", wire=1))
        assert over_tcp.ask("AT+CSQ") == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


def test_a_new_tcp_client_takes_the_place_of_the_old_one(connect):
    with running_bank(tcp=("127.0.0.1", 0)) as bank:
        old = connect(bank.device("p0", wire=1))
        new = connect(bank.device("p0", wire=1))
        assert new.ask("AT") == b"\r\nOK\r\n"
        with pytest.raises((AssertionError, ConnectionError)):
            old.ask("AT")


def test_a_tcp_port_is_refused_while_unplugged_and_comes_back_under_its_number(connect):
    with running_bank(tcp=("127.0.0.1", 0)) as bank:
        device = bank.device("p0", wire=1)
        bank.unplug("p0")
        with pytest.raises(ConnectionRefusedError):
            connect(device)
        bank.plug("p0")
        assert bank.device("p0", wire=1) == device
        assert connect(device).ask("AT") == b"\r\nOK\r\n"


def test_a_modem_can_be_reached_over_a_unix_socket(connect):
    with running_bank(unix=True) as bank:
        assert bank.device("p0") == str(bank.folder / "p0.sock")
        assert connect(bank.device("p0")).ask("AT") == b"\r\nOK\r\n"


def test_what_nobody_reads_does_not_stop_the_modem(connect):
    with running_bank() as bank:
        client = connect(bank.device("p0"))
        client.ask("AT+CNMI=2,2")
        for number in range(400):
            bank.text("+4917012345", "p0", f"{number} {'x' * 100}")
        assert len(bank.journal(kind="deliver")) == 400
        for _ in range(400):
            client.until(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n")
        assert client.says_nothing_but_ok()


def test_64_modems_run_side_by_side(connect):
    with running_bank(ports=64) as bank:
        clients = [connect(bank.device(f"p{place}")) for place in range(64)]
        assert all(client.says_nothing_but_ok() for client in clients)
        assert len({bank.number(f"p{place}") for place in range(64)}) == 64


def test_two_banks_cannot_share_a_folder(tmp_path):
    with running_bank(folder=tmp_path), pytest.raises(BlockingIOError), running_bank(folder=tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == []
