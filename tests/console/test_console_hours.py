"""The office's hours on the staff pages: filled in as people write, checked, published, heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from faq_office import FaqOffice, form_fields, open_faq_office, words

from bot.faq import load
from tests.desk import ROOT

PAGE = "/staff/faq/hours"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FaqOffice]:
    async with open_faq_office(tmp_path, trials=True) as lent:
        # with its comments, as the desk is shipped
        (lent.folder / "hours.yaml").write_bytes((ROOT / "faq" / "hours.yaml").read_bytes())
        await lent.take_over()
        yield lent


def lines(office: FaqOffice) -> list[str]:
    return (office.folder / "hours.yaml").read_text("utf-8").splitlines()


async def test_hours_are_filled_in_published_and_heard(office: FaqOffice) -> None:
    before = lines(office)
    days = {f"day-{n}": "9：00～12：00、14:00-17:30" for n in range(5)}
    days |= {"holidays": "2026年10月1日至2026-10-7\n2027/1/1", "workdays": "2026-10-10"}
    proposed = await office.filled(PAGE, **days, first_reply_minutes="60")
    shown = words(await office.settled(proposed))
    assert lines(office) == before, "nothing is written before it is published"
    assert "周一至周五9:00-12:00、14:00-17:30" in shown, "what a parent hears now"
    assert "现在没人值守，明天9:00有人来" in shown, "and late in the evening"
    answer = await office.publish(proposed)
    assert "已发布" in answer.text
    assert answer.url.path == PAGE
    hours = load(office.folder).hours
    assert hours.week == {f"周{day}": ("09:00-12:00", "14:00-17:30") for day in "一二三四五"}
    assert hours.holidays == ("2026-10-01至2026-10-07", "2027-01-01")
    assert (hours.workdays, hours.first_reply_minutes) == (("2026-10-10",), 60)
    comments = [line for line in before if line.startswith("#")]
    assert [line for line in lines(office) if line.startswith("#")] == comments
    assert '  周一: ["09:00-12:00", "14:00-17:30"]' in lines(office)
    await office.take_over()
    said = await office.talk.say("转人工", at="2026-10-02T10:00:00+08:00")
    assert "现在没人值守，2026年10月8日（周四）9:00有人来" in said["replies"][0]["text"]


async def test_a_day_and_all_days_are_taken_away_again(office: FaqOffice) -> None:
    shipped = lines(office)
    await office.publish(
        await office.filled(PAGE, **{"day-0": "09:00-12:00", "day-5": "9:00-10:00"})
    )
    await office.publish(await office.filled(PAGE, **{"day-0": ""}))
    assert load(office.folder).hours.week == {"周六": ("09:00-10:00",)}
    await office.publish(await office.filled(PAGE, **{"day-5": "", "duty": "工作日"}))
    assert load(office.folder).hours.week == {}
    assert load(office.folder).hours.duty == "工作日"
    await office.publish(await office.filled(PAGE, duty=""))
    assert lines(office) == shipped


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"day-0": "上午"}, "周一 第1项 写法不对"),
        ({"day-0": "14:00-12:00"}, "结束要晚于开始"),
        ({"day-0": "09:00-12:00 11:00-13:00"}, "连着或重叠"),
        ({"holidays": "2027-02-30"}, "不是日历上的日子"),
        ({"holidays": "2027-02-01", "workdays": "2027-02-01"}, "已经写过"),
        ({"urgent_minutes": "很快"}, "urgent_minutes"),
        ({"answered_days": "0"}, "answered_days"),
        ({}, "没有任何改动"),
    ],
)
async def test_what_cannot_be_is_refused_and_stays_in_the_form(
    office: FaqOffice, typed: dict[str, str], told: str
) -> None:
    before = lines(office)
    answer = await office.filled(PAGE, **typed)
    assert answer.status_code == 422
    assert told in answer.text.partition('role="alert"')[2].partition("</div>")[0]
    for text in typed.values():
        assert text in answer.text.partition("<form class=")[2]
    assert lines(office) == before


async def test_who_saves_second_is_told(office: FaqOffice) -> None:
    page = (await office.browser.get(PAGE)).text
    file = office.folder / "hours.yaml"
    file.write_text(file.read_text("utf-8").replace("urgent_minutes: 10", "urgent_minutes: 9"))
    answer = await office.browser.post(PAGE, data={**form_fields(page), "day-1": "09:00-12:00"})
    assert answer.status_code == 409
    assert "又被别人改过了" in answer.text
    assert "09:00-12:00" in answer.text
