"""The control over HTTP and the command line, as a person or another program uses them."""

import json
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from simulator.remote import ControlError, Remote
from simulator.testing import running_bank

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bank(tmp_path):
    with running_bank(ports=2, journal=tmp_path / "journal.jsonl") as bank:
        yield bank


@pytest.fixture
def control(bank):
    return Remote(bank.control_url)


def test_the_bank_shows_its_ports(bank, control):
    shown = control.call("GET", "/bank")["ports"]
    assert [port["name"] for port in shown] == ["p0", "p1"]
    assert shown[1]["number"] == bank.number("p1") and shown[1]["reachable"] is True
    assert control.call("GET", "/ports/p1") == shown[1]


def test_a_text_arrives_by_port_and_by_number(bank, control, connect):
    client = connect(bank.device("p1"))
    client.ask("AT+CNMI=2,1")
    assert control.call("POST", "/text", {"from": "+491701", "to": "p1", "text": "hello"}) == {"parts": 1}
    by_number = {"from": "+491701", "to": bank.number("p1"), "text": "😀" * 70}
    assert control.call("POST", "/text", by_number) == {"parts": 3}
    client.until(rb'\+CMTI: "SM",4\r\n')


def test_a_ready_made_pdu_arrives(bank, control):
    control.call("POST", "/text", {"to": "p0", "pdu": "04FF"})
    assert bank.wait_for("deliver", port="p0")[0]["pdu"] == "04FF"


def test_the_journal_is_read_from_a_number_on_and_by_kind(control):
    for text in ("one", "two"):
        control.call("POST", "/text", {"from": "+491701", "to": "p0", "text": text})
    everything = control.call("GET", "/journal")
    assert [entry["kind"] for entry in everything["entries"]] == ["deliver", "text"] * 2
    assert [entry["text"] for entry in control.call("GET", "/journal", since=2, kind="deliver")["entries"]] == ["two"]
    assert everything["last"] == 4


def test_a_reader_of_the_journal_can_wait(control):
    found = []
    reader = threading.Thread(target=lambda: found.extend(
        control.call("GET", "/journal", kind="deliver", count=2, wait=30)["entries"]))
    reader.start()
    for text in ("one", "two"):
        control.call("POST", "/text", {"from": "+491701", "to": "p0", "text": text})
    reader.join()
    assert [entry["text"] for entry in found] == ["one", "two"]


def test_a_waiting_reader_gives_up_in_time(control):
    assert control.call("GET", "/journal", kind="submit", wait=0.01)["entries"] == []


def test_the_journal_file_is_written_at_once(tmp_path, control):
    control.call("POST", "/text", {"from": "+491701", "to": "p0", "text": "grüß dich"})
    first = json.loads((tmp_path / "journal.jsonl").read_text().splitlines()[0])
    assert (first["n"], first["kind"], first["text"]) == (1, "deliver", "grüß dich")


def test_modems_are_unplugged_plugged_in_and_restarted(bank, control):
    assert control.call("POST", "/ports/p0/unplug")["plugged"] is False
    assert control.call("POST", "/ports/p0/plug")["plugged"] is True
    control.call("POST", "/ports/p0/reset")
    assert [entry["kind"] for entry in bank.journal()] == ["unplug", "plug", "reset"]


def test_signal_registration_and_card_are_set(control):
    assert control.call("POST", "/ports/p0/signal", {"csq": 3})["signal"] == 3
    assert control.call("POST", "/ports/p0/registration", {"stat": 3})["reachable"] is False
    assert control.call("POST", "/ports/p0/sim", {"present": False})["sim_present"] is False
    assert control.call("POST", "/ports/p0/sim", {"present": True, "last_reference": 255})["last_reference"] == 255
    assert control.call("POST", "/ports/p0/pin", {"pin": "1111"})["sim"] == "SIM PIN"
    assert control.call("POST", "/ports/p0/pin", {})["sim"] == "READY"


def test_a_fault_is_armed_shown_and_taken_back(control):
    control.call("POST", "/ports/p0/fault", {"name": "refuse", "code": 38, "nth": 2})
    assert control.call("GET", "/ports/p0/fault") == [
        {"name": "refuse", "moment": "payload", "nth": 2, "times": 1, "chance": 0.0, "kind": "cms", "code": 38}]
    assert control.call("DELETE", "/ports/p0/fault")["faults"] == []


def test_the_modem_says_any_line(bank, control, connect):
    client = connect(bank.device("p0"))
    control.call("POST", "/ports/p0/say", {"line": "RING"})
    assert client.until(rb"RING\r\n") == b"\r\nRING\r\n"


def test_network_and_handsets_are_changed(control):
    assert control.call("POST", "/network", {"latency": "0.1-0.2", "report_delay": 3})["latency"] == [0.1, 0.2]
    assert control.call("GET", "/network")["report_delay"] == 3
    assert control.call("POST", "/handsets", {"+4917": "echo", "+4918": "answer:hi"}) == {
        "+4917": "echo", "+4918": "answer:hi"}


@pytest.mark.parametrize(("method", "path", "body", "complaint"), [
    ("GET", "/nothing", None, "nothing at GET /nothing"), ("POST", "/ports/p9/unplug", {}, "no port 'p9'"),
    ("POST", "/text", {"from": "+49", "to": "p0"}, "text"), ("POST", "/ports/p0/fault", {"name": "x"}, "no fault 'x'"),
    ("POST", "/network", {"spede": 1}, "no 'spede'"), ("POST", "/handsets", {"+49": "sing"}, "no handset behaviour"),
    ("POST", "/network", {"latency": "5-1"}, "no span of time"), ("POST", "/ports/p0/signal", {"csq": "loud"}, "loud"),
])
def test_what_cannot_be_done_is_said_why(control, method, path, body, complaint):
    with pytest.raises(ControlError, match=complaint):
        control.call(method, path, body)


def test_a_body_that_is_no_json_is_refused(control):
    for body in (b"{nonsense", b"[1]"):
        request = urllib.request.Request(control.url + "/text", body, method="POST")
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(request)


@pytest.fixture
def program(tmp_path):
    """simrack-sim run, as its own process; what it printed up to `ready` is in `.lines`."""
    command = [sys.executable, "-m", "simulator", "run", "--ports", "2", "--dir", str(tmp_path / "bank"),
               "--family", "p1=sim800", "--handset", "+4917099=echo", "--latency", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    process.lines = []
    for line in process.stdout:
        process.lines.append(line.strip())
        if line == "ready\n":
            break
    yield process
    process.kill()
    process.communicate()


def simrack_sim(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "simulator", *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_names_its_ports_and_ends_cleanly(program, tmp_path, number):
    folder = tmp_path / "bank"
    assert program.lines[:2] == [f"p0 {folder}/p0 +49151000000000 generic", f"p1 {folder}/p1 +49151000000001 sim800"]
    assert program.lines[2] == f"control {(folder / 'control').read_text().strip()}"
    program.send_signal(number)
    assert program.wait(30) == 0
    assert list(folder.iterdir()) == []


def test_the_command_line_reaches_a_running_bank(program, tmp_path):
    here = ("--dir", str(tmp_path / "bank"))
    assert simrack_sim("text", *here, "+491701", "p0", "hello").stdout == "sent in 1 part\n"
    assert '"text": "hello"' in simrack_sim("journal", *here, "--kind", "deliver").stdout
    assert simrack_sim("fault", *here, "p0", "refuse", "code=38").returncode == 0
    assert simrack_sim("fault", *here, "p0", "refuse", "--release").returncode == 0
    assert simrack_sim("unplug", *here, "p0").returncode == 0
    assert "unplugged" in simrack_sim("bank", *here).stdout
    assert simrack_sim("plug", *here, "p0").returncode == 0
    assert "no port 'p7'" in simrack_sim("plug", *here, "p7").stderr


def test_the_command_line_lists_families_and_faults():
    assert "wavecom" in simrack_sim("families").stdout
    assert "The next send is refused with an error code." in simrack_sim("faults").stdout


def test_a_bank_without_wires_is_refused():
    assert "the modems need a wire" in simrack_sim("run").stderr
