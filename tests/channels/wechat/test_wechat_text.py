"""What is sent as text: at most 2048 bytes, cut at sentence ends, numbered, choices that work."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechat_desk import ACCOUNT, faq_folder

from bot.channels.wechat import wire
from bot.channels.wechat.rendering import LIMIT, Renderer, alone, plain, read_choice, size
from bot.cutting import pieces
from bot.faq import load
from bot.model import Choice, ChoiceKind, Reply
from bot.storage.outbox import Kind, Outgoing

FAQ = load(faq_folder())
CHOICES = tuple(Choice(f"第{n}个选项&<a>", ChoiceKind.COMMAND, "menu") for n in range(1, 10))


def turn(place: int, *replies: Reply, **more: object) -> Outgoing:
    return Outgoing(place, "wechat:o1", Kind.TURN, replies, **more)  # type: ignore[arg-type]


def kept(place: int, text: str) -> Outgoing:
    return Outgoing(place, "wechat:o1", Kind.DELIVERY, (Reply(text),), reason="window")


@pytest.mark.parametrize("links", [True, False])
@given(st.text(max_size=3000), st.integers(0, 9))
def test_every_part_fits_and_nothing_is_lost(links: bool, text: str, count: int) -> None:
    parts = Renderer(FAQ, links=links).parts(turn(7, Reply(text, CHOICES[:count])))
    for part in parts:
        assert 0 < size(part) <= LIMIT
        assert size(Renderer(FAQ, links=links).with_more(part)) <= LIMIT
    if len(parts) > 1:
        for n, part in enumerate(parts, start=1):
            assert part.startswith(f"（{n}/{len(parts)}）\n")
        parts = [part.partition("\n")[2] for part in parts]
    whole = re.sub(r"\s", "", plain(text))
    assert re.sub(r"\s", "", "".join(parts)).startswith(whole)


def test_cuts_stand_at_the_ends_of_sentences() -> None:
    text = "".join(f"第{n}件要带的东西，请写在一张纸上。" for n in range(200))
    parts = Renderer(FAQ, links=True).parts(turn(1, Reply(text)))
    assert len(parts) > 3
    assert all(part.endswith("。") for part in parts)


@given(st.text(max_size=400), st.integers(8, 60))
def test_pieces_fit_and_are_the_text(text: str, room: int) -> None:
    found = pieces(text, room, size)
    assert all(0 < size(piece) <= room for piece in found)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)


def test_choices_can_be_typed_and_tapped() -> None:
    item = turn(12, Reply("您想问哪个？", CHOICES[:2]), Reply("还有", CHOICES[2:3]))
    [text] = Renderer(FAQ, links=True).parts(item)
    numbers = [int(n) for n in re.findall(r"msgmenuid=(\d+)", text)]
    assert [read_choice(number) for number in numbers] == [(12, 1), (12, 2), (12, 3)]
    for said in re.findall(r"msgmenucontent=([^&]*)&msgmenuid", text):
        assert not set(said) & set("<>\"'& ")
    assert re.findall(r"^(\d)\. ", text, re.MULTILINE) == ["1", "2", "3"]
    [bare] = Renderer(FAQ, links=False).parts(item)
    assert "weixin://" not in bare
    assert re.findall(r"^(\d)\. ", bare, re.MULTILINE) == ["1", "2", "3"]


def test_a_reply_too_long_with_links_has_plain_numbers() -> None:
    item = turn(12, Reply("说明。" * 150, CHOICES))
    [text] = Renderer(FAQ, links=True).parts(item)
    assert "weixin://" not in text
    assert "9. " in text


def test_what_is_said_in_an_emergency_is_one_message() -> None:
    for kind in FAQ.danger.kinds:
        assert alone(kind.reply) == plain(kind.reply)
    assert 0 < size(alone("先打120。" * 400)) <= LIMIT
    assert alone(" ") == ""


def test_nothing_becomes_a_link_by_itself_and_cdata_stays_whole() -> None:
    hostile = '<a href="http://x">点我</a> ]]> \x00\x08\ud800 好'
    [text] = Renderer(FAQ, links=True).parts(turn(1, Reply(hostile)))
    assert "<a" not in text
    xml = wire.text_reply("o1", ACCOUNT, text, int(datetime.now(UTC).timestamp()))
    assert wire._fields(wire._parsed(xml.encode()))["Content"] == text


@given(
    st.lists(st.text(min_size=1, max_size=1500), max_size=6),
    st.text(max_size=1500),
    st.booleans(),
    st.booleans(),
)
def test_what_was_kept_leads_and_all_is_said_once(
    words: list[str], answer: str, urgent: bool, push: bool
) -> None:
    items = [kept(n, f"｛{n}｝{text}〔{n}〕") for n, text in enumerate(words, start=1)]
    own = turn(99, Reply(f"｛99｝{answer}〔99〕"), urgent=urgent)
    renderer = Renderer(FAQ, links=True)
    heard, waiting, mine = "", items, own
    for _ in range(30):
        composed = renderer.composed(waiting, mine, push=push)
        assert size(composed.text) <= LIMIT
        assert composed.more == (not push and "还没说完" in composed.text)
        heard += composed.text
        left = []
        for each in [*waiting, *([mine] if mine else [])]:
            taken = next((t for t in composed.taken if t.item is each), None)
            if taken is None or not taken.last:
                parts = taken.parts if taken else each.parts_sent
                left.append(_with_parts(each, parts))
        waiting, mine = left, None
        if not waiting:
            break
    assert not waiting
    order = [1, *range(2, len(items) + 1), 99] if items else [99]
    if urgent:
        assert heard.index("｛99｝") <= min(heard.index(f"｛{n}｝") for n in order)
    else:
        places = [heard.index(f"｛{n}｝") for n in order]
        assert places == sorted(places)
    for n in order:
        assert heard.count(f"｛{n}｝") == heard.count(f"〔{n}〕") == 1


def _with_parts(item: Outgoing, parts: int) -> Outgoing:
    return Outgoing(
        item.place, item.session_key, item.kind, item.replies, parts_sent=parts, reason="window"
    )
