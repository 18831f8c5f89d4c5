"""The desk's own sentences on the staff pages: found, changed, checked, heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from faq_office import FaqOffice, open_faq_office, words

from bot.faq import load
from tests.console.console_office import hidden_fields
from tests.desk import ROOT

PAGE = "/staff/faq/messages"
FILE = "messages.yaml"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FaqOffice]:
    async with open_faq_office(tmp_path) as lent:
        (lent.folder / FILE).write_bytes((ROOT / "faq" / FILE).read_bytes())
        await lent.take_over()
        yield lent


async def send(office: FaqOffice, part: str, name: str, text: str) -> httpx.Response:
    """Fill in one sentence's form and press its button."""
    hidden = hidden_fields((await office.browser.get(PAGE)).text)
    typed = {**hidden, "part": part, "name": name, "text": text}
    return await office.browser.post(PAGE, data=typed, follow_redirects=True)


def lines(office: FaqOffice) -> list[str]:
    return (office.folder / FILE).read_text("utf-8").splitlines()


async def test_they_are_found_by_their_words(office: FaqOffice) -> None:
    page = words((await office.browser.get(PAGE, params={"q": "没听明白"})).text)
    assert "fallback_first" in page
    assert "welcome" not in page
    assert "没有这样的话" in (await office.browser.get(PAGE, params={"q": "蓝莓烤箱"})).text


async def test_a_sentence_is_changed_and_heard(office: FaqOffice) -> None:
    before = lines(office)
    proposed = await send(office, "small_talk", "thanks", "不用谢: 随时来 # 好的")
    assert lines(office) == before, "nothing is written before it is published"
    answer = await office.publish(proposed)
    assert (answer.url.path, "已发布" in answer.text) == (PAGE, True)
    changed = [new for new in lines(office) if new not in before]
    assert changed == ['  thanks: "不用谢: 随时来 # 好的"']
    await office.take_over()
    assert "不用谢: 随时来 # 好的" in (await office.talk.say("谢谢"))["replies"][0]["text"]


async def test_several_lines_stay_several(office: FaqOffice) -> None:
    await office.publish(
        await send(office, "messages", "mine_one", "{number}号{title}\r\n{status}，{opened}起")
    )
    assert (
        load(office.folder).say("mine_one", number="7", title="甲", status="乙", opened="丙")
        == "7号甲\n乙，丙起"
    )


@pytest.mark.parametrize(
    ("part", "name", "text", "told"),
    [
        ("messages", "taken", "{owner}接手了{nummer}号", "{nummer} 程序填不了"),
        ("messages", "taken", "{owner接手了", "花括号没有配对"),
        ("messages", "welcome", "", "welcome"),
        ("messages", "no_such", "话", "没有这一句"),
        ("entries", "welcome", "话", "没有这一句"),
    ],
)
async def test_what_could_not_be_said_is_refused(
    office: FaqOffice, part: str, name: str, text: str, told: str
) -> None:
    before = lines(office)
    answer = await send(office, part, name, text)
    assert answer.status_code == 422
    assert told in answer.text.partition('role="alert"')[2].partition("</div>")[0]
    assert lines(office) == before


async def test_a_field_left_out_is_pointed_at_before_publishing(office: FaqOffice) -> None:
    proposed = await send(office, "messages", "taken", "{owner}接手了")
    assert "没有用到 {number}，家长会看不到它" in words(await office.settled(proposed))
