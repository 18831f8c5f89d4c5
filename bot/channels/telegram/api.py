"""Telegram's Bot API as the channel uses it: python-telegram-bot for transport, our errors."""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
from telegram import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MenuButtonCommands,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.channels.telegram.keyboard import Rows
from bot.channels.telegram.refusals import called, delivery_error
from bot.channels.telegram.secrecy import hide, scrub
from bot.channels.telegram.text import Span, html, plain
from bot.channels.telegram.update import ALLOWED_UPDATES

# The library's coming default, without its deprecation warning: durations are timedeltas.
os.environ.setdefault("PTB_TIMEDELTA", "true")

OFFICIAL = "https://api.telegram.org"
POLL_S = 50
BATCH = 100
_READ_S = 20.0
_LATELY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are there."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What Telegram shows of us before the first word."""

    commands: tuple[tuple[str, str], ...]
    description: str
    short_description: str


@dataclass(frozen=True, slots=True)
class Hook:
    """Where Telegram delivers updates to, and how that goes."""

    url: str
    """Empty when it waits to be asked."""
    waiting: int = 0
    trouble: str = ""
    """What went wrong there lately."""


class _Bot(ExtBot[int]):
    """python-telegram-bot's bot that does not show its token."""

    def __repr__(self) -> str:
        return "TelegramBot"

    async def raw_updates(self, offset: int | None, timeout_s: int) -> Any:
        """Return updates as they came: one that a library cannot read must not stop the others.

        The library would also log what it cannot read, with the parent's words.
        """
        data = {"timeout": timeout_s, "limit": BATCH, "allowed_updates": ALLOWED_UPDATES}
        if offset is not None:
            data["offset"] = offset
        return await self._post("getUpdates", data, read_timeout=timeout_s + _READ_S)


class Api:
    """The calls that the channel makes; none of its errors holds the token."""

    def __init__(self, token: str, url: str = "") -> None:
        hide(token, quote(token, safe=""))
        root = (url or OFFICIAL).rstrip("/")
        self.account = token.partition(":")[0] if ":" in token else _mark_of(token)
        """The bot's own id, which is no secret."""
        # Our outbox waits for a 429, chat by chat: retried in the limiter, one chat's would
        # halt everybody, and there would be two queues. The limiter keeps the pace: 30 a second
        # in all, 20 a minute in a group.
        self._bot = _Bot(
            token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=HTTPXRequest(
                connection_pool_size=64,
                read_timeout=_READ_S,
                pool_timeout=30.0,
                httpx_kwargs={"verify": _trusted()},
            ),
            get_updates_request=HTTPXRequest(
                connection_pool_size=1, read_timeout=_READ_S, httpx_kwargs={"verify": _trusted()}
            ),
            rate_limiter=AIORateLimiter(max_retries=0),
        )

    async def start(self) -> Me:
        """Connect; raises ChannelError."""
        await called(self._bot.initialize())
        return Me(self._bot.id, self._bot.username)

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.shutdown()

    async def updates(self, offset: int | None, timeout_s: int = POLL_S) -> list[Any]:
        """Return what is new, waiting for it so long; everything before `offset` is done with."""
        found = await called(self._bot.raw_updates(offset, timeout_s))
        return found if isinstance(found, list) else []

    async def send(
        self, chat: int, spans: Sequence[Span], buttons: Rows = (), reply_to: int = 0
    ) -> int | None:
        """Send one message; return its id. Text that Telegram cannot parse goes as it is."""
        try:
            return await self._send(chat, spans, buttons, reply_to)
        except ChatMigrated as moved:
            return await self.send(moved.new_chat_id, spans, buttons)
        except TelegramError as error:
            raise delivery_error(error) from None

    async def _send(
        self, chat: int, spans: Sequence[Span], buttons: Rows, reply_to: int, *, marked: bool = True
    ) -> int | None:
        text, markup = html(spans) if marked else plain(spans), _markup(buttons)
        try:
            message = await self._bot.send_message(
                chat,
                text,
                parse_mode=ParseMode.HTML if marked else None,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=markup,
                reply_parameters=_answering(reply_to),
            )
        except BadRequest as error:
            if marked and "parse entities" in error.message.lower():
                return await self._send(chat, spans, buttons, reply_to, marked=False)
            raise
        except (TypeError, ValueError, KeyError, AttributeError):
            return None  # it was taken; only the answer could not be read
        return message.message_id

    async def edit(self, chat: int, message_id: int, spans: Sequence[Span], buttons: Rows) -> None:
        """Change a message of ours; raises ChannelError."""
        await called(
            self._bot.edit_message_text(
                html(spans),
                chat,
                message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(buttons),
            )
        )

    async def answer(self, tap_id: str, text: str = "", *, alert: bool = False) -> None:
        """Stop the pressed button's waiting sign; raises ChannelError."""
        await called(self._bot.answer_callback_query(tap_id, text[:200] or None, alert))

    async def typing(self, chat: int) -> None:
        """Show that we are writing, for five seconds; raises ChannelError."""
        await called(self._bot.send_chat_action(chat, ChatAction.TYPING))

    async def introduce(self, profile: Profile) -> None:
        """Register commands, menu button and descriptions; raises ChannelError."""
        commands = [BotCommand(name, text) for name, text in profile.commands]
        await called(self._bot.set_my_commands(commands))
        await called(self._bot.set_chat_menu_button(menu_button=MenuButtonCommands()))
        await called(self._bot.set_my_description(profile.description))
        await called(self._bot.set_my_short_description(profile.short_description))

    async def webhook(self) -> Hook:
        """Return where Telegram delivers to; raises ChannelError."""
        info = await called(self._bot.get_webhook_info())
        lately = info.last_error_date and datetime.now(UTC) - info.last_error_date < _LATELY
        trouble = scrub(info.last_error_message or "") if lately else ""
        return Hook(info.url, info.pending_update_count, trouble)

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have updates delivered there; none that wait are dropped."""
        await called(
            self._bot.set_webhook(
                url,
                allowed_updates=ALLOWED_UPDATES,
                secret_token=secret,
                drop_pending_updates=False,
            )
        )

    async def drop_webhook(self) -> None:
        """Go back to asking; none that wait are dropped."""
        await called(self._bot.delete_webhook(drop_pending_updates=False))


def _mark_of(token: str) -> str:
    """Return what tells an odd token from others without giving it away."""
    return hashlib.sha256(token.encode()).hexdigest()[:8]


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates to trust; reading them takes a tenth of a second."""
    return httpx.create_ssl_context()


def _markup(buttons: Rows) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(b.label, url=b.url)
                if b.url
                else InlineKeyboardButton(b.label, callback_data=b.data)
                for b in row
            ]
            for row in buttons
        ]
    )


def _answering(message_id: int) -> ReplyParameters | None:
    if not message_id:
        return None
    return ReplyParameters(message_id, allow_sending_without_reply=True)
