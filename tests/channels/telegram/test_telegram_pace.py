"""How fast one parent's messages are taken up, by a clock of ours."""

from __future__ import annotations

from bot.channels.telegram.pace import BURST, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_two_a_second_for_half_a_minute_never_wait() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(60):
        assert pace.wait_s(7) == 0
        clock.now += 0.5
    for _ in range(60):  # all of them in the same moment
        assert pace.wait_s(8) == 0


def test_what_comes_faster_waits_for_its_turn_and_nobody_else_does() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(int(BURST)):
        assert pace.wait_s(7) == 0
    for _ in range(200):
        wait_s = pace.wait_s(7)
        assert 0 < wait_s <= 0.5
        clock.now += wait_s
    assert pace.wait_s(8) == 0


def test_it_is_told_once_until_they_have_paused() -> None:
    clock = Clock()
    pace = Pace(clock)
    told = []
    for pause_s in (0.0, 1.0, 60.0):
        clock.now += pause_s
        for _ in range(int(BURST) + 5):
            wait_s = pace.wait_s(7)
            clock.now += wait_s
            if wait_s:
                told.append((pause_s, pace.tell(7)))
    assert [pause_s for pause_s, first in told if first] == [0.0, 60.0]


def test_parents_who_are_gone_are_forgotten() -> None:
    clock = Clock()
    pace = Pace(clock)
    for user in range(30_000):
        pace.wait_s(user)
        clock.now += 0.01
    assert len(pace._known) < 15_000
