"""Whatever is typed, the modem neither breaks nor falls silent. Chance comes from seeds."""

import random

import pytest

from simulator import personality
from simulator.commands import HANDLERS
from simulator.testing import running_bank

PIECES = ["AT", "=", "?", "=?", ",", ";", '"', "1", "0", "255", "99999", "+49170", "-1", "\xb2", "SM", "ALL", "\x08",
          " ", "\x1b", "\x1a", "\x00", "\xff", "00", "0011000B914316565811F90000C504E8373B0C", "E8329BFD06"]


@pytest.mark.parametrize("family", personality.names())
def test_noise_does_not_break_a_modem(connect, family):
    chance = random.Random(family)
    with running_bank(family=family) as bank:
        client = connect(bank.device("p0"))
        for _ in range(150):
            noise = "AT" + chance.choice(list(HANDLERS)) + "".join(chance.choices(PIECES, k=chance.randrange(8)))
            # ESC leaves a prompt that the noise may have opened; ATQ0V1 takes back what it may have set.
            client.write(noise.replace("CFUN=1,1", "") + "\r\x1b\rATQ0V1\r")
            client.until(rb"OK\r\n")
        client.write("\x1b\rATE0Q0V1\rAT+CGMI\r")
        client.until(personality.load(family).manufacturer.encode() + rb"\r\n\r\nOK\r\n")


def test_raw_octets_do_not_break_a_modem(connect):
    chance = random.Random(7)
    with running_bank() as bank:
        client = connect(bank.device("p0"))
        for _ in range(200):
            client.write(chance.randbytes(chance.randrange(1, 60)))
        client.write("\x1b\rATE0Q0V1\rAT+CGMI\r")
        client.until(rb"Simrack\r\n\r\nOK\r\n")


@pytest.mark.parametrize("seed", range(5))
def test_damaged_pdus_are_refused_or_sent_but_never_break_a_modem(connect, seed):
    chance = random.Random(seed)
    good = bytes.fromhex("0041020A91947110325400000D050003070201C2E231B96C3E")
    with running_bank() as bank:
        client = connect(bank.device("p0"))
        for _ in range(100):
            octets = bytearray(good[1:])
            for _ in range(chance.randrange(1, 4)):
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            client.ask(f"AT+CMGS={len(octets)}")
            client.write("00" + octets.hex() + "\x1a")
            client.until(rb"OK\r\n|\+CMS ERROR: \d+\r\n")
