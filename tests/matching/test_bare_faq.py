"""A FAQ that knows nothing but its entries: no other offices, no talk, no danger."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_faq import PHRASES, small_faq

from bot.faq.schema import DangerFile, ElsewhereFile
from bot.faq.value import Faq
from bot.matching.reading import Kind
from bot.matching.training import trained
from bot.matching.understand import Understanding

ASKED = [
    ("小学一年级报名要带些什么材料", "enrollment.papers"),
    ("孩子六岁差一个月能读一年级吗", "enrollment.age"),
    ("小升初是怎么分学校的", "enrollment.junior"),
    ("住校的孩子有没有生活补助", "aid.boarder"),
    ("走读的孩子有补助吗", "aid.day"),
    ("看到一辆校车超载，找谁举报", "safety.bus"),
]
STRANGERS = ["今天晚上吃什么好", "股票跌了怎么办", "推荐一部好看的电影", "空调不制冷是什么原因"]


def bare(faq: Faq) -> Faq:
    """Return the FAQ with nothing in it that is not one of its entries."""
    return replace(
        faq,
        entries={n: e.model_copy(update={"not_for": ()}) for n, e in faq.entries.items()},
        elsewhere=ElsewhereFile(matters=(), off_topic=()),
        danger=DangerFile.model_construct(kinds=(), harmless=()),
    )


@pytest.fixture(
    scope="module",
    params=[14, 3, 2],
    ids=["many phrases", "few phrases", "nothing but a question and a title"],
)
def mind(request: pytest.FixtureRequest) -> Understanding:
    faq = bare(small_faq({n: texts[: request.param] for n, texts in PHRASES.items()}))
    return Understanding.of(faq, trained(faq, None))


def test_strangers_are_not_answered(mind: Understanding) -> None:
    for text in STRANGERS:
        assert mind.read(text).kind is not Kind.ANSWER, text


def test_what_is_asked_ranks_first_and_is_never_answered_wrongly(mind: Understanding) -> None:
    first = 0
    for text, entry in ASKED:
        reading = mind.read(text)
        first += reading.candidates[0].entry == entry
        assert reading.kind is not Kind.ANSWER or reading.entries == (entry,), text
    assert first >= len(ASKED) - 1


def test_with_many_phrases_most_is_answered() -> None:
    faq = bare(small_faq())
    mind = Understanding.of(faq, trained(faq, None))
    answered = [text for text, _ in ASKED if mind.read(text).kind is Kind.ANSWER]
    assert len(answered) >= len(ASKED) // 2


def test_nothing_is_danger(mind: Understanding) -> None:
    assert mind.sense("有人在校门口砍人，快来人啊") is None
