"""Personal numbers are masked before anything is stored, shown to staff, or logged."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.privacy import mask
from tests.desk import open_talk

IDENTITY = "50010720170101123"
MASKED = [
    ("13812345678", "电话"),
    ("138 1234 5678", "电话"),
    ("138-1234-5678", "电话"),
    ("138.1234.5678", "电话"),
    ("138  1234  5678", "电话"),
    ("+8613812345678", "电话"),
    ("+86 138 1234 5678", "电话"),
    ("008613812345678", ""),
    ("１３８１２３４５６７８", "电话"),
    ("023-68123456", "电话"),
    ("02368123456", "电话"),
    (f"{IDENTITY}4", "身份证"),
    (f"{IDENTITY}X", "身份证"),
    (f"{IDENTITY}x", "身份证"),
    ("500107 20170101 1234", "身份证"),
    ("500107-20170101-123X", "身份证"),
    ("５００１０７２０１７０１０１１２３Ｘ", "身份证"),
    ("500107170101123", "身份证"),
    ("6222021234567890123", "卡号"),
    ("6222 0212 3456 7890 123", "卡号"),
    ("6222 0212 3456 7890", "卡号"),
    ("6222021234567890", "卡号"),
]
KEPT = [
    "打12345还是110",
    "12356、12355",
    "2020年9月1日生的",
    "20200901",
    "2020-09-01",
    "1001号咨询",
    "20260520103000",
    "一学期1250元，三年3750元",
    "400041",
    "第12345678号",
    "100%，3.14，1/2",
]


@pytest.mark.parametrize(("number", "kind"), MASKED)
@pytest.mark.parametrize("around", ["{}", "我的号码{}，急", "号{}号", "x{}x", "（{}）", "{}\n{}"])
def test_personal_numbers_are_masked_wherever_they_stand(
    number: str, kind: str, around: str
) -> None:
    if around == "x{}x" and number.endswith(("X", "x", "Ｘ")):
        return
    masked = mask(around.format(number, number))
    assert not any(char.isdecimal() for char in masked), masked
    assert "隐去" in masked
    assert kind in masked


@pytest.mark.parametrize("text", KEPT)
def test_everything_else_stays(text: str) -> None:
    assert mask(text) == text


def test_several_in_one_message() -> None:
    text = f"我13812345678，他爸13987654321，娃儿{IDENTITY}4，卡6222021234567890123，2020年9月1日生"
    masked = mask(text)
    assert [word for word in ("138", "139", "5001", "6222") if word in masked] == []
    assert masked.count("隐去") == 4
    assert "2020年9月1日" in masked


@pytest.mark.parametrize("between", [" ", "，", "、", "/", "和", "\n", "  "])
def test_two_numbers_side_by_side(between: str) -> None:
    masked = mask(f"13812345678{between}13987654321")
    assert not any(char.isdecimal() for char in masked), masked


@given(st.text(max_size=60))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(
    st.from_regex(r"\A1[3-9][0-9]{9}\Z"),
    st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=8),
)
def test_no_phone_gets_through(phone: str, around: str) -> None:
    assert phone not in mask(f"{around}{phone}{around}")


PARTS = ("13812345678", "138 1234 5678", IDENTITY, "6222021234567890123", "68123456")


def hidden(raw: bytes) -> bool:
    """Return whether none of the numbers stands in these bytes, as text or escaped."""
    return not any(part.encode(code) in raw for part in PARTS for code in ("utf-8", "utf-16-le"))


async def test_the_database_and_the_log_never_see_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [
        "我电话13812345678，校服必须买吗，质量和价格谁管？",
        "138 1234 5678",
        f"娃儿身份证{IDENTITY}4",
        "卡号6222021234567890123",
        "座机023-68123456，转人工",
        "转人工 13812345678",
        "我不想活了 13812345678",
    ]
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        for text in texts:
            line = await talk.say(text)
            assert "13812345678" not in str(line["replies"])
        await talk.act("王老师", "take")
        await talk.say("打我电话13812345678")
        for file in tmp_path.iterdir():
            assert hidden(file.read_bytes()), file.name
        shown = str(await talk.desk.history("memory:p1"))
        assert "隐去" in shown
        assert hidden(shown.encode())
    assert [file.name for file in tmp_path.iterdir() if not hidden(file.read_bytes())] == []
    assert hidden(caplog.text.encode())


async def test_the_log_never_sees_what_a_parent_wrote(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with open_talk() as talk:
        for text in ("校服必须买吗，质量和价格谁管？", "紫薇花开在杨家坪", "我不想活了", "转人工"):
            await talk.say(text)
        await talk.act("王老师", "reply", "紫薇老师知道")
    for words in ("校服必须", "紫薇", "不想活", "王老师"):
        assert words not in caplog.text


async def test_deleting_leaves_no_word_in_the_files(tmp_path: Path) -> None:
    database = tmp_path / "desk.sqlite3"
    async with open_talk(database) as talk:
        await talk.say("紫薇花开在杨家坪，校服必须买吗")
        await talk.say("转人工")
        await talk.act("王老师", "reply", "紫薇老师知道")
        await talk.say("紫薇谢谢")
        await talk.say("删除我的数据")
        line = await talk.say("确认删除")
        assert line["decision"] == "command"
        history = await talk.desk.history("memory:p1")
        assert "紫薇" not in str(history)
        other = await talk.say("紫薇花也开在石桥铺", session="p2")
        assert other["replies"]
        await talk.say("删除我的数据", session="p2")
        await talk.say("确认删除", session="p2")
        for file in tmp_path.iterdir():
            assert "紫薇".encode() not in file.read_bytes(), file.name
