"""Staff accounts: who may sign in, one-time links, sessions that end by themselves."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import BotError
from bot.storage.encoding import stamp
from bot.storage.sqlite import Work
from bot.storage.store import Store

SESSION_LENGTH = timedelta(hours=12)
LONGEST_NAME = 30
RESERVED = frozenset({"parent", "bot", "clock"})
"""Names that say who did something when it was not staff."""

_USE_LINK = """
UPDATE staff_links SET used_at = :now
WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > :now
  AND name IN (SELECT name FROM staff_accounts WHERE disabled = 0)
RETURNING name"""

_SESSION_NAME = """
SELECT staff_accounts.name FROM staff_sessions
JOIN staff_accounts ON staff_accounts.name = staff_sessions.name
WHERE secret_hash = :secret_hash AND expires_at > :now AND disabled = 0"""


class AccountRefused(BotError):
    """An account cannot be made or used that way; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class Account:
    """One member of staff."""

    name: str
    role: str
    disabled: bool


class Accounts:
    """The staff accounts of a store; every method may raise StorageError."""

    def __init__(self, store: Store) -> None:
        self._database = store.database

    async def add(self, name: str) -> None:
        """Make an account; raise AccountRefused on a name that is taken or unusable."""
        name = _usable(name)
        async with self._database.transaction() as work:
            added = await work.rows(
                "INSERT INTO staff_accounts (name) VALUES (:name)"
                " ON CONFLICT (name) DO NOTHING RETURNING name",
                name=name,
            )
            if not added:
                raise AccountRefused(f"已经有账号“{name}”了（停用的也算）；请换一个名字")

    async def disable(self, name: str) -> None:
        """Disable an account at once, with its open links and sessions."""
        async with self._database.transaction() as work:
            found = await work.rows(
                "UPDATE staff_accounts SET disabled = 1 WHERE name = :name RETURNING name",
                name=_tidy(name),
            )
            if not found:
                raise AccountRefused(f"没有账号“{_tidy(name)}”；用 staff list 可以看到全部账号")
            await work.rows("DELETE FROM staff_sessions WHERE name = :name", name=_tidy(name))
            await work.rows("DELETE FROM staff_links WHERE name = :name", name=_tidy(name))

    async def list(self) -> list[Account]:
        """Return all accounts by name, disabled ones too."""
        rows = await self._database.rows(
            "SELECT name, role, disabled FROM staff_accounts ORDER BY name"
        )
        return [Account(row["name"], row["role"], bool(row["disabled"])) for row in rows]

    async def any_account(self) -> bool:
        """Return whether an account was ever made."""
        return bool(await self._database.rows("SELECT name FROM staff_accounts LIMIT 1"))

    async def create_link(self, name: str, now: datetime, valid_for: timedelta) -> str:
        """Return a token that signs this account in once; only its hash is stored."""
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as work:
            account = await work.row(
                "SELECT name FROM staff_accounts WHERE name = :name AND disabled = 0",
                name=_tidy(name),
            )
            if account is None:
                raise AccountRefused(f"没有账号“{_tidy(name)}”，或已停用；请先用 staff add 添加")
            await _sweep(work, now)
            await work.rows(
                "INSERT INTO staff_links (token_hash, name, expires_at)"
                " VALUES (:token_hash, :name, :expires_at)",
                token_hash=_hashed(token),
                name=account["name"],
                expires_at=stamp(now + valid_for),
            )
        return token

    async def use_link(self, token: str, now: datetime) -> str | None:
        """Return the secret of a new session; None when the link is used, late or unknown."""
        secret = secrets.token_urlsafe(32)
        async with self._database.transaction() as work:
            link = await work.row(_USE_LINK, token_hash=_hashed(token), now=stamp(now))
            if link is None:
                return None
            await work.rows(
                "INSERT INTO staff_sessions (secret_hash, name, expires_at)"
                " VALUES (:secret_hash, :name, :expires_at)",
                secret_hash=_hashed(secret),
                name=link["name"],
                expires_at=stamp(now + SESSION_LENGTH),
            )
        return secret

    async def session_name(self, secret: str, now: datetime) -> str | None:
        """Return who is signed in with that secret, 12 hours long unless disabled."""
        rows = await self._database.rows(_SESSION_NAME, secret_hash=_hashed(secret), now=stamp(now))
        return str(rows[0]["name"]) if rows else None

    async def end_session(self, secret: str) -> None:
        """Sign out; an unknown secret changes nothing."""
        async with self._database.transaction() as work:
            await work.rows(
                "DELETE FROM staff_sessions WHERE secret_hash = :secret_hash",
                secret_hash=_hashed(secret),
            )


def _tidy(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _usable(name: str) -> str:
    name = _tidy(name)
    if not name:
        raise AccountRefused("账号名不能为空；请写家长会看到的称呼，例如“王老师”")
    if unicodedata.normalize("NFKC", name).casefold() in RESERVED:
        raise AccountRefused(f"“{name}”是系统自己用的名字；请换一个，例如“王老师”")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountRefused(f"账号名最多 {LONGEST_NAME} 个字，不能有换行等控制字符；请换一个")
    return name


def _hashed(secret: str) -> str:
    """Return the SHA-256 of a random secret; whatever a browser sends can be hashed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def _sweep(work: Work, now: datetime) -> None:
    await work.rows("DELETE FROM staff_links WHERE expires_at <= :now", now=stamp(now))
    await work.rows("DELETE FROM staff_sessions WHERE expires_at <= :now", now=stamp(now))
