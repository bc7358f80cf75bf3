"""Pools: entries that name several channels or other pools, strategies of several words, weights and patterns."""

from __future__ import annotations

import pytest

from gateway.settings import STRATEGIES, PoolSettings, parse
from tests.settings.table import BOX, MODEM, TARIFF, assert_refused, pool

CHANNELS = MODEM + BOX + 'tariff = "flat"\n' + TARIFF


def test_entries_stay_as_they_are_written():
    text = CHANNELS + pool('["p0", "box1.0-3", "0-2", "pool:n"]') + pool('["box1.7"]', name="n")
    assert parse(text, "/etc/simrack").pools == (
        PoolSettings("m", ("p0", "box1.0-3", "0-2", "pool:n")),
        PoolSettings("n", ("box1.7",)),
    )


def test_a_pool_that_says_everything_arrives_in_its_record():
    more = 'strategy = "sticky, weighted"\nweights = { p0 = 3, "box1.0" = 0.5 }\naccept = \'\\+49.*\'\nhint = "home only"'
    assert parse(CHANNELS + pool('["0-1"]', more), "/etc/simrack").pools == (
        PoolSettings("m", ("0-1",), "sticky, weighted", {"p0": 3.0, "box1.0": 0.5}, r"\+49.*", "home only"),
    )


@pytest.mark.parametrize(
    "strategy",
    [
        *STRATEGIES,
        *("sticky,failover,weighted", "sticky, cheapest , least-used", "failover,rotate", "sticky,rotate", "cheapest,weighted"),
    ],
)
def test_strategies_of_each_kind_stand_together(strategy):
    text = CHANNELS + pool('["box1.0-7"]', f'strategy = "{strategy}"')
    assert parse(text, "/etc/simrack").pools[0].strategy == strategy


@pytest.mark.parametrize(
    "strategy",
    [
        *("", "sticky,", "rotate,sticky", "failover,sticky", "weighted,failover"),
        *("cheapest,failover", "rotate,weighted", "rotate,rotate"),
    ],
)
def test_strategies_that_contradict_each_other_are_refused(strategy):
    assert_refused(CHANNELS + pool('["p0"]', f'strategy = "{strategy}"'), "pool[1].strategy", [])


@pytest.mark.parametrize(
    ("pools", "key", "words"),
    [
        (pool('["p1"]'), "channels", ["'p1'", "'p0'"]),
        (pool('["p0", "box1.0-9"]'), "channels", ["'box1.0-9'", "'box1.8'"]),
        (pool('["p0,p7"]'), "channels", ["'p0,p7'", "'p7'"]),
        (pool('["0-9"]'), "channels", ["'0-9'", "position 9", "0 to 8"]),
        (pool('["p0", "p0"]'), "channels", ["'p0'", "twice"]),
        (pool('["m"]'), "channels", ["m -> m"]),
        (pool('["n"]') + pool('["p0", "m"]', name="n"), "channels", ["'n'", "n -> m -> n"]),
        (pool('["pool:nn"]'), "channels", ["'nn'", "known are m"]),
        (pool('["p0"]', name="0-3"), "name", ["'0-3'", "letter"]),
        (pool('["p0"]', name="7"), "name", ["'7'"]),
        (pool('["p0"]', name="a:b"), "name", ["'a:b'", "letters"]),
        (pool('["p0"]', name="a@b"), "name", ["'a@b'", "letters"]),
        (pool('["p0"]', 'strategy = "random"'), "strategy", ["'random'", "rotate"]),
        (pool('["p0"]', 'strategy = "failovr"'), "strategy", ["'failovr'", "'failover'"]),
        (pool('["p0", "box1.0"]', 'strategy = "cheapest"'), "strategy", ["'p0'", "tariff"]),
        (pool('["box1.0"]', "weights = { p0 = 1 }"), "weights.p0", ["'p0'", "box1.0"]),
        (pool('["p0"]', "weights = { p0 = 0 }"), "weights.p0", ["0", "1000"]),
        (pool('["p0"]', "weights = { p0 = 1001 }"), "weights.p0", ["1001", "1000"]),
        (pool('["box1.0"]', "weights = { box1.0 = 2 }"), "weights.box1", ["quotes"]),
        (pool('["p0"]', 'accept = "+49"'), "accept", ["'+49'", "regular expression"]),
        (pool('["p0"]', "accept = '(?!.49).*'"), "accept", ["looks around with (?!", "rule of its own"]),
        (pool('["p0"]', "accept = '[\\pL\\pN]{1000}'"), "accept", ["too large", "repeat less"]),
        (pool('["p0"]', f"accept = '{'1' * 501}'"), "accept", ["500 characters"]),
        (pool('["p0"]', "hint = 3"), "hint", ["3", "text in quotes"]),
    ],
)
def test_a_wrong_pool_is_refused_by_key_and_remedy(pools, key, words):
    assert_refused(CHANNELS + pools, f"pool[1].{key}", words)
