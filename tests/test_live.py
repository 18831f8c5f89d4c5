"""A saved FAQ is live in seconds; a broken one leaves the old one serving and says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import live
from bot.faq import load
from bot.matching.reading import Kind
from bot.matching.training import trained
from bot.matching.understand import Understanding
from tests.desk import (
    cache_folder,
    open_talk,
    options,
    read_yaml,
    said,
    small_faq,
    until,
    write_yaml,
)

SMALL = cache_folder() / "small"
"""Apart from the real models, of which only the newest are kept."""
SECONDS = 20
"""How long a slow, busy machine may take; a usual one needs a second or two."""
AGE = "enrollment.age_requirement"
TIMELINE = "enrollment.timeline"
BOARDER = "aid.boarder_subsidy"


class Serving:
    """What is served while the folder is watched, and what was said about it."""

    def __init__(self, folder: Path) -> None:
        faq = load(folder)
        self.mind = Understanding.of(faq, trained(faq, SMALL))
        self.folder = folder
        self.said: list[str] = []
        self.minds = [self.mind]

    def replace(self, mind: Understanding) -> None:
        self.mind = mind
        self.minds.append(mind)

    def edit(self, file: str, change: Callable[[Any], None]) -> None:
        """Change a file's content as staff do, saved all at once."""
        content = read_yaml(self.folder / file)
        change(content)
        write_yaml(self.folder / file, content)

    def answer(self, entry: str = AGE) -> str:
        return self.mind.faq.answer(entry)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_faq(tmp_path / "faq")


@asynccontextmanager
async def watched(folder: Path, cache: Path | None = None) -> AsyncIterator[Serving]:
    serving, stop = Serving(folder), asyncio.Event()
    watching = asyncio.create_task(
        live.watch(
            folder,
            cache or SMALL,
            lambda: serving.mind,
            serving.replace,
            stop,
            serving.said.append,
        )
    )
    # The watcher has to be looking before the first edit.
    await asyncio.sleep(0.5)
    try:
        yield serving
    finally:
        stop.set()
        await asyncio.wait_for(watching, SECONDS)


def entry(topic: Any, wanted: str) -> Any:
    return next(each for each in topic["entries"] if each["id"] == wanted)


def answering(words: str, wanted: str = AGE) -> Callable[[Any], None]:
    """Return the edit that gives an entry another answer."""

    def change(topic: Any) -> None:
        entry(topic, wanted)["answer"] = words + "\n"

    return change


async def test_a_changed_answer_is_served(folder: Path) -> None:
    async with watched(folder) as serving:
        assert "新的答复" not in serving.answer()
        serving.edit("enrollment.yaml", answering("这是新的答复。"))
        await until(lambda: "这是新的答复。" in serving.answer(), "the new answer")
        assert serving.said


async def test_a_changed_sentence_of_the_bots_own_is_served(folder: Path) -> None:
    async with watched(folder) as serving:
        serving.edit("messages.yaml", lambda m: m["messages"].update(none_of_these="一个都不对"))
        await until(
            lambda: serving.mind.faq.say("none_of_these") == "一个都不对", "the new sentence"
        )


async def test_a_broken_edit_leaves_the_old_one_serving_and_says_so(folder: Path) -> None:
    async with watched(folder) as serving:
        before, good = serving.mind, (folder / "enrollment.yaml").read_text("utf-8")
        (folder / "enrollment.yaml").write_text(good + "\n  坏的: [没有关", "utf-8")
        await until(lambda: serving.said, "a word about the broken file")
        assert "enrollment.yaml" in "\n".join(serving.said)
        assert "行" in "\n".join(serving.said)
        assert serving.mind is before
        assert serving.answer()

        (folder / "enrollment.yaml").write_text(good, "utf-8")
        serving.edit("enrollment.yaml", answering("改好了。"))
        await until(lambda: "改好了。" in serving.answer(), "the mended file")


async def test_a_file_that_vanishes_and_comes_back(folder: Path) -> None:
    async with watched(folder) as serving:
        good = (folder / "aid.yaml").read_text("utf-8")
        (folder / "aid.yaml").unlink()
        await until(lambda: serving.said, "a word about the missing file")
        assert "aid.yaml" in "\n".join(serving.said)
        assert "aid.eligibility" in serving.mind.faq.entries
        (folder / "aid.yaml").write_text(good, "utf-8")
        serving.edit("aid.yaml", answering("又有了。", "aid.eligibility"))
        await until(lambda: "又有了。" in serving.answer("aid.eligibility"), "the file back")


async def test_new_words_count_at_once_and_others_like_them_once_learnt(folder: Path) -> None:
    new = [f"紫薇星光卡{word}" for word in ("怎么激活", "激活不了咋办", "在哪点激活", "激活要几天")]
    like = "屋头那张紫薇星光卡一直激活不起"
    async with watched(folder, folder.parent / "cache") as serving:
        before = serving.mind.read(like)
        assert before.kind is not Kind.ANSWER or before.entries != (BOARDER,)
        serving.edit("aid.yaml", lambda topic: entry(topic, BOARDER)["phrases"].extend(new))
        await until(lambda: len(serving.minds) > 1, "the new words")
        assert serving.minds[1].read(new[0]).entries == (BOARDER,)
        await until(lambda: len(serving.minds) > 2, "the retrained matcher")
        assert serving.mind.read(like).candidates[0].entry == BOARDER
        assert len(serving.said) >= 2


async def test_an_edit_during_the_learning_does_not_wait_for_its_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learning the real FAQ takes a minute; who corrects a wrong answer meanwhile cannot wait."""
    learning, done = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        learning.set()
        done.wait(SECONDS * 2)
        return trained(*arguments)

    monkeypatch.setattr(live, "trained", slow)
    async with watched(folder) as serving:
        try:
            serving.edit("enrollment.yaml", answering("第一次改。"))
            await until(learning.is_set, "the learning")
            serving.edit("enrollment.yaml", answering("第二次改。"))
            await until(lambda: "第二次改。" in serving.answer(), "the second edit")
        finally:
            done.set()


async def test_learning_that_fails_leaves_the_words_served(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(live, "trained", fails)
    async with watched(folder) as serving:
        serving.edit("enrollment.yaml", answering("照样算数。"))
        await until(lambda: "照样算数。" in serving.answer(), "the new answer")
        await until(lambda: len(serving.said) > 1, "a word about the learning")
        serving.edit("enrollment.yaml", answering("后面的也算。"))
        await until(lambda: "后面的也算。" in serving.answer(), "the next answer")


async def test_what_was_offered_may_be_gone_when_it_is_picked(folder: Path) -> None:
    faq = load(folder)
    model = trained(faq, SMALL)
    async with open_talk(mind=Understanding.of(faq, model)) as talk:
        await talk.say(faq.entries[AGE].question)
        line = await talk.say("入学转学")
        assert faq.entries[TIMELINE].title in options(line)
        content = read_yaml(folder / "enrollment.yaml")
        spare = read_yaml(folder / "aid.yaml")["entries"]
        content["entries"] = [
            {**each, "id": f"enrollment.new_{n}", "question": f"第{n}个新问题是什么呢"}
            | {"phrases": [f"新说法{n}号之{k}" * 2 for k in range(12)], "related": []}
            for n, each in enumerate(spare)
        ]
        content["examples"] = [each["id"] for each in content["entries"]]
        write_yaml(folder / "enrollment.yaml", content)
        for other in folder.glob("*.yaml"):
            _forget(other, "enrollment.")
        talk.desk.mind = Understanding.of(load(folder), model)

        gone = await talk.pick(options(line).index(faq.entries[TIMELINE].title) + 1)
        assert gone["decision"] == "fallback"
        for text in ("那要什么材料？", "我的咨询", "1001号", "没帮助", "转人工"):
            answered = await talk.say(text)
            assert said(answered)
            assert "12345" in said(answered) or "出了点问题" not in said(answered)


def _forget(file: Path, prefix: str) -> None:
    """Drop every relation that leads to entries of that prefix."""
    content = read_yaml(file)
    for each in content.get("entries", ()):
        each["related"] = [r for r in each.get("related", ()) if not r.startswith(prefix)]
    for kind in content.get("kinds", ()):
        if str(kind.get("entry", "")).startswith(prefix):
            del kind["entry"]
    for button in content.get("buttons", ()):
        for item in button.get("buttons", [button]):
            if item.get("entry", "").startswith(prefix):
                item["command"] = "menu"
                del item["entry"]
    if file.name != "enrollment.yaml":
        write_yaml(file, content)
