"""WeChat's server API as the channel uses it: one access token, our errors, no secret shown."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.errors import ChannelError, DeliveryError
from bot.storage.outbox import BLOCKED, QUOTA, WINDOW

OFFICIAL = "https://api.weixin.qq.com"
_TIMEOUT_S = 10.0
_EARLIER_S = 300.0
"""So long before it ends a token is fetched anew."""
_SETTINGS_WAIT_S = 60.0
"""How long to wait when only the operator can mend it."""

STALE_TOKEN = frozenset({40001, 40014, 42001})
NOT_ALLOWED = frozenset({48001, 48004, 50001, 50002})
"""The account has no customer-service messages, or not for us."""
_KEPT: Mapping[int, str] = {
    45015: WINDOW,  # 48 hours without a word, or the parent left
    45047: WINDOW,  # as many as one word of the parent allows
    43004: WINDOW,  # the parent left
    45009: QUOTA,
    48002: BLOCKED,  # the parent refuses messages
}
_SETTINGS: Mapping[int, str] = {
    40164: "微信不认这台服务器的 IP。请在公众号后台的“IP白名单”里加上它",
    40013: "BOT_WECHAT_APP_ID 不对。请照公众号后台核对",
    40125: "BOT_WECHAT_APP_SECRET 不对。请照公众号后台核对，或重置后再填",
    41002: "BOT_WECHAT_APP_ID 不对。请照公众号后台核对",
    41004: "BOT_WECHAT_APP_SECRET 不对。请照公众号后台核对，或重置后再填",
    61024: "这个公众号由第三方平台托管，BOT_WECHAT_APP_SECRET 用不了",
    89503: "微信要管理员确认这台服务器的 IP。请看管理员的微信",
    89501: "微信要管理员确认这台服务器的 IP。请看管理员的微信",
    48001: "这个公众号没有这个接口的权限，多半要先认证",
    40243: "AppSecret 被冻结了。请在公众号后台解冻",
}
"""What an operator has to do, by error code."""
_AGAIN = frozenset({-1, 45011, 50005})

log = logging.getLogger(__name__)


class Refused(ChannelError):
    """WeChat's answer was an error."""

    def __init__(self, code: int) -> None:
        super().__init__(f"WeChat says {code}")
        self.code = code

    @property
    def remedy(self) -> str:
        """What an operator can do about it; empty when nothing."""
        return _SETTINGS.get(self.code, "")


@dataclass(slots=True)
class _Token:
    value: str = field(repr=False)
    until: float


class Api:
    """The calls that the channel makes; each may raise ChannelError, never with a secret in it."""

    def __init__(
        self,
        app_id: str,
        app_secret: str,
        url: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Request lines are nothing but URLs, and those hold the token.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._app_id, self._app_secret = app_id, app_secret
        self._clock = clock
        self._client = httpx.AsyncClient(base_url=(url or OFFICIAL).rstrip("/"), timeout=_TIMEOUT_S)
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    def __repr__(self) -> str:
        return "WeChatApi"

    @property
    def has_secret(self) -> bool:
        """Whether there is anything we may call."""
        return bool(self._app_secret)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, openid: str, text: str) -> None:
        """Send a customer-service text; raises ChannelError.

        https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage.html
        """
        message = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        await self._call("message/custom/send", message)

    async def create_menu(self, buttons: list[dict[str, Any]]) -> None:
        """Replace the account's menu; raises ChannelError."""
        await self._call("menu/create", {"button": buttons})

    async def connect(self) -> None:
        """Fetch a token; raises ChannelError."""
        await self._access_token(None)

    async def _call(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        token = await self._access_token(None)
        try:
            return await self._post(path, body, token)
        except Refused as error:
            if error.code not in STALE_TOKEN:
                raise
        return await self._post(path, body, await self._access_token(token))

    async def _access_token(self, refused: str | None) -> str:
        """Return the token that all share; another one than the `refused`.

        https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken.html
        """
        async with self._fetching:
            token = self._token
            if token and token.value != refused and self._clock() < token.until:
                return token.value
            self._token = await self._fetch(force=False)
            if self._token.value == refused:
                # Rarely needed, and only twenty times a day.
                self._token = await self._fetch(force=True)
            return self._token.value

    async def _fetch(self, *, force: bool) -> _Token:
        body = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._app_secret,
            "force_refresh": force,
        }
        answer = await self._post("stable_token", body)
        value, lasts = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not isinstance(lasts, int | float):
            raise ChannelError("WeChat gave no token")
        return _Token(value, self._clock() + max(lasts - _EARLIER_S, lasts / 2))

    async def _post(
        self, path: str, body: Mapping[str, Any], token: str | None = None
    ) -> Mapping[str, Any]:
        """Return WeChat's answer; httpx sends Chinese as it is, as WeChat wants it."""
        params = {"access_token": token} if token else None
        try:
            response = await self._client.post(f"/cgi-bin/{path}", json=body, params=params)
            response.raise_for_status()
            answer = response.json()
        except httpx.HTTPStatusError as error:
            raise ChannelError(f"{path}: HTTP {error.response.status_code}") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # Their words may quote the address.
            raise ChannelError(f"{path}: {type(error).__name__}") from None
        if not isinstance(answer, dict):
            raise ChannelError(f"{path}: no answer of WeChat's")
        code = answer.get("errcode", 0)
        if code:
            raise Refused(code if isinstance(code, int) else -1)
        return answer


def delivery_error(error: ChannelError) -> DeliveryError:
    """Return what a message that was not taken means for the outbox."""
    text = str(error)
    if not isinstance(error, Refused):
        return DeliveryError(text, retryable=True)
    if error.code in NOT_ALLOWED:
        return DeliveryError(text, retryable=False, reason=WINDOW)
    if error.code in _KEPT:
        return DeliveryError(text, retryable=False, reason=_KEPT[error.code])
    if error.remedy or error.code in STALE_TOKEN:
        return DeliveryError(text, retryable=True, retry_after_s=_SETTINGS_WAIT_S)
    return DeliveryError(text, retryable=error.code in _AGAIN)
