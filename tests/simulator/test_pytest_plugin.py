"""The fixtures for other people's tests, run in a pytest of their own."""

import pytest

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]

CLIENT = """
import os, re, select
import pytest

def ask(device, typed, wanted):
    wire = os.open(device, os.O_RDWR | os.O_NOCTTY)
    os.write(wire, typed)
    seen = b""
    while not re.search(wanted, seen):
        assert select.select([wire], [], [], 30)[0], seen
        seen += os.read(wire, 4096)
    os.close(wire)
    return seen
"""


@pytest.fixture
def run(pytester):
    def run_tests(source: str):
        pytester.makepyfile(CLIENT + source)
        installed = ["-p", "simulator.pytest_plugin"]
        if "simulator.pytest_plugin" in {point.value for point in _points()}:
            installed = []
        return pytester.runpytest_subprocess(*installed, "--strict-markers", "-p", "no:cacheprovider")

    return run_tests


def _points():
    from importlib.metadata import entry_points

    return entry_points(group="pytest11")


def test_a_modem_answers_and_its_handset_gets_the_text(run):
    run('''
def test_it(modem, handset):
    ask(modem.device, b"AT+CMGF=1\\r", rb"OK\\r\\n")
    ask(modem.device, b'AT+CMGS="' + handset.number.encode() + b'"\\r', rb"> $")
    ask(modem.device, b"hello\\x1a", rb"\\+CMGS: 1\\r\\n\\r\\nOK")
    assert handset.wait_for_text("hell") == ["hello"] == handset.received
    assert modem.wait_for("submit")[0]["to"] == handset.number
''').assert_outcomes(passed=1)


def test_a_handset_texts_and_answers(run):
    run('''
def test_it(modem, handset, bank):
    assert handset.text(modem, "good morning") == 1
    assert modem.wait_for("deliver")[0]["text"] == "good morning"
    assert handset.send("p0", "long:reversed") == 3
    handset.behaves("echo")
    assert str(bank.on_loop(lambda: bank._bank.network.handsets.of(handset.number))) == "echo"
''').assert_outcomes(passed=1)


def test_a_mark_says_what_the_bank_shall_be_and_the_nearest_wins(run):
    run('''
@pytest.mark.bank(ports=2, family="sim800")
class TestBank:
    @pytest.mark.bank(ports=3)
    def test_it(self, bank, modem):
        assert bank.number("p2") and modem.state["family"] == "sim800"
        with pytest.raises(KeyError):
            bank.number("p3")
''').assert_outcomes(passed=1)


def test_a_modem_can_be_pulled_broken_and_weakened(run):
    run('''
def test_it(modem):
    modem.unplug()
    assert not modem.state["plugged"]
    modem.plug()
    modem.signal(7)
    modem.registration(3)
    modem.fault("refuse", code=38)
    assert (modem.state["signal"], modem.state["registration"]) == (7, 3)
    assert modem.state["faults"][0]["name"] == "refuse"
    modem.release("refuse")
    assert modem.state["faults"] == []
''').assert_outcomes(passed=1)


def test_nothing_of_the_simulator_is_loaded_while_no_fixture_is_used(run):
    run('''
import sys

def test_it():
    assert {name for name in sys.modules if name.startswith("simulator.")} <= {"simulator.pytest_plugin"}
''').assert_outcomes(passed=1)


def test_a_text_that_never_comes_is_told_with_what_came(run):
    result = run('''
def test_it(handset):
    handset.wait_for_text(timeout=0.01)
''')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*0 of 1 text*"])
