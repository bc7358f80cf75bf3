"""Places in the air: how many one receiver, one key and all together have, and who must make room."""

from __future__ import annotations

import random

from gateway.core.forwarding.places import OVERALL, PER_KEY, PER_RECEIVER, UNHEARD_PER_KEY, Place, Room


def callbacks() -> Room:
    return Room(PER_KEY, UNHEARD_PER_KEY)


def all_of(room: Room, owner: int, heard: bool) -> list[Place]:
    """As many as it gets."""
    places = []
    while (place := room.take(owner, heard)) is not None:
        places.append(place)
        assert len(places) <= OVERALL
    return places


def test_a_receiver_that_never_answered_has_one_place_and_one_that_did_has_eight() -> None:
    assert (callbacks().most(False), callbacks().most(True)) == (1, 8)
    assert Room(PER_RECEIVER).most(False) == 8  # a webhook that people made


def test_silent_receivers_of_a_key_leave_its_others_half_of_its_places() -> None:
    room = callbacks()
    assert len(all_of(room, 1, heard=False)) == 8
    assert len(all_of(room, 1, heard=True)) == 8
    assert len(all_of(room, 2, heard=True)) == 16
    assert room.taken == 32


def test_everybody_has_one_place_even_when_all_are_taken() -> None:
    room = callbacks()
    for owner in (1, 2):
        all_of(room, owner, heard=True)
    for owner in range(3, 50):
        assert len(all_of(room, owner, heard=False)) == 1
    assert room.taken == 32 + 47


def test_a_place_is_wanted_by_those_who_could_have_it() -> None:
    room = callbacks()
    silent, other = all_of(room, 1, heard=False)[0], room.take(2, True)
    assert other is not None
    mine = room.take(1, True)
    assert mine is not None
    assert room.is_wanted(silent)  # by the key's next silent receiver
    assert not room.is_wanted(mine) and not room.is_wanted(other)
    all_of(room, 1, heard=True)
    assert room.is_wanted(mine) and not room.is_wanted(other)
    all_of(room, 2, heard=True)
    all_of(room, 3, heard=True)
    assert room.is_wanted(other)  # by anybody: there are no more
    room.forget_who_waits()
    assert not any(room.is_wanted(place) for place in (silent, mine, other))


def test_who_answers_makes_room_for_the_next_that_did_not() -> None:
    room = callbacks()
    first, *_ = all_of(room, 1, heard=False)
    assert room.answered(first) and not room.answered(first)
    assert len(all_of(room, 1, heard=False)) == 1
    room.give_back(first)
    assert all_of(room, 1, heard=False) == []
    assert len(all_of(room, 1, heard=True)) == 8


def test_whatever_happens_nothing_is_lost_and_nobody_has_more_than_his_part() -> None:
    for seed in range(20):
        chance, room, held = random.Random(seed), callbacks(), list[Place]()
        for _ in range(2000):
            match chance.choice(("take", "take", "answer", "give", "forget")):
                case "take":
                    place = room.take(chance.randrange(4), chance.random() < 0.5)
                    held += [] if place is None else [place]
                case "answer" if held:
                    room.answered(chance.choice(held))
                case "give" if held:
                    room.give_back(held.pop(chance.randrange(len(held))))
                case "forget":
                    room.forget_who_waits()
            assert room.taken == len(held) <= OVERALL + 3
            for owner in range(4):
                theirs = [place.heard for place in held if place.owner == owner]
                assert len(theirs) <= PER_KEY and theirs.count(False) <= UNHEARD_PER_KEY
        for place in held:
            room.give_back(place)
        assert room.taken == 0 and not room._of_owner and not room._unheard_of_owner
