"""Opening and closing the parts: FAQ, model, store, desk; one process a data folder."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bot.config import Settings
from bot.dialogue import Handler
from bot.engine import Desk, wall_clock
from bot.errors import ConfigError
from bot.faq import load
from bot.faq.plain import is_plain, load_plain
from bot.matching.features import meanings
from bot.matching.training import kept, trained
from bot.matching.understand import Understanding
from bot.storage.store import Store

DATABASE = "desk.sqlite3"
_KEY_FILE = "secret.key"


def cache_folder(settings: Settings) -> Path:
    """Return where trained models are kept."""
    return settings.data / "cache"


def understanding(
    settings: Settings, say: Callable[[str], None], other: Path | None = None
) -> Understanding:
    """Return the FAQ understood, or that `other`; a first training says that it takes a moment."""
    cache = cache_folder(settings)
    with ThreadPoolExecutor(max_workers=1) as beside:
        # The embedding takes longest to read, and half of that leaves the interpreter free.
        awake = beside.submit(meanings, ["喂"])
        if other is not None and is_plain(other):
            faq = load_plain(other, settings.faq)
        else:
            faq = load(other or settings.faq, to_serve=other is None)
        model = kept(faq, cache)
        if model is None:
            say("第一次启动（或 FAQ 改过）：正在学习家长的各种说法，大约要一分钟……")
            wait([awake])
            model = trained(faq, cache)
        return Understanding.of(faq, model)


@asynccontextmanager
async def throw_away_desk(
    mind: Understanding, handlers: Sequence[Handler], database: Path | None = None
) -> AsyncIterator[Desk]:
    """Lend a desk on a store in memory, or on the given file."""
    store = await Store.open(database)
    try:
        desk = Desk(store, mind, handlers)
        await desk.recover()
        yield desk
    finally:
        await store.close()


@asynccontextmanager
async def desk_on_disk(
    settings: Settings,
    mind: Understanding,
    handlers: Sequence[Handler],
    clock: Callable[[], datetime] = wall_clock,
) -> AsyncIterator[Desk]:
    """Lend the desk on the data folder, after handling what a crash left over."""
    store = await Store.open(settings.data / DATABASE)
    try:
        desk = Desk(store, mind, handlers, clock)
        await desk.recover()
        yield desk
    finally:
        await store.close()


def lock_data(settings: Settings) -> FileLock:
    """Hold the data folder for this process; raises ConfigError when another one does."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(settings.data / "desk.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigError(
            f"数据文件夹 {settings.data} 正被另一个咨询台使用。"
            "请先关掉那一个，或者用 BOT_DATA_DIR 换一个文件夹"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"数据文件夹 {settings.data} 不能写（{error.strerror}）。请检查权限，"
            "或者用 BOT_DATA_DIR 换一个文件夹"
        ) from error
    return lock


def secret_key(settings: Settings) -> str:
    """Return the key that signs cookies: as set, else made once and kept with the data."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data / _KEY_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    path.chmod(0o600)
    return path.read_text(encoding="ascii").strip()
