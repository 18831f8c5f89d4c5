"""What is proposed and not yet published outlives the desk's process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.editing.change import Change, Edit, Settlement
from bot.editing.folder import FaqFolder, MovedOn, Refused
from bot.editing.history import History
from bot.editing.impact import Impact, Question, Shift, Told
from bot.editing.rehearsal import Rehearsal
from bot.editing.shelf import Shelf
from bot.editing.workshop import Proposal, Workshop
from bot.faq.load import load

NOW = datetime(2026, 5, 20, 10, tzinfo=UTC)
ASKED = "我家娃儿的事情问过三遍了"
SHIFT = Shift(Question(ASKED), Told("fallback"), Told("answer", ("aid.first",)))
CHANGE = Change(
    (
        Edit("aid.yaml", "entries", "aid.first", {"answer": "新的答复。", "valid_from": None}),
        Edit("local.yaml", "values", "enroll_phone", {"value": "023-12345678"}),
    ),
    why="来自待学习的 2 条",
    settles=Settlement((3, 7), "phrases", "aid.first", ("aid.second",)),
)


class Trial(Rehearsal):
    """Finds that a past question would be answered, and counts how often it was asked to."""

    count = 0

    async def impact(self, *_: object) -> Impact:
        self.count += 1
        return Impact(0, 1, gained=(SHIFT,))


@pytest.fixture
def start(folder: FaqFolder, tmp_path: Path) -> Callable[..., Workshop]:
    """Return what starts the desk's workshop, once more each time, on the same disk."""

    async def past() -> tuple[str, ...]:
        return (ASKED,)

    def started(at: datetime = NOW) -> Workshop:
        return Workshop(
            FaqFolder(folder.path),
            History(folder.path, tmp_path / "journal"),
            Trial(folder.path, tmp_path),
            Shelf(tmp_path / "proposals"),
            tmp_path / "cache",
            past,
            lambda: at,
        )

    return started


async def proposed(shop: Workshop, change: Change = CHANGE) -> Proposal:
    proposal = await shop.propose(change, shop.folder.state(*change.files), "王老师")
    await tried(proposal)
    return proposal


async def tried(proposal: Proposal | None) -> Proposal:
    assert proposal is not None
    assert proposal.task is not None
    await proposal.task
    return proposal


async def test_after_a_restart_it_is_tried_again_and_published(
    start: Callable[..., Workshop],
) -> None:
    before = await proposed(start())
    shop = start()
    assert [(each.token, each.who) for each in await shop.pending()] == [(before.token, "王老师")]
    both = await asyncio.gather(*(shop.proposal(before.token) for _ in range(5)))
    again = await tried(both[0])
    assert all(each is again for each in both)
    assert (again.who, again.at, again.impact) == (before.who, before.at, before.impact)
    assert again.draft.change == before.draft.change == CHANGE
    assert (again.draft.before, again.draft.after) == (before.draft.before, before.draft.after)
    await shop.publish(again, "李老师")
    faq = load(shop.folder.path)
    assert faq.entries["aid.first"].answer == "新的答复。"
    assert faq.local["enroll_phone"].value == "023-12345678"
    assert shop.history.latest()[0].who == "李老师"
    assert await shop.pending() == []
    assert await start().proposal(before.token) is None


async def test_an_undoing_outlives_a_restart(start: Callable[..., Workshop]) -> None:
    shop = start()
    original = load(shop.folder.path).entries["aid.first"]
    await shop.publish(await proposed(shop), "王老师")
    back = await shop.take_back(shop.history.latest()[0], "王老师")
    shop = start()
    await shop.publish(await tried(await shop.proposal(back.token)), "王老师")
    assert load(shop.folder.path).entries["aid.first"] == original


async def test_files_changed_meanwhile_are_not_written_over(start: Callable[..., Workshop]) -> None:
    before = await proposed(start())
    shop = start()
    other = replace(CHANGE.edits[0], values={"answer": "别人写的。"})
    await shop.publish(await proposed(shop, Change((other,))), "李老师")
    again = await tried(await shop.proposal(before.token))
    with pytest.raises(MovedOn):
        await shop.publish(again, "王老师")
    assert load(shop.folder.path).entries["aid.first"].answer == "别人写的。"


async def test_what_would_not_pass_any_more_says_why(start: Callable[..., Workshop]) -> None:
    before = await proposed(start())
    shop = start()
    file = shop.folder.path / "safety.yaml"
    file.write_text(file.read_text("utf-8").replace("topic: safety", "topic：safety", 1), "utf-8")
    with pytest.raises(Refused) as refused:
        await shop.proposal(before.token)
    assert any("safety.yaml" in str(problem) for problem in refused.value.problems)


async def test_what_is_given_up_or_a_day_old_is_gone(
    start: Callable[..., Workshop], tmp_path: Path
) -> None:
    shop = start()
    await shop.give_up(await proposed(shop))
    assert await shop.pending() == []
    assert list((tmp_path / "proposals").iterdir()) == []

    before = await proposed(shop)
    later = start(NOW + timedelta(days=1, seconds=1))
    assert await later.proposal(before.token) is None
    assert await later.pending() == []
    assert list((tmp_path / "proposals").iterdir()) == []


async def test_proposing_sweeps_away_what_is_a_day_old(
    start: Callable[..., Workshop], tmp_path: Path
) -> None:
    await proposed(start())
    young = await proposed(start(NOW + timedelta(hours=23)))
    new = await proposed(start(NOW + timedelta(hours=25)))
    kept = {path.stem for path in (tmp_path / "proposals").iterdir()}
    assert kept == {young.token, new.token}


async def test_no_word_of_a_parent_is_kept_and_nothing_else_is_read(
    start: Callable[..., Workshop], tmp_path: Path
) -> None:
    shop = start()
    before = await proposed(shop)
    assert before.impact is not None
    assert before.impact.gained == (SHIFT,)
    [kept] = (tmp_path / "proposals").iterdir()
    assert ASKED not in kept.read_text("utf-8")
    assert kept.stat().st_mode & 0o077 == 0
    (tmp_path / "elsewhere.json").write_text(kept.read_text("utf-8"), "utf-8")
    for token in ("../elsewhere", "", "..", f"{before.token}x", "a" * 300):
        assert await start().proposal(token) is None
    kept.write_text("{}", "utf-8")
    assert await start().proposal(before.token) is None
    assert await start().pending() == []
