"""Opening: fresh files, foreign files, newer and changed schemas."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from storage_desk import message

from bot.errors import StorageError
from bot.storage.migrate import Migration, migrate, read_migrations
from bot.storage.sqlite import Database
from bot.storage.store import Store

FIRST = Migration(
    1, "0001_first.sql", "CREATE TABLE a (x INTEGER);\n-- ; \nINSERT INTO a VALUES (1);"
)
SECOND = Migration(2, "0002_second.sql", "ALTER TABLE a ADD COLUMN y TEXT;\n")
BROKEN = Migration(
    2, "0002_broken.sql", "INSERT INTO a VALUES (2);\nSELECT nothing FROM nowhere;\n"
)


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql).fetchall()


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def content(path: Path) -> bytes:
    return path.read_bytes()


def damage(path: Path) -> None:
    """Overwrite everything behind the first two pages."""
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xa5" * (len(whole) - 8192))


async def read_all(path: Path) -> None:
    store = await Store.open(path)
    try:
        await store.unhandled()
    finally:
        await store.close()


async def run(path: Path, *steps: Migration) -> list[int]:
    database = await Database.open(path)
    try:
        return await migrate(database, steps)
    finally:
        await database.close()


async def test_a_fresh_file_has_every_step_and_is_private(path: Path) -> None:
    await (await Store.open(path)).close()
    await (await Store.open(path)).close()
    recorded = query(path, "SELECT version, checksum FROM schema_migrations ORDER BY version")
    assert recorded == [(step.version, step.checksum) for step in read_migrations()]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    assert permissions(path) == 0o600


async def test_the_released_steps_have_not_been_changed() -> None:
    released = {1: "1220224283371e68fa28fff67bbf4933479500ab2bd829ec4f25ffda2caf4a3f"}
    assert released.items() <= {s.version: s.checksum for s in read_migrations()}.items()


async def test_the_pragmas_are_set(path: Path) -> None:
    for where, synchronous in ((path, 2), (None, 0)):
        store = await Store.open(where)
        async with store.database.transaction() as work:
            for pragma, value in (
                ("foreign_keys", 1),
                ("synchronous", synchronous),
                ("busy_timeout", 10_000),
                ("secure_delete", 1),
            ):
                row = await work.row(f"PRAGMA {pragma}")
                assert row is not None
                assert row[0] == value, pragma
        await store.close()


async def test_missing_steps_run_once_in_order(path: Path) -> None:
    assert await run(path, FIRST) == [1]
    assert await run(path, FIRST, SECOND) == [2]
    assert await run(path, FIRST, SECOND) == []
    assert query(path, "SELECT x, y FROM a") == [(1, None)]


async def test_a_step_that_fails_leaves_nothing_behind(path: Path) -> None:
    await run(path, FIRST)
    with pytest.raises(StorageError):
        await run(path, FIRST, BROKEN)
    assert query(path, "SELECT x FROM a") == [(1,)]
    assert await run(path, FIRST, SECOND) == [2]


async def test_a_changed_step_is_refused(path: Path) -> None:
    await run(path, FIRST)
    with pytest.raises(StorageError, match=r"0001_first\.sql 在数据库建好之后被改过；请"):
        await run(path, Migration(1, FIRST.name, FIRST.script + " "))


async def test_a_newer_database_is_refused_untouched(path: Path) -> None:
    await (await Store.open(path)).close()
    query(path, "INSERT INTO schema_migrations VALUES (99, 'x', 'x')")
    before = content(path)
    with pytest.raises(StorageError, match="数据库的版本是 99，比程序认识的"):
        await Store.open(path)
    assert content(path) == before


async def test_line_ends_do_not_change_a_checksum(tmp_path: Path) -> None:
    for folder, end in (("unix", b"\n"), ("windows", b"\r\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0001_a.sql").write_bytes(end.join([b"SELECT 1;", b"SELECT 2;", b""]))
    [unix], [windows] = read_migrations(tmp_path / "unix"), read_migrations(tmp_path / "windows")
    assert unix == windows


@pytest.mark.parametrize("names", [[], ["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["1_a.sql"]])
async def test_a_folder_with_gaps_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;\n")
    with pytest.raises(StorageError, match="请"):
        read_migrations(tmp_path)


async def test_two_starts_at_once_make_one_schema(path: Path) -> None:
    stores = await asyncio.gather(*(Store.open(path) for _ in range(4)))
    for store in stores:
        await store.ping()
        await store.close()


async def test_files_that_are_no_store_are_refused_and_kept(tmp_path: Path) -> None:
    text = tmp_path / "notes.sqlite"
    text.write_text("这不是数据库，" * 1000)
    foreign = tmp_path / "foreign.sqlite"
    query(foreign, "CREATE TABLE addresses (name TEXT)")
    before = content(foreign)
    for path, sentence in (
        (text, "不是数据库；请"),
        (foreign, "别的程序的数据库"),
        (tmp_path, "打不开；请"),
        (text / "data" / "desk.sqlite", "数据文件夹建不了或不能写；请"),
    ):
        with pytest.raises(StorageError, match=sentence) as refused:
            await Store.open(path)
        assert str(path) in str(refused.value)
    assert text.read_text() == "这不是数据库，" * 1000
    assert content(foreign) == before
    assert [each.name for each in threading.enumerate() if "_connection_worker" in each.name] == []


async def test_a_damaged_file_is_an_error_with_a_remedy(path: Path) -> None:
    store = await Store.open(path)
    for place in range(200):
        await store.write_down(message("话" * 200, f"m{place}"))
    await store.close()
    damage(path)
    with pytest.raises(StorageError, match="已损坏；请停止服务"):
        await read_all(path)
