"""Every exchange that device owners published is understood, echo on and off, however the bytes are cut.

The transcripts lie beside the repository; where they are missing, the stories of test_dialogue have to do.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.at.command import Command
from gateway.at.dialogue import Dialogue
from gateway.at.events import News, Prompt, Refusal, Reply
from tests.at.play import PAYLOAD, heard

FILE = Path(__file__).parents[3] / "shared" / "vectors" / "at_transcripts.json"
PDU = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
REFUSALS = {"ERROR": "error", "COMMAND NOT SUPPORT": "unsupported"}


def transcripts():
    if not FILE.exists():
        return [pytest.param({}, marks=pytest.mark.skip(f"no transcripts at {FILE}"))]
    return [pytest.param(each, id=f"{number}-{each['modem']}") for number, each in enumerate(json.loads(FILE.read_text()))]


def exchanges(transcript):
    return [(each["tx"], [PDU if line == "<pdu>" else line for line in each["rx"]]) for each in transcript["exchanges"]]


def framed(lines):
    return "".join(f"\r\n{line}\r\n" for line in lines).encode("latin-1")


@pytest.mark.parametrize("echo", [False, True], ids=["echo off", "echo on"])
@pytest.mark.parametrize("transcript", transcripts())
def test_an_exchange_of_a_real_modem_is_understood(transcript, echo):
    for text, lines in exchanges(transcript):
        if text is not None:
            understood(text, lines, echo)


def understood(text, lines, echo):
    if text.startswith("<"):  # what came after the payload
        text, lines = "AT+CMGS=24", ["> ", *lines]
    command = Command(text, PDU if "> " in lines else "")
    typed = f"{text}\r".encode() if echo else b""
    *before, final = [line.strip() for line in lines if line and line != "> "] or [""]
    if lines[0] == "> ":
        outcome = [Reply(text, tuple(before))] if final == "OK" else []
        assert heard(command, typed + b"\r\n> ", PAYLOAD, framed(lines[1:])) == [Prompt(text), *outcome]
    elif final == "OK":
        assert heard(command, typed + framed(lines)) == [Reply(text, tuple(before))]
    elif final in REFUSALS:
        assert heard(command, typed + framed(lines)) == [Refusal(text, REFUSALS[final], final)]
    else:
        assert text == "AT+CPIN?", "only Wavecom leaves out the final, and only there"
        dialogue = Dialogue()
        dialogue.ask(command)
        assert dialogue.feed(typed + framed(lines)) == []
        assert dialogue.give_up() == ("+CPIN: READY",)


@pytest.mark.parametrize("transcript", transcripts())
def test_what_a_real_modem_said_unasked_is_news(transcript):
    lines = transcript.get("unsolicited", [])
    lines += [line for text, rx in exchanges(transcript) if text is None for line in rx if line.startswith("+CUSD")]
    for line in lines:
        name, _, value = line.partition(":")
        assert heard(framed([line])) == [News(name, value.strip())]
        assert heard(Command("AT+CMGD=1"), framed([line, "OK"])) == [News(name, value.strip()), Reply("AT+CMGD=1")]
