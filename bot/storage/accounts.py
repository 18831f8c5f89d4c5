"""Staff accounts: who may come in, as what, and the one-time links that let them."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.errors import BotError
from bot.storage.audit import record
from bot.storage.encoding import stamp
from bot.storage.sqlite import Work
from bot.storage.store import Store

LONGEST_NAME = 30
LINK_VALID = timedelta(days=1)
RESERVED = frozenset({"parent", "bot", "clock"})
"""Names that say who did something when it was not staff."""
COMMAND_LINE = "命令行"
"""Who did it, in the audit, when it was done at the server."""

_ADMINS_BESIDE = """
SELECT count(*) AS others FROM staff_accounts
WHERE role = 'admin' AND disabled = 0 AND name <> :name"""


class AccountRefused(BotError):
    """An account cannot be made or used that way; the message is Chinese."""


class Role(StrEnum):
    """What an account may do: admins also keep accounts, switches and the audit."""

    ADMIN = "admin"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Account:
    """One member of staff."""

    name: str
    role: Role
    disabled: bool
    has_password: bool = False


class Accounts:
    """The staff accounts of a store; every method may raise StorageError.

    `by` is who makes the change; it goes into the audit with it.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = store.database
        self._clock = clock

    async def add(self, name: str, role: Role = Role.STAFF, *, by: str = COMMAND_LINE) -> None:
        """Make an account; raise AccountRefused on a name that is taken or unusable."""
        name = _usable(name)
        async with self._database.transaction() as work:
            added = await work.rows(
                "INSERT INTO staff_accounts (name, role) VALUES (:name, :role)"
                " ON CONFLICT (name) DO NOTHING RETURNING name",
                name=name,
                role=role.value,
            )
            if not added:
                raise AccountRefused(f"已经有账号“{name}”了（停用的也算）；请换一个名字")
            await record(work, by, "account.add", name, self._clock(), role.value)

    async def disable(self, name: str, *, by: str = COMMAND_LINE) -> None:
        """Disable an account at once, with its open links and sessions."""
        async with self._database.transaction() as work:
            name = await _existing(work, name)
            await _keep_an_admin(work, name)
            for statement in (
                "UPDATE staff_accounts SET disabled = 1 WHERE name = :name",
                "DELETE FROM staff_sessions WHERE name = :name",
                "DELETE FROM staff_links WHERE name = :name",
            ):
                await work.rows(statement, name=name)
            await record(work, by, "account.disable", name, self._clock())

    async def enable(self, name: str, *, by: str = COMMAND_LINE) -> None:
        """Let a disabled account in again; its password counts as before."""
        async with self._database.transaction() as work:
            name = await _existing(work, name)
            await work.rows("UPDATE staff_accounts SET disabled = 0 WHERE name = :name", name=name)
            await record(work, by, "account.enable", name, self._clock())

    async def set_role(self, name: str, role: Role, *, by: str = COMMAND_LINE) -> None:
        """Change what an account may do; the last admin stays one."""
        async with self._database.transaction() as work:
            name = await _existing(work, name)
            if role is not Role.ADMIN:
                await _keep_an_admin(work, name)
            await work.rows(
                "UPDATE staff_accounts SET role = :role WHERE name = :name",
                name=name,
                role=role.value,
            )
            await record(work, by, "account.role", name, self._clock(), role.value)

    async def list(self) -> list[Account]:
        """Return all accounts by name, disabled ones too."""
        rows = await self._database.rows("SELECT * FROM staff_accounts ORDER BY name")
        return [
            Account(
                row["name"],
                Role(row["role"]),
                bool(row["disabled"]),
                row["password_hash"] is not None,
            )
            for row in rows
        ]

    async def any_account(self) -> bool:
        """Return whether an account was ever made."""
        return bool(await self._database.rows("SELECT name FROM staff_accounts LIMIT 1"))

    async def create_link(
        self, name: str, now: datetime, valid_for: timedelta = LINK_VALID, *, by: str = COMMAND_LINE
    ) -> str:
        """Return a token that signs this account in once; only its hash is stored."""
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as work:
            name = await enabled(work, name)
            await work.rows("DELETE FROM staff_links WHERE expires_at <= :now", now=stamp(now))
            await work.rows(
                "INSERT INTO staff_links (token_hash, name, expires_at)"
                " VALUES (:token_hash, :name, :expires_at)",
                token_hash=hash_of(token),
                name=name,
                expires_at=stamp(now + valid_for),
            )
            await record(work, by, "account.link", name, now)
        return token


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a random secret; whatever a browser sends can be hashed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def enabled(work: Work, name: str) -> str:
    """Return the name as the account has it; raise AccountRefused unless it may come in."""
    found = await work.row(
        "SELECT name FROM staff_accounts WHERE name = :name AND disabled = 0", name=tidy(name)
    )
    if found is None:
        raise AccountRefused(f"没有账号“{tidy(name)}”，或已停用；请先用 staff add 添加")
    return str(found["name"])


async def _existing(work: Work, name: str) -> str:
    found = await work.row("SELECT name FROM staff_accounts WHERE name = :name", name=tidy(name))
    if found is None:
        raise AccountRefused(f"没有账号“{tidy(name)}”；用 staff list 可以看到全部账号")
    return str(found["name"])


async def _keep_an_admin(work: Work, name: str) -> None:
    """Refuse to take away the last admin: nobody could make another one on the pages."""
    account = await work.row(
        "SELECT role FROM staff_accounts WHERE name = :name AND disabled = 0", name=name
    )
    if account is None or account["role"] != Role.ADMIN:
        return
    beside = await work.row(_ADMINS_BESIDE, name=name)
    if beside is None or not beside["others"]:
        raise AccountRefused(f"“{name}”是最后一位管理员；请先让另一位同事当管理员")


def tidy(name: str) -> str:
    """Return a name as it is stored, however it was typed."""
    return unicodedata.normalize("NFC", name).strip()


def _usable(name: str) -> str:
    name = tidy(name)
    if not name:
        raise AccountRefused("账号名不能为空；请写家长会看到的称呼，例如“王老师”")
    if unicodedata.normalize("NFKC", name).casefold() in RESERVED or name == COMMAND_LINE:
        raise AccountRefused(f"“{name}”是系统自己用的名字；请换一个，例如“王老师”")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountRefused(f"账号名最多 {LONGEST_NAME} 个字，不能有换行等控制字符；请换一个")
    return name
