"""python-gsmmodem-new, unmodified, drives eight families over a terminal.

It cannot send characters beyond the basic plane, and reports that arrive while it talks confuse it; the network here
keeps reports back until it has finished.
"""

import threading
import warnings

import pytest

from simulator import personality
from simulator.testing import running_bank
from tests.foreign.clients import FAMILIES, LONG, PRICE, SOMEONE, tell

with warnings.catch_warnings():
    # Its own sources compare with `is` and use stray escapes.
    warnings.simplefilter("ignore")
    gsmmodem = pytest.importorskip("gsmmodem.modem", reason="python-gsmmodem-new is not installed")

pytestmark = pytest.mark.slow
CYRILLIC = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 2


def story(bank, port, family, folder):
    """Everything one client does at one port, and what came of it."""
    got, told = [], threading.Event()

    def received(text) -> None:
        got.append((text.number, text.text))
        told.set()

    modem = gsmmodem.GsmModem(bank.device(port), 115200, smsReceivedCallbackFunc=received)
    modem.connect()
    try:
        found = {"imei": modem.imei, "imsi": modem.imsi, "maker": modem.manufacturer, "signal": modem.signalStrength,
                 "network": modem.networkName, "centre": modem.smsc}
        modem.smsTextMode = False
        found["references"] = [modem.sendSms(SOMEONE, text).reference for text in ("hello", LONG, CYRILLIC)]
        bank.text(SOMEONE, port, PRICE)
        told.wait(60)
        found["received"] = got
        # The callback has returned, but the deletion that follows it may still run: the modem answers in order.
        found["stored"] = len(modem.listStoredSms())
        return found, bank.state(port), bank.journal(kind="text")
    finally:
        modem.close()


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """A client waits 15 s for the OK that Wavecom never sends."""
    return tell(story, FAMILIES, tmp_path_factory.mktemp("gsmmodem"), report_delay=3600.0)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_identifies_sends_receives_and_deletes(stories, family):
    found, state, texts = stories[family].result()
    assert (found["imei"], found["imsi"], found["signal"]) == (state["imei"], state["imsi"], 20)
    assert found["maker"] == personality.load(family).manufacturer
    assert (found["network"], found["centre"]) == ("Simrack Mobile", "+491760000443")
    # A long text and a Cyrillic one are two parts each; it tells the last reference.
    assert found["references"] == [1, 3, 5]
    assert [entry["text"] for entry in texts if entry["from"] == state["number"]] == ["hello", LONG, CYRILLIC]
    assert found["received"] == [(SOMEONE, PRICE)]
    assert found["stored"] == 0


def test_it_waits_for_a_report():
    with running_bank(family="sim800", report_delay=0.2) as bank:
        modem = gsmmodem.GsmModem(bank.device("p0"), 115200, smsReceivedCallbackFunc=lambda text: None)
        modem.connect()
        try:
            sent = modem.sendSms(SOMEONE, "hello", waitForDeliveryReport=True, deliveryTimeout=60)
        finally:
            modem.close()
        assert sent.report.deliveryStatus == 0
