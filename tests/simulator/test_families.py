"""The families against what their devices are known to answer."""

import re

import pytest

from simulator import personality
from simulator.testing import running_bank

HELLO = "0021000A919471103254000005E8329BFD06"


def lines(answer: bytes) -> list[str]:
    return [line for line in answer.decode("latin-1").split("\r\n") if line]


# faucamp/python-gsmmodem: test/fakemodems.py, profile WavecomMultiband900E1800.
WAVECOM = [
    ("AT+CGMI", [" WAVECOM MODEM", "OK"]), ("AT+CGMM", [" MULTIBAND  900E  1800", "OK"]), ("AT+CGMR", ["ERROR"]),
    ("AT+WIND?", ["+WIND: 0", "OK"]), ("AT+WIND=50", ["OK"]), ("AT+ZPAS?", ["ERROR"]),
    ('AT+CPMS="SM","SM","SR"', ["ERROR"]), ("AT+CPMS=?", ['+CPMS: (("SM","BM","SR"),("SM"))', "OK"]),
    ('AT+CPMS="SM","SM"', ["+CPMS: 0,50,0,50", "OK"]), ("AT+CNMI=2,1,0,2", ["OK"]), ("AT+CVHU=0", ["ERROR"]),
]
# faucamp/python-gsmmodem: test/fakemodems.py, profile HuaweiE1752 (a sister of the E173).
HUAWEI = [
    ("AT+CGMI", ["huawei", "OK"]), ("AT+CGMM", ["E173", "OK"]),
    ("AT+CPMS=?", ['+CPMS: ("ME","MT","SM","SR"),("ME","MT","SM","SR"),("ME","MT","SM","SR")', "OK"]),
    ("AT+WIND?", ["COMMAND NOT SUPPORT"]), ("AT+WIND=50", ["COMMAND NOT SUPPORT"]),
    ("AT+ZPAS?", ["COMMAND NOT SUPPORT"]), ("AT+CPIN?", ["+CPIN: READY", "OK"]),
]
# faucamp/python-gsmmodem#60; device reference, section 15.1.
SIM800 = [
    ("AT+CNMI=?", ["+CNMI: (0-3),(0-3),(0,2),(0,1),(0,1)", "OK"]), ("AT+CNMI=2,1,0,2,0", ["ERROR"]),
    ("AT+CNMI=2,1,0,1,0", ["OK"]), ("AT+CGMM", ["SIMCOM_SIM800L", "OK"]), ("AT+CSMINS?", ["+CSMINS: 0,1", "OK"]),
]
EC25 = [
    ("AT+CNMI=?", ["+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", "OK"]), ("AT+CGMI", ["Quectel", "OK"]),
    ("AT+CMGR=0", ["OK"]), ("AT+CPMS?", ['+CPMS: "ME",0,255,"ME",0,255,"ME",0,255', "OK"]),
]


@pytest.mark.parametrize(("family", "exchanges"), [
    ("wavecom", WAVECOM), ("huawei_e173", HUAWEI), ("sim800", SIM800), ("quectel_ec25", EC25)])
def test_a_family_answers_as_its_device_did(connect, family, exchanges):
    with running_bank(family=family) as bank:
        client = connect(bank.device("p0"), quiet=False)
        client.ask("ATE0+CMEE=0")
        client.left = b""
        for typed, answer in exchanges:
            assert lines(client.ask(typed)) == answer, typed


def test_wavecom_ends_its_answer_to_cpin_without_ok(connect):
    with running_bank(family="wavecom") as bank:
        client = connect(bank.device("p0"), quiet=False)
        client.ask("ATE0")
        client.write("AT+CPIN?\rAT\r")
        assert client.until(rb"OK\r\n") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"


def test_wavecom_is_busy_for_two_commands_after_the_radio_was_switched_on(connect):
    with running_bank(family="wavecom") as bank:
        client = connect(bank.device("p0"))
        client.ask("AT+CFUN=0")
        client.ask("AT+CFUN=1")
        assert [client.ask("AT+CSQ") for _ in range(2)] == [b"\r\n+CME ERROR: 515\r\n"] * 2
        assert b"+CSQ" in client.ask("AT+CSQ")


def test_ec25_names_the_wrong_store_for_its_reports(connect):
    # IchthysMaranatha/asterisk-chan-quectel, pull 75.
    with running_bank(family="quectel_ec25") as bank:
        client = connect(bank.device("p0"))
        client.ask("AT+CNMI=2,1,0,2,0")
        client.send_pdu(HELLO)
        client.until(rb'\+CDSI: "SM",0\r\n')
        client.ask('AT+CPMS="SM"')
        assert client.ask("AT+CMGR=0") == b"\r\nOK\r\n"
        client.ask('AT+CPMS="SR"')
        assert b"+CMGR: 0,,24" in client.ask("AT+CMGR=0")


def test_huawei_counts_from_zero_and_says_so_when_it_is_full(connect):
    with running_bank(family="huawei_e173") as bank:
        client = connect(bank.device("p0"))
        client.ask("AT+CNMI=2,1")
        bank.text("+4917012345", "p0", "first")
        client.until(rb'\+CMTI: "SM",0\r\n')
        bank.fault("p0", "sim-full")
        bank.text("+4917012345", "p0", "too much")
        client.until(rb'\^SMMEMFULL:"SM"\r\n')


def test_huawei_wants_and_gives_ussd_in_packed_hexadecimal(connect):
    with running_bank(family="huawei_e173") as bank:
        client = connect(bank.device("p0"))
        client.ask("AT+CUSD=1,AA180C3602,15")
        # "Your balance is 12.34 EUR." packed by hand from TS 23.038 begins D977BD0C1287C3.
        assert client.until(rb"\+CUSD[^\r]*\r\n").startswith(b'\r\n+CUSD: 0,"D977')


def test_sim800_lists_an_empty_name_in_quotes(connect):
    with running_bank(family="sim800") as bank:
        bank.text("+4917012345", "p0", "hello")
        client = connect(bank.device("p0"))
        assert b'+CMGL: 1,0,"",23\r\n' in client.ask("AT+CMGL=4")


def test_mc35i_demands_bfr_1(connect):
    with running_bank(family="mc35i") as bank:
        client = connect(bank.device("p0"))
        assert client.ask("AT+CNMI=2,1,0,0,0") == b"\r\n+CMS ERROR: 303\r\n"
        assert client.ask("AT+CNMI=2,1,0,0,1") == b"\r\nOK\r\n"


@pytest.mark.parametrize("family", personality.names())
def test_every_family_tells_who_it_is_and_which_sim_it_holds(connect, family):
    with running_bank(family=family) as bank:
        kind = personality.load(family)
        client = connect(bank.device("p0"))
        assert kind.provenance and kind.title
        assert kind.manufacturer.encode() in client.ask("AT+CGMI")
        state = bank.state("p0")
        assert state["imei"].encode() in client.ask("AT+CGSN")
        assert state["imsi"].encode() in client.ask("AT+CIMI")
        for question, answer in kind.iccid.items():
            if "{iccid}" in answer:
                assert state["iccid"].encode() in client.ask(question)
        for question in kind.pin_counter:
            assert b"3" in client.ask(question)
        assert state["number"].encode() in client.ask("AT+CNUM")


@pytest.mark.parametrize("family", personality.names())
def test_every_family_sends_receives_and_reports(connect, family):
    with running_bank(family=family) as bank:
        client = connect(bank.device("p0"))
        kind = personality.load(family)
        client.left = b""
        reports = next(ds for ds in (1, 2, 0) if ds in kind.cnmi[3])
        assert client.ask(f"AT+CNMI=2,1,0,{reports},{kind.cnmi[4][0]}") == b"\r\nOK\r\n"
        assert client.send_pdu(HELLO).startswith(b"\r\n+CMGS: 1\r\n")
        if reports == 1:
            client.until(re.escape(kind.report_line.format(length=24)).encode() + rb"\r\n")
        bank.text("+4917012345", "p0", "hello")
        index = client.until(rb'\+CMTI: "[A-Z]+",\d+\r\n').split(b",")[1].strip().decode()
        assert b"+CMGR: 0," in client.ask(f"AT+CMGR={index}")
        assert client.ask(f"AT+CMGD={index}") == b"\r\nOK\r\n"
        assert b"+CMGR: 1," not in client.ask(f"AT+CMGR={index}")


def test_families_are_dealt_in_turn_and_assigned_by_port():
    with running_bank(ports=4, family=("wavecom", "sim800", "p3=mc35i")) as bank:
        assert [bank.state(f"p{place}")["family"] for place in range(4)] == ["wavecom", "sim800", "wavecom", "mc35i"]


def test_an_unknown_family_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match=r"no family 'nokia'; there are: a7670, .*generic, huawei_e173"):
        personality.load("nokia")


def test_an_unknown_key_in_a_family_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(personality, "FOLDER", tmp_path)
    (tmp_path / "generic.toml").write_text('manufacturer = "x"\n')
    (tmp_path / "odd.toml").write_text('manufaturer = "y"\n')
    with pytest.raises(KeyError, match="manufaturer"):
        personality.load.__wrapped__("odd")
