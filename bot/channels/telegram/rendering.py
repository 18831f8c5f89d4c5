"""An item of the outbox as the messages that Telegram gets. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.telegram.keyboard import Rows, rows
from bot.channels.telegram.note import Note
from bot.channels.telegram.text import Span, split
from bot.faq.value import Faq
from bot.model import Reply
from bot.storage.outbox import Kind, Outgoing


@dataclass(frozen=True, slots=True)
class Part:
    """One message."""

    spans: tuple[Span, ...]
    buttons: Rows = ()
    reply_to: int = 0


def rendered(item: Outgoing, faq: Faq) -> list[Part]:
    """Return the item's messages; buttons stand under the last one of their reply."""
    if item.kind is Kind.NOTE:
        return _note(Note.load(item.note)) if item.note else []
    parts: list[Part] = []
    first = 1
    for reply in item.replies:
        buttons = rows(reply.choices, item.place, first)
        first += len(reply.choices)
        parts += _with_buttons(_spans(reply, faq), buttons)
    return parts


def _note(note: Note) -> list[Part]:
    head = (Span(f"{note.head}\n", "b"),) if note.head else ()
    return _with_buttons((*head, Span(note.text)), note.buttons, note.reply_to)


def _with_buttons(spans: tuple[Span, ...], buttons: Rows, reply_to: int = 0) -> list[Part]:
    messages = split(spans)
    return [
        Part(
            tuple(message),
            buttons if place == len(messages) else (),
            reply_to if place == 1 else 0,
        )
        for place, message in enumerate(messages, start=1)
    ]


def _spans(reply: Reply, faq: Faq) -> tuple[Span, ...]:
    """Return a reply's text, the lines with the basis in italics."""
    before = faq.messages.messages["basis"].partition("{")[0]
    spans = []
    for line in reply.text.splitlines(keepends=True):
        words = line.rstrip("\n")
        if before and words.startswith(before):
            spans += [Span(words, "i"), Span(line[len(words) :])]
        else:
            spans.append(Span(line))
    return tuple(spans)
