"""An answer out of its window is understood as ever, and never sent."""

from __future__ import annotations

from dataclasses import replace

from bot.matching.understand import Understanding
from tests.desk import open_talk, said, understanding

ENTRY = "general.uniform"
QUESTION = "校服必须买吗，质量和价格谁管？"


def expiring(day: str) -> Understanding:
    """Return the real FAQ, one entry of which is valid up to that day."""
    mind = understanding()
    entry = mind.faq.entries[ENTRY].model_copy(update={"valid_until": day})
    entries = {**mind.faq.entries, ENTRY: entry}
    return Understanding.of(replace(mind.faq, entries=entries), mind.model)


async def test_an_expired_answer_is_never_sent() -> None:
    mind = expiring("2026-05-20")
    answer = mind.faq.answer(ENTRY)
    async with open_talk(mind=mind) as talk:
        before = await talk.say(QUESTION, at="2026-05-20T23:59:59+08:00")
        assert said(before).startswith(answer)
        # The day is the district's, wherever the time was written.
        after = await talk.say(QUESTION, session="p2", at="2026-05-20T16:00:00+00:00")
        assert (after["decision"], after["entry"]) == ("answer", ENTRY)
        assert after["inquiry"]["status"] == "answered"
        words = said(after)
        assert not set(answer.splitlines()) & set(words.splitlines())
        assert "新的还没有公布" in words
        assert "12345" in words
        picked = await talk.say("校服", session="p3", at="2026-05-21T09:00:00+08:00")
        assert not set(answer.splitlines()) & set(said(picked).splitlines())
