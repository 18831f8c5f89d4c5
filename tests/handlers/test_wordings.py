"""What is typed instead of tapped: choices, commands, the wish for a person."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.faq import load
from bot.faq.schema import LexiconFile
from tests.desk import Talk, faq_folder, open_talk, options

UNIFORM = "校服必须买吗，质量和价格谁管？"


def lexicon() -> LexiconFile:
    return load(faq_folder()).lexicon


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with open_talk() as opened:
        yield opened


@pytest.mark.parametrize(
    "typed",
    [
        *("2", "２", "2.", "2。", "2、", "②", "二", " 2 ", "2号", "2吧"),
        *("第二个", "第2个", "第二", "第二项", "第二条", "选2", "选第二个", "我选第2个"),
        *("第二个。", "第二个吧", "第二个嘛", "要第二个", "就第二个", "选择第二个", "第二个谢谢"),
    ],
)
async def test_a_choice_is_taken_by_its_place_in_any_spelling(talk: Talk, typed: str) -> None:
    offered = await talk.say("补助")
    line = await talk.say(typed)
    assert line["decision"] == "answer"
    assert line["entry"] == offered["candidates"][1]["entry"]
    assert line["confidence"] == 1
    assert line["inquiry"]["number"] == offered["inquiry"]["number"]


@pytest.mark.parametrize("typed", ["0", "5", "第九个", "99", "十", "100"])
async def test_a_place_that_is_not_there_offers_the_choices_again(talk: Talk, typed: str) -> None:
    offered = await talk.say("补助")
    line = await talk.say(typed)
    assert line["decision"] == "fallback"
    assert options(line) == options(offered)


async def test_a_choice_is_taken_by_its_label_in_other_clothes(talk: Talk) -> None:
    for dress in ("{}", "{}？", "“{}”", " {} ", "{}。"):
        offered = await talk.say("补助")
        line = await talk.say(dress.format(options(offered)[2]))
        assert line["entry"] == offered["candidates"][2]["entry"], dress


@pytest.mark.parametrize(
    "typed", ["都不是", "都不是。", "都不是！", "以上都不是", "不是这些", "没有我要的", "都不對"]
)
async def test_none_of_these_in_any_spelling(talk: Talk, typed: str) -> None:
    await talk.say("补助")
    line = await talk.say(typed)
    assert line["decision"] == "fallback"
    assert "转人工" in options(line)


@pytest.mark.parametrize("name", ["helped", "not_helped", "menu", "my_inquiries", "delete_data"])
async def test_every_wording_of_a_command_is_one(talk: Talk, name: str) -> None:
    expected = {"helped": "resolved", "not_helped": "open"}.get(name, "answered")
    wrong = []
    for wording in lexicon().commands[name]:
        await talk.say(UNIFORM, session=wording)
        line = await talk.say(f"{wording}！", session=wording)
        if (line["decision"], line["inquiry"]["status"]) != ("command", expected):
            wrong.append((wording, line["decision"]))
    assert wrong == []


async def test_every_wording_for_a_person_gets_one(talk: Talk) -> None:
    wrong = []
    for wording in lexicon().commands["handoff"]:
        line = await talk.say(f"{wording}。", session=wording)
        if (line["inquiry"] or {}).get("status") != "waiting_staff":
            wrong.append((wording, line["decision"]))
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        *("先不要转人工", "不用转人工", "不要给我转人工", "别转人工", "不用找工作人员了"),
        "人工智能课是什么",
    ],
)
async def test_what_is_no_wish_for_a_person_is_not_taken_for_one(talk: Talk, text: str) -> None:
    assert (await talk.say(text))["decision"] != "handoff"


async def test_every_wording_of_small_talk_is_harmless_and_opens_nothing(talk: Talk) -> None:
    wrong = []
    for wordings in lexicon().small_talk.values():
        for text in (each for wording in wordings for each in (wording, f"{wording}！")):
            line = await talk.say(text, session=text)
            if (line["decision"], line["inquiry"]) != ("small_talk", None):
                wrong.append((text, line["decision"]))
    assert wrong == []
