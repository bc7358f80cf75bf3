from gateway.channels.rotation import in_turn


def test_turns_go_round() -> None:
    assert in_turn(["p0", "p1", "p2"], None) == ["p0", "p1", "p2"]
    assert in_turn(["p0", "p1", "p2"], "p0") == ["p1", "p2", "p0"]
    assert in_turn(["p0", "p1", "p2"], "p2") == ["p0", "p1", "p2"]


def test_a_channel_that_is_no_more_begins_the_round_anew() -> None:
    assert in_turn(["p0", "p1"], "gone") == ["p0", "p1"]
