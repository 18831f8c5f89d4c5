"""A database of version 2, with a bit of everything in it, is brought up to date and kept whole.

tests/data/desk_v2.sql was dumped from a desk of that version: parents on two channels, one of
them erased; answered, resolved, urgent and owned inquiries; accounts, a link, a session, an
outbox with something in it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from storage_desk import NOW, ROOT

from bot.model import Status
from bot.storage.accounts import Accounts, Role
from bot.storage.migrate import read_migrations
from bot.storage.outbox import OutboxStore
from bot.storage.sessions import Sessions
from bot.storage.store import Store

DUMP = ROOT / "tests" / "data" / "desk_v2.sql"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def old(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text("utf-8"))
    return path


def content(path: Path, columns: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of these tables, in these columns."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(
                connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall(),  # noqa: S608
                key=repr,
            )
            for table, names in columns.items()
        }


def tables(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: [column[1] for column in connection.execute(f"PRAGMA table_info({name})")]
            for (name,) in names.fetchall()
            if name not in ("schema_migrations", "sqlite_sequence")
        }


async def test_every_row_is_kept(old: Path) -> None:
    columns = tables(old)
    before = content(old, columns)
    assert all(before[name] for name in ("inbox", "turns", "moves", "deliveries", "outbox"))
    store = await Store.open(old)
    await store.close()
    assert content(old, columns) == before
    with closing(sqlite3.connect(old)) as connection:
        versions = connection.execute("SELECT max(version) FROM schema_migrations").fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert versions == (read_migrations()[-1].version,)


async def test_what_was_going_on_goes_on(old: Path) -> None:
    store = await Store.open(old)
    try:
        stands = {i.inquiry.number: i.inquiry for i in await store.queue(limit=100)}
        assert stands["1001"].status is Status.RESOLVED
        assert (stands["1002"].status, stands["1002"].owner) == (Status.WAITING_PARENT, "王老师")
        assert (stands["1003"].status, stands["1003"].urgent) == (Status.WAITING_STAFF, True)
        assert "三年级" in str(await store.transcript("1002"))
        assert await store.casework.notes("1002") == []
        assert {p.inquiry.number for p in await store.progress()} == {"1002", "1003", "1005"}
        waiting = await OutboxStore(store.database).waiting(["telegram"])
        assert "telegram:w1" in {key for key, _ in waiting}
        assert (await store.history("memory:p5"))[-1].text.startswith("已经删除")
    finally:
        await store.close()


async def test_staff_come_in_as_before_and_are_all_admins(old: Path) -> None:
    store = await Store.open(old)
    try:
        accounts, sessions = Accounts(store), Sessions(store)
        roles = {each.name: (each.role, each.disabled) for each in await accounts.list()}
        assert roles == {
            "管理员": (Role.ADMIN, False),
            "王老师": (Role.ADMIN, False),
            "李老师": (Role.ADMIN, True),
        }
        signed_in = await sessions.who("old-session-secret", LATER)
        assert signed_in is not None
        assert (signed_in.name, signed_in.has_password) == ("管理员", False)
        assert len(await sessions.of_person("管理员", LATER)) == 1
        assert await sessions.use_link("old-link-token", LATER) is not None
    finally:
        await store.close()
