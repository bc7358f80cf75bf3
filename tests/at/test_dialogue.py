"""The conversation with a modem, as real ones lead it. Every story is heard whole, byte by byte and cut at random."""

from __future__ import annotations

import random

import pytest

from gateway.at.command import Command
from gateway.at.dialogue import LONGEST_REPLY, Dialogue
from gateway.at.events import News, Prompt, Refusal, Reply, Surprise
from gateway.at.lines import LONGEST_LINE
from tests.at.play import GIVE_UP, PAYLOAD, heard

# A DELIVER of 24 octets, from 3GPP-style captures in gammu's tests; its content does not matter here.
PDU = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
CMGS = Command("AT+CMGS=19", "0011000B919471103254F60000AA05E8329BFD06")
CMTI = b'\r\n+CMTI: "SM",3\r\n'
NEWS = News("+CMTI", '"SM",3')


def test_a_reply_has_its_information_lines_without_the_final():
    assert heard(Command("AT+CSQ"), b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n") == [Reply("AT+CSQ", ("+CSQ: 20,0",))]


def test_echo_on_or_off_makes_no_difference():
    on = heard(Command("AT+CSQ"), b"AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    assert on == heard(Command("AT+CSQ"), b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n")


def test_a_doubled_echo_is_dropped_twice():
    assert heard(Command("AT"), b"AT\rAT\r\r\nOK\r\n") == [Reply("AT")]


@pytest.mark.parametrize("frame", [b"%s\r", b"%s\n", b"%s\r\r\n", b"\r\n\r\n%s\r\n\r\n", b"\n%s\n"])
def test_lines_may_end_in_any_mixture_of_cr_and_lf(frame):
    assert heard(Command("AT+CGMM"), frame % b"MC35i" + frame % b"OK") == [Reply("AT+CGMM", ("MC35i",))]


def test_a_leading_blank_of_wavecom_is_not_part_of_the_model():
    events = heard(Command("AT+CGMM"), b"AT+CGMM\r\r\r\n MULTIBAND  900E  1800 \r\n\r\nOK\r\n")
    assert events == [Reply("AT+CGMM", ("MULTIBAND  900E  1800",))]


def test_only_the_exact_word_ok_ends_a_reply():
    text = b'\r\n+CMGR: "REC READ","+4915112345678",,"26/11/21,20:03:04+04"\r\nOK thanks\r\n\r\nOK\r\n'
    (reply,) = heard(Command("AT+CMGR=1"), text)
    assert reply.lines[-1] == "OK thanks"


def test_a_text_that_is_just_ok_is_a_body_right_behind_its_header():
    text = b'\r\n+CMGR: "REC READ","+4915112345678",,"26/11/21,20:03:04+04"\r\nOK\r\n\r\nOK\r\n'
    (reply,) = heard(Command("AT+CMGR=1"), text)
    assert reply.lines[-1] == "OK"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ERROR", "error"),
        ("+CME ERROR: 10", "cme:10"),
        ("+CMS ERROR: 302", "cms:302"),
        ("+CMS ERROR:38", "cms:38"),
        ("+CME ERROR: SIM NOT INSERTED", "cme:10"),
        ("+CME ERROR: operation not allowed", "cme:3"),
        ("+CME ERROR: out of order", "cme:out of order"),
        ("COMMAND NOT SUPPORT", "unsupported"),
        ("TOO MANY PARAMETERS", "unsupported"),
        ("MODEM ERROR: 3", "error"),
        ('ERROR+CNUM: ,"+49151",145', "error"),
    ],
)
def test_every_final_modems_are_known_to_use_ends_a_command(line, code):
    assert heard(Command("AT+WIND?"), f"\r\n{line}\r\n".encode()) == [Refusal("AT+WIND?", code, line)]


def test_a_numeric_final_ends_a_basic_command_only():
    assert heard(Command("ATV1"), b"0\r") == [Reply("ATV1")]
    assert heard(Command("ATZ"), b"4\r") == [Refusal("ATZ", "error", "4")]
    assert heard(Command("AT+CGMR"), b"\r\n4\r\n\r\nOK\r\n") == [Reply("AT+CGMR", ("4",))]


def test_no_carrier_is_news_unless_somebody_dialled():
    assert heard(Command("AT+CSQ"), b"\r\nNO CARRIER\r\n\r\n+CSQ: 9,0\r\n\r\nOK\r\n") == [
        News("NO CARRIER"),
        Reply("AT+CSQ", ("+CSQ: 9,0",)),
    ]
    assert heard(Command("ATD123;"), b"\r\nNO CARRIER\r\n") == [Refusal("ATD123;", "no carrier", "NO CARRIER")]


# -- news in every place


def test_news_between_command_and_reply_is_told_and_not_answered_with():
    assert heard(Command("AT+CSQ"), CMTI + b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n") == [NEWS, Reply("AT+CSQ", ("+CSQ: 20,0",))]


def test_news_before_the_echo_is_told():
    assert heard(Command("AT+CSQ"), CMTI + b"AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n") == [
        NEWS,
        Reply("AT+CSQ", ("+CSQ: 20,0",)),
    ]


def test_news_inside_a_reply_leaves_the_reply_whole():
    lines = f'\r\n+CMGL: 1,1,,24\r\n{PDU}\r\n\r\n+CMTI: "SM",3\r\n\r\n+CMGL: 2,0,,24\r\n{PDU}\r\n\r\nOK\r\n'.encode()
    assert heard(Command("AT+CMGL=4"), lines) == [
        NEWS,
        Reply("AT+CMGL=4", ("+CMGL: 1,1,,24", PDU, "+CMGL: 2,0,,24", PDU)),
    ]


def test_news_between_a_cmgl_header_and_its_pdu_does_not_part_them():
    lines = f'\r\n+CMGL: 1,1,,24\r\n+CMTI: "SM",3\r\n{PDU}\r\n\r\nOK\r\n'.encode()
    assert heard(Command("AT+CMGL=4"), lines) == [NEWS, Reply("AT+CMGL=4", ("+CMGL: 1,1,,24", PDU))]


def test_two_line_news_between_a_cmgl_header_and_its_pdu_takes_its_own_body():
    lines = f"\r\n+CMGL: 1,1,,24\r\n+CDS: 3\r\n0605AA\r\n{PDU}\r\n\r\nOK\r\n".encode()
    assert heard(Command("AT+CMGL=4"), lines) == [
        News("+CDS", "3", "0605AA"),
        Reply("AT+CMGL=4", ("+CMGL: 1,1,,24", PDU)),
    ]


def test_two_line_news_brings_its_body_also_inside_a_reply():
    lines = f"\r\n+CMT: ,24\r\n{PDU}\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n".encode()
    assert heard(Command("AT+CSQ"), lines) == [News("+CMT", ",24", PDU), Reply("AT+CSQ", ("+CSQ: 20,0",))]


def test_a_report_with_the_leading_comma_of_zte_brings_its_body():
    assert heard(f"\r\n+CDS: ,24\r\n{PDU}\r\n".encode()) == [News("+CDS", ",24", PDU)]


def test_blank_lines_between_header_and_pdu_are_skipped():
    assert heard(f"\r\n+CMT: ,24\r\n\r\n\r\n{PDU}\r\n".encode()) == [News("+CMT", ",24", PDU)]


def test_a_text_mode_report_has_no_second_line():
    line = '+CDS: 6,57,"+4915112345678",145,"26/11/21,20:03:04+04","26/11/21,20:03:05+04",0'
    assert heard(f"\r\n{line}\r\n".encode() + CMTI) == [News("+CDS", line[6:]), NEWS]


def test_a_body_that_never_comes_does_not_swallow_the_next_answer():
    assert heard(b"\r\n+CMT: ,24\r\n", Command("AT+CPMS?"), b'\r\n+CPMS: "SM",1,20\r\n\r\nOK\r\n') == [
        Reply("AT+CPMS?", ('+CPMS: "SM",1,20',))
    ]


def test_a_header_whose_pdu_is_missing_does_not_swallow_the_final():
    assert heard(Command("AT+CMGR=1"), b"\r\n+CMGR: 1,,24\r\n\r\nOK\r\n") == [Reply("AT+CMGR=1", ("+CMGR: 1,,24",))]


def test_an_empty_slot_has_no_body():
    assert heard(Command("AT+CMGR=1"), b"\r\n+CMGR: 0,,0\r\n\r\nOK\r\n") == [Reply("AT+CMGR=1", ("+CMGR: 0,,0",))]


def test_a_stored_pdu_with_strange_characters_is_kept_as_it_is():
    strange = "0BD0p2608>381p=*70p2616p16000AD0D770BB5D0700F1FF04F4F29C0E9CFF"
    lines = f"\r\n+CMGR: 2,,164\r\n{strange}\r\n\r\nOK\r\n".encode()
    assert heard(Command("AT+CMGR=1"), lines) == [Reply("AT+CMGR=1", ("+CMGR: 2,,164", strange))]


# -- answers and news of one name


@pytest.mark.parametrize("unasked", ["+CREG: 1", "+CREG: 2", '+CREG: 1,"CE00","00005449"', "+CREG: 1,8BE3,2BAF", "+CREG: 2,,"])
def test_an_unasked_creg_is_told_from_the_answer_by_its_missing_field(unasked):
    answer = '+CREG: 2,5,"2AF5","0B88E350",2'
    events = heard(Command("AT+CREG?"), f"\r\n{unasked}\r\n\r\n{answer}\r\n\r\nOK\r\n".encode())
    assert events == [News("+CREG", unasked[7:]), Reply("AT+CREG?", (answer,))]


@pytest.mark.parametrize("answer", ["+CREG: 0,1", '+CREG:002,001,"18d8","ffff"', "+CREG: 2,1,4CA,81DE445", "+CREG: 2,0,00,0"])
def test_an_answer_to_creg_is_an_answer_in_all_its_spellings(answer):
    assert heard(Command("AT+CREG?"), f"\r\n{answer}\r\n\r\nOK\r\n".encode()) == [Reply("AT+CREG?", (answer,))]


def test_a_second_csq_is_the_unasked_one():
    assert heard(Command("AT+CSQ"), b"\r\n+CSQ: 20,0\r\n\r\n+CSQ: 19,0\r\n\r\nOK\r\n") == [
        News("+CSQ", "19,0"),
        Reply("AT+CSQ", ("+CSQ: 20,0",)),
    ]


def test_a_cusd_before_the_ok_of_its_command_is_news():
    assert heard(Command('AT+CUSD=1,"*100#",15'), b'\r\n+CUSD: 0,"3.00 EUR",15\r\n\r\nOK\r\n') == [
        News("+CUSD", '0,"3.00 EUR",15'),
        Reply('AT+CUSD=1,"*100#",15'),
    ]
    assert heard(Command("AT+CUSD?"), b"\r\n+CUSD: 1\r\n\r\nOK\r\n") == [Reply("AT+CUSD?", ("+CUSD: 1",))]


def test_a_card_that_is_pulled_out_is_news_even_while_its_state_is_asked():
    assert heard(Command("AT+CPIN?"), b"\r\n+CPIN: NOT READY\r\n\r\n+CME ERROR: 10\r\n") == [
        News("+CPIN", "NOT READY"),
        Refusal("AT+CPIN?", "cme:10", "+CME ERROR: 10"),
    ]
    assert heard(Command("AT+CPIN?"), b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n") == [Reply("AT+CPIN?", ("+CPIN: SIM PIN",))]


def test_ready_after_the_pin_was_given_is_news():
    assert heard(Command('AT+CPIN="1234"'), b"\r\nOK\r\n\r\n+CPIN: READY\r\n") == [
        Reply('AT+CPIN="1234"'),
        News("+CPIN", "READY"),
    ]


def test_an_answer_under_another_name_belongs_to_the_command():
    assert heard(Command("AT+ZPAS?"), b'\r\n+BEARTYPE: "UMTS","CS_PS"\r\n\r\nOK\r\n') == [
        Reply("AT+ZPAS?", ('+BEARTYPE: "UMTS","CS_PS"',))
    ]


def test_a_ussd_menu_with_line_ends_inside_its_quotes_is_one_piece_of_news():
    assert heard(b'\r\n+CUSD: 1,"1 Balance\r\n2 Top up\r\n",15\r\n' + CMTI) == [
        News("+CUSD", '1,"1 Balance\n2 Top up\n",15'),
        NEWS,
    ]


def test_a_ussd_text_with_quotes_inside_is_one_piece_of_news():
    value = '0,"100,00 EURO, you are using tariff "Mega Tariff". More informations *111#.",15'
    assert heard(f"\r\n+CUSD: {value}\r\n".encode() + CMTI) == [News("+CUSD", value), NEWS]


def test_a_ussd_text_that_never_ends_does_not_swallow_a_final():
    assert heard(Command("AT+CMGD=1"), b'\r\n+CUSD: 1,"torn\r\n\r\nOK\r\n') == [
        News("+CUSD", '1,"torn'),
        Reply("AT+CMGD=1"),
    ]


# -- prompts


@pytest.mark.parametrize("prompt", [b"\r\n> ", b"\r\n>", b">", b"> ", b"\r\n> \r\n", b"\n\n>\r\n"])
def test_a_prompt_comes_with_and_without_blank_and_line_end(prompt):
    events = heard(CMGS, prompt, PAYLOAD, b"\r\n+CMGS: 57\r\n\r\nOK\r\n")
    assert events == [Prompt("AT+CMGS=19"), Reply("AT+CMGS=19", ("+CMGS: 57",))]


def test_the_echo_of_the_payload_is_dropped():
    echo = f"{CMGS.payload}\x1a\r\n".encode()
    events = heard(CMGS, b"AT+CMGS=19\r\r\n> ", PAYLOAD, echo + b"\r\n+CMGS: 57\r\n\r\nOK\r\n")
    assert events == [Prompt("AT+CMGS=19"), Reply("AT+CMGS=19", ("+CMGS: 57",))]


def test_news_between_cmgs_and_its_prompt_is_told():
    assert heard(CMGS, CMTI + b"\r\n> ") == [NEWS, Prompt("AT+CMGS=19")]


def test_a_refusal_may_come_instead_of_the_prompt():
    assert heard(CMGS, b"\r\n+CMS ERROR: 302\r\n") == [Refusal("AT+CMGS=19", "cms:302", "+CMS ERROR: 302")]


def test_a_body_that_begins_like_a_prompt_is_a_body():
    news = b'\r\n+CMT: "+4915112345678",,"26/11/21,20:03:04+04"\r\n> see you there\r\n'
    assert heard(CMGS, news + b"\r\n> ") == [
        News("+CMT", '"+4915112345678",,"26/11/21,20:03:04+04"', "> see you there"),
        Prompt("AT+CMGS=19"),
    ]


def test_a_line_that_begins_like_a_prompt_is_none_where_nobody_waits_for_one():
    assert heard(b"\r\n> \r\n" + CMTI) == [Surprise(">", "nothing was asked"), NEWS]
    assert heard(Command("AT+CGMR"), b"\r\n>1.0<\r\n\r\nOK\r\n") == [Reply("AT+CGMR", (">1.0<",))]


# -- late answers


def test_a_late_ok_is_not_credited_to_the_next_command():
    late = b"\r\nOK\r\n"
    assert heard(Command("AT+CMGD=1"), GIVE_UP, Command("AT+CSQ", probe=True), late + b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n") == [
        Surprise("OK", "the probe's own line has not come", late=True),
        Reply("AT+CSQ", ("+CSQ: 20,0",)),
    ]


def test_a_late_cmgs_is_a_surprise_and_its_ok_too():
    late = b"\r\n+CMGS: 57\r\n\r\nOK\r\n"
    assert heard(
        CMGS, b"\r\n> ", PAYLOAD, GIVE_UP, Command("AT+CSQ", probe=True), late + b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n"
    ) == [
        Prompt("AT+CMGS=19"),
        Surprise("+CMGS: 57", "it answers a command that was given up", late=True),
        Surprise("OK", "it ends an answer that came too late", late=True),
        Reply("AT+CSQ", ("+CSQ: 20,0",)),
    ]


def test_a_late_answer_that_comes_while_nothing_is_asked_is_a_surprise():
    assert heard(CMGS, b"\r\n> ", PAYLOAD, GIVE_UP, b"\r\n+CMGS: 57\r\n\r\nOK\r\n")[1:] == [
        Surprise("+CMGS: 57", "it answers a command that was given up", late=True),
        Surprise("OK", "nothing was asked"),
    ]


def test_a_late_ok_whose_line_came_before_the_next_command_is_not_credited_either():
    late, ok = b"\r\n+CMGS: 57\r\n", b"\r\nOK\r\n"
    events = heard(CMGS, b"\r\n> ", PAYLOAD, GIVE_UP, late, Command("AT+CSQ", probe=True), ok, b"\r\n+CSQ: 9,0\r\n\r\nOK\r\n")
    assert events[2:] == [
        Surprise("OK", "it ends an answer that came too late", late=True),
        Reply("AT+CSQ", ("+CSQ: 9,0",)),
    ]


def test_after_giving_up_nothing_but_a_probe_may_be_asked_until_one_was_answered():
    dialogue = Dialogue()
    dialogue.ask(Command("AT+CMGD=1"))
    dialogue.give_up()
    with pytest.raises(RuntimeError, match="before a probe"):
        dialogue.ask(Command("AT+CMGD=2"))
    dialogue.ask(Command("AT+CSQ", probe=True))
    dialogue.feed(b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    assert dialogue.in_step
    assert dialogue.ask(Command("AT+CMGD=2")) == b"AT+CMGD=2\r"


def test_giving_up_hands_over_the_lines_that_came():
    dialogue = Dialogue()
    dialogue.ask(Command("AT+CPIN?"))
    dialogue.feed(b"\r\n+CPIN: READY\r\n")  # Wavecom says no OK
    assert dialogue.give_up() == ("+CPIN: READY",)


def test_one_command_at_a_time():
    dialogue = Dialogue()
    dialogue.ask(Command("AT"))
    with pytest.raises(RuntimeError, match="pending"):
        dialogue.ask(Command("AT+CSQ"))


# -- noise


def test_bytes_that_are_no_utf_8_do_no_harm():
    events = heard(b'\r\n+CUSD: 0,"Guthaben 3\xa4 f\xfcr',  b' Sie",15\r\n', Command("AT"), b"\r\nOK\r\n")
    assert events == [News("+CUSD", '0,"Guthaben 3¤ für Sie",15'), Reply("AT")]


def test_nul_bytes_of_a_wrong_speed_are_not_there():
    assert heard(Command("AT"), b"\0\0\r\n\0OK\0\r\n") == [Reply("AT")]


def test_garbage_without_a_line_end_does_not_fill_the_memory():
    dialogue = Dialogue()
    for _ in range(1000):
        assert dialogue.feed(b"\xf8\xfe" * 512) == []
    assert len(dialogue._lines._buffer) <= LONGEST_LINE
    assert dialogue.feed(b"\r\n") == [Surprise("", "a line of 1024000 bytes was thrown away")]
    assert dialogue.feed(CMTI) == [NEWS]


def test_an_overlong_line_is_thrown_away_however_it_came():
    assert heard(b"x" * 5000 + b"\r\n" + CMTI) == [Surprise("", "a line of 5000 bytes was thrown away"), NEWS]


def test_a_reply_that_never_ends_does_not_fill_the_memory():
    dialogue = Dialogue()
    dialogue.ask(Command("AT+CMGL=4"))
    line = b"+CMGL: 1,1,,0\r\n" * 1000
    for _ in range(LONGEST_REPLY // 13_000 + 10):
        dialogue.feed(line)
    (reply,) = [event for event in dialogue.feed(b"\r\nOK\r\n") if isinstance(event, Reply)]
    assert sum(map(len, reply.lines)) <= LONGEST_REPLY


def test_headers_whose_bodies_never_come_do_not_pile_up():
    dialogue = Dialogue()
    for _ in range(1000):
        dialogue.feed(b"\r\n+CMT: ,24\r\n")
    assert len(dialogue._awaited) < 10


def test_whatever_comes_nothing_breaks_and_the_cutting_does_not_matter():
    """Pieces of real conversations and noise in any order, from fifty seeds."""
    pieces = [
        b"\r\n", b"\r", b"> ", b"OK", b"ERROR", b"+CME ERROR: ", b"+CMS ERROR: \xb2", b"+CMGL: 1,1,,24", b"+CMT: ,24", b"+CDS: ",
        b"+CREG: 1,\xb2", b"+CREG: 2,,", b'+CUSD: 1,"torn', b'",15', b"+CMGS: 57", b"+CSQ: --5,0", b"RING", b"0791",
        b"\xff\0", b":", b"+", b"^BOOT", b"AT+CSQ", b"0", b" ", b"x" * 700,
    ]  # fmt: skip
    for seed in range(50):
        chance = random.Random(seed)
        command = chance.choice([Command("AT+CSQ"), Command("AT+CREG?"), CMGS, Command("AT+CMGL=4"), Command("AT")])
        heard(b"".join(chance.choices(pieces, k=30)), command, b"".join(chance.choices(pieces, k=60)))
