"""The table of statuses, and that nothing can leave it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.faq.schema import HoursFile
from bot.inquiry import LEGAL, OWNED, UNOWNED, IllegalMove, move, open_inquiry, settle_silence
from bot.model import CHONGQING, Inquiry, Status
from tests.desk import LEGAL_MOVES, audit, check_turn, open_talk

NOW = datetime(2026, 5, 20, 10, tzinfo=CHONGQING)
HOURS = HoursFile(answered_days=3, waiting_parent_days=7, come_back_days=7, duty="")


def inquiry(status: Status, owner: str | None = None) -> Inquiry:
    return Inquiry("1001", "memory:p1", status, NOW, NOW, NOW, owner=owner)


# ------------------------------------------------------------------------------------ the table


def test_the_table_is_the_one_of_product_md() -> None:
    assert {k.value: {v.value for v in vs} for k, vs in LEGAL.items()} == LEGAL_MOVES
    assert {status.value for status in Status} == set(LEGAL_MOVES)
    assert {Status.WITH_STAFF, Status.WAITING_PARENT} == OWNED
    assert {Status.OPEN, Status.ANSWERED, Status.WAITING_STAFF} == UNOWNED


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_a_move_is_made_and_recorded_exactly_when_the_table_holds_it(
    before: Status, after: Status
) -> None:
    old = inquiry(before, "王老师" if before in OWNED | {Status.RESOLVED} else None)
    later = NOW + timedelta(minutes=1)
    if after.value not in LEGAL_MOVES[before.value]:
        with pytest.raises(IllegalMove):
            move(old, after, later, who="王老师", why="测试", owner="王老师")
        return
    new, record = move(old, after, later, who="王老师", why="测试", owner="王老师")
    assert (new.status, new.changed_at, new.touched_at) == (after, later, later)
    assert (record.before, record.after, record.at) == (before, after, later)
    assert (record.number, record.who, record.why) == ("1001", "王老师", "测试")
    assert (new.owner is None) == (after in UNOWNED)


@pytest.mark.parametrize("status", sorted(OWNED))
def test_staff_statuses_need_an_owner(status: Status) -> None:
    for before in Status:
        if status.value in LEGAL_MOVES[before.value] and before not in OWNED:
            with pytest.raises(IllegalMove):
                move(inquiry(before), status, NOW, who="parent", why="测试")


def test_a_new_inquiry_is_open_and_nobodys() -> None:
    new, record = open_inquiry("1001", "memory:p1", NOW, why="新的事", previous="1000")
    assert (new.status, new.owner, new.urgent, new.previous) == (Status.OPEN, None, False, "1000")
    assert (record.before, record.after) == (None, Status.OPEN)


@given(st.lists(st.sampled_from(Status), max_size=20))
def test_no_path_leaves_the_table(wanted: list[Status]) -> None:
    new, record = open_inquiry("1001", "memory:p1", NOW, why="新的事")
    records = [record]
    for status in wanted:
        try:
            new, record = move(new, status, NOW, who="王老师", why="测试", owner="王老师")
        except IllegalMove:
            continue
        records.append(record)
    for earlier, later in pairwise(records):
        assert later.before == earlier.after
        assert later.after.value in LEGAL_MOVES[earlier.after.value]
    assert new.status == records[-1].after
    if new.status is not Status.RESOLVED:
        assert (new.owner is not None) == (new.status in OWNED)


# ------------------------------------------------------------------------------------- silence


@pytest.mark.parametrize(("status", "days"), [(Status.ANSWERED, 3), (Status.WAITING_PARENT, 7)])
def test_silence_resolves_at_the_moment_its_days_are_over(status: Status, days: int) -> None:
    owner = "王老师" if status in OWNED else None
    due = NOW + timedelta(days=days)
    assert settle_silence(inquiry(status, owner), due - timedelta(seconds=1), HOURS)[1] is None
    settled, record = settle_silence(inquiry(status, owner), due + timedelta(days=9), HOURS)
    assert record is not None
    assert (settled.status, settled.owner, settled.changed_at) == (Status.RESOLVED, owner, due)
    assert (record.who, record.at) == ("clock", due)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.ANSWERED, Status.WAITING_PARENT}))
def test_nothing_else_runs_out(status: Status) -> None:
    old = inquiry(status, "王老师" if status in OWNED else None)
    assert settle_silence(old, NOW + timedelta(days=999), HOURS) == (old, None)


# ------------------------------------------------------------- whatever is said, done, or passes

WORDS = (
    "校服必须买吗，质量和价格谁管？",
    "休学和复学怎么办理？",
    "校服必须买吗？双胞胎能分到同一学校吗？",
    "补助",
    "第二个",
    "最后一个",
    "🙄🙄",
    "",
    "社保断缴了怎么补",
    "谢谢",
    "转人工",
    "有帮助",
    "没帮助",
    "我的咨询",
    "1001号",
    "都不是",
    "返回菜单",
    "删除我的数据",
    "确认删除",
    "那要什么材料？",
    "三年级",
    "我不想活了",
)
parents = st.sampled_from(["p1", "p2"])
LINES = st.one_of(
    st.builds(lambda s, t: {"session": s, "text": t}, parents, st.sampled_from(WORDS)),
    st.builds(lambda s, n: {"session": s, "pick": n}, parents, st.integers(1, 5)),
    st.builds(lambda s: {"session": s, "media": "photo"}, parents),
    st.builds(
        lambda who, number, do: {"staff": who, "inquiry": number, "do": do, "text": "好的"},
        st.sampled_from(["王老师", "李老师"]),
        st.sampled_from(["p1", "p2", "1001", "1002", "1003"]),
        st.sampled_from(["take", "reply", "ask_parent", "release", "resolve"]),
    ),
    st.builds(lambda days: {"days": days}, st.sampled_from([1, 3, 7, 8])),
)


async def _play(lines: list[dict[str, Any]]) -> None:
    now = NOW
    async with open_talk() as talk:
        for line in lines:
            if "days" in line:
                now += timedelta(days=line["days"])
                await talk.tick(now.isoformat())
                continue
            before = await _state(talk.desk)
            result = await talk.line(**line)
            check_turn(result)
            if "staff" in line and result["error"]:
                assert await _state(talk.desk) == before, "a refused act changed something"
            if result["decision"] in ("small_talk", "elsewhere"):
                assert [i for i, _ in await _state(talk.desk)] == [i for i, _ in before]
        await audit(talk.desk)


async def _state(desk: Any) -> list[Any]:
    items = await desk.store.queue(limit=10_000)
    return [(item.inquiry, await desk.moves(item.inquiry.number)) for item in items]


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(LINES, min_size=3, max_size=18))
def test_owner_moves_and_silence_agree_whatever_happens(lines: list[dict[str, Any]]) -> None:
    asyncio.run(_play(lines))
