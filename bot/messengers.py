"""The messengers that the settings ask for, beside the web."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from starlette.routing import BaseRoute

from bot.config import Settings
from bot.engine import Desk, wall_clock
from bot.errors import ConfigError
from bot.outbox import Outbox, PushChannel


class Messenger(PushChannel, Protocol):
    """A channel beside the web: takes messages in its own way, gets ours from the outbox."""

    @property
    def state(self) -> StrEnum:
        """How it is doing, as /healthz shows it."""
        ...

    def routes(self) -> Sequence[BaseRoute]:
        """Return the addresses that its platform calls."""
        ...

    async def run(self) -> None:
        """Work until cancelled; what goes wrong is waited for, never raised."""
        ...

    async def close(self) -> None:
        """Close the connections, when the outbox has stopped as well."""
        ...


def messengers(settings: Settings, desk: Desk, outbox: Outbox, key: str) -> dict[str, Messenger]:
    """Return them by what they are called in sessions' keys; raises ConfigError."""
    found = {
        "telegram": _telegram(settings, desk, outbox, key),
        "wechat": _wechat(settings, desk, outbox),
    }
    return {name: messenger for name, messenger in found.items() if messenger}


async def send_what_is_said(desk: Desk, outbox: Outbox) -> None:
    """Have the outbox look whenever the desk has said something."""
    with desk.subscribe_inbox() as changed:
        while True:
            await changed.wait()
            changed.clear()
            outbox.wake()


def _telegram(settings: Settings, desk: Desk, outbox: Outbox, key: str) -> Messenger | None:
    """Return the Telegram channel, if a token is set; its library is loaded only then."""
    if not settings.telegram_token:
        return None
    from bot.channels.telegram.access import checked
    from bot.channels.telegram.api import Api
    from bot.channels.telegram.channel import Telegram

    access = checked(
        settings.telegram_token,
        settings.telegram_api_url,
        settings.telegram_webhook_url,
        settings.telegram_webhook_secret,
        key,
    )
    return Telegram(
        desk,
        Api(access.token, access.api_url),
        outbox,
        wall_clock,
        webhook_url=access.webhook_url,
        webhook_secret=access.webhook_secret,
    )


def _wechat(settings: Settings, desk: Desk, outbox: Outbox) -> Messenger | None:
    """Return the WeChat channel, if any of its settings is set."""
    named = {
        "BOT_WECHAT_AES_KEY": settings.wechat_aes_key,
        "BOT_WECHAT_AES_KEY_PREVIOUS": settings.wechat_aes_key_previous,
    }
    if not settings.wechat_token:
        if settings.wechat_app_id or settings.wechat_app_secret or any(named.values()):
            raise ConfigError(
                "要开微信渠道，先设 BOT_WECHAT_TOKEN：公众号后台“服务器配置”里您自己定的那个 Token"
            )
        return None
    if not settings.wechat_app_id and (settings.wechat_app_secret or any(named.values())):
        raise ConfigError("设了微信的密钥，还要设 BOT_WECHAT_APP_ID；在公众号后台可以看到")
    from bot.channels.wechat.api import Api
    from bot.channels.wechat.channel import WeChat
    from bot.channels.wechat.wire import Secrets, aes_key

    keys = tuple(aes_key(value, name) for name, value in named.items() if value)
    return WeChat(
        desk,
        Api(settings.wechat_app_id, settings.wechat_app_secret, settings.wechat_api_url),
        outbox,
        Secrets(settings.wechat_token, settings.wechat_app_id, keys),
        wall_clock,
    )
