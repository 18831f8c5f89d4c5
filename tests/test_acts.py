"""What staff may do in which status, what becomes of it, and what the parent hears."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.acts import Done, perform
from bot.model import CHONGQING, Act, Inquiry, Status
from tests.desk import understanding

NOW = datetime(2026, 5, 20, 10, tzinfo=CHONGQING)
OWNER, OTHER = "王老师", "李老师"
REFUSED = None
UNOWNED = ("open", "answered", "waiting_staff")

# (status, act) -> status afterwards when nobody owns it, or when its owner acts.
BY_RIGHT: dict[tuple[str, str], str | None] = {
    **{(status, "take"): "with_staff" for status in UNOWNED},
    **{(status, "reply"): "with_staff" for status in UNOWNED},
    **{(status, "ask_parent"): "waiting_parent" for status in UNOWNED},
    **{(status, "release"): REFUSED for status in UNOWNED},
    **{(status, "resolve"): "resolved" for status in UNOWNED},
    ("with_staff", "take"): REFUSED,
    ("with_staff", "reply"): "with_staff",
    ("with_staff", "ask_parent"): "waiting_parent",
    ("with_staff", "release"): "waiting_staff",
    ("with_staff", "resolve"): "resolved",
    ("waiting_parent", "take"): REFUSED,
    ("waiting_parent", "reply"): "waiting_parent",
    ("waiting_parent", "ask_parent"): "waiting_parent",
    ("waiting_parent", "release"): "waiting_staff",
    ("waiting_parent", "resolve"): "resolved",
    **{("resolved", act): REFUSED for act in ("take", "reply", "ask_parent", "release", "resolve")},
}


def act(status: str, what: str, who: str = OWNER, text: str = "好的") -> tuple[Inquiry, Done]:
    owner = None if status in UNOWNED else OWNER
    old = Inquiry("1001", "memory:p1", Status(status), NOW, NOW, NOW, owner=owner)
    later = NOW + timedelta(minutes=5)
    return old, perform(old, Act(what), who, text, understanding().faq, later)


def refused(old: Inquiry, done: Done) -> bool:
    """Return whether the act was refused, and then changed and sent nothing."""
    if done.error is None:
        return False
    assert done.inquiry == old
    assert (done.moves, done.deliveries) == ((), ())
    assert any("\u4e00" <= char <= "\u9fff" for char in done.error)
    return True


@pytest.mark.parametrize(("status", "what"), BY_RIGHT)
def test_by_whom_it_belongs_to(status: str, what: str) -> None:
    old, done = act(status, what)
    after = BY_RIGHT[status, what]
    assert refused(old, done) == (after is None)
    if after is None:
        return
    assert done.inquiry.status == after
    expected = OWNER if after in ("with_staff", "waiting_parent") else None
    if after != "resolved":
        assert done.inquiry.owner == expected
    else:
        assert done.inquiry.owner == old.owner
    assert done.inquiry.touched_at > old.touched_at
    assert [move.before for move in done.moves[1:]] == [move.after for move in done.moves[:-1]]
    assert {move.who for move in done.moves} <= {OWNER}
    if done.moves:
        assert (done.moves[0].before, done.moves[-1].after) == (old.status, after)
    else:
        assert after == status
    assert done.deliveries, "the parent hears nothing"


@pytest.mark.parametrize("status", ["with_staff", "waiting_parent"])
@pytest.mark.parametrize("what", Act)
def test_by_somebody_else_it_is_refused_and_the_owner_named(status: str, what: Act) -> None:
    old, done = act(status, what, OTHER)
    assert refused(old, done)
    assert done.error is not None
    assert OWNER in done.error


@pytest.mark.parametrize("status", ["open", "answered", "waiting_staff", "with_staff"])
@pytest.mark.parametrize("what", ["reply", "ask_parent"])
def test_nothing_is_sent_without_words(status: str, what: str) -> None:
    assert refused(*act(status, what, text=""))


@pytest.mark.parametrize("what", Act)
def test_nobody_without_a_name_acts(what: Act) -> None:
    assert refused(*act("waiting_staff", what, " "))


def test_the_parent_is_told_of_taking_releasing_and_resolving() -> None:
    said = {what: act(status, what, text="")[1].deliveries for status, what in TOLD}
    for [push] in said.values():
        assert OWNER in push.text
        assert "1001" in push.text
    assert [choice.label for choice in said["resolve"][0].choices] == ["有帮助", "没帮助"]


TOLD = (("waiting_staff", "take"), ("with_staff", "release"), ("with_staff", "resolve"))


@pytest.mark.parametrize("what", ["reply", "ask_parent", "resolve"])
def test_staff_words_arrive_as_they_were_written(what: str) -> None:
    words = "第一行\n第二行 {owner} 100% <b>"
    _, done = act("with_staff", what, text=words)
    assert words in done.deliveries[0].text
    assert OWNER in done.deliveries[0].text
    assert done.deliveries[0].words == words


@pytest.mark.parametrize("what", ["reply", "ask_parent"])
def test_who_answers_first_is_announced_first(what: str) -> None:
    _, done = act("waiting_staff", what, text="我来看看")
    first, second = done.deliveries
    assert "接手" in first.text
    assert "我来看看" in second.text
