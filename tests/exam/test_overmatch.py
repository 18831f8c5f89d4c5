"""Which phrases are asked, how they are varied, and what is said of those another entry answers."""

from __future__ import annotations

import pytest
from exam_outputs import output

from bot.exam.overmatch import EACH, sample, stolen, varied
from bot.faq.folder import Said
from bot.faq.schema import TopicFile
from bot.faq.source import read_source
from bot.text import squeeze
from tests.faq.faq_files import line_of, topic_file

CONTENT = topic_file("aid", "资助").replace("资助乙资助乙手续麻不麻烦", "资助甲资助甲手续烦不麻烦")


@pytest.fixture
def phrases() -> list[Said]:
    source = read_source(CONTENT.encode(), "aid.yaml", TopicFile)
    assert source.model is not None
    return [
        Said(text, squeeze(text), entry.id, source, ("entries", place, "phrases", number))
        for place, entry in enumerate(source.model.entries)
        for number, text in enumerate(entry.phrases)
    ]


def test_the_phrases_most_like_another_entrys_are_asked(phrases: list[Said]) -> None:
    chosen = sample(phrases)
    assert {said.owner for said in chosen} == {"aid.first", "aid.second", "aid.third"}
    assert len(chosen) == 3 * EACH
    assert {"资助甲资助甲手续烦不麻烦", "资助甲资助甲手续麻不麻烦"} <= {s.text for s in chosen}
    assert sample(phrases) == chosen


def test_a_single_entry_has_nobody_to_be_like(phrases: list[Said]) -> None:
    own = [said for said in phrases if said.owner == "aid.first"]
    assert sample(own) == own[:EACH]
    assert sample([]) == []


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("能上学吗？", "能上学不"),
        ("能上学不", "能上学吗"),
        ("到底几岁", "其实到底几岁"),
        ("吗", "到底吗"),
        ("到底其实现在", "到底其实现在吗"),
    ],
)
def test_one_little_thing_is_changed(text: str, other: str) -> None:
    assert varied(text) == other


def test_what_another_entry_answers_is_named_with_file_and_line(phrases: list[Said]) -> None:
    first, second, third, fourth, fifth = phrases[:5]
    kept = output("answer", first.owner, "aid.third")
    gone = output("answer", "safety.first")
    problems = list(
        stolen(
            phrases[:5],
            [gone, kept, output("suggest", aid__third=0.5), output("elsewhere"), kept],
            [gone, gone, output("fallback"), kept, kept],
        )
    )
    assert [(p.file, p.line, p.level) for p in problems] == [
        ("aid.yaml", line_of(CONTENT, first.text), "error"),
        ("aid.yaml", line_of(CONTENT, second.text), "warning"),
        ("aid.yaml", line_of(CONTENT, fourth.text), "error"),
    ]
    assert "由 safety.first 来答" in problems[0].what
    assert varied(second.text) in problems[1].what
    assert "别的部门" in problems[2].what
    assert not any(said.text in str(problems) for said in (third, fifth))
