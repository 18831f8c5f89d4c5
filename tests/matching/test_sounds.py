"""What sounds alike to a southwestern ear or an old keyboard is one to us."""

from __future__ import annotations

import pytest

from bot.matching.sounds import Sounds, fold_syllable, sound_table, syllable_set


@pytest.fixture(scope="module")
def sounds() -> Sounds:
    return Sounds(sound_table(), syllable_set())


@pytest.mark.parametrize(
    ("one", "other"),
    [("zheng", "zen"), ("chi", "ci"), ("shan", "san"), ("nan", "lan"), ("ming", "min")],
)
def test_folded_syllables(one: str, other: str) -> None:
    assert fold_syllable(one) == fold_syllable(other)


@pytest.mark.parametrize(("one", "other"), [("ban", "pan"), ("hu", "fu"), ("n", "l")])
def test_syllables_that_stay_apart(one: str, other: str) -> None:
    assert fold_syllable(one) != fold_syllable(other)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("抱名", "报名"),
        ("生请", "申请"),
        ("补注", "补助"),
        ("居驻证", "居住证"),
        ("学效", "学校"),
        ("baoming", "报名"),
        ("xuexiao", "学校"),
        ("xianzai", "现在"),
    ],
)
def test_slips_sound_like_what_was_meant(sounds: Sounds, typed: str, meant: str) -> None:
    assert sounds.of(typed) == sounds.of(meant)


def test_pinyin_between_characters(sounds: Sounds) -> None:
    assert sounds.of("怎么baoming呢") == sounds.of("怎么报名呢")


def test_what_has_no_sound_stands_for_itself(sounds: Sounds) -> None:
    assert sounds.of("12app") == ["1", "2", "app"]
    assert sounds.of("x") == ["x"]
    assert sounds.of("") == []
    run = "bao" * 30
    assert sounds.of(run) == [run], "a run this long is no pinyin that anybody typed"


def test_the_table_covers_common_characters() -> None:
    table = sound_table()
    assert {"报", "名", "娃", "渝", "嘛"} <= table.keys()
    assert all(syllable.isascii() and syllable.isalpha() for syllable in table.values())
