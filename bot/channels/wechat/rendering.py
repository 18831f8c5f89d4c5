"""What waits for a parent as the text messages that WeChat takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.channels.wechat.incoming import FOLLOWED, SPOKEN
from bot.channels.wechat.wire import sayable
from bot.cutting import pieces
from bot.faq.value import Faq
from bot.model import Choice, Reply
from bot.storage.outbox import Kind, Outgoing
from bot.storage.passive import Composed, Taken

LIMIT = 2048
"""Bytes of one text message; more is error 45002."""
_NUMBERING = 16
"""Room for （12/34） and a line end."""
_PICKS = 100
"""A choice's number in a link is the place of its reply times this, and its own place."""
_LINK = '<a href="weixin://bizmsgmenu?msgmenucontent={said}&msgmenuid={number}">{label}</a>'
_TAG = re.compile(r"<(?=/?a\b)", re.IGNORECASE)
_NOT_IN_LINKS = re.compile(r"[\s\"'<>&#%?=+]+")


def size(text: str) -> int:
    """Return the length as WeChat counts it.

    >>> size("好a")
    4
    """
    return len(text.encode("utf-8", "replace"))


def read_choice(number: int) -> tuple[int, int]:
    """Return (place of the reply, place among its choices) of a tapped link.

    >>> read_choice(1203)
    (12, 3)
    """
    return divmod(number, _PICKS)


class Renderer:
    """Renders in the FAQ's words; with links where the account may use them."""

    def __init__(self, faq: Faq, *, links: bool) -> None:
        self._faq, self._links = faq, links
        self._more = f"\n\n{faq.say('wx_more')}"
        self._room = LIMIT - size(self._more)

    def parts(self, item: Outgoing, *, choices: bool = True) -> list[str]:
        """Return the messages an item is sent in, numbered （1/2） when there are several.

        The choices stand at the end of the last one: left out, the others stay the same.
        """
        text = self._text(item, choices=choices, links=self._links)
        if size(text) > self._room:
            text = self._text(item, choices=choices, links=False)
        if size(text) <= self._room:
            return [text] if text else []
        cut = pieces(text, self._room - _NUMBERING, size)
        return [f"（{place}/{len(cut)}）\n{piece}" for place, piece in enumerate(cut, start=1)]

    def together(self, items: Sequence[Outgoing]) -> tuple[int, str]:
        """Return how many of the items, from the first, fit whole into one message, and it."""
        for count in range(len(items), 0, -1):
            if any(item.parts_sent for item in items[:count]):
                continue
            *before, last = items[:count]
            parts = [*(self.parts(i, choices=False) for i in before), self.parts(last)]
            text = "\n\n".join(part[0] for part in parts if part)
            if all(len(part) <= 1 for part in parts) and size(text) <= self._room:
                return count, text
        return 0, ""

    def with_more(self, text: str) -> str:
        """Return a part with the words that more is to come when the parent writes."""
        return text + self._more

    def composed(self, kept: Sequence[Outgoing], own: Outgoing | None, *, push: bool) -> Composed:
        """Return a response: what was kept leads, but for an emergency, which leads all.

        What does not fit is sent behind it; without `push` the parent is told to write again.
        """
        mine = [own] if own else []
        order = [*mine, *kept] if own and own.urgent else [*kept, *mine]
        text, taken = "", []
        for item in order:
            parts = self.parts(item, choices=item is order[-1] or item is own)
            sent = item.parts_sent
            while sent < len(parts):
                lead = self._lead(item, kept, own) if sent == item.parts_sent else ""
                longer = "\n\n".join(filter(None, (text, lead, parts[sent])))
                if size(longer) > self._room:
                    if text:
                        break
                    longer = parts[sent]
                text, sent = longer, sent + 1
            if sent > item.parts_sent or not parts:
                taken.append(Taken(item, sent, sent >= len(parts)))
            if sent < len(parts):
                break
        more = sum(each.last for each in taken) < len(order)
        if more and not push:
            text = self.with_more(text)
        return Composed(text, tuple(taken), more and not push)

    def _lead(self, item: Outgoing, kept: Sequence[Outgoing], own: Outgoing | None) -> str:
        """Return the words that set apart what was kept from what is said now."""
        if kept and item is kept[0] and not item.parts_sent:
            return self._faq.say("wx_kept")
        if kept and item is own and not item.urgent:
            return self._faq.say("wx_now")
        return ""

    def _text(self, item: Outgoing, *, choices: bool, links: bool) -> str:
        if item.kind is Kind.NOTE:
            return plain(item.note)
        heard = ""
        if item.answers.startswith(SPOKEN) and item.words and item.replies:
            heard = plain(self._faq.say("wx_heard", words=item.words))
        blocks = ["" if item.urgent else heard]
        if item.answers.startswith(FOLLOWED):
            blocks.append(plain(self._faq.say("welcome")))
        first = 1
        for reply in item.replies:
            blocks.append(plain(reply.text))
            if choices and reply.choices:
                blocks.append(self._choices(reply, item.place, first, links=links))
            first += len(reply.choices)
        blocks.append(heard if item.urgent else "")
        return "\n\n".join(filter(None, blocks))

    def _choices(self, reply: Reply, place: int, first: int, *, links: bool) -> str:
        lines = [plain(self._faq.say("wx_choices"))]
        for pick, choice in enumerate(reply.choices, start=first):
            label = _linked(choice, place, pick) if links else plain(choice.label)
            lines.append(f"{pick}. {label}")
        return "\n".join(lines)


def alone(text: str) -> str:
    """Return what stands for itself, as one message: its beginning, should it be too long."""
    return next(iter(pieces(plain(text), LIMIT, size)), "")


def plain(text: str) -> str:
    """Return the text as WeChat shows it: nothing in it becomes a link by itself.

    >>> plain('<a href="x">点我</a> 1<2')
    '＜a href="x">点我＜/a> 1<2'
    """
    return _TAG.sub("＜", sayable(text)).strip()


def _linked(choice: Choice, place: int, pick: int) -> str:
    """Return a choice that says its label when it is tapped; WeChat takes numbers alone as ids."""
    if pick >= _PICKS:
        return plain(choice.label)
    said = _NOT_IN_LINKS.sub("", sayable(choice.label)) or str(pick)
    label = plain(choice.label).replace("<", "＜").replace(">", "＞")
    return _LINK.format(said=said, number=place * _PICKS + pick, label=label)
