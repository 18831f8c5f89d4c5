"""What Telegram shows of us before the first word: commands and descriptions. Pure."""

from __future__ import annotations

from bot.channels.telegram.api import Profile
from bot.faq.value import Faq

_COMMANDS = ("menu", "mine", "person", "help", "delete")
_DESCRIPTION, _SHORT, _COMMAND = 512, 120, 256


def profile(faq: Faq) -> Profile:
    """Return it in the words of messages.yaml, cut to what Telegram takes."""
    return Profile(
        tuple((name, faq.say(f"tg_command_{name}")[:_COMMAND]) for name in _COMMANDS),
        faq.say("tg_description")[:_DESCRIPTION],
        faq.say("tg_short_description")[:_SHORT],
    )
