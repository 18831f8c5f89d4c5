"""When a message asks two things, where the second begins, and how that is learned."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.faq.value import Faq
from bot.matching.dividing import Asked, learn_divider
from bot.matching.division import Scores, Side, divisions
from bot.matching.hearing import Glance
from bot.matching.several import GENERIC, cuts, promising
from bot.matching.wording import Wording

AGE, BUS = "enrollment.age", "safety.bus"


def said(chances: dict[str, float]) -> Side:
    """Return a side that each entry is spoken for in as much as it is likely."""
    best = sorted(chances, key=lambda name: -chances[name])[:3]
    return Side(chances, [Scores({AGE: 0.0, BUS: 0.0} | chances, best)] * 2)


@pytest.mark.parametrize(
    ("typed", "second"),
    [
        ("几岁能上小学？校车超载打什么电话", "校车超载打什么电话"),
        ("几岁能上小学 校车超载打什么电话", "校车超载打什么电话"),
        ("几岁能上小学另外校车超载打什么电话", "另外校车超载打什么电话"),
        ("满六岁可以读吗校车超载打什么电话", "校车超载打什么电话"),
    ],
)
def test_places_where_a_second_question_may_begin(
    wording: Wording, typed: str, second: str
) -> None:
    assert second in {cut.right for cut in cuts(typed, wording)}


@pytest.mark.parametrize("typed", ["", "几岁能上小学", "你好，几岁能上小学", "几岁能上小学？？？"])
def test_nothing_to_cut(wording: Wording, typed: str) -> None:
    assert cuts(typed, wording) == []


def test_a_long_story_is_looked_at_in_a_few_places_only(wording: Wording) -> None:
    story = "，".join(f"娃今年读{n}年级怎么办" for n in range(200))
    found = cuts(story, wording)
    assert 1 <= len(found) <= 10
    kept = promising(found, lambda _: Glance(0, 1.0, 1.0, 0.0, 1.0), GENERIC.promising)
    assert len(kept) == 1, "so much text is read again once at most"


def test_a_part_without_its_subject_is_understood_beside_the_other(
    faq: Faq, wording: Wording
) -> None:
    [cut] = cuts("几岁能上小学？超载怎么办", wording)
    whole = said({AGE: 0.6, BUS: 0.3})
    found = {
        each.entries: each
        for each in divisions(cut, whole, said({AGE: 0.9}), said({AGE: 0.2, BUS: 0.1}), faq.entries)
    }
    assert (AGE, BUS) in found
    assert found[AGE, BUS].chances == (0.9, 0.1)


class Fake:
    """A head that knows two matters by their words."""

    def hear(self, texts: Sequence[str]) -> list[Side]:
        return [
            said({name: 0.95 for name, word in ((AGE, "几岁"), (BUS, "校车")) if word in text})
            for text in texts
        ]

    def glance(self, text: str) -> Glance:
        place = int("校车" in text)
        known = "几岁" in text or "校车" in text
        return Glance(place, 0.9 if known else 0.0, 0.8 if known else 0.0, 0.0, 1.0)


def test_learned_from_labelled_messages(faq: Faq, wording: Wording) -> None:
    both = (frozenset([AGE]), frozenset([BUS]))
    one = (frozenset([AGE]),)
    messages = [Asked(f"娃{n}几岁能上小学？校车{n}超载怎么办", both) for n in range(40)]
    messages += [Asked(f"我们住在{n}号楼，娃几岁能上小学", one) for n in range(60)]
    messages += [Asked(f"坐校车{n}路来的，娃几岁能上小学", one) for n in range(60)]
    head = Fake()
    divider = learn_divider(messages, head.hear, head.glance, wording, faq.entries)
    assert divider != GENERIC

    def divided(text: str) -> bool:
        for cut in promising(
            cuts(text, wording), lambda s: head.glance(wording.plain(s)), divider.promising
        ):
            whole, left, right = head.hear([text, cut.left, cut.right])
            for each in divisions(cut, whole, left, right, faq.entries):
                if divider.asked.chance(each.evidence) >= divider.asked.at:
                    return True
        return False

    assert divided("大的几岁能上小学？小的坐校车安全吗")
    assert not divided("小的天天坐校车，几岁能上小学")


def test_too_few_examples_teach_nothing(faq: Faq, wording: Wording) -> None:
    head = Fake()
    few = [Asked("几岁能上小学？校车超载", (frozenset([AGE]), frozenset([BUS])))]
    assert learn_divider(few, head.hear, head.glance, wording, faq.entries) is GENERIC


@pytest.mark.parametrize(
    "typed",
    [
        "1、几岁能上小学 2、校车超载打什么电话",
        "想了解1.几岁能上小学2.校车超载打什么电话",
        "一是几岁能上小学，二是校车超载打什么电话",
        "几岁能上小学；校车超载打什么电话",
        "几岁能上小学\n校车超载打什么电话",
    ],
)
def test_lists_and_ended_sentences_speak_for_a_place(wording: Wording, typed: str) -> None:
    cut = min(cuts(typed, wording), key=lambda cut: len(cut.right))
    assert cut.right.endswith("校车超载打什么电话")
    assert cut.connected or cut.ended[1]


def test_dates_and_grades_are_no_list(wording: Wording) -> None:
    assert not any(cut.connected for cut in cuts("9.1号生的2、3年级能读吗，几岁能上", wording))


def test_a_side_can_be_cut_again(wording: Wording) -> None:
    [cut] = [
        cut
        for cut in cuts("几岁能上小学，校车超载打谁的电话，校服要买几套", wording)
        if cut.right.startswith("校服")
    ]
    assert [again.right for again in cuts(cut.left, wording)] == ["校车超载打谁的电话"]
