"""The desk for tests: the real FAQ, understood once per machine, and a line to talk to it."""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from filelock import FileLock

from bot.build import throw_away_desk
from bot.dialogue import Handler
from bot.engine import Desk
from bot.faq import load
from bot.jsonl import Chat
from bot.matching.training import kept, lesson
from bot.matching.understand import Understanding
from bot.model import Delivery
from bot.storage.records import load_delivery
from bot.storage.store import Store
from handlers import HANDLERS

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")
_MAKES_MODELS = (
    "matching/learning.py",
    "matching/confidence.py",
    "matching/ridge.py",
    "matching/trees.py",
    "matching/training.py",
    "matching/model.py",
    "matching/hearing.py",
    "matching/dividing.py",
    "matching/several.py",
    "matching/division.py",
    "matching/features.py",
    "matching/sounds.py",
    "text.py",
)


@cache
def cache_folder() -> Path:
    """Return where models outlive a test run: one folder for each state of the training code."""
    code = b"".join((ROOT / "bot" / name).read_bytes() for name in _MAKES_MODELS)
    folder = ROOT / ".pytest_cache" / "d" / f"models-{hashlib.sha256(code).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = sorted(folder.parent.glob("models-*"), key=lambda each: each.stat().st_mtime)
    for stale in set(kept[:-3]) - {folder}:
        shutil.rmtree(stale, ignore_errors=True)
    return folder


OFFICE_WEEK = """
week:
  周一: ["09:00-12:00", "14:00-17:30"]
  周二: ["09:00-12:00", "14:00-17:30"]
  周三: ["09:00-12:00", "14:00-17:30"]
  周四: ["09:00-12:00", "14:00-17:30"]
  周五: ["09:00-12:00", "14:00-17:30"]
"""


@cache
def faq_folder() -> Path:
    """Return a copy of faq/ as it was when the run began, with office hours; nobody edits it."""
    folder = Path(tempfile.mkdtemp(prefix="desk-faq-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copied = Path(shutil.copytree(ROOT / "faq", folder / "faq"))
    hours = copied / "hours.yaml"
    unset = hours.read_text("utf-8")
    assert "\nweek: {}\n" in unset
    hours.write_text(unset.replace("\nweek: {}\n", OFFICE_WEEK), "utf-8")
    return copied


@cache
def understanding() -> Understanding:
    """Return the real FAQ understood; trains when no earlier run did, which takes a minute."""
    faq = load(faq_folder())
    with FileLock(cache_folder() / "training.lock"):
        # One training serves all tests, also those that ask how phrases fare when left out.
        model = kept(faq, cache_folder()) or lesson(faq, cache_folder()).model
        return Understanding.of(faq, model)


class Talk:
    """What parents and staff say to one desk, line by line, as `chat --jsonl` reads it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._chat = Chat(desk)

    async def line(self, **given: Any) -> dict[str, Any]:
        return await self._chat.line(json.dumps(given, ensure_ascii=False))

    async def say(self, text: str, session: str = "p1", **more: Any) -> dict[str, Any]:
        return await self.line(session=session, text=text, **more)

    async def pick(self, place: int, session: str = "p1", **more: Any) -> dict[str, Any]:
        return await self.line(session=session, pick=place, **more)

    async def act(
        self, who: str, do: str, text: str = "", inquiry: str = "p1", **more: Any
    ) -> dict[str, Any]:
        return await self.line(staff=who, inquiry=inquiry, do=do, text=text, **more)

    async def tick(self, now: str) -> dict[str, Any]:
        return await self.line(tick=now)


@asynccontextmanager
async def open_talk(
    database: Path | None = None,
    handlers: Sequence[Handler] = HANDLERS,
    mind: Understanding | None = None,
) -> AsyncIterator[Talk]:
    """Lend a line to a desk on that SQLite file, or on one in memory."""
    async with throw_away_desk(mind or understanding(), handlers, database) as desk:
        yield Talk(desk)


def said(line: dict[str, Any]) -> str:
    """Return all that was replied in an output line."""
    return "\n".join(reply["text"] for reply in line["replies"])


def options(line: dict[str, Any]) -> list[str]:
    """Return what was offered in an output line, as it is counted for `pick`."""
    return [option for reply in line["replies"] for option in reply["options"]]


# ------------------------------------------------------------------------------ what must hold

LEGAL_MOVES = {
    "open": {"answered", "waiting_staff", "with_staff", "resolved"},
    "answered": {"resolved", "open", "waiting_staff", "with_staff"},
    "waiting_staff": {"with_staff", "resolved"},
    "with_staff": {"waiting_parent", "resolved", "waiting_staff"},
    "waiting_parent": {"with_staff", "waiting_staff", "resolved"},
    "resolved": {"open", "with_staff"},
}
"""product.md's table, spelled out a second time on purpose."""


async def audit(desk: Desk) -> set[tuple[str, str]]:
    """Check every inquiry against its recorded moves and return the moves made.

    An owner is there exactly while staff have the matter in hand, or had it when it was resolved.
    """
    made = set()
    for item in await desk.store.queue(limit=10_000):
        inquiry, moves = item.inquiry, await desk.moves(item.inquiry.number)
        status = None
        for move in moves:
            assert move.before == status, f"{inquiry.number}: a move was not recorded: {moves}"
            if move.before is None:
                assert move.after == "open", moves
            else:
                assert move.after in LEGAL_MOVES[move.before], moves
                made.add((move.before.value, move.after.value))
            assert move.who, moves
            assert move.why, moves
            status = move.after
        assert inquiry.status == status, f"{inquiry.number}: {inquiry.status} is not in {moves}"
        if inquiry.status in ("with_staff", "waiting_parent"):
            assert inquiry.owner, inquiry
        elif inquiry.status != "resolved":
            assert inquiry.owner is None, inquiry
    return made


def check_turn(line: dict[str, Any]) -> None:
    """Check what holds for every output line: silence only while staff own the matter."""
    if line["decision"] is not None:
        assert bool(line["replies"]) == (line["decision"] != "staff"), line
        owned = (line["inquiry"] or {}).get("status") in ("with_staff", "waiting_parent")
        if line["decision"] == "staff":
            assert owned, line
        if line["decision"] in ("answer", "suggest"):
            assert not owned, "the bot talks into a matter that staff own"
        assert bool(line["entries"]) == (line["decision"] == "answer") or (
            line["decision"] == "crisis"
        ), line
        assert line["entry"] == next(iter(line["entries"]), None), line
        assert 0 <= line["confidence"] <= 1, line
        assert all(reply["text"].strip() for reply in line["replies"]), line
        assert "{" not in said(line), line


async def until(true: Callable[[], T], what: str = "it", timeout_s: float = 20.0) -> T:
    """Return what is true at last; an AssertionError says what never came."""
    end = asyncio.get_running_loop().time() + timeout_s
    while not (found := true()):
        assert asyncio.get_running_loop().time() < end, f"{what} never came"
        await asyncio.sleep(0.01)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def unsent(store: Store) -> list[Delivery]:
    """Return what is still to be pushed, oldest first."""
    rows = await store.database.rows(
        "SELECT * FROM deliveries WHERE sent_at IS NULL AND text IS NOT NULL ORDER BY id"
    )
    return [load_delivery(row) for row in rows]


def environment(data: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a desk in a process of its own, its models made already."""
    understanding()
    data.mkdir(exist_ok=True)
    if not (data / "cache").exists():
        (data / "cache").symlink_to(cache_folder(), target_is_directory=True)
    skipped = ("BOT_", "PYTHONUNBUFFERED")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(skipped)}
    own = {"BOT_DATA_DIR": str(data), "BOT_FAQ_DIR": str(faq_folder())}
    return {**inherited, **own, **settings}


# --------------------------------------------------------------------------------- a small FAQ


def small_faq(folder: Path, phrases: int | None = 12) -> Path:
    """Write a FAQ of three entries a topic into the folder, cut from the real one; return it."""
    shutil.copytree(faq_folder(), folder, ignore=shutil.ignore_patterns("tests"))
    files = {file.stem: read_yaml(file) for file in folder.glob("*.yaml")}
    topics = [name for name, content in files.items() if "examples" in content]
    kept = {entry for name in topics for entry in files[name]["examples"][:3]}
    for name in topics:
        topic = files[name]
        topic["examples"] = topic["examples"][:3]
        topic["entries"] = [entry for entry in topic["entries"] if entry["id"] in kept]
        for entry in topic["entries"]:
            entry["phrases"] = entry["phrases"][:phrases]
            entry["related"] = [each for each in entry.get("related", ()) if each in kept]
    for part in ("matters", "off_topic"):
        files["elsewhere"][part] = files["elsewhere"][part][:3]
    files["danger"]["kinds"] = files["danger"]["kinds"][:3]
    for kind in files["danger"]["kinds"]:
        kind["phrases"] = kind["phrases"][:6]
        if kind.get("entry") not in kept:
            kind.pop("entry", None)
    files["danger"]["harmless"] = files["danger"]["harmless"][:10]
    for name, content in files.items():
        write_yaml(folder / f"{name}.yaml", content)
    return folder


def read_yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text("utf-8"))


def write_yaml(file: Path, content: Any) -> None:
    """Replace the file as an editor does: all at once."""
    draft = file.with_suffix(".draft")
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100_000)
    draft.write_text(text, "utf-8")
    draft.replace(file)
