"""Texts for Telegram: cut where a sentence ends, never inside what belongs together."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import telegram_desk
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.keyboard import key, read_key, rows
from bot.channels.telegram.text import LIMIT, Span, html, plain, split, units
from bot.channels.telegram.update import Incoming, Kind, read
from bot.errors import BadPayload
from bot.model import Choice, ChoiceKind

assert telegram_desk


class Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


SPANS = st.lists(
    st.builds(
        Span,
        st.text(alphabet="好的。，\n a1<>&\"'😀👍🏽🇨🇳👨‍👩‍👧é@/", max_size=120),
        st.sampled_from(["", "b", "i"]),
    ),
    max_size=20,
)


@settings(max_examples=300, deadline=None)
@given(SPANS, st.integers(40, 200))
def test_parts_fit_are_numbered_and_lose_no_word(spans: list[Span], limit: int) -> None:
    parts = split(spans, limit)
    whole = "".join(span.text for span in spans)
    bodies = []
    for place, part in enumerate(parts, start=1):
        said = plain(part)
        assert units(said) <= limit
        assert said.strip()
        if len(parts) > 1:
            assert said.startswith(f"（{place}/{len(parts)}）\n")
            said = said.partition("\n")[2]
        bodies.append(said)
        parser = Balanced()
        parser.feed(html(part))
        parser.close()
        assert parser.open == []
        assert parser.text == plain(part)
    assert "".join("".join(bodies).split()) == "".join(whole.split())


def test_cuts_are_at_the_end_of_sentences() -> None:
    text = "".join(f"这是第{n}句话。" for n in range(2000))
    for part in split([Span(text)]):
        assert plain(part).endswith("。")
        assert units(plain(part)) <= LIMIT


def test_an_address_and_a_family_stay_whole() -> None:
    text = "看" * 50 + "https://example.test/enrollment-2026 " + "好" * 80
    assert any("https://example.test/enrollment-2026" in plain(p) for p in split([Span(text)], 90))
    for part in split([Span("👨‍👩‍👧" * 60)], 80):
        assert not plain(part).endswith("\u200d")


@pytest.mark.parametrize("sign", ["👨‍👩‍👧", "🇨🇳", "👍🏽", "e\u0301", "1\ufe0f\u20e3"])
@pytest.mark.parametrize("shift", range(4))
def test_no_visible_sign_is_torn(sign: str, shift: int) -> None:
    for part in split([Span("x" * shift + sign * 3000)])[1:]:
        assert plain(part).partition("\n")[2].startswith(sign)


@pytest.mark.parametrize("sign", ["\u200d", "\u0301", "🇨", "\U0001f3fb"])
def test_what_never_ends_is_cut_all_the_same(sign: str) -> None:
    assert len(split([Span("x" + sign * 9000)])) <= 6


def test_nothing_gives_nothing() -> None:
    assert split([Span("")]) == split([Span(" \n")]) == []


def test_short_choices_stand_side_by_side_and_lists_are_numbered() -> None:
    helped = [Choice(w, ChoiceKind.COMMAND, w) for w in ("有帮助", "没帮助", "转人工")]
    assert [[b.label for b in row] for row in rows(helped, 5)] == [
        ["有帮助", "没帮助"],
        ["转人工"],
    ]
    entries = [Choice(w, ChoiceKind.ENTRY, w) for w in ("入学年龄要满几岁", "户口")]
    assert [[b.label for b in row] for row in rows(entries, 5, 3)] == [
        ["3. 入学年龄要满几岁"],
        ["4. 户口"],
    ]
    assert [b.data for row in rows(entries, 5, 3) for b in row] == ["c5.3", "c5.4"]


@given(st.integers(0, 10**15 - 1), st.integers(1, 100))
def test_keys_are_short(place: int, pick: int) -> None:
    assert len(key(place, pick).encode()) <= 64
    assert read_key(key(place, pick)) == (place, pick)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "message",
                        "edited_message",
                        "callback_query",
                        "chat",
                        "from",
                        "id",
                        "text",
                        "message_id",
                        "my_chat_member",
                        "new_chat_member",
                        "status",
                        "photo",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_any_update_is_read_or_refused(update: object) -> None:
    given_ = {**update, "update_id": 1} if isinstance(update, dict) else update
    try:
        incoming = read(given_)
    except BadPayload:
        assert not isinstance(update, dict)
        return
    if incoming is not None:
        assert Incoming.load(incoming.dump()) == incoming


def test_no_name_and_no_personal_number_is_kept() -> None:
    incoming = read(
        {
            "update_id": 1,
            "message": {
                "message_id": 5,
                "date": 1,
                "chat": {"id": 7, "type": "private", "first_name": "李四", "username": "lisi"},
                "from": {"id": 7, "is_bot": False, "first_name": "李四", "username": "lisi"},
                "text": "我的电话13812345678，怎么报名",
            },
        }
    )
    assert incoming is not None
    assert incoming.kind is Kind.MESSAGE
    for personal in ("李四", "lisi", "13812345678"):
        assert personal not in incoming.dump()


@pytest.mark.parametrize("sender", [{"id": 9, "is_bot": True}, None])
def test_bots_and_channels_are_not_heard(sender: object) -> None:
    message = {"message_id": 5, "chat": {"id": 7, "type": "group"}, "from": sender, "text": "好"}
    assert read({"update_id": 1, "message": message}) is None
