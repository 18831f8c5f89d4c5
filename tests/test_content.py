"""The real FAQ against topics.md's catalogue, docs/facts.md and the matcher trained on it.

data/topic_ids.txt is the catalogue: the ids of all 116 topics, which staff may reword but not lose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from bot.faq import Faq, load
from bot.matching.danger import DangerSense
from bot.matching.reading import Kind, Reading
from bot.matching.report import LeftOut, by_entry, left_out, table
from bot.matching.training import lesson
from bot.matching.wording import Wording
from bot.text import squeeze
from tests.desk import cache_folder, faq_folder, understanding

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = (ROOT / "tests/data/topic_ids.txt").read_text("utf-8").split()
FACTS = (ROOT / "docs/facts.md").read_text("utf-8")
FAQ = load(faq_folder())

FIRST_LINE, WHOLE, FEWEST_PHRASES, MOST_ALIKE = 40, 400, 12, 80
FEWEST_MATTERS = 80
FOUND_LEFT_OUT, FOUND_IN_EACH_ENTRY = 0.90, 0.70
FALSE_ALARMS = 0.001
ABOUT_SAFETY = ("safety.", "special_education.counselling_station")
_AT_ONCE = 32

SILENT = {
    "12349": "W23：民政部试点号，试点名单无重庆，勿播",
    "12320": "W25：现状未核实，勿播",
    "12301": "W27：重庆现状未核实，一律12345",
    "12318": "W27：重庆现状未核实，一律12345",
    "12319": "W27：重庆现状未核实，一律12345",
    "12369": "W27：重庆现状未核实，一律12345",
    "12385": "H4、W22：本市现状未核实，核实后启用，先用12345",
    "96320": "H3：市原心理热线，现状待核",
    "87912832": "§8：渝快办客服待核数值，勿直接播报",
    "zwykb.cq.gov.cn": "§8：待核网址，勿直接播报",
    "jcjy.cqedu.cn": "§8：待核网址，勿直接播报",
    "1575": "A3、§9：渝中区爱心午餐，九龙坡未核实",
    "1450": "A3、§9：渝中区爱心午餐，九龙坡未核实",
}
"""What docs/facts.md holds only so that nobody says it: read off by hand, with the fact why.

Numbers that exist but whose local hours or form are unverified (12329, 12338, 12355, 12356, 96110,
12110) may be said, with that caveat where the facts make it."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LINK = re.compile(r"[\w-]+(?:\.[\w-]+)*\.(?:cn|com|net|org|gov|edu)\b[\w./-]*", re.ASCII)
_COUNTERS = re.compile("[①-⑳]")


def section(number: int) -> str:
    """Return one numbered section of docs/facts.md."""
    [text] = re.findall(rf"^## {number} .*?(?=^## |\Z)", FACTS, re.MULTILINE | re.DOTALL)
    return str(text)


def numbers(text: str) -> set[str]:
    """Return the digit sequences of a text; ① and ② only count its lines."""
    return set(_NUMBER.findall(unicodedata.normalize("NFKC", _COUNTERS.sub("", text))))


def links(text: str) -> set[str]:
    return set(_LINK.findall(unicodedata.normalize("NFKC", text)))


def with_local(value: str) -> Faq:
    """Return the FAQ with every placeholder filled in with the value, or with none."""
    local = {n: v.model_copy(update={"value": value}) for n, v in FAQ.local.items()}
    return replace(FAQ, local=local)


SAMPLE = "〔样例〕"
UNSET, SET = with_local(""), with_local(SAMPLE)
LOCAL = "\n".join(f"{v.label} {v.value} {v.find_out}" for v in FAQ.local.values())


def spoken() -> Iterator[tuple[str, str]]:
    """Give where it stands, and the text, for all that parents ever read."""
    for name, entry in FAQ.entries.items():
        yield name, f"{entry.title} {entry.answer} {entry.basis}"
    for matter in FAQ.elsewhere.matters:
        yield matter.id, f"{matter.title} {matter.door}"
    for kind in FAQ.danger.kinds:
        yield kind.id, kind.reply
    for name, text in (FAQ.messages.messages | FAQ.messages.small_talk).items():
        yield name, text
    for name, value in FAQ.local.items():
        yield name, f"{value.label} {value.value} {value.find_out}"


# ---------------------------------------------------------------------------- the 116 answers


def test_the_catalogue_is_whole() -> None:
    assert len(CATALOGUE) == len(set(CATALOGUE)) == 116
    assert sorted(FAQ.entries) == sorted(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_answer_reads_whole_set_and_unset(name: str) -> None:
    for faq in (SET, UNSET):
        answer = faq.answer(name)
        assert "{{" not in answer
        assert "}}" not in answer
        assert re.search(r"依据：.+（截至\d{4}年(\d{1,2}月)?）$", answer)
        assert len(answer.splitlines()[0]) <= FIRST_LINE
    assert len(UNSET.answer(name)) <= WHOLE


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_answer_carries_only_facts(name: str) -> None:
    known = FACTS + LOCAL
    for faq in (SET, UNSET):
        answer = faq.answer(name)
        assert numbers(answer) <= numbers(known)
        assert links(answer) <= links(known)


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_not_yet_known_is_said_once_with_one_way_to_find_out(name: str) -> None:
    entry, answer = UNSET.entries[name], UNSET.answer(name)
    said = UNSET.say("not_yet_known", labels="|", find_out="|").strip("|")
    assert said not in SET.answer(name)
    assert SET.answer(name).count(SAMPLE) == sum(
        entry.answer.count(f"{{{{{placeholder}}}}}") for placeholder in entry.placeholders
    )
    if not entry.placeholders:
        assert said not in answer
        return
    [line] = [line for line in answer.splitlines() if said in line]
    labels, way = line.split(said)
    assert labels.split("、") == [UNSET.local[p].label for p in entry.placeholders]
    ways = {UNSET.say("find_out"), *(v.find_out for v in UNSET.local.values())} - {""}
    assert way in ways
    assert not any(other in answer.replace(line, "") for other in ways)


# ---------------------------------------------------------------------------- the phrases


@pytest.mark.parametrize("name", CATALOGUE)
def test_phrases_differ(name: str) -> None:
    texts = [squeeze(phrase) for phrase in FAQ.entries[name].phrases]
    assert len(set(texts)) == len(texts) >= FEWEST_PHRASES
    ratios = process.cdist(texts, texts, scorer=fuzz.ratio)
    alike = [
        (texts[a], texts[b]) for a, b in zip(*(ratios > MOST_ALIKE).nonzero(), strict=True) if a < b
    ]
    assert alike == []


@dataclass(frozen=True, slots=True)
class Said:
    """One phrase of an entry, as the desk takes it."""

    entry: str
    phrase: str
    reading: Reading
    danger: str | None

    def __repr__(self) -> str:
        read = self.reading
        return (
            f"{self.entry}: {self.phrase} → {self.danger or read.kind} {read.entries} {read.rule}"
        )


@pytest.fixture(scope="module")
def said() -> list[Said]:
    """Every phrase of every entry, as the model trained on them all takes it."""
    mind, found = understanding(), []
    for entry in FAQ.entries.values():
        for start in range(0, len(entry.phrases), _AT_ONCE):
            phrases = entry.phrases[start : start + _AT_ONCE]
            mind.model.listen([mind.wording.plain(p) for p in phrases])  # faster than one by one
            for phrase in phrases:
                kind = mind.danger.sense(phrase)
                danger = kind.id if kind else None
                found.append(Said(entry.id, phrase, mind.read(phrase), danger))
    return found


def test_every_phrase_finds_its_entry(said: list[Said]) -> None:
    """Answered alone, nothing else pasted in; offered where a word says too little."""

    def finds(one: Said) -> bool:
        if one.reading.kind is Kind.ANSWER:
            return one.reading.entries == (one.entry,)
        return one.reading.rule == "a bare word" and one.entry in one.reading.entries

    assert [one for one in said if not finds(one)] == []


def test_a_bare_word_is_never_answered() -> None:
    mind = understanding()
    words = [word for topic in FAQ.topics for word in topic.bare]
    assert words
    assert [word for word in words if mind.read(word).kind is not Kind.SUGGEST] == []


def test_questions_that_are_not_about_safety_raise_no_alarm(said: list[Said]) -> None:
    """Of what staff wrote down as calm questions, at most one in a thousand does."""
    calm = [one for one in said if not one.entry.startswith(ABOUT_SAFETY)]
    alarmed = [one for one in calm if one.danger]
    assert len(alarmed) <= len(calm) * FALSE_ALARMS, alarmed


@pytest.fixture(scope="module")
def without_itself() -> list[LeftOut]:
    """Every phrase of an entry as it is read without having been learned."""
    return left_out(FAQ, lesson(FAQ, cache_folder()))


def test_a_phrase_left_out_is_still_found(without_itself: list[LeftOut]) -> None:
    """Answered, or among three offered; the table of all is kept beside the model."""
    shares = by_entry(without_itself)
    lines = "\n".join(table(without_itself))
    (cache_folder() / "left-out.txt").write_text(lines + "\n", "utf-8")
    assert [share.name for share in shares if share.near < FOUND_IN_EACH_ENTRY] == [], lines
    assert {share.name for share in shares} == set(CATALOGUE)
    assert sum(one.near for one in without_itself) / len(without_itself) >= FOUND_LEFT_OUT, lines


# ---------------------------------------------------------------------------- other offices


def test_other_offices_are_many() -> None:
    assert len(FAQ.elsewhere.matters) >= FEWEST_MATTERS


def test_doors_come_from_the_facts_about_them() -> None:
    known = section(12) + section(7)
    for matter in FAQ.elsewhere.matters:
        assert numbers(matter.door) <= numbers(known), matter.id
        assert links(matter.door) <= links(known), matter.id


def test_silent_numbers_stand_in_the_facts_as_such() -> None:
    for value, why in SILENT.items():
        assert value in FACTS, why


def test_silent_numbers_are_never_spoken() -> None:
    said = [
        (where, value, why)
        for where, text in spoken()
        for value, why in SILENT.items()
        if value in numbers(text) | links(text) or (len(value) > 6 and value in text)
    ]
    assert said == []


def test_all_that_is_spoken_carries_only_facts() -> None:
    """Also the desk's own sentences; what they count or fill in is no claim."""
    own = {"privacy", "welcome"}
    for where, text in spoken():
        if where not in own:
            assert numbers(text) <= numbers(FACTS), where
        assert links(text) <= links(FACTS), where


# ---------------------------------------------------------------------------- danger


def test_emergency_replies_carry_only_their_facts() -> None:
    known = numbers(section(11) + section(7))
    for kind in FAQ.danger.kinds:
        assert numbers(kind.reply) <= known, kind.id
        assert numbers(kind.reply.splitlines()[0]) & {"110", "119", "120"} or kind.id.endswith(
            "_child"
        ), kind.id


class Undecided:
    """A trained alarm that hears nothing either way, so that signals alone decide."""

    alarm_at = clause_alarm_at = 2.0

    def loudest(self, utterances: list[str], most: int) -> list[str]:
        return utterances[:most]

    def alarm(self, utterances: list[str]) -> list[tuple[str, float]]:
        return [("", 0.5)] * len(utterances)


def test_no_signal_fires_on_what_only_sounds_like_danger() -> None:
    wording = Wording.of(FAQ.lexicon)
    sense = DangerSense.of(FAQ, Undecided(), wording)  # type: ignore[arg-type]
    signals_only = replace(sense, harmless=frozenset())
    fired = {text: kind.id for text in FAQ.danger.harmless if (kind := signals_only.sense(text))}
    assert fired == {}
