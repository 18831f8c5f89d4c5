"""What the settings of the Telegram channel have to look like. Pure."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from bot.errors import ConfigError

PATH = "/telegram"
"""Where our own server takes updates in."""

_TOKEN = re.compile(r"[A-Za-z0-9_:\-]{3,200}")
_SECRET = re.compile(r"[A-Za-z0-9_\-]{1,256}")


@dataclass(frozen=True, slots=True)
class Access:
    """How the bot is reached, and how it reaches Telegram."""

    token: str = field(repr=False)
    api_url: str
    """Without the /bot before the token; empty for Telegram's own."""
    webhook_url: str
    """Empty for polling."""
    webhook_secret: str = field(repr=False)


def checked(token: str, api_url: str, webhook_url: str, webhook_secret: str, key: str) -> Access:
    """Return the settings, with a secret made from our own key when there is none.

    Raises ConfigError that names the variable and never shows a secret.
    """
    if not _TOKEN.fullmatch(token):
        raise ConfigError(
            "BOT_TELEGRAM_TOKEN 不是机器人令牌：只有字母、数字、冒号、_ 和 -，"
            "像 123456:ABC…；请从 @BotFather 那里整个复制"
        )
    if api_url and not _is_url(api_url, "http", "https"):
        raise ConfigError(
            f"BOT_TELEGRAM_API_URL={api_url} 不是网址；请以 http:// 或 https:// 开头，"
            "不用自建服务器就不要设"
        )
    # Telegram's own server delivers to https only; one of our own may do otherwise.
    schemes = ("http", "https") if api_url else ("https",)
    if webhook_url and not _is_url(webhook_url, *schemes):
        raise ConfigError(
            f"BOT_TELEGRAM_WEBHOOK_URL={webhook_url} 不是 https 网址；"
            "请写家长用的域名，如 https://example.edu.cn/telegram，不设就用轮询"
        )
    if webhook_secret and not _SECRET.fullmatch(webhook_secret):
        raise ConfigError("BOT_TELEGRAM_WEBHOOK_SECRET 只能用字母、数字、_ 和 -，最多256个")
    # Made from our own key it is the same after a restart; Telegram is told it at every start.
    secret = webhook_secret or hmac.new(key.encode(), b"telegram webhook", "sha256").hexdigest()
    # Libraries write it with /bot at the end.
    root = api_url.rstrip("/").removesuffix("/bot")
    return Access(token, root, _with_path(webhook_url), secret)


def _is_url(url: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _with_path(url: str) -> str:
    """Return the webhook's URL, with our path when it names only the host.

    >>> _with_path("https://example.test"), _with_path("https://example.test/bots/9")
    ('https://example.test/telegram', 'https://example.test/bots/9')
    """
    parts = urlsplit(url)
    if not url or parts.path not in ("", "/"):
        return url
    return urlunsplit(parts._replace(path=PATH))
