"""The control of boxes over HTTP and the command line, and in stories."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.dinstar.faults import CATALOGUE
from simulator.dinstar.plan import BoxPlan
from simulator.remote import ControlError, Remote
from simulator.testing import running_bank
from tests.simulator.dinstar_client import BoxClient

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bank():
    with running_bank(boxes=[BoxPlan("box1", ports=2)]) as bank:
        yield bank


@pytest.fixture
def control(bank):
    return Remote(bank.control_url)


def run(bank, *words):
    done = CliRunner().invoke(main, [*words[:1], "--control", bank.control_url, *words[1:]])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_bank_shows_its_boxes(bank, control):
    [shown] = control.call("GET", "/bank")["boxes"]
    assert shown == control.call("GET", "/boxes/box1") == bank.box("box1").state()
    assert (shown["name"], shown["url"], len(shown["ports"])) == ("box1", bank.box("box1").url, 2)
    assert shown["ports"][1] == {
        "port": 1, "name": "box1.1", "number": "+49151000001001", "imsi": bank.box("box1").imsi(1), "slot": 0,
        "reg": "REGISTER_OK", "usable": True, "queue": 0, "hung": False, "used": 0, "waiting": 0}
    assert "secret" not in json.dumps(shown)
    assert f"box1 {shown['url']} {shown['sn']} 2 of 2 ports usable" in run(bank, "bank")


def test_faults_are_armed_shown_and_taken_back(control):
    fault = {"name": "error-code", "code": 550, "command": "send_sms", "nth": 3}
    armed = control.call("POST", "/boxes/box1/fault", fault)["faults"]
    assert armed == [{"name": "error-code", "moment": "request", "nth": 3, "times": 1, "chance": 0.0, "code": 550,
                      "command": "send_sms"}]
    assert control.call("GET", "/boxes/box1/fault") == armed
    assert control.call("DELETE", "/boxes/box1/fault", {"name": "error-code"})["faults"] == []
    assert set(control.call("GET", "/box-faults")) == set(CATALOGUE)


def test_ports_and_settings_are_changed(bank, control):
    control.call("POST", "/boxes/box1/registration", {"port": 0, "stat": 2})
    control.call("POST", "/boxes/box1/signal", {"port": -1, "csq": 7})
    shown = control.call("POST", "/boxes/box1/sim", {"port": 1, "present": False, "last_reference": 254})
    assert [port["reg"] for port in shown["ports"]] == ["SEARCHING_NETWORK", "NO_SIM"]
    shown = control.call("POST", "/boxes/box1/sim", {"port": 1, "present": True, "pin": "1234"})
    assert shown["ports"][1]["reg"] == "PIN_REQUIRE" and shown["ports"][1]["usable"] is False
    assert control.call("POST", "/boxes/box1/sim", {"port": 1, "pin": ""})["ports"][1]["usable"] is True
    settings = control.call("POST", "/boxes/box1/settings", {"delay": 0.01, "push_url": "http://127.0.0.1:9/", "push": ["sms"]})
    assert settings["settings"]["delay"] == 0.01 and settings["settings"]["push"] == ["sms"]


def test_a_text_comes_in_by_the_name_of_a_port(bank, control):
    assert control.call("POST", "/text", {"from": "+491701", "to": "box1.1", "text": "hello"}) == {"parts": 1}
    assert bank.wait_for("text")[0]["to"] == bank.number("box1.1")


@pytest.mark.parametrize(("method", "path", "body", "complaint"), [
    ("GET", "/boxes/box9", None, "there are: box1"), ("POST", "/boxes/box1/fault", {"name": "fire"}, "no fault 'fire'"),
    ("POST", "/boxes/box1/settings", {"ports": 3}, "no ports can be changed"),
    ("POST", "/boxes/box1/settings", {"login": "x"}, "digest"),
    ("POST", "/boxes/box1/sim", {"port": 5, "present": True}, "0 to 1"), ("POST", "/boxes/box1/paint", {}, "nothing at"),
    ("POST", "/boxes/box1/registration", {"port": 0}, "missing"), ("POST", "/boxes/box1/fault", {}, "name"),
])
def test_what_does_not_exist_is_named(control, method, path, body, complaint):
    with pytest.raises(ControlError, match=complaint):
        control.call(method, path, body)


def test_the_command_line_strikes_faults_and_changes_settings(bank):
    box = bank.box("box1")
    run(bank, "box", "box1", "fault", "error-code", "code=413", "times=0")
    client = BoxClient(box.url, box.user, box.password)
    assert client.get("query_sms_in_queue")["error_code"] == 413
    run(bank, "box", "box1", "release", "error-code")
    assert client.get("query_sms_in_queue")["error_code"] == 200
    assert json.loads(run(bank, "box", "box1", "set", "limit=3", "close=true"))["settings"]["limit"] == 3
    assert json.loads(run(bank, "box", "box1"))["requests"] == {"query_sms_in_queue": 2}
    assert "lost-reply" in CliRunner().invoke(main, ["faults", "--box"]).output
    client.close()


def test_the_command_line_runs_a_box_without_modems():
    with subprocess.Popen([sys.executable, "-m", "simulator", "run", "--ports", "0", "--box", "box1:ports=2,user=me,sn=dbd2-7"],
                          stdout=subprocess.PIPE, text=True, cwd=ROOT) as program:
        assert program.stdout
        name, url, *rest = program.stdout.readline().split()
        assert (name, rest) == ("box1", ["me", "dbd2-7", "2", "ports"])
        assert program.stdout.readline().startswith("control http://127.0.0.1:") and program.stdout.readline() == "ready\n"
        client = BoxClient(url, "me", "secret")
        assert client.get("query_sms_in_queue")["sn"] == "dbd2-7"
        client.close()
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 0


@pytest.mark.parametrize(("words", "complaint"), [
    (["--ports", "0"], "the modems need a wire"), (["--ports", "0", "--box", "box1:prots=2"], "no 'prots'"),
    (["--ports", "0", "--box", "box1", "--box", "box1"], "named 'box1'"),
])
def test_a_wrong_box_stops_the_start(words, complaint):
    done = CliRunner().invoke(main, ["run", *words])
    assert done.exit_code == 2 and complaint in done.output


STORY = '''
title = "A box"
limit = 90
[bank]
ports = 0
boxes = [{ name = "box1", ports = 2 }]
[gateway]
ready = { modems = [] }
[[step]]
box_fault = { box = "box1", name = "error-code", code = 500 }
[[step]]
http = { url = "{box1.url}/api/query_sms_in_queue", headers = { Authorization = "Basic YWRtaW46c2VjcmV0" }, expect = { where = { error_code = 500, sn = "^{box1.sn}$" } } }
[[step]]
box_settings = { box = "box1", push_url = "{webhook}" }
[[step]]
text = { from = "+491701", to = "box1.1", text = "hello" }
[[step]]
expect_webhook = { where = { "sms.0.text" = "^hello$" } }
[[step]]
expect_journal = { kind = "text", where = { to = "^{box1.1.number}$" } }
'''  # noqa: E501


def play(tmp_path, text):
    (tmp_path / "story.toml").write_text(text)
    return CliRunner().invoke(main, ["play", str(tmp_path / "story.toml")])


def test_a_story_can_have_a_box(tmp_path):
    done = play(tmp_path, STORY)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("wrong", "right", "complaint"), [
    ("prots", "ports = 2", "no 'prots'"), ('box = "box2"', 'box = "box1"', "no box 'box2'; did you mean 'box1'?"),
    ('name = "err"', 'name = "error-code"', "no fault 'err'"), ("{box1.link}", "{box1.url}", "no placeholder"),
    ('to = "box1.7"', 'to = "box1.1"', "did you mean 'box1.1'"), ("paint", "push_url", "no paint can be changed"),
])
def test_a_mistake_about_a_box_is_found_before_anything_starts(tmp_path, wrong, right, complaint):
    replaced = STORY.replace(right, wrong + (" = 2" if wrong == "prots" else ""), 1)
    done = play(tmp_path, replaced)
    assert done.exit_code == 2 and complaint in done.output, done.output
