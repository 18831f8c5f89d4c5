"""Signing in and out: links, passwords, tries that are counted, sessions that can be ended."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.storage import passwords
from bot.storage.accounts import Account, AccountRefused, Role, hash_of, tidy
from bot.storage.audit import record
from bot.storage.encoding import instant, stamp
from bot.storage.sqlite import Work
from bot.storage.store import Store

SESSION_LENGTH = timedelta(hours=12)
TRIES_WITHIN = timedelta(minutes=15)
TRIES = {"both": 5, "name": 30, "address": 30}
"""Wrong passwords until a door is shut: for a name from one address, for a name, an address."""

_USE_LINK = """
UPDATE staff_links SET used_at = :now
WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > :now
  AND name IN (SELECT name FROM staff_accounts WHERE disabled = 0)
RETURNING name"""

_SESSION = """
SELECT staff_accounts.* FROM staff_sessions
JOIN staff_accounts ON staff_accounts.name = staff_sessions.name
WHERE secret_hash = :secret_hash AND expires_at > :now AND disabled = 0"""

_OF_PERSON = """
SELECT * FROM staff_sessions WHERE name = :name AND expires_at > :now ORDER BY begun_at DESC"""


class BadPassword(AccountRefused):
    """The password cannot be taken; the message is Chinese."""


class TooManyTries(AccountRefused):
    """Nobody may try that door for a while; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class StaffSession:
    """One browser that is signed in."""

    id: str
    """Names the session; nobody can come in with it."""
    begun_at: datetime | None
    expires_at: datetime
    browser: str


class Sessions:
    """Who is signed in; every method may raise StorageError."""

    def __init__(self, store: Store) -> None:
        self._database = store.database

    async def use_link(self, token: str, now: datetime, browser: str = "") -> str | None:
        """Return the secret of a new session; None when the link is used, late or unknown."""
        async with self._database.transaction() as work:
            link = await work.row(_USE_LINK, token_hash=hash_of(token), now=stamp(now))
            if link is None:
                return None
            await record(work, link["name"], "sign_in.link", link["name"], now)
            return await _begin(work, link["name"], now, browser)

    async def sign_in(
        self, name: str, password: str, now: datetime, *, address: str = "", browser: str = ""
    ) -> str | None:
        """Return the secret of a new session; None when name or password is wrong.

        Raises TooManyTries, however right the password is. A try counts before it is checked,
        so that many at once are not checked all.
        """
        name = tidy(name)
        doors = {
            "both": hash_of(f"both {name} {address}"),
            "name": hash_of(f"name {name}"),
            "address": hash_of(f"address {address}"),
        }
        async with self._database.transaction() as work:
            await _check_tries(work, doors, now)
            await work.each(
                "INSERT INTO sign_in_failures (door, at) VALUES (:door, :at)",
                [{"door": door, "at": stamp(now)} for door in doors.values()],
            )
            account = await work.row(
                "SELECT name, password_hash FROM staff_accounts"
                " WHERE name = :name AND disabled = 0",
                name=name,
            )
        password_hash = account["password_hash"] if account else None
        right = await passwords.fits(password_hash, password[: passwords.LONGEST])
        fresh = None
        if right and password_hash and passwords.is_outdated(password_hash):
            fresh = await passwords.hashed(password)
        async with self._database.transaction() as work:
            if not right or account is None:
                if account is not None:
                    await record(work, name, "sign_in.refused", name, now)
                return None
            # The account may have changed while the password was worked out.
            unchanged = await work.row(
                "UPDATE staff_accounts SET password_hash = coalesce(:fresh, password_hash)"
                " WHERE name = :name AND disabled = 0 AND password_hash = :before RETURNING name",
                name=account["name"],
                fresh=fresh,
                before=password_hash,
            )
            if unchanged is None:
                return None
            for door in (doors["both"], doors["name"]):
                await work.rows("DELETE FROM sign_in_failures WHERE door = :door", door=door)
            await record(work, name, "sign_in.password", name, now)
            return await _begin(work, account["name"], now, browser)

    async def set_password(
        self, name: str, password: str, now: datetime, *, secret: str = ""
    ) -> None:
        """Change a password and end the person's other sessions; raises BadPassword."""
        if len(password) < passwords.SHORTEST:
            raise BadPassword(f"密码太短，至少 {passwords.SHORTEST} 个字符；一句好记的话就很好")
        if len(password) > passwords.LONGEST:
            raise BadPassword(f"密码太长，最多 {passwords.LONGEST} 个字符")
        if name.casefold() in password.casefold() or len(set(password)) < 4:
            raise BadPassword("这个密码太好猜；请不要用自己的称呼，也不要重复同一个字符")
        password_hash = await passwords.hashed(password)
        async with self._database.transaction() as work:
            await work.rows(
                "UPDATE staff_accounts SET password_hash = :password_hash WHERE name = :name",
                name=name,
                password_hash=password_hash,
            )
            await work.rows(
                "DELETE FROM staff_sessions WHERE name = :name AND secret_hash <> :kept",
                name=name,
                kept=hash_of(secret),
            )
            await record(work, name, "account.password", name, now)

    async def knows_password(self, name: str, password: str) -> bool:
        """Return whether that is the person's password."""
        rows = await self._database.rows(
            "SELECT password_hash FROM staff_accounts WHERE name = :name", name=name
        )
        return await passwords.fits(rows[0]["password_hash"] if rows else None, password)

    async def who(self, secret: str, now: datetime) -> Account | None:
        """Return who is signed in with that secret, 12 hours long unless disabled."""
        rows = await self._database.rows(_SESSION, secret_hash=hash_of(secret), now=stamp(now))
        if not rows:
            return None
        row = rows[0]
        return Account(row["name"], Role(row["role"]), False, row["password_hash"] is not None)

    async def of_person(self, name: str, now: datetime) -> list[StaffSession]:
        """Return the browsers in which that person is signed in, the latest first."""
        return [
            StaffSession(
                row["secret_hash"][:16],
                instant(row["begun_at"]) if row["begun_at"] else None,
                instant(row["expires_at"]),
                row["browser"] or "",
            )
            for row in await self._database.rows(_OF_PERSON, name=name, now=stamp(now))
        ]

    async def end(self, secret: str) -> None:
        """Sign out; an unknown secret changes nothing."""
        async with self._database.transaction() as work:
            await work.rows(
                "DELETE FROM staff_sessions WHERE secret_hash = :secret_hash",
                secret_hash=hash_of(secret),
            )

    async def revoke(
        self, name: str, now: datetime, *, by: str, session_id: str = "", but: str = ""
    ) -> int:
        """End one session of a person, or all, but for the one with that secret; count them."""
        async with self._database.transaction() as work:
            ended = await work.rows(
                "DELETE FROM staff_sessions WHERE name = :name AND secret_hash <> :but"
                " AND (:id = '' OR substr(secret_hash, 1, 16) = :id) RETURNING name",
                name=name,
                id=session_id,
                but=hash_of(but) if but else "",
            )
            if ended:
                await record(work, by, "session.revoke", name, now, str(len(ended)))
        return len(ended)


def same_session(session: StaffSession, secret: str) -> bool:
    """Return whether that is the session of this secret."""
    return hmac.compare_digest(session.id, hash_of(secret)[:16])


async def _begin(work: Work, name: str, now: datetime, browser: str) -> str:
    secret = secrets.token_urlsafe(32)
    await work.rows("DELETE FROM staff_sessions WHERE expires_at <= :now", now=stamp(now))
    await work.rows(
        "INSERT INTO staff_sessions (secret_hash, name, expires_at, begun_at, browser)"
        " VALUES (:secret_hash, :name, :expires_at, :begun_at, :browser)",
        secret_hash=hash_of(secret),
        name=name,
        expires_at=stamp(now + SESSION_LENGTH),
        begun_at=stamp(now),
        browser=browser[:300],
    )
    return secret


async def _check_tries(work: Work, doors: dict[str, str], now: datetime) -> None:
    await work.rows(
        "DELETE FROM sign_in_failures WHERE at <= :before", before=stamp(now - TRIES_WITHIN)
    )
    for kind, door in doors.items():
        row = await work.row("SELECT count(*) AS n FROM sign_in_failures WHERE door = :d", d=door)
        if row is not None and row["n"] >= TRIES[kind]:
            minutes = int(TRIES_WITHIN.total_seconds()) // 60
            raise TooManyTries(
                f"试错太多次了，请 {minutes} 分钟后再试，或请管理员给一个新的登录链接。"
            )
