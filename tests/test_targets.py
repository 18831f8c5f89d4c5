"""When which target is due, and what staff are told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.faq.schema import WEEKDAYS, HoursFile
from bot.inquiry import move, open_inquiry
from bot.model import CHONGQING, Inquiry, Move, Progress, Status
from bot.news import NewsKind, of_due, of_waiting
from bot.targets import Due, Target, owed

HOURS = HoursFile(
    answered_days=3,
    waiting_parent_days=7,
    come_back_days=7,
    week=dict.fromkeys(WEEKDAYS[:5], ("09:00-12:00", "14:00-17:30")),
    first_reply_minutes=120,
    resolution_minutes=780,
    warn_percent=75,
    urgent_minutes=10,
    owner_silent_minutes=390,
)


def at(written: str) -> datetime:
    """Return a moment of May 2026, as `20 10:30`: the 20th is a Wednesday."""
    return datetime.strptime(f"2026-05-{written}", "%Y-%m-%d %H:%M").replace(tzinfo=CHONGQING)


class Case:
    """One inquiry that moves, and what staff do in it."""

    def __init__(self, opened: str) -> None:
        self.inquiry, opening = open_inquiry("1001", "memory:p1", at(opened), why="test")
        self._moves: list[Move] = [opening]
        self._said: list[tuple[str, datetime]] = []
        self._acted: list[tuple[str, datetime]] = []
        self._urgent: datetime | None = None

    def to(self, status: Status, when: str, owner: str | None = None) -> Case:
        self.inquiry, made = move(
            self.inquiry, status, at(when), who=owner or "parent", why="test", owner=owner
        )
        self._moves.append(made)
        return self

    def says(self, who: str, when: str) -> Case:
        self._said.append((who, at(when)))
        self._acted.append((who, at(when)))
        return self

    def notes(self, who: str, when: str) -> Case:
        self._acted.append((who, at(when)))
        return self

    def urgent(self, when: str) -> Case:
        self.inquiry, self._urgent = replace(self.inquiry, urgent=True), at(when)
        return self

    @property
    def progress(self) -> Progress:
        return Progress(
            self.inquiry,
            tuple(self._moves),
            tuple(self._said),
            tuple(self._acted),
            self._urgent,
        )

    def due(self, target: Target, hours: HoursFile = HOURS) -> Due | None:
        return next((due for due in owed(self.progress, hours) if due.target is target), None)

    def due_at(self, target: Target) -> datetime | None:
        due = self.due(target)
        return due.at if due else None


def handed_over(when: str = "20 11:00") -> Case:
    return Case("20 09:00").to(Status.WAITING_STAFF, when)


def test_the_first_reply_is_due_in_working_minutes() -> None:
    due = handed_over().due(Target.FIRST_REPLY)
    assert due is not None
    assert (due.warn_at, due.at) == (at("20 14:30"), at("20 15:00"))
    assert not due.soon(at("20 14:29"))
    assert due.soon(at("20 14:30"))
    assert not due.late(at("20 14:59"))
    assert due.late(at("20 15:00"))
    assert handed_over("22 17:00").due_at(Target.FIRST_REPLY) == at("25 10:30")


def test_taking_it_is_no_reply_but_words_are() -> None:
    taken = handed_over().to(Status.WITH_STAFF, "20 11:05", "王老师")
    assert taken.due_at(Target.FIRST_REPLY) == at("20 15:00")
    assert taken.says("王老师", "20 11:10").due(Target.FIRST_REPLY) is None


def test_what_the_bot_has_in_hand_owes_nothing() -> None:
    assert owed(Case("20 09:00").progress, HOURS) == []
    assert owed(Case("20 09:00").to(Status.ANSWERED, "20 09:00").progress, HOURS) == []
    resolved = handed_over().to(Status.RESOLVED, "20 12:00")
    assert owed(resolved.progress, HOURS) == []


def test_waiting_for_the_parent_costs_no_time() -> None:
    case = handed_over().to(Status.WITH_STAFF, "20 11:30", "王老师")
    assert case.due_at(Target.RESOLUTION) == at("22 11:00")
    case.to(Status.WAITING_PARENT, "20 12:00")
    assert case.due(Target.RESOLUTION) is None
    case.to(Status.WITH_STAFF, "25 09:00")
    assert case.due_at(Target.RESOLUTION) == at("26 17:30") - timedelta(minutes=60)


def test_a_target_missed_before_the_parent_was_asked_stays_missed() -> None:
    case = handed_over().to(Status.WITH_STAFF, "20 11:30", "王老师")
    case.to(Status.WAITING_PARENT, "25 09:00").to(Status.WITH_STAFF, "26 09:00")
    assert case.due_at(Target.RESOLUTION) == at("22 11:00")


def test_what_comes_back_counts_from_there() -> None:
    case = handed_over().to(Status.WITH_STAFF, "20 11:30", "王老师").says("王老师", "20 11:40")
    case.to(Status.RESOLVED, "20 12:00").to(Status.WITH_STAFF, "21 09:00")
    assert case.due_at(Target.FIRST_REPLY) == at("21 11:00")
    assert case.due_at(Target.RESOLUTION) == at("22 17:30")


def test_an_owner_is_silent_since_their_last_act() -> None:
    case = handed_over().to(Status.WITH_STAFF, "20 11:00", "王老师")
    assert case.due_at(Target.OWNER) == at("21 11:00")
    case.says("李老师", "20 16:00")
    assert case.due_at(Target.OWNER) == at("21 11:00")
    case.notes("王老师", "20 16:00")
    assert case.due_at(Target.OWNER) == at("21 16:00")
    case.to(Status.WAITING_PARENT, "21 10:00")
    assert case.due(Target.OWNER) is None


def test_urgent_ones_count_by_day_and_night() -> None:
    case = handed_over("23 03:00").urgent("23 03:00")
    assert case.due_at(Target.URGENT) == at("23 03:10")
    taken = case.to(Status.WITH_STAFF, "23 03:05", "王老师")
    assert taken.due(Target.URGENT) is None
    released = taken.to(Status.WAITING_STAFF, "23 03:07")
    assert released.due_at(Target.URGENT) == at("23 03:17")


def test_urgent_ones_are_told_of_again_and_again_but_ever_more_seldom() -> None:
    case = handed_over("23 03:00").urgent("23 03:00")
    due = case.due(Target.URGENT)
    assert due is not None
    names = []
    for minutes in range(240):
        news = of_due(case.inquiry, due, at("23 03:00") + timedelta(minutes=minutes))
        assert (news is None) == (minutes < 10)
        if news is not None and news.name not in names:
            assert news.kind is NewsKind.UNTAKEN
            names.append(news.name)
    assert len(names) == 5  # after 10, 20, 40, 80, 160 minutes


def test_news_of_a_target_is_told_once_before_and_once_after() -> None:
    case = handed_over()
    due = case.due(Target.FIRST_REPLY)
    assert due is not None
    told = [of_due(case.inquiry, due, at(f"20 {hour}:{minute:02}"))
            for hour in (11, 14, 15, 16) for minute in range(60)]  # fmt: skip
    kinds = {news.name: news.kind for news in told if news is not None}
    assert list(kinds.values()) == [NewsKind.SOON, NewsKind.LATE]


def test_each_time_it_comes_to_wait_is_news() -> None:
    case = handed_over()

    def name(inquiry: Inquiry) -> str:
        [news] = of_waiting([inquiry], at("20 11:00"))
        return news.name

    first = name(case.inquiry)
    assert name(replace(case.inquiry, touched_at=at("20 16:00"))) == first
    assert name(replace(case.inquiry, urgent=True)) != first
    case.to(Status.WITH_STAFF, "20 12:00", "王老师")
    assert of_waiting([case.inquiry], at("20 12:00")) == []
    case.to(Status.WAITING_STAFF, "20 13:00")
    assert name(case.inquiry) != first


def test_without_hours_only_urgent_ones_have_a_clock() -> None:
    bare = HoursFile(answered_days=3, waiting_parent_days=7, come_back_days=7)
    case = handed_over().urgent("20 11:00")
    assert [due.target for due in owed(case.progress, bare)] == [Target.URGENT]
