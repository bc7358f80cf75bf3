"""RFC 2217, abstract sockets, composite modems, and modems that come back under another name."""

import os
import socket

import pytest
import serial
from click.testing import CliRunner

from simulator.cli import main
from simulator.rfc2217 import Telnet
from simulator.testing import running_bank

SENDER = "+4917012345"


def test_a_foreign_client_of_rfc_2217_gets_through():
    with (running_bank(rfc2217=("127.0.0.1", 0)) as bank,
          serial.serial_for_url(bank.device("p0", wire=1), baudrate=9600, timeout=30) as port):
        port.write(b"ATE0\r")
        assert port.read_until(b"OK\r\n").endswith(b"OK\r\n")
        port.baudrate = 115200
        port.write(b"AT+CSQ\r")
        assert port.read_until(b"OK\r\n") == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
        # Among so many noise bytes there is 0xFF, which telnet doubles.
        bank.fault("p0", "garbage", count=3000)
        port.write(b"AT+CSQ\r")
        assert len(port.read_until(b"OK\r\n")) == 3000 + len(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n")


@pytest.mark.parametrize("size", [1, 3, 100])
def test_telnet_commands_may_be_cut_anywhere(size):
    # WILL COM-PORT, SET-BAUDRATE 9600 (RFC 2217 clause 3), data with a doubled 0xFF.
    told = bytes.fromhex("fffb2c") + bytes.fromhex("fffa2c0100002580fff0") + b"A\xff\xffT\r"
    telnet, plain, replies = Telnet(), b"", b""
    for place in range(0, len(told), size):
        more, answers = telnet.feed(told[place:place + size])
        plain, replies = plain + more, replies + answers
    assert plain == b"A\xffT\r" and telnet.speed == 9600
    assert replies == bytes.fromhex("fffd2c" "fffa2c6bb0fff0" "fffa2c6500002580fff0")


def test_nothing_is_answered_twice_in_a_negotiation():
    telnet = Telnet()
    assert telnet.feed(bytes.fromhex("fffd03"))[1] == bytes.fromhex("fffb03")
    assert telnet.feed(bytes.fromhex("fffd03"))[1] == b""
    assert telnet.feed(bytes.fromhex("fffd18"))[1] == bytes.fromhex("fffc18")


def test_a_modem_can_be_reached_by_an_abstract_name():
    with running_bank(abstract=f"bank{os.getpid()}") as bank:
        name = bank.device("p0", wire=1)
        assert name == f"abstract:bank{os.getpid()}-p0"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0" + name.removeprefix("abstract:"))
            client.sendall(b"ATE0\r")
            assert client.recv(100)


def test_news_of_a_composite_modem_comes_on_its_own_port(connect):
    with running_bank(composite=True) as bank:
        commands, news = connect(bank.device("p0")), connect(bank.device("p0", wire=1), quiet=False)
        commands.ask("AT+CNMI=2,1")
        bank.text(SENDER, "p0", "hello")
        assert news.until(rb"\+CMTI[^\r]*\r\n") == b'\r\n+CMTI: "SM",1\r\n'
        assert commands.says_nothing_but_ok()


def test_the_port_for_news_can_be_asked_nothing(connect):
    with running_bank(composite=True) as bank:
        news = connect(bank.device("p0", wire=1), quiet=False)
        news.write("AT\r")
        bank.say("p0", "RING")
        assert news.until(rb"RING\r\n") == b"\r\nRING\r\n"


def test_a_command_of_the_family_routes_the_news(connect):
    with running_bank(composite=True, family="quectel_ec25") as bank:
        commands = connect(bank.device("p0"))
        assert commands.ask('AT+QURCCFG="urcport","usbat"') == b"\r\nOK\r\n"
        bank.text(SENDER, "p0", "hello")
        commands.until(rb"\+CMTI")


@pytest.mark.parametrize(("quirk", "answer"), [("parrot-port", rb"^\r\nOK\r\n$"), ("debug-port", rb"^\x7e\x00")])
def test_other_ports_of_a_composite_modem_are_no_modems(connect, quirk, answer):
    with running_bank(composite=True, quirks=(quirk,)) as bank:
        other = connect(bank.device("p0", wire=1), quiet=False)
        other.write("AT+NONSENSE\r")
        other.until(answer)


def test_a_modem_comes_back_under_another_name(connect):
    with running_bank(ports=2) as bank:
        client, by_path = connect(bank.device("p0")), bank.folder / "by-path" / "p0"
        bank.reenumerate("p0")
        assert os.read(client.fd, 1) == b""
        assert not (bank.folder / "p0").is_symlink()
        assert bank.device("p0") == str(bank.folder / "p0.1") and os.readlink(by_path) == os.readlink(bank.device("p0"))
        assert connect(str(by_path)).says_nothing_but_ok()
        assert [entry["kind"] for entry in bank.journal(port="p0")] == ["unplug", "plug"]


def test_two_modems_can_swap_their_names(connect):
    with running_bank(ports=2) as bank:
        with pytest.raises(ValueError, match="'p1' cannot be the name of p0: it is taken"):
            bank.reenumerate("p0", "p1")
        bank.reenumerate("p0")
        bank.reenumerate("p1", "p0")
        bank.reenumerate("p0", "p1")
        assert bank.state("p1")["imei"].encode() in connect(str(bank.folder / "p0")).ask("AT+CGSN")


def test_a_socket_has_no_name_to_change():
    with running_bank(unix=True) as bank, pytest.raises(ValueError, match="no terminal"):
        bank.reenumerate("p0")


def test_the_command_line_makes_modems_ring_and_come_back_renamed():
    with running_bank() as bank:
        def told(*words: str) -> str:
            return CliRunner().invoke(main, [*words[:1], "--dir", str(bank.folder), *words[1:]], catch_exceptions=False).output

        assert told("call", "p0", SENDER) == "it rings\n"
        assert told("reenumerate", "p0") == f"{bank.folder / 'p0.1'}\n"
        assert "index-0" in CliRunner().invoke(main, ["quirks"]).output
