"""What goes wrong with a call, as our errors: without the token, and with what to do about it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels.telegram.secrecy import scrub
from bot.errors import ChannelError, DeliveryError
from bot.storage.outbox import BLOCKED

_TOKEN_WAIT_S = 60.0
_GONE = (
    *("chat not found", "user not found", "user_is_deactivated", "peer_id_invalid"),
    *("not enough rights", "have no rights", "chat_write_forbidden"),
)
"""Refusals that hold for everything we could say there."""
_T = TypeVar("_T")


class TakenElsewhere(ChannelError):
    """Somebody else fetches this bot's messages (409)."""


class TokenRefused(ChannelError):
    """Telegram, or whatever stands at the address, does not know the token."""


async def called(call: Awaitable[_T]) -> _T:
    """Return what the call returns; its errors become ours, without the token."""
    try:
        return await call
    except Conflict as error:
        raise TakenElsewhere(scrub(str(error))) from None
    except InvalidToken as error:
        raise TokenRefused(scrub(str(error))) from None
    except TelegramError as error:
        raise delivery_error(error) from None
    except Exception as error:
        # The library trusts the answer's shape; whatever it stumbles over is the answer's fault.
        raise ChannelError(f"{type(error).__name__}: {scrub(str(error))}") from None


def delivery_error(error: TelegramError) -> DeliveryError:
    """Return what a refused call means for the outbox."""
    text = scrub(f"{type(error).__name__}: {error}")
    match error:
        case RetryAfter():
            wait = error.retry_after
            wait_s = float(wait) if isinstance(wait, int) else wait.total_seconds()
            return DeliveryError(text, retryable=True, retry_after_s=wait_s)
        case InvalidToken():
            return DeliveryError(text, retryable=True, retry_after_s=_TOKEN_WAIT_S)
        case Forbidden():
            return DeliveryError(text, retryable=False, reason=BLOCKED)
        case BadRequest():
            gone = any(word in error.message.lower() for word in _GONE)
            return DeliveryError(text, retryable=False, reason=BLOCKED if gone else "refused")
    return DeliveryError(text, retryable=True)
