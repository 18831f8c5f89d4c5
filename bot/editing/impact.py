"""What a change does to questions: which are answered better, worse or by another entry. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.model import Decision, Turn


@dataclass(frozen=True, slots=True)
class Question:
    """One question that the change is tried on."""

    text: str
    right: tuple[str, ...] | None = None
    """Entries that rightly answer it, none when nobody here does; None when nobody said."""
    danger: bool = False
    """Labelled as danger."""
    held_out: bool = False
    """Counted, but never shown: an exam that the FAQ is mended by says nothing any more."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a parent who asks it gets."""

    decision: str
    entries: tuple[str, ...] = ()
    """Those answered, or those offered."""
    door: str = ""
    """The reply that names another office."""

    @classmethod
    def of(cls, turn: Turn) -> Told:
        match turn.decision:
            case Decision.ANSWER | Decision.CRISIS:
                return cls(turn.decision.value, turn.entries)
            case Decision.SUGGEST:
                return cls(turn.decision.value, tuple(c.entry for c in turn.candidates))
            case Decision.ELSEWHERE:
                return cls(turn.decision.value, door=turn.replies[0].text)
            case _:
                return cls(turn.decision.value)


@dataclass(frozen=True, slots=True)
class Shift:
    """A question that is answered differently."""

    question: Question
    before: Told
    after: Told


def listed(shifts: Iterable[Shift]) -> list[Shift]:
    """Return those that staff may be shown."""
    return [shift for shift in shifts if not shift.question.held_out]


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything that the change does to the questions it was tried on."""

    labelled: int
    past: int
    gained: tuple[Shift, ...] = ()
    lost: tuple[Shift, ...] = ()
    moved: tuple[Shift, ...] = ()
    reworded: int = 0
    """Questions that go on being answered by an entry whose words change."""

    @property
    def quiet(self) -> bool:
        return not (self.gained or self.lost or self.moved)


def compare(
    questions: Sequence[Question],
    before: Sequence[Told],
    after: Sequence[Told],
    edited: Iterable[str] = (),
) -> Impact:
    """Return what became of the questions; all three run side by side."""
    gained: list[Shift] = []
    lost: list[Shift] = []
    moved: list[Shift] = []
    changed, reworded = frozenset(edited), 0
    for question, old, new in zip(questions, before, after, strict=True):
        if old == new:
            reworded += old.decision == Decision.ANSWER and bool(changed & set(old.entries))
            continue
        shift = Shift(question, old, new)
        gain = _worth(question, new) - _worth(question, old)
        (gained if gain > 0 else lost if gain < 0 else moved).append(shift)
    labelled = sum(q.right is not None or q.danger for q in questions)
    return Impact(
        labelled,
        len(questions) - labelled,
        tuple(gained),
        tuple(lost),
        tuple(moved),
        reworded,
    )


def _worth(question: Question, told: Told) -> int:
    """Return how good that is for the parent: a wrong answer is worse than a question back."""
    if question.danger:
        return int(told.decision == Decision.CRISIS)
    if question.right is None:
        return int(told.decision in (Decision.ANSWER, Decision.ELSEWHERE, Decision.CRISIS))
    if told.decision in (Decision.ANSWER, Decision.CRISIS):
        if question.right and told.entries and told.entries[0] in question.right:
            return 2
        return -1 if told.decision == Decision.ANSWER else 0
    if told.decision == Decision.SUGGEST and question.right:
        return int(bool(set(told.entries) & set(question.right)))
    return 0 if question.right else 2 * (told.decision != Decision.SUGGEST)


# ------------------------------------------------------------------------------- as JSON


def question_json(question: Question) -> dict[str, Any]:
    return asdict(question)


def load_question(given: dict[str, Any]) -> Question:
    right = given["right"]
    return Question(**{**given, "right": None if right is None else tuple(right)})


def told_json(told: Told) -> list[Any]:
    return [told.decision, list(told.entries), told.door]


def load_told(given: list[Any]) -> Told:
    return Told(given[0], tuple(given[1]), given[2])
