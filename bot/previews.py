"""An answer as each messenger sends it, for the staff's preview: the channels' own rendering."""

from __future__ import annotations

from bot.channels.telegram.rendering import rendered
from bot.channels.telegram.text import plain
from bot.channels.wechat.rendering import Renderer
from bot.console.faq.previews import Preview, on_the_web
from bot.faq.value import Faq
from bot.model import Reply
from bot.storage.outbox import Kind, Outgoing


def previews(faq: Faq, reply: Reply) -> list[Preview]:
    """Return how the reply looks on the web, in Telegram and in WeChat."""
    item = Outgoing(1, "", Kind.TURN, (reply,))
    return [*on_the_web(faq, reply), _telegram(item, faq), _wechat(item, faq)]


def _telegram(item: Outgoing, faq: Faq) -> Preview:
    parts = rendered(item, faq)
    buttons = tuple(button.label for row in parts[-1].buttons for button in row) if parts else ()
    return Preview("Telegram", tuple(plain(part.spans) for part in parts), buttons)


def _wechat(item: Outgoing, faq: Faq) -> Preview:
    return Preview("微信", tuple(Renderer(faq, links=False).parts(item)))
