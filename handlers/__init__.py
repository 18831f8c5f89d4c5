"""What may answer, one matter a file; `HANDLERS` is the one ordered list, danger first."""

from bot.dialogue import Handler
from handlers import choices, commands, danger, handoff, media, owned, paused, questions, small_talk

HANDLERS: tuple[Handler, ...] = (
    danger.handle,
    commands.handle,
    handoff.handle,
    paused.handle,
    owned.handle,
    media.handle,
    choices.handle,
    small_talk.handle,
    questions.handle,
)
