"""Danger: what signals say, what the alarm hears, and what only sounds like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from bot.faq.value import Faq
from bot.matching.danger import DangerSense
from bot.matching.understand import Understanding
from bot.matching.wording import Wording


@dataclass(frozen=True)
class Alarm:
    """A trained alarm that hears danger only where certain words are."""

    words: str = "\0"
    loud: float = 1.0
    quiet: float = 0.1
    alarm_at: float = 0.5
    clause_alarm_at: float = 0.5

    def loudest(self, utterances: Sequence[str], most: int) -> list[str]:
        return sorted(utterances, key=lambda said: self.words not in said)[:most]

    def alarm(self, utterances: Sequence[str]) -> list[tuple[str, float]]:
        return [
            ("violence", self.loud if self.words in said else self.quiet) for said in utterances
        ]


def sense_with(faq: Faq, wording: Wording, alarm: Alarm) -> DangerSense:
    return DangerSense.of(faq, alarm, wording)  # type: ignore[arg-type]


@pytest.fixture
def signals(faq: Faq, wording: Wording) -> DangerSense:
    """Danger as signals alone tell it: the alarm hears nothing either way."""
    return sense_with(faq, wording, Alarm())


def kind_of(sense: DangerSense, text: str) -> str | None:
    kind = sense.sense(text)
    return kind.id if kind else None


@pytest.mark.parametrize(
    "typed",
    [
        "我娃走丢了",
        "我孙女走失了快帮忙",
        "孙儿在商场，走丢了",  # two clauses side by side
        "孫女走丟了！！！",
        "放学了还没回家，手机关机",
        "今天天气好，我们去逛街，买了衣服，结果娃走丢了，急",
    ],
)
def test_a_signal_fires(signals: DangerSense, typed: str) -> None:
    assert kind_of(signals, typed) == "missing"


@pytest.mark.parametrize(
    "typed",
    [
        "走丢了",  # who?
        "孩子几岁能上小学",
        "孩子走丢的新闻是真的吗",  # calm words
        "学校讲座教孩子走失怎么办",
        "没回家",
        "孩子在家。今天去买菜，吃了饭，看电视。钱包走丢了",  # too far apart
        "",
        "。。。",
    ],
)
def test_no_signal(signals: DangerSense, typed: str) -> None:
    assert kind_of(signals, typed) is None


def test_figurative_words_are_taken_out_before_signals_are_looked_for(
    faq: Faq, wording: Wording
) -> None:
    words = (*faq.danger.harmless_words, "走丢魂")
    harmless = faq.danger.model_copy(update={"harmless_words": words})
    sense = sense_with(replace(faq, danger=harmless), wording, Alarm())
    assert kind_of(sense, "作业多得孩子走丢魂了") is None
    assert kind_of(sense, "急死人了孩子走丢了") == "missing"


def test_known_harmless_sentences_are_harmless(faq: Faq, wording: Wording) -> None:
    shrill = sense_with(faq, wording, Alarm(quiet=1.0))
    for text in faq.danger.harmless:
        assert kind_of(shrill, text) is None
        assert kind_of(shrill, f"{text}！！") is None
    assert kind_of(shrill, "随便什么") == "violence"


def test_the_alarm_decides_from_its_threshold_on(faq: Faq, wording: Wording) -> None:
    for loud, kind in ((0.49, None), (0.5, "violence")):
        sense = sense_with(faq, wording, Alarm("堵到起", loud=loud))
        assert kind_of(sense, "几个人把他堵到起了") == kind


def test_what_is_plainly_harmless_outdoes_a_signal(faq: Faq, wording: Wording) -> None:
    sense = sense_with(faq, wording, Alarm(quiet=0.001))
    assert kind_of(sense, "我娃走丢了") is None


@pytest.mark.parametrize("place", [0, 3, 200, 399])
def test_one_clause_of_a_long_message(faq: Faq, wording: Wording, place: int) -> None:
    """Wherever it stands among 400 clauses, a signal is seen."""
    clauses = ["孩子今年上小学三年级"] * 400
    clauses[place] = "刚才孩子走丢了"
    sense = sense_with(faq, wording, Alarm())
    assert kind_of(sense, "，".join(clauses)) == "missing"


@pytest.mark.parametrize("place", [0, 5, 398])
def test_the_alarm_listens_to_the_parts_of_a_long_message(
    faq: Faq, wording: Wording, place: int
) -> None:
    @dataclass(frozen=True)
    class Parts(Alarm):
        """Hears nothing in the message as a whole."""

        def alarm(self, utterances: Sequence[str]) -> list[tuple[str, float]]:
            return [("violence", 1.0 if len(u) < 60 and "堵到起" in u else 0.1) for u in utterances]

    clauses = [f"孩子今年上小学{n}年级" for n in range(400)]
    clauses[place] = "几个人把他堵到起了"
    assert kind_of(sense_with(faq, wording, Parts("堵到起")), "，".join(clauses)) == "violence"


def test_trained_on_the_small_faq(faq: Faq, mind: Understanding) -> None:
    for kind in faq.danger.kinds:
        for phrase in kind.phrases:
            assert kind_of(mind.danger, phrase) == kind.id
    for entry in faq.entries.values():
        assert kind_of(mind.danger, entry.title) is None
