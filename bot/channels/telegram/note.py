"""Messages of the channel's own (to staff, to groups), as they wait in the outbox. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.channels.telegram.keyboard import Button, Rows


@dataclass(frozen=True, slots=True)
class Note:
    """One message: a bold head if there is one, the text, buttons below."""

    text: str
    head: str = ""
    buttons: Rows = ()
    reply_to: int = 0
    """The message it answers, in the same chat."""

    def dump(self) -> str:
        buttons = [[[b.label, b.data, b.url] for b in row] for row in self.buttons]
        return json.dumps([self.head, self.text, buttons, self.reply_to], ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Note:
        """Return the note that `dump` wrote.

        >>> note = Note("好", "头", ((Button("接手", "t1001"),),), 7)
        >>> Note.load(note.dump()) == note
        True
        """
        head, words, buttons, reply_to = json.loads(text)
        rows = tuple(tuple(Button(*button) for button in row) for row in buttons)
        return cls(words, head, rows, reply_to)
