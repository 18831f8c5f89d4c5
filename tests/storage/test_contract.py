"""What every store promises about messages, sessions, inquiries and deliveries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from storage_desk import (
    NOW,
    OFFERED,
    WEEK,
    delivery,
    handle,
    message,
    raise_inquiry,
)

from bot.errors import StorageError
from bot.model import (
    Candidate,
    Decision,
    Inquiry,
    Media,
    Reply,
    Session,
    Status,
    Turn,
)
from bot.storage.store import HistoryItem, Store
from tests.desk import unsent


def lines(items: list[HistoryItem]) -> list[tuple[str, str]]:
    return [(item.who, item.text) for item in items]


async def test_a_message_is_unhandled_until_it_is_finished(store: Store) -> None:
    first, second = message("那个", "m1"), message("报名什么时候开始", "m2", media=Media.PHOTO)
    assert await store.write_down(first) is None
    assert await store.write_down(second) is None
    assert await store.write_down(replace(second, text="改过的")) is None
    assert await store.unhandled() == [first, second]
    async with store.transaction() as transaction:
        turn = Turn(first, Decision.FALLBACK, (), (), 0.0, (), None)
        await transaction.finish(turn, Session(first.session_key), [])
    assert await store.unhandled() == [second]


async def test_a_repeat_returns_the_stored_turn_with_the_inquiry_as_it_is_now(
    store: Store,
) -> None:
    inquiry = await raise_inquiry(store, Status.WAITING_STAFF)
    turn = Turn(
        message=message("补助", "m2", pick=3),
        decision=Decision.SUGGEST,
        replies=(Reply("您问的是哪一个？", OFFERED), Reply("第二条\n😀")),
        entries=("aid.boarder_subsidy", "aid.day_student_subsidy"),
        confidence=0.1 + 0.2,
        candidates=(Candidate("aid.boarder_subsidy", 1 / 3),),
        inquiry=inquiry,
    )
    await store.write_down(turn.message)
    async with store.transaction() as transaction:
        await transaction.finish(turn, Session(inquiry.session_key), [])
    assert await store.write_down(turn.message) == turn
    assert await store.write_down(message("别的话", "m2")) == turn

    later = replace(inquiry, urgent=True, entry="aid.boarder_subsidy")
    async with store.transaction() as transaction:
        await transaction.save_inquiry(later, [])
    assert await store.write_down(turn.message) == replace(turn, inquiry=later)


async def test_one_message_id_in_two_sessions_is_two_messages(store: Store) -> None:
    one = await handle(store, message("甲", "m1", user="p1"), Reply("答甲"))
    two = await handle(store, message("乙", "m1", user="p2"), Reply("答乙"))
    assert await store.write_down(one.message) == one
    assert await store.write_down(two.message) == two


async def test_a_message_is_finished_once_and_only_when_written_down(store: Store) -> None:
    turn = await handle(store, message("你好"), Reply("您好"))
    for said in (turn.message, message("没有登记过", "m9")):
        with pytest.raises(StorageError, match="已经处理过"):
            async with store.transaction() as transaction:
                await transaction.finish(replace(turn, message=said), Session("memory:p1"), [])
    assert lines(await store.history("memory:p1")) == [("parent", "你好"), ("bot", "您好")]


async def test_a_session_comes_back_as_it_was_left(store: Store) -> None:
    async with store.transaction() as transaction:
        assert await transaction.session("memory:p1", NOW - WEEK) == Session("memory:p1")
        kept = Session("memory:p1", True, 1, OFFERED, "aid.boarder_subsidy", "1001", True)
        await transaction.save_session(kept)
        await transaction.save_session(kept)
        assert await transaction.session("memory:p1", NOW - WEEK) == kept
        assert await transaction.session("memory:p2", NOW - WEEK) == Session("memory:p2")


async def test_a_session_holds_what_is_unresolved_recent_or_current(store: Store) -> None:
    old = NOW - timedelta(days=30)
    current = await raise_inquiry(store, Status.RESOLVED, at=old)
    await raise_inquiry(store, Status.RESOLVED, at=old)
    waiting = await raise_inquiry(store, Status.WAITING_STAFF, at=old)
    edge = await raise_inquiry(store, Status.RESOLVED, at=NOW - WEEK)
    await raise_inquiry(store, user="p2")
    async with store.transaction() as transaction:
        await transaction.save_session(Session("memory:p1", current=current.number))
        session = await transaction.session("memory:p1", NOW - WEEK)
        assert session.inquiries == (current, waiting, edge)
        session = await transaction.session("memory:p1", NOW)
        assert session.inquiries == (current, waiting)


async def test_times_keep_their_instant(store: Store) -> None:
    written = datetime(2026, 5, 20, 2, 0, 0, 123456, UTC)
    await store.write_down(message("早", at=written))
    [read] = await store.unhandled()
    assert read.received_at == written
    assert read.received_at.isoformat() == "2026-05-20T10:00:00.123456+08:00"
    with pytest.raises(ValueError, match="zone"):
        await store.write_down(message("早", "m2", at=written.replace(tzinfo=None)))


async def test_any_text_is_kept(store: Store) -> None:
    for place, text in enumerate(("", "😀" * 2000, "'; DROP TABLE inbox; --", "半个字\ud83d\0尾")):
        await store.write_down(message(text, f"m{place}"))
    assert [kept.text for kept in await store.unhandled()] == [
        "",
        "😀" * 2000,
        "'; DROP TABLE inbox; --",
        "半个字\ufffd\ufffd尾",
    ]


async def test_numbers_start_at_1001_and_only_saving_uses_them_up(store: Store) -> None:
    async with store.transaction() as transaction:
        assert await transaction.peek_numbers(2) == ["1001", "1002"]
        assert await transaction.peek_numbers(1) == ["1001"]
    await raise_inquiry(store)
    async with store.transaction() as transaction:
        assert await transaction.peek_numbers(2) == ["1002", "1003"]


async def test_an_inquiry_keeps_every_field_and_its_moves(store: Store) -> None:
    inquiry = Inquiry(
        number="1001",
        session_key="memory:p1",
        status=Status.WITH_STAFF,
        opened_at=NOW,
        changed_at=NOW + timedelta(seconds=1),
        touched_at=NOW + timedelta(seconds=2),
        topic="aid",
        entry="aid.boarder_subsidy",
        owner="王老师",
        urgent=True,
        previous="999",
        slots={"birth": "2020-01-01"},
    )
    async with store.transaction() as transaction:
        await transaction.save_inquiry(inquiry, [])
        assert await transaction.inquiry("1001") == inquiry
    assert await store.inquiry("1001") == inquiry
    for unknown in ("1002", "01001", "abc", "", "9" * 40, "-1"):
        assert await store.inquiry(unknown) is None
    other = await raise_inquiry(store, Status.WAITING_STAFF, Status.RESOLVED)
    assert [(m.before, m.after, m.who) for m in await store.moves(other.number)] == [
        (None, Status.OPEN, "parent"),
        (Status.OPEN, Status.WAITING_STAFF, "王老师"),
        (Status.WAITING_STAFF, Status.RESOLVED, "王老师"),
    ]
    assert await store.moves("1001") == []


async def test_a_number_never_passes_to_another_parent(store: Store) -> None:
    inquiry = await raise_inquiry(store)
    with pytest.raises(StorageError, match="另一位家长"):
        async with store.transaction() as transaction:
            await transaction.save_inquiry(replace(inquiry, session_key="memory:p2"), [])
    assert await store.inquiry(inquiry.number) == inquiry


async def test_history_and_transcript_hold_a_staff_reply_once(store: Store) -> None:
    inquiry = await raise_inquiry(store, Status.WITH_STAFF, words="学校不给转学")
    async with store.transaction() as transaction:
        await transaction.queue_delivery(delivery(inquiry, "王老师已接手", OFFERED))
        await transaction.save_words(inquiry.number, "王老师", "已联系学校", NOW)
        await transaction.queue_delivery(delivery(inquiry, "王老师回复您：已联系学校"))
        await transaction.save_words(inquiry.number, "李老师", "内部备注", NOW)
    owned = message("谢谢，等您消息", "m2")
    await handle(store, owned, decision=Decision.STAFF, about=inquiry.number)
    await handle(store, message("别人的话", user="p2"), Reply("答"), new=True)

    history = await store.history(inquiry.session_key)
    assert lines(history) == [
        ("parent", "学校不给转学"),
        ("bot", "好的"),
        ("bot", "王老师已接手"),
        ("王老师", "王老师回复您：已联系学校"),
        ("parent", "谢谢，等您消息"),
    ]
    assert history[2].choices == OFFERED
    transcript = await store.transcript(inquiry.number)
    assert lines(transcript) == [
        ("parent", "学校不给转学"),
        ("bot", "好的"),
        ("bot", "王老师已接手"),
        ("王老师", "已联系学校"),
        ("李老师", "内部备注"),
        ("parent", "谢谢，等您消息"),
    ]
    assert {item.inquiry for item in transcript} == {inquiry.number}
    assert await store.transcript("4711") == []


async def test_history_ids_are_unique_stable_and_the_limit_keeps_the_newest(
    store: Store,
) -> None:
    await handle(store, message("一", "m1"), Reply("答一"), Reply("再答一", OFFERED))
    await handle(store, message("", "m2", pick=1), Reply("答二"))
    await store.write_down(message("", "m3", media=Media.VOICE))
    history = await store.history("memory:p1")
    assert lines(history) == [
        ("parent", "一"),
        ("bot", "答一"),
        ("bot", "再答一"),
        ("parent", "寄宿生补助"),
        ("bot", "答二"),
        ("parent", ""),
    ]
    assert [item.media for item in history][-2:] == [None, Media.VOICE]
    assert history[2].choices == OFFERED
    assert len({item.id for item in history}) == len(history)
    for limit in range(8):
        assert await store.history("memory:p1", limit) == history[len(history) - min(limit, 6) :]


async def test_deliveries_wait_until_marked_and_can_be_read_again(store: Store) -> None:
    inquiry = await raise_inquiry(store, Status.WITH_STAFF)
    other = await raise_inquiry(store, user="p2")
    async with store.transaction() as transaction:
        first = await transaction.queue_delivery(delivery(inquiry, "一", OFFERED))
        foreign = await transaction.queue_delivery(delivery(other, "别人的"))
        second = await transaction.queue_delivery(delivery(inquiry, "二"))
    assert 0 < first.id < foreign.id < second.id
    assert await unsent(store) == [first, foreign, second]
    await store.mark_sent([first.id, foreign.id], NOW)
    await store.mark_sent([first.id], NOW + WEEK)
    await store.mark_sent([], NOW)
    assert await unsent(store) == [second]
    sent = replace(first, sent_at=NOW)
    assert await store.deliveries_after("memory:p1", 0) == [sent, second]
    assert await store.deliveries_after("memory:p1", first.id) == [second]
    assert await store.deliveries_after("memory:p1", second.id) == []


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.ping()
    await store.close()
    await store.close()
    with pytest.raises(StorageError, match="已经关闭"):
        await store.ping()
    with pytest.raises(StorageError, match="已经关闭"):
        await store.write_down(message("你好"))
