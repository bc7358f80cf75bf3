"""Reading stories: what is wrong is said with line, key and remedy, before anything is played."""

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.story.model import Malformed
from simulator.story.places import Places
from simulator.story.reader import read

GOOD = '''title = "A text"
[bank]
ports = 2
[[step]]
name = "one"
text = { from = "+491701", to = "p0", text = "hello" }
'''


def story(tmp_path, text: str):
    path = tmp_path / "story.toml"
    path.write_text(text)
    return read(path)


def test_a_story_is_read_with_its_steps_one_after_the_other(tmp_path):
    more = '[[step]]\nwait = 2\nunplug = "p1"\n[[step]]\nat = 9\nplug = "p1"\n[[step]]\nafter = "one"\nreset = "p0"\n'
    told = story(tmp_path, GOOD + more)
    assert [(step.kind, step.after, step.at, step.wait) for step in told.steps] == [
        ("text", (), 0, 0), ("unplug", (0,), 0, 2), ("plug", (), 9, 0), ("reset", (0,), 0, 0)]
    assert told.steps[1].name == "unplug p1" and told.steps[2].line == 10


@pytest.mark.parametrize(("change", "line", "complaint"), [
    (("title", "titel"), 1, "titel: no key 'titel'; did you mean 'title'?"),
    (('title = "A text"\n', ""), 1, "title is missing; give it a string"),
    (("ports = 2", 'ports = "2"'), 3, "ports must be a whole number, not '2'"),
    (("ports = 2", "ports = 0"), 3, "a bank has 1 to 256 ports"),
    (("ports = 2", 'family = "sim80"'), 3, "no family 'sim80'; there are:"),
    (("ports = 2", 'handsets = { "+49" = "sing" }'), 3, "no handset behaviour 'sing'; there are:"),
    (("ports = 2", 'latency = "5-1"'), 3, "no span of time"),
    (("[bank]", "[network]\ncaps = { week = 1 }\n[bank]"), 3, "caps have no week; they have: minute"),
    (("text = {", "txet = {"), 6, "txet: no step 'txet'; did you mean 'text'?"),
    (('to = "p0"', 'to = "p7"'), 6, "no port or number 'p7'; there are: p0, p1"),
    (('to = "p0"', 'too = "p0"'), 6, "no key 'too'; did you mean 'to'?"),
    (('text = "hello"', 'like = "song"'), 6, "no message 'song' from outside; there are:"),
    (('text = "hello"', 'dcs = 8'), 6, "give it one of text, like and pdu"),
    (('"hello"', '"{code}"'), 6, "no placeholder 'code'; "),
    (('name = "one"', 'unplug = "p0"'), 4, "a step does one thing, this one 2; give it one of:"),
    (("hello\" }", "hello\" }\n[[step]]\nfault = { port = \"p0\", name = \"flood\" }"), 8, "no fault 'flood'; there are:"),
    (("hello\" }", "hello\" }\n[[step]]\nfault = { port = \"p9\", name = \"reset\" }"), 8, "no port 'p9'; there are: p0, p1"),
    (("hello\" }", "hello\" }\n[[step]]\nafter = \"two\"\nplug = \"p0\""), 8, "no earlier step 'two'; there are: one"),
    (("hello\" }", "hello\" }\n[[step]]\nexpect_texts = { text = \"(\" }"), 8, "is no pattern"),
    (("hello\" }", "hello\" }\n[[step]]\ngateway = \"pause\""), 8, "no gateway step 'pause'; there are: stop, kill, start"),
    (("hello\" }", "hello\" }\n[gateway]\nuse = \"none.toml\""), 8, "name a story in the same folder"),
    (("hello\" }", "hello\" }\n[gateway]\nready = { within = 3 }"), 8, "give it either url"),
    (("ports = 2", "ports = "), 3, "no TOML"),
])
def test_a_malformed_story_is_refused_with_line_and_remedy(tmp_path, change, line, complaint):
    with pytest.raises(Malformed) as wrong:
        story(tmp_path, GOOD.replace(*change, 1))
    assert complaint in str(wrong.value)
    assert f"story.toml:{line}: " in str(wrong.value) or f"line {line}" in str(wrong.value)


def test_playing_a_malformed_story_ends_with_2(tmp_path):
    (tmp_path / "story.toml").write_text(GOOD.replace("title", "titel"))
    done = CliRunner().invoke(main, ["play", str(tmp_path / "story.toml")])
    assert done.exit_code == 2 and "story.toml:1: titel" in done.output


def test_a_story_that_does_not_exist_ends_with_2_and_the_nearest_name():
    done = CliRunner().invoke(main, ["play", "frist-text"])
    assert done.exit_code == 2 and "did you mean 'first-text'?" in done.output


def test_the_shelf_is_listed_with_titles():
    listed = CliRunner().invoke(main, ["stories"]).output.splitlines()
    assert len(listed) >= 10 and any(line.startswith("first-text ") for line in listed)


def test_lines_of_keys_are_found_behind_long_strings():
    places = Places("a = 1\nb = '''\n[[step]]\nc = 2\n'''\n[[step]]\n[[step]]\nd.e = 3\n\"f g\" = 4\n")
    assert [places.line(path) for path in ("b", "step.0", "step.1.d", "step.1.f g", "step.1.x", "nothing")] == [2, 6, 8, 9, 7, 1]
