"""The schema's numbered scripts: what a database still lacks is run, in one transaction."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import StorageError
from bot.storage.encoding import stamp
from bot.storage.sqlite import Database

FOLDER = Path(__file__).parent / "migrations"

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_RECORDS = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; once released, its file never changes."""

    version: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.script.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """Yield the script's statements one by one; each must end at a line's end."""
        statement = ""
        for line in self.script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""
        if statement.strip():
            raise StorageError(f"{self.name} 的最后一条语句没有以分号结束；请补上")


def read_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Return the scripts by version, 1, 2, 3 … without a gap, else raise StorageError."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        named = _NAME.fullmatch(path.name)
        if named is None:
            raise StorageError(f"{path.name} 的名字应当像 0002_what_changes.sql；请改名")
        # read_text() reads CRLF as LF: a checkout on Windows keeps its checksums.
        found.append(Migration(int(named[1]), path.name, path.read_text("utf-8")))
    if not found or [step.version for step in found] != list(range(1, len(found) + 1)):
        raise StorageError(f"{folder} 里的编号应当从 0001 起连续不断；程序没有装全，请重新安装")
    return tuple(found)


async def migrate(database: Database, steps: Sequence[Migration]) -> list[int]:
    """Bring the schema up to the last step; return the versions that were run now.

    Raises StorageError, leaving the database as it was, when it belongs to a newer
    release or to steps that have been changed since.
    """
    async with database.transaction() as work:
        await work.rows(_RECORDS)
        recorded = await work.rows("SELECT version, checksum FROM schema_migrations")
        applied = {row["version"]: row["checksum"] for row in recorded}
        _check(applied, steps)
        missing = [step for step in steps if step.version not in applied]
        for step in missing:
            for statement in step.statements():
                await work.rows(statement)
            await work.rows(
                "INSERT INTO schema_migrations (version, checksum, applied_at)"
                " VALUES (:version, :checksum, :applied_at)",
                version=step.version,
                checksum=step.checksum,
                applied_at=stamp(datetime.now(UTC)),
            )
    return [step.version for step in missing]


def _check(applied: dict[int, str], steps: Sequence[Migration]) -> None:
    newest = max((step.version for step in steps), default=0)
    if (there := max(applied, default=0)) > newest:
        raise StorageError(
            f"数据库的版本是 {there}，比程序认识的 {newest} 新；"
            "请换回较新的程序，或改用升级之前的备份"
        )
    for step in steps:
        if applied.get(step.version, step.checksum) != step.checksum:
            raise StorageError(
                f"{step.name} 在数据库建好之后被改过；请恢复原来的文件，改动另写成新编号的文件"
            )
