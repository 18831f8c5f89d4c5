"""What counts as gained, lost and moved, and what happens when a trial cannot be made."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.editing.impact import Question, Told, compare
from bot.editing.rehearsal import Rehearsal, RehearsalFailed, take_over_models

OURS = Question("有补助吗", ("aid.a", "aid.b"))
NOBODYS = Question("驾照到期", ())
PAST = Question("以前问过的")
DANGER = Question("孩子不见了", (), danger=True)

RIGHT = Told("answer", ("aid.a",))
ALSO_RIGHT = Told("answer", ("aid.b",))
WRONG = Told("answer", ("general.x",))
OFFERED = Told("suggest", ("general.x", "aid.a"))
OFFERED_WRONG = Told("suggest", ("general.x", "general.y"))
UNCLEAR = Told("fallback")
DOOR = Told("elsewhere", door="打12123。")
ALARM = Told("crisis")


@pytest.mark.parametrize(
    ("question", "before", "after", "became"),
    [
        (OURS, UNCLEAR, RIGHT, "gained"),
        (OURS, OFFERED, RIGHT, "gained"),
        (OURS, WRONG, UNCLEAR, "gained"),
        (OURS, OFFERED_WRONG, OFFERED, "gained"),
        (OURS, RIGHT, OFFERED, "lost"),
        (OURS, UNCLEAR, WRONG, "lost"),
        (OURS, RIGHT, ALSO_RIGHT, "moved"),
        (OURS, WRONG, Told("answer", ("general.y",)), "moved"),
        (NOBODYS, UNCLEAR, WRONG, "lost"),
        (NOBODYS, OFFERED, DOOR, "gained"),
        (NOBODYS, UNCLEAR, DOOR, "moved"),
        (PAST, UNCLEAR, RIGHT, "gained"),
        (PAST, RIGHT, OFFERED, "lost"),
        (PAST, RIGHT, WRONG, "moved"),
        (DANGER, ALARM, UNCLEAR, "lost"),
        (DANGER, RIGHT, ALARM, "gained"),
    ],
)
def test_each_way_a_question_can_go(
    question: Question, before: Told, after: Told, became: str
) -> None:
    impact = compare([question], [before], [after])
    found = {"gained": impact.gained, "lost": impact.lost, "moved": impact.moved}
    assert {name for name, shifts in found.items() if shifts} == {became}


def test_what_stays_is_counted_and_new_words_too() -> None:
    questions = [OURS, NOBODYS, PAST]
    told = [RIGHT, UNCLEAR, RIGHT]
    impact = compare(questions, told, told, ["aid.a"])
    assert impact.quiet
    assert (impact.labelled, impact.past, impact.reworded) == (2, 1, 2)


async def test_a_trial_that_fails_says_so(path: Path, tmp_path: Path) -> None:
    broken = (sys.executable, "-c", "raise SystemExit('没有内存了')")
    with pytest.raises(RehearsalFailed, match="没有内存了"):
        await Rehearsal(path, tmp_path, broken).impact({}, [], [])


def test_models_made_for_trials_are_taken_over(tmp_path: Path) -> None:
    made = tmp_path / "candidates" / "model-1.pickle"
    made.parent.mkdir()
    made.write_bytes(b"learned")
    take_over_models(tmp_path)
    assert (tmp_path / "model-1.pickle").read_bytes() == b"learned"
    take_over_models(tmp_path)
