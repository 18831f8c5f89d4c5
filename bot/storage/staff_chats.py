"""Staff in a messenger: one-time binding codes, who is who, where notices go, what is new."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Row

from bot.model import Inquiry, Media
from bot.storage.accounts import enabled, hash_of
from bot.storage.audit import Look, record
from bot.storage.encoding import instant, stamp
from bot.storage.records import load_inquiry
from bot.storage.sqlite import Database

CODE_VALID = timedelta(hours=1)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 10

_USE_CODE = """
UPDATE staff_codes SET used_at = :now
WHERE code_hash = :code_hash AND used_at IS NULL AND expires_at > :now
  AND name IN (SELECT name FROM staff_accounts WHERE disabled = 0)
RETURNING name"""

_BIND = """
INSERT INTO staff_people (user_key, name, home) VALUES (:user_key, :name, :home)
ON CONFLICT (user_key) DO UPDATE SET name = excluded.name, home = excluded.home"""

FORWARDED = "forwarded"
"""Mark: the place up to which parents' words have been passed on to owners."""

_FORWARD_FROM_NOW = """
INSERT INTO marks (name, value) SELECT :name, coalesce(max(id), 0) FROM turns WHERE true
ON CONFLICT (name) DO NOTHING"""

_PEOPLE = """
SELECT staff_people.* FROM staff_people JOIN staff_accounts
ON staff_accounts.name = staff_people.name WHERE disabled = 0"""

_TO_BE_TAKEN = """
SELECT * FROM inquiries
WHERE status = 'waiting_staff' OR (urgent = 1 AND status IN ('open', 'answered'))
ORDER BY urgent DESC, changed_at, number"""

_NEWS = """
SELECT turns.id AS place, turns.number, inquiries.owner, inbox.media,
       CASE WHEN inbox.text = '' THEN coalesce(inbox.picked, '') ELSE inbox.text END AS words
FROM turns JOIN inbox ON inbox.id = turns.inbox_id
JOIN inquiries ON inquiries.number = turns.number
WHERE turns.id > :after AND inbox.text IS NOT NULL
  AND inquiries.owner IS NOT NULL AND inquiries.status IN ('with_staff', 'waiting_parent')
  AND inbox.received_at >= (
      SELECT max(at) FROM moves WHERE moves.number = inquiries.number
      AND status_after = 'with_staff' AND status_before <> 'waiting_parent')
ORDER BY turns.id"""
# What was said before it was taken stands in the transcript that the taker got.

_PASSED_ON = """
SELECT inquiries.*, transfers.who AS passed_by, transfers.at AS passed_at
FROM transfers JOIN inquiries ON inquiries.number = transfers.number
WHERE inquiries.owner = transfers.to_whom AND inquiries.status IN ('with_staff', 'waiting_parent')
  AND transfers.at = (
      SELECT max(at) FROM transfers AS later WHERE later.number = transfers.number)
ORDER BY transfers.at"""

_KEPT = """
SELECT outbox.place, outbox.number, outbox.reason, inquiries.owner FROM outbox
JOIN deliveries ON deliveries.id = outbox.place
JOIN inquiries ON inquiries.number = outbox.number
WHERE outbox.sent_at IS NULL AND outbox.reason IS NOT NULL
ORDER BY outbox.place"""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff in a messenger."""

    user_key: str
    name: str
    home: str
    """Session key of the chat where they read transcripts."""

    def look(self, number: str, now: datetime) -> Look:
        """Return that they are shown what was said in that inquiry."""
        channel = self.user_key.partition(":")[0]
        where = channel if self.home == self.user_key else f"{channel} 群"
        return Look(self.name, number, now, where)


@dataclass(frozen=True, slots=True)
class ParentWrote:
    """Words of a parent for the owner of their inquiry."""

    place: int
    number: str
    owner: str
    words: str
    media: Media | None


@dataclass(frozen=True, slots=True)
class PassedOn:
    """An inquiry in the hands of somebody whom a colleague gave it."""

    inquiry: Inquiry
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivery that could not reach the parent."""

    place: int
    number: str
    owner: str | None
    reason: str


class StaffChats:
    """The staff's side of one messenger; every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_code(self, name: str, now: datetime) -> str:
        """Return a code that binds a messenger user to the account once; its hash is stored."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        async with self._database.transaction() as work:
            name = await enabled(work, name)
            await work.rows("DELETE FROM staff_codes WHERE expires_at <= :now", now=stamp(now))
            await work.rows(
                "INSERT INTO staff_codes (code_hash, name, expires_at)"
                " VALUES (:code_hash, :name, :expires_at)",
                code_hash=_hashed(code),
                name=name,
                expires_at=stamp(now + CODE_VALID),
            )
        return code

    async def bind(self, code: str, user_key: str, home: str, now: datetime) -> str | None:
        """Bind that user to the code's account; None when the code is used, late or unknown."""
        async with self._database.transaction() as work:
            used = await work.row(_USE_CODE, code_hash=_hashed(code), now=stamp(now))
            if used is None:
                return None
            await work.rows(_BIND, user_key=user_key, name=used["name"], home=home)
            channel = user_key.partition(":")[0]
            await work.rows(_FORWARD_FROM_NOW, name=f"{channel}:{FORWARDED}")
            await record(work, used["name"], "account.bind", used["name"], now, channel)
        return str(used["name"])

    async def unbind(self, user_key: str, now: datetime) -> None:
        """Forget who that user is."""
        async with self._database.transaction() as work:
            known = await work.row(
                "DELETE FROM staff_people WHERE user_key = :key RETURNING name", key=user_key
            )
            if known is not None:
                channel, name = user_key.partition(":")[0], known["name"]
                await record(work, name, "account.unbind", name, now, channel)

    async def bind_group(self, session_key: str, name: str, now: datetime) -> None:
        """Send notices to that group from now on."""
        async with self._database.transaction() as work:
            await work.rows(
                "INSERT INTO staff_groups (session_key, bound_by) VALUES (:key, :name)"
                " ON CONFLICT (session_key) DO UPDATE SET bound_by = excluded.bound_by",
                key=session_key,
                name=name,
            )
            await record(work, name, "group.bind", session_key, now)

    async def unbind_group(self, session_key: str, name: str, now: datetime) -> None:
        """Send no more notices to that group."""
        async with self._database.transaction() as work:
            await work.rows("DELETE FROM staff_groups WHERE session_key = :key", key=session_key)
            await record(work, name, "group.unbind", session_key, now)

    async def forget_group(self, session_key: str, now: datetime) -> bool:
        """Forget a group with what was still to be said there; return if notices went there."""
        async with self._database.transaction() as work:
            await work.rows(
                "UPDATE outbox SET note = NULL, sent_at = :now"
                " WHERE session_key = :key AND sent_at IS NULL",
                key=session_key,
                now=stamp(now),
            )
            await work.rows(
                "UPDATE staff_people SET home = user_key WHERE home = :key", key=session_key
            )
            bound = await work.rows(
                "DELETE FROM staff_groups WHERE session_key = :key RETURNING session_key",
                key=session_key,
            )
        return bool(bound)

    async def move_group(self, before: str, after: str) -> None:
        """Follow a group that got another id."""
        async with self._database.transaction() as work:
            await work.rows("DELETE FROM staff_groups WHERE session_key = :key", key=after)
            for table, column in (
                ("staff_groups", "session_key"),
                ("staff_people", "home"),
                ("outbox", "session_key"),
            ):
                await work.rows(
                    f"UPDATE {table} SET {column} = :after WHERE {column} = :before",  # noqa: S608
                    before=before,
                    after=after,
                )

    async def person(self, user_key: str) -> Person | None:
        """Return who that user is, unless the account is disabled."""
        rows = await self._database.rows(f"{_PEOPLE} AND user_key = :key", key=user_key)
        return _person(rows[0]) if rows else None

    async def people(self) -> list[Person]:
        """Return everybody bound."""
        return [_person(row) for row in await self._database.rows(f"{_PEOPLE} ORDER BY user_key")]

    async def names(self) -> list[str]:
        """Return what everybody with an account is called, bound or not."""
        rows = await self._database.rows(
            "SELECT name FROM staff_accounts WHERE disabled = 0 ORDER BY name"
        )
        return [row["name"] for row in rows]

    async def groups(self) -> list[str]:
        """Return the session keys of the groups that get notices."""
        rows = await self._database.rows("SELECT session_key FROM staff_groups ORDER BY 1")
        return [row["session_key"] for row in rows]

    # ------------------------------------------------------------------ what is new

    async def to_be_taken(self) -> list[Inquiry]:
        """Return what waits for somebody of the staff, urgent first, then the longest waiting."""
        return [load_inquiry(row) for row in await self._database.rows(_TO_BE_TAKEN)]

    async def last_place(self) -> int:
        """Return the place of the newest turn."""
        rows = await self._database.rows("SELECT coalesce(max(id), 0) AS place FROM turns")
        return int(rows[0]["place"])

    async def news(self, after: int) -> list[ParentWrote]:
        """Return what parents wrote to owners after that place."""
        return [
            ParentWrote(
                row["place"],
                str(row["number"]),
                row["owner"],
                row["words"],
                Media(row["media"]) if row["media"] else None,
            )
            for row in await self._database.rows(_NEWS, after=after)
        ]

    async def passed_on(self) -> list[PassedOn]:
        """Return the inquiries that are with somebody because a colleague gave them."""
        return [
            PassedOn(load_inquiry(row), row["passed_by"], instant(row["passed_at"]))
            for row in await self._database.rows(_PASSED_ON)
        ]

    async def kept(self) -> list[Kept]:
        """Return the deliveries that could not reach their parents."""
        return [
            Kept(row["place"], str(row["number"]), row["owner"], row["reason"])
            for row in await self._database.rows(_KEPT)
        ]


def _person(row: Row) -> Person:
    return Person(row["user_key"], row["name"], row["home"])


def _hashed(code: str) -> str:
    return hash_of(code.strip().upper())
