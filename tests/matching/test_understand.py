"""What a message asks for: answered, offered, another office's, or not understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import pytest
from small_faq import BARE, PHRASES, small_faq

from bot.faq.value import Faq
from bot.matching.model import Model
from bot.matching.ranking import Ranking
from bot.matching.reading import MOST_OFFERED, Kind
from bot.matching.understand import Understanding


@pytest.mark.parametrize("name", PHRASES)
def test_its_own_phrases_find_an_entry(mind: Understanding, name: str) -> None:
    for phrase in PHRASES[name]:
        reading = mind.read(phrase)
        assert (reading.kind, reading.entries) == (Kind.ANSWER, (name,)), phrase
        assert reading.confidence == 1
        assert reading.candidates[0].entry == name
        assert reading.self_contained


@pytest.mark.parametrize(
    "typed",
    [
        "请问几歲能上小學呢？",  # script, empty words, marks
        "幾岁能上小学😩",
        "  几岁 能上 小学  ",
    ],
)
def test_the_same_phrase_in_other_clothes(mind: Understanding, typed: str) -> None:
    reading = mind.read(typed)
    assert (reading.entries, reading.confidence) == (("enrollment.age",), 1.0)


def test_a_nearly_exact_phrase_is_nearly_sure(mind: Understanding) -> None:
    typed = "孩子平时住在学校，伙食费的负担重"
    reading = mind.read(typed)
    assert reading.entries == ("aid.boarder",)
    assert 0.9 <= reading.confidence < 1


@pytest.mark.parametrize("typed", [*BARE, "補助", "请问补助呢", "报名？", "材料。。"])
def test_a_bare_fragment_is_never_answered_alone(mind: Understanding, typed: str) -> None:
    reading = mind.read(typed)
    assert reading.kind is Kind.SUGGEST
    assert 2 <= len(reading.entries) <= MOST_OFFERED
    assert reading.rule == "a bare word"


def test_a_bare_word_stays_bare_as_a_phrase(model: Model) -> None:
    """Staff may write the bare word itself into an entry: it is offered all the same."""
    faq = small_faq({**PHRASES, "aid.day": [*PHRASES["aid.day"], "补助"]})
    mind = Understanding.of(faq, model)
    assert mind.read("补助").kind is Kind.SUGGEST


def test_sure_and_unsure_part_at_the_thresholds(mind: Understanding) -> None:
    typed = "孩子住在学校里，国家一年给多少"
    best = mind.read(typed).candidates[0]
    assert best.entry == "aid.boarder"
    assert 0 < best.score < 1
    other = max(
        (
            p
            for n, p in mind.ranking.rank([mind.wording.plain(typed)])[0].items()
            if n not in mind.faq.entries
        ),
        default=0.0,
    )
    assert other < best.score

    def read_at(answer_at: float, ask_at: float) -> Kind:
        model = replace(mind.model, answer_at=answer_at, ask_at=ask_at)
        return Understanding.of(mind.faq, model).read(typed).kind

    assert read_at(best.score - 0.01, 0.0) is Kind.ANSWER
    assert read_at(best.score + 0.01, best.score - 0.01) is Kind.SUGGEST
    assert read_at(1.1, best.score + 0.01) in (Kind.UNCLEAR, Kind.ELSEWHERE)


def test_offers_are_the_first_candidates_in_order(mind: Understanding) -> None:
    reading = mind.read("补助")
    assert reading.entries == tuple(c.entry for c in reading.candidates[: len(reading.entries)])
    scores = [c.score for c in reading.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_key_term_vetoes(mind: Understanding) -> None:
    """Words that fit boarders, but for the one that says: not a boarder."""
    without_veto = replace(mind.ranking, wording=replace(mind.wording, key_terms=()))
    plain = mind.wording.plain("走读生家里困难，孩子一年能领钱吗")
    [free] = mind.ranking.rank([plain])
    vetoed = mind.ranking.veto(plain, free)
    assert without_veto.veto(plain, free) == free
    assert "aid.boarder" in vetoed
    assert vetoed["aid.boarder"] < free["aid.boarder"]
    assert vetoed["aid.day"] == free["aid.day"]


@pytest.mark.parametrize(
    ("typed", "matter"), [("驾照到期怎么换", "licence"), ("退休金怎么领", "pension")]
)
def test_another_office(mind: Understanding, typed: str, matter: str) -> None:
    reading = mind.read(typed)
    assert (reading.kind, reading.matter) == (Kind.ELSEWHERE, matter)
    assert reading.entries == ()


def test_near_misses_are_not_answered(mind: Understanding) -> None:
    assert mind.read("考驾照要满多少岁").kind is not Kind.ANSWER


@pytest.mark.parametrize("typed", ["", "。。。", "😩😩", "   "])
def test_nothing_said_is_unclear(mind: Understanding, typed: str) -> None:
    reading = mind.read(typed)
    assert (reading.kind, reading.rule, reading.candidates) == (Kind.UNCLEAR, "empty", ())


@pytest.mark.parametrize("typed", ["asdfghjkl", "的的的的的的", "今天下不下雨", "7" * 4000])
def test_noise_is_not_answered(mind: Understanding, typed: str) -> None:
    assert mind.read(typed).kind is not Kind.ANSWER


def test_two_questions_get_two_answers(mind: Understanding) -> None:
    reading = mind.read("几岁能上小学？校车超载打什么电话？")
    assert reading.kind is Kind.ANSWER
    assert reading.entries == ("enrollment.age", "safety.bus"), "in the order asked"
    assert reading.rule == "several questions"
    assert reading.unclear == ()


def test_one_question_said_twice_gets_one_answer(mind: Understanding) -> None:
    reading = mind.read("几岁能上小学？满几岁可以读一年级？")
    assert reading.entries == ("enrollment.age",)


def test_what_is_not_understood_beside_answers_is_told(mind: Understanding) -> None:
    reading = mind.read("几岁能上小学？校车超载打什么电话？还有吃什么火锅好？")
    assert reading.entries == ("enrollment.age", "safety.bus")
    assert len(reading.unclear) == 1
    assert "火锅" in reading.unclear[0]


def test_a_follow_up_needs_the_last_answer(mind: Understanding) -> None:
    reading = mind.read("那走读呢", after="aid.boarder")
    assert "aid.day" in reading.entries
    assert not reading.self_contained


def test_a_question_of_its_own_needs_no_last_answer(mind: Understanding) -> None:
    reading = mind.read("校车超载打什么电话", after="enrollment.age")
    assert reading.entries == ("safety.bus",)
    assert reading.self_contained


def test_the_last_answer_may_be_gone_from_the_faq(mind: Understanding) -> None:
    assert mind.read("校车超载打什么电话", after="safety.gone").entries == ("safety.bus",)


def test_a_model_trained_before_serves_new_words_and_forgets_old_entries(model: Model) -> None:
    """A saved file counts at once, while the model of the file before still ranks."""
    words = {name: texts for name, texts in PHRASES.items() if name != "safety.bus"}
    words["aid.day"] = [*words["aid.day"], "月票能不能报销"]
    mind = Understanding.of(small_faq(words), model)
    assert mind.read("月票能不能报销").entries == ("aid.day",)
    reading = mind.read("校车超载打什么电话")
    assert "safety.bus" not in {c.entry for c in reading.candidates}


def test_reading_is_pure(mind: Understanding, faq: Faq) -> None:
    typed = "孩子要读初中了，住校能领多少"
    assert mind.read(typed) == mind.read(typed)
    other = [mind.read(entry.question) for entry in faq.entries.values()]
    assert mind.read(typed) == mind.read(typed)
    assert other == [mind.read(entry.question) for entry in faq.entries.values()]


@pytest.mark.parametrize(
    ("alone", "claimed", "kind"),
    [
        (0.88, 0.97, Kind.SUGGEST),  # both may be meant: the parent is asked
        (0.88, 0.5, Kind.ANSWER),  # the last matter makes nothing of it
        (0.95, 0.97, Kind.ANSWER),  # sure whatever came before
    ],
)
def test_a_short_message_that_the_last_matter_claims(
    mind: Understanding, alone: float, claimed: float, kind: Kind
) -> None:
    class Told(Ranking):
        def rank(self, pieces: Sequence[str]) -> list[dict[str, float]]:
            chances = {"aid.boarder": alone}, {"enrollment.age": claimed}
            return [dict(each) for each in chances]

    told = Told(**{each.name: getattr(mind.ranking, each.name) for each in fields(mind.ranking)})
    reading = replace(mind, ranking=told).read("回来读又要啥子", after="enrollment.age")
    assert reading.kind is kind
    assert "aid.boarder" in reading.entries
    assert ("enrollment.age" in reading.entries) == (kind is Kind.SUGGEST)
