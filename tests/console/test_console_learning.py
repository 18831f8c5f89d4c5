"""What was not understood, brought before staff in groups and settled in one step each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from faq_office import FaqOffice, open_faq_office, words

from bot.console import recount
from bot.editing.change import Change
from bot.errors import StorageError
from bot.faq import load
from bot.learning import accepting
from bot.learning.groups import Group
from bot.learning.signals import Kind, Signal
from bot.model import CHONGQING

HOME = "/staff/learning/"
MISSED = "盖章的老地方搬到哪去了"
CARD = "我的卡号6222021234567890123，" + MISSED


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FaqOffice]:
    async with open_faq_office(tmp_path) as lent:
        yield lent


def entries(office: FaqOffice) -> list[str]:
    return list(office.desk.mind.faq.entries)


async def open_signals(office: FaqOffice) -> list[Signal]:
    return [signal for group in await office.learning.groups() for signal in group.signals]


async def kinds(office: FaqOffice) -> dict[str, Kind]:
    return {signal.text: signal.kind for signal in await open_signals(office)}


async def test_every_kind_of_signal_is_in_the_queue(office: FaqOffice) -> None:
    talk, mind = office.talk, office.desk.mind
    bare = mind.faq.topics[0].bare[0]
    entry = mind.faq.entries[entries(office)[0]]

    assert (await talk.say(MISSED, session="miss"))["decision"] == "fallback"
    assert (await talk.say(bare, session="near"))["decision"] == "suggest"
    await talk.say("谢谢", session="near")
    offered = await talk.say(f"{bare}？", session="tapped")
    taken = await talk.pick(2, session="tapped")
    assert taken["decision"] == "answer"
    await talk.say(f"{bare}！", session="none")
    await talk.say("都不是", session="none")
    await talk.say(entry.question, session="bad")
    await talk.say("没帮助", session="bad")

    assert await kinds(office) == {
        MISSED: Kind.MISS,
        bare: Kind.NEAR,
        f"{bare}？": Kind.TAPPED,
        f"{bare}！": Kind.MISS,
        entry.question: Kind.NOT_HELPED,
    }
    [tapped] = [s for s in await open_signals(office) if s.kind is Kind.TAPPED]
    assert tapped.tapped == taken["entry"] == offered["candidates"][1]["entry"]


async def test_what_was_understood_is_not_there(office: FaqOffice) -> None:
    entry = office.desk.mind.faq.entries[entries(office)[0]]
    for words_ in (entry.question, "谢谢", "菜单", "转人工", "有帮助"):
        await office.talk.say(words_)
    await office.talk.line(session="p1", media="photo")
    assert await kinds(office) == {}
    assert "都听懂了" in (await office.browser.get(HOME)).text


async def test_personal_numbers_never_reach_it_and_deletion_empties_it(office: FaqOffice) -> None:
    await office.talk.say(CARD)
    page = (await office.browser.get(HOME)).text
    assert MISSED in page
    assert "6222021234567890123" not in page
    assert "〔卡号已隐去〕" in page
    await office.talk.say("删除我的数据")
    await office.talk.say("确认删除")
    assert await kinds(office) == {}


async def test_the_same_question_in_other_words_is_one_group(office: FaqOffice) -> None:
    about = {
        "seal": ["盖章的地方搬到哪去了", "盖章的地方搬哪了", "盖章那个地方搬到哪里去了"],
        "bird": ["树上的鸟窝掉下来了怎么处理", "鸟窝从树上掉下来怎么办"],
    }
    for number, text in enumerate(t for texts in about.values() for t in texts):
        await office.talk.say(text, session=f"p{number}")
        await office.talk.say(text, session=f"q{number}")
    groups = [{text for text, _ in group.texts} for group in await office.learning.groups()]
    missed = set(await kinds(office))
    assert missed, "nothing of this was missed; choose stranger words"
    for texts in about.values():
        together = set(texts) & missed
        assert together <= next((g for g in groups if g & together), set())
    assert all(len(g & set(about["seal"])) * len(g & set(about["bird"])) == 0 for g in groups)


async def group_page(office: FaqOffice) -> str:
    shown = (await office.browser.get(HOME)).text
    return re.findall(r'href="(/staff/learning/[0-9a-f]{12})"', shown)[0]


async def decide(office: FaqOffice, do: str, **fields: str) -> str:
    """Settle the first group so, publish, and have the desk take it over; return the last page."""
    address = await group_page(office)
    picks = {"pick": "0", "text-0": fields.pop("text", MISSED)}
    answer = await office.filled(address, do=do, **picks, **fields)
    if "/proposals/" in str(answer.url):
        answer = await office.publish(answer)
        await office.take_over()
    return words(answer.text)


async def test_a_group_becomes_phrases_of_an_entry(office: FaqOffice) -> None:
    await office.talk.say(MISSED)
    target = entries(office)[4]
    assert "处理完了" in await decide(office, "phrases", entry=target, text="盖章的地方搬到哪了")
    assert "盖章的地方搬到哪了" in load(office.folder).entries[target].phrases
    assert await kinds(office) == {}
    said = await office.talk.say("盖章的地方搬到哪了", session="p2")
    assert said["entry"] == target


async def test_accepting_for_one_entry_takes_it_from_its_rival(office: FaqOffice) -> None:
    rival, target = entries(office)[:2]
    phrase = office.desk.mind.faq.entries[rival].phrases[0]
    more = office.desk.mind.faq.entries[rival].phrases
    await office.talk.say(phrase)
    await office.talk.say("没帮助")
    edit = f"/staff/faq/entries/{rival}/edit"
    spare = "\n".join([*more, "为了凑够数目另外写的一句说法"])
    await office.publish(await office.filled(edit, phrases=spare))
    await office.take_over()
    await decide(office, "phrases", entry=target, text=phrase)
    faq = load(office.folder)
    assert phrase in faq.entries[target].phrases
    assert phrase not in faq.entries[rival].phrases
    assert (await office.talk.say(phrase, session="p2"))["entry"] == target
    rows = await office.store.database.rows("SELECT * FROM reviews")
    assert [(r["outcome"], r["target"], r["rejected"], r["who"]) for r in rows] == [
        ("phrases", target, f'["{rival}"]', "王老师")
    ]


async def test_a_group_becomes_a_not_for(office: FaqOffice) -> None:
    await office.talk.say(MISSED)
    target = entries(office)[3]
    await decide(office, "not_for", entry=target)
    assert MISSED in load(office.folder).entries[target].not_for
    assert await kinds(office) == {}
    [row] = await office.store.database.rows("SELECT rejected FROM reviews")
    assert row["rejected"] == f'["{target}"]', "nothing was said of the others"


async def offered_alike(office: FaqOffice, session: str, mark: str) -> Group:
    """Have a parent ask what is offered several entries; return the group it is in."""
    bare = office.desk.mind.faq.topics[0].bare[0]
    asked = await office.talk.say(f"{bare}{mark}", session=session)
    assert asked["decision"] == "suggest"
    [group] = await office.learning.groups()
    return group


@pytest.mark.parametrize("outcome", [accepting.NOT_FOR, accepting.MATTER])
async def test_what_staff_rejected_is_not_proposed_again(office: FaqOffice, outcome: str) -> None:
    group = await offered_alike(office, "p1", "")
    likely = group.votes()[0][0]
    target = likely if outcome == accepting.NOT_FOR else "some_matter"
    change = accepting.settling(Change(()), outcome, target, group)
    assert change.settles
    await office.learning.settle(change.settles, "王老师", office.clock())
    assert await office.learning.groups() == []

    group = await offered_alike(office, "p2", "？")
    assert likely in group.rivals, "the matcher still takes it for that"
    assert likely not in [entry for entry, _ in group.votes()]
    title = office.desk.mind.faq.entries[likely].title
    assert f"{title}（像）" not in (await office.browser.get(f"{HOME}{group.id}")).text


async def test_what_staff_accepted_is_proposed_and_its_rivals_are_not(office: FaqOffice) -> None:
    group = await offered_alike(office, "p1", "")
    likely = group.votes()[0][0]
    meant = next(entry for entry in entries(office) if entry not in group.rivals)
    change = accepting.settling(Change(()), accepting.PHRASES, meant, group)
    assert change.settles
    await office.learning.settle(change.settles, "王老师", office.clock())
    group = await offered_alike(office, "p2", "？")
    assert group.votes() == [(meant, 5)]
    page = (await office.browser.get(f"{HOME}{group.id}")).text
    title = office.desk.mind.faq.entries[likely].title
    assert f"{title}（像）" not in page


async def test_what_was_set_aside_rejects_nobody(office: FaqOffice) -> None:
    group = await offered_alike(office, "p1", "")
    picked = {"pick": "0", "text-0": group.texts[0][0]}
    answer = await office.filled(f"{HOME}{group.id}", do="ignored", **picked)
    assert "已放到一边" in answer.text
    again = await offered_alike(office, "p2", "？")
    assert again.votes() == group.votes()


async def test_a_group_becomes_another_offices_matter(office: FaqOffice) -> None:
    await office.talk.say(MISSED)
    matter = next(iter(office.desk.mind.faq.matters))
    await decide(office, "matter", matter=matter)
    assert MISSED in load(office.folder).matters[matter].phrases
    said = await office.talk.say(MISSED, session="p2")
    assert said["decision"] == "elsewhere"


NEW_MATTER = {
    "id": "seal_office",
    "title": "盖章",
    "phrases": f"{MISSED}\n公章的窗口在哪一层\n盖公章的地方几点关门",
}


async def test_a_group_becomes_a_new_matter_of_another_office(office: FaqOffice) -> None:
    await office.talk.say(MISSED)
    like = next(iter(office.desk.mind.faq.matters.values()))
    page = await office.browser.get(await group_page(office))
    [address] = re.findall(r'href="(/staff/learning/[0-9a-f]{12}/matter)"', page.text)
    assert MISSED in (await office.browser.get(address)).text
    answer = await office.filled(address, **NEW_MATTER, office=like.id)
    assert "处理完了" in (await office.publish(answer)).text
    await office.take_over()
    made = load(office.folder).matters["seal_office"]
    assert (made.title, made.door, made.facts) == ("盖章", like.door, like.facts)
    assert await kinds(office) == {}
    said = await office.talk.say("公章的窗口在哪一层", session="p2")
    assert said["decision"] == "elsewhere"
    assert like.door in said["replies"][0]["text"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"office": ""}, "请先选归哪个部门"),
        ({"phrases": MISSED}, "phrases"),
        ({"id": "盖章"}, "id"),
        ({"door": "打{{seal_phone}}问。"}, "占位符"),
    ],
)
async def test_a_new_matter_that_check_does_not_pass_is_refused_and_kept(
    office: FaqOffice, typed: dict[str, str], why: str
) -> None:
    await office.talk.say(MISSED)
    before = (office.folder / "elsewhere.yaml").read_bytes()
    like = next(iter(office.desk.mind.faq.matters))
    address = f"{await group_page(office)}/matter"
    refused = await office.filled(address, **{**NEW_MATTER, "office": like, **typed})
    assert refused.status_code == 422
    assert why in words(refused.text)
    assert 'value="盖章"' in refused.text, "what was typed is still there"
    assert (office.folder / "elsewhere.yaml").read_bytes() == before
    assert len(await kinds(office)) == 1


async def test_a_group_becomes_a_new_draft(office: FaqOffice) -> None:
    await office.talk.say(MISSED)
    address = await group_page(office)
    form = await office.filled(address, do="new")
    assert MISSED in form.text
    typed = {
        "id": "general.seal", "title": "盖章的地方", "question": "盖章的地方在哪里？",
        "answer": "先问学校。", "basis": "《某法》", "as_of": "2025",
        "facts": "E1", "owner": "综合", "review_by": "2027-03-01",
    }  # fmt: skip
    answer = await office.filled(str(form.url), **typed)
    assert "处理完了" in (await office.publish(answer)).text
    assert load(office.folder).drafts["general.seal"].phrases == (MISSED,)
    assert await kinds(office) == {}


async def test_a_group_is_set_aside(office: FaqOffice) -> None:
    await office.talk.say(MISSED)
    assert "已放到一边" in await decide(office, "ignored")
    assert await kinds(office) == {}


async def test_nothing_picked_changes_nothing(office: FaqOffice) -> None:
    await office.talk.say(MISSED)
    address = await group_page(office)
    refused = await office.filled(address, do="phrases", entry=entries(office)[0])
    assert refused.status_code == 422
    assert "一句都没有勾" in refused.text
    assert len(await kinds(office)) == 1


async def test_the_figures_page_shows_and_gives_files(office: FaqOffice) -> None:
    empty = words((await office.browser.get("/staff/figures/")).text)
    assert "还没有咨询" in empty
    now = office.clock().isoformat()
    entry = office.desk.mind.faq.entries[entries(office)[0]]
    await office.talk.say(entry.question, session="p1", at=now)
    await office.talk.say(f"={MISSED}", session="p2", at=now)
    await office.talk.say("转人工", session="p2", at=now)
    page = (await office.browser.get("/staff/figures/")).text
    shown = words(page)
    assert "提问 2" in shown
    assert "没听懂 50.0%" in shown
    assert "5月18日–24日" in shown
    assert page.count("<svg") == 3
    assert f"={MISSED}" in shown
    weeks = await office.browser.get("/staff/figures/weeks.csv")
    assert weeks.content.startswith("\ufeff周一,类别,提问".encode())
    misses = await office.browser.get("/staff/figures/misses.csv")
    assert f"'={MISSED},1," in misses.text
    assert misses.headers["content-disposition"] == 'attachment; filename="misses.csv"'


async def test_many_inquiries_are_counted_behind_the_page(
    office: FaqOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "LARGE", 1)
    monkeypatch.setattr(recount, "PATIENCE_S", 0)
    now = office.clock().isoformat()
    entry = office.desk.mind.faq.entries[entries(office)[0]]
    await office.talk.say(entry.question, session="p1", at=now)

    async def shown() -> str:
        return words((await office.browser.get("/staff/figures/")).text)

    assert "提问 1" in await shown()
    await office.talk.say(entry.question, session="p2", at=now)
    last = await shown()
    assert "提问 1" in last
    assert "之后的正在数" in last
    for _ in range(100):
        if "提问 2" in (last := await shown()):
            break
        await asyncio.sleep(0.05)
    assert "提问 2" in last
    assert "之后的正在数" not in last


async def test_a_count_that_fails_is_logged_and_made_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "PATIENCE_S", 0)
    made: list[int] = []

    async def count() -> tuple[int, int]:
        made.append(1)
        if len(made) == 2:
            raise StorageError("磁盘满了")
        return len(made), recount.LARGE

    counted = recount.Recount(count, lambda: datetime.now(CHONGQING))
    assert (await counted.get("一")).value == 1
    for _ in range(3):
        last = await counted.get("二")
        await asyncio.sleep(0.01)
    assert (last.value, last.state) == (3, "二")
    assert "counting failed" in caplog.text
