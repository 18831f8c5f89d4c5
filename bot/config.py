"""Settings, from the environment or a .env file; secrets never show in a repr."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from dotenv import dotenv_values

from bot.errors import ConfigError


def _setting(meaning: str, *, secret: bool = False, default: str = "") -> str:
    # The dataclass field stands in for its own default; typed as what it holds.
    return field(default=default, repr=not secret, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings as text; empty means not set. Names are those after BOT_, in small letters."""

    host: str = _setting("网页服务监听的地址", default="127.0.0.1")
    port: str = _setting("网页服务的端口", default="8080")
    data_dir: str = _setting("数据文件夹：数据库、训练缓存、密钥", default="data")
    faq_dir: str = _setting("FAQ 文件夹", default="faq")
    secret_key: str = _setting("签会话 cookie 的密钥；不设就自动生成，存在数据文件夹", secret=True)
    telegram_token: str = _setting("Telegram 机器人令牌", secret=True)
    telegram_api_url: str = _setting("Telegram 接口地址（自建服务器或测试用）")
    telegram_webhook_url: str = _setting("Telegram 回调网址（https，路径 /telegram）；不设就用轮询")
    telegram_webhook_secret: str = _setting("Telegram 回调口令；不设就自动生成", secret=True)
    wechat_app_id: str = _setting("微信公众号 AppID")
    wechat_app_secret: str = _setting("微信公众号 AppSecret", secret=True)
    wechat_token: str = _setting("微信公众号服务器配置里的 Token", secret=True)
    wechat_aes_key: str = _setting("微信消息加解密密钥 EncodingAESKey", secret=True)
    wechat_aes_key_previous: str = _setting("上一个 EncodingAESKey（更换期间用）", secret=True)
    wechat_api_url: str = _setting("微信接口地址（测试用）")
    staff_webhook_url: str = _setting("工作人员提醒的群机器人地址", secret=True)

    @property
    def port_number(self) -> int:
        """Return the port; raises ConfigError when it is none."""
        if self.port.isascii() and self.port.isdecimal() and 0 < int(self.port) < 65536:
            return int(self.port)
        raise ConfigError(f"BOT_PORT={self.port} 不是端口号；请填 1 到 65535 之间的数，如 8080")

    @property
    def data(self) -> Path:
        return Path(self.data_dir)

    @property
    def faq(self) -> Path:
        return Path(self.faq_dir)


def read_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Return the settings of the environment, else of .env in the folder, else the defaults."""
    environ = os.environ if environ is None else environ
    file = (folder or Path.cwd()) / ".env"
    written = {k: v for k, v in dotenv_values(file).items() if v is not None}
    values = {}
    for setting in fields(Settings):
        name = f"BOT_{setting.name.upper()}"
        value = environ.get(name, written.get(name, "")).strip()
        if value:
            values[setting.name] = value
    return Settings(**values)


def described(settings: Settings) -> list[tuple[str, str, str]]:
    """Return (variable, value as it may be shown, meaning) for every setting."""
    rows = []
    for setting in fields(Settings):
        value = getattr(settings, setting.name)
        if setting.metadata["secret"]:
            shown = "（已设置）" if value else "（未设置）"
        else:
            shown = value or "（未设置）"
        rows.append((f"BOT_{setting.name.upper()}", shown, setting.metadata["meaning"]))
    return rows
