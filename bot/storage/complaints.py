"""What SQLite or the disk complains of, as sentences that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StorageError

_SENTENCES = {
    sqlite3.SQLITE_FULL: "磁盘已满，写不进去；请清理磁盘空间，腾出后会自动恢复，不用重启",
    sqlite3.SQLITE_BUSY: "数据库正被别的程序占用；请关掉正在打开它的工具，再重试",
    sqlite3.SQLITE_LOCKED: "数据库正被别的程序占用；请关掉正在打开它的工具，再重试",
    sqlite3.SQLITE_CORRUPT: "数据库文件已损坏；请停止服务，先把它另存一份，再用最近的备份替换",
    sqlite3.SQLITE_NOTADB: "这个文件不是数据库；请把它移走，或把 BOT_DATA_DIR 指向别的文件夹",
    sqlite3.SQLITE_READONLY: "数据库只能读、不能写；请给运行服务的用户加上该文件和文件夹的写权限",
    sqlite3.SQLITE_CANTOPEN: "数据库打不开；请检查文件夹是否存在、运行服务的用户有没有读写权限",
    sqlite3.SQLITE_PERM: "没有权限打开数据库；请给运行服务的用户加上该文件和文件夹的读写权限",
    sqlite3.SQLITE_IOERR: "读写磁盘出错；请检查磁盘是否已满、已损坏或已断开",
    sqlite3.SQLITE_CONSTRAINT: "要保存的内容与已有记录矛盾，没有保存；这是程序的错误，请报告",
}


def explain(error: Exception, path: Path | None) -> str:
    """Return what went wrong and what to do about it, in Chinese, naming the file."""
    code = getattr(error, "sqlite_errorcode", None)
    sentence = _SENTENCES.get(code & 0xFF) if isinstance(code, int) else None
    if isinstance(error, OSError):
        sentence = "数据文件夹建不了或不能写；请检查路径和权限，或换一个 BOT_DATA_DIR"
    where = str(path) if path else "内存数据库"
    return f"{sentence or '数据库出错；请把这一行报告给开发者'}。（{where}：{error}）"


@contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into StorageError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StorageError(explain(error, path)) from error
