"""Playing stories without any gateway, or with one of a few lines: what is expected, what is said, what it ends with."""

import xml.etree.ElementTree as xml

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.story.seen import doubled, texts
from simulator.story.values import dig, matches, render, used
from simulator.testing import running_bank

pytestmark = pytest.mark.slow

HEAD = '''title = "Try"
limit = 90
[bank]
ports = 2
report_delay = 0
handsets = { "+49170" = "answer:yes" }
[gateway]
%s
'''
ALONE = HEAD % "ready = { modems = [] }"
# Sends one text over each port it is given, and then listens for ever.
SENDER = """
import os, sys, threading
for device in sys.argv[1:]:
    wire = os.open(device, os.O_RDWR | os.O_NOCTTY)
    seen = b''
    for typed, wanted in ((b'ATE0+CMGF=1;+CSMP=49,167,0,0;+CNMI=2,1,0,1\\\\r', b'OK'), (b'AT+CMGS=\\\\"+4917012\\\\"\\\\r', b'> '),
                          (b'hello\\\\x1a', b'OK')):
        os.write(wire, typed)
        seen = b''
        while wanted not in seen:
            seen += os.read(wire, 999)
threading.Event().wait()
"""


def started(*ports: str) -> str:
    devices = ", ".join(f'"{{{port}}}"' for port in ports)
    names = ", ".join(f'"{port}"' for port in ports)
    return HEAD % f'start = ["{{python}}", "-c", """{SENDER}""", {devices}]\nready = {{ modems = [{names}] }}'


def play(tmp_path, text: str, *options: str):
    (tmp_path / "story.toml").write_text(text)
    return CliRunner().invoke(main, ["play", str(tmp_path / "story.toml"), *options])


def post(body: str) -> str:
    """A step that posts to the listener, and goes well whatever is answered."""
    program = ("import sys, urllib.request as u, urllib.error as e\\ntry: print(u.urlopen(sys.argv[1], b'''" + body
               + "''').status)\\nexcept e.HTTPError as x: print(x.code)")
    return f'[[step]]\nrun = {{ command = ["{{python}}", "-c", "{program}", "{{webhook}}"], save = "answer" }}\n'


def test_a_story_that_goes_well_ends_with_0(tmp_path):
    done = play(tmp_path, ALONE + '''
[[step]]
text = { from = "+491701", to = "p0", text = "hello" }
[[step]]
expect_journal = { kind = "deliver", where = { port = "p0", text = "^hel" } }
[[step]]
unplug = "p1"
[[step]]
expect_journal = { kind = "unplug" }
''')
    assert done.exit_code == 0, done.output
    assert "PASSED  Try: 5 steps went well, 0 failed, 0 were left out" in done.output


def test_a_failed_step_leaves_out_what_depends_on_it_and_nothing_else(tmp_path):
    done = play(tmp_path, ALONE + '''
[[step]]
name = "never"
expect_texts = { within = 0.01 }
[[step]]
unplug = "p0"
[[step]]
at = 0
unplug = "p1"
''', "--junit", str(tmp_path / "verdict.xml"))
    assert done.exit_code == 1
    assert "failed  never" in done.output and "0 of 1 such texts at the network" in done.output
    assert "skipped unplug p0" in done.output and "ok      unplug p1" in done.output
    suite = xml.parse(tmp_path / "verdict.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "1")
    assert "0 of 1 such texts" in suite.find("testcase[@name='never']/failure").get("message")


def test_a_gateway_is_started_seen_at_work_and_ended(tmp_path):
    done = play(tmp_path, started("p0") + '''
[[step]]
expect_texts = { to = "+4917012", from = "{p0.number}", text = "^hello$", exactly = true }
[[step]]
expect_report = { to = "+4917012" }
[[step]]
expect_journal = { kind = "deliver", where = { text = "yes" } }
[[step]]
expect_no_doubles = {}
''')
    assert done.exit_code == 0, done.output


def test_a_doubled_text_fails_the_story(tmp_path):
    done = play(tmp_path, started("p0", "p1") + '[[step]]\nexpect_texts = { count = 2 }\n[[step]]\nexpect_no_doubles = {}\n')
    assert done.exit_code == 1 and "2 times to +4917012: 'hello'" in done.output


def test_what_must_stay_so_is_looked_at_again_at_the_end(tmp_path):
    done = play(tmp_path, ALONE + post("one") + '[[step]]\nexpect_webhook = { body = "one", exactly = true }\n' + post("one"))
    assert done.exit_code == 1 and "2 such webhooks, wanted 1" in done.output and "(at the end)" in done.output


def test_a_gateway_that_ends_by_itself_is_shown_with_its_last_words(tmp_path):
    done = play(tmp_path, HEAD % 'start = ["{python}", "-c", "import sys; sys.exit(\'no such port\')"]\nready = { modems = ["p0"] }'
                + '[[step]]\nunplug = "p0"\n')
    assert done.exit_code == 1 and "no such port" in done.output and "the gateway gets ready" in done.output


def test_a_gateway_is_killed_and_started_again(tmp_path):
    done = play(tmp_path, started("p0") + '''
[[step]]
expect_texts = {}
[[step]]
gateway = "kill"
[[step]]
gateway = "start"
[[step]]
expect_texts = { count = 2, exactly = true }
''')
    assert done.exit_code == 0, done.output


def test_webhooks_are_listened_to_answered_as_told_and_their_values_kept(tmp_path):
    done = play(tmp_path, ALONE + '[[step]]\nwebhook_answers = { status = 503 }\n' + post('{}')
                + '[[step]]\nrun = { command = ["echo", "{answer}"], output = "^503" }\n'
                + '[[step]]\nwebhook_answers = { status = 200 }\n' + post('{\\"data\\": {\\"id\\": \\"a.b\\"}}') + '''
[[step]]
expect_webhook = { where = { "data.id" = "^a" }, exactly = true, save = { id = "data.id" } }
[[step]]
run = { command = ["echo", "{id}"], output = "^{id}$" }
''')
    assert done.exit_code == 0, done.output


def test_http_requests_are_repeated_until_the_answer_is_as_expected_and_values_are_kept(tmp_path):
    with running_bank() as other:
        done = play(tmp_path, ALONE + f'''
[[step]]
http.url = "{other.control_url}/bank"
http.expect = {{ where = {{ "ports.0.name" = "^p0$" }} }}
http.save = {{ number = "ports.0.number" }}
[[step]]
http = {{ url = "{other.control_url}/text", json = {{ from = "+1", to = "{{number}}", text = "#turn" }}, times = 2 }}
[[step]]
http = {{ url = "{other.control_url}/nothing", expect = {{ status = 404, body = "nothing at" }} }}
[[step]]
http = {{ url = "{other.control_url}/nothing", within = 0.2 }}
''')
        assert [entry["text"] for entry in other.wait_for("text", 2)] == ["1", "2"]
    assert done.exit_code == 1 and "3 failed" not in done.output and "wanted status 2xx" in done.output
    assert "4 steps went well, 1 failed" in done.output


def test_a_gateway_that_the_story_does_not_start_cannot_be_ended_by_it(tmp_path):
    done = play(tmp_path, ALONE + '[[step]]\ngateway = "stop"\n')
    assert done.exit_code == 1 and "does not start the gateway" in done.output


def test_speed_0_lets_everything_happen_at_once(tmp_path):
    done = play(tmp_path, ALONE + '[[step]]\nat = 3600\nwait = 3600\nunplug = "p0"\n', "--speed", "0")
    assert done.exit_code == 0, done.output


def test_texts_are_whole_when_all_their_parts_are_there():
    def part(number: int, text: str) -> dict:
        return {"port": "p0", "from": "+1", "to": "+2", "text": text, "concat": [7, 2, number], "pdu": ""}

    found = texts([part(2, "b"), part(2, "b"), part(1, "a"), part(1, "a"), part(2, "b"), part(1, "x")])
    assert [text.text for text in found] == ["ab", "ab"] and doubled(found) == [("+2", "ab", 2)]


def test_placeholders_are_found_and_replaced_at_every_depth():
    value = {"a": ["{p0.number}", 3], "b": '{"c": {x}} [a-z]{2}'}
    assert list(used(value)) == ["p0.number", "x"]
    assert render(value, {"p0.number": "+49", "x": "1"}) == {"a": ["+49", 3], "b": '{"c": 1} [a-z]{2}'}
    assert render("^{x}$", {"x": "+49"}, pattern=True) == "^\\+49$"


def test_documents_are_looked_into_by_path():
    document = {"data": [{"id": "a1", "n": 3, "on": True}]}
    assert dig(document, "data.0.id") == "a1"
    assert matches(document, {"data.0.id": "^a", "data.0.n": 3, "data.0.on": True})
    assert not matches(document, {"data.1.id": "a"}) and not matches(document, {"data.0.n": 4})
