"""What a parent sees in WeChat: every kind of message and event, on the real FAQ."""

from __future__ import annotations

import re

from wechat_desk import AGE, event, running

FIRST = "六周岁"


async def test_the_first_greeting_shows_the_five_topics_and_a_typed_number_picks() -> None:
    async with running() as desk:
        greeting = await desk.tell(event("o1", "subscribe"))
        assert "九龙坡家长咨询台" in greeting
        for topic in desk.desk.mind.faq.topics:
            assert re.search(rf"^\d\. {topic.title}$", greeting, re.MULTILINE), greeting
        answer = await desk.say("o1", "1")
        assert desk.desk.mind.faq.topics[0].title in answer
        assert "1. " in answer


async def test_text_is_answered_in_the_response() -> None:
    async with running() as desk:
        answer = await desk.say("o1", AGE)
        assert "依据：" in answer
        assert "回复数字：\n1. 有帮助\n2. 没帮助" in answer
        assert "办结" in await desk.say("o1", "1")
