"""Who changed what in faq/ and when: git commits where it is in a repository, else a journal.

Both hold whole files before and after, so any change can be shown and taken back.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.editing.folder import Draft

log = logging.getLogger(__name__)

_GIT_TIMEOUT_S = 20.0
_FIELD, _RECORD = "\x1f", "\x1e"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One change that was made."""

    id: str
    """A commit, or `j` and a number of the journal."""
    at: datetime
    who: str
    what: str
    files: tuple[str, ...]


class History:
    """The changes of one FAQ folder, newest first; hand-made commits are among them."""

    def __init__(self, folder: Path, journal: Path) -> None:
        self._folder = folder
        self._journal = journal
        """A folder of its own under data/."""

    def record(self, draft: Draft, who: str, now: datetime) -> None:
        """Note a change that has just been written: in git, or where git does not take it, here."""
        if self._in_repository() and self._commit(draft, who):
            return
        lines = self._lines()
        entry = {
            "id": f"j{len(lines) + 1}",
            "at": now.isoformat(),
            "who": who,
            "what": draft.change.words,
            "files": {
                file: [self._keep(draft.before[file]), self._keep(raw)]
                for file, raw in draft.after.items()
            },
        }
        with (self._journal / "faq.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def latest(self, limit: int = 100) -> list[Recorded]:
        """Return the last changes, newest first."""
        found = [
            Recorded(
                line["id"],
                datetime.fromisoformat(line["at"]),
                line["who"],
                line["what"],
                tuple(line["files"]),
            )
            for line in reversed(self._lines())
        ]
        if self._in_repository():
            found += self._commits(limit)
        return sorted(found, key=lambda each: each.at, reverse=True)[:limit]

    def find(self, change: str) -> Recorded | None:
        """Return the change of that id."""
        return next((each for each in self.latest(1000) if each.id == change), None)

    def texts(self, recorded: Recorded) -> Mapping[str, tuple[bytes, bytes]]:
        """Return each file of a change, before and after it; one that did not exist is empty."""
        if recorded.id.startswith("j"):
            line = next(each for each in self._lines() if each["id"] == recorded.id)
            return {
                file: (self._blob(before), self._blob(after))
                for file, (before, after) in line["files"].items()
            }
        return {
            file: (self._show(f"{recorded.id}^", file), self._show(recorded.id, file))
            for file in recorded.files
        }

    # ------------------------------------------------------------------ journal

    def _lines(self) -> list[dict[str, Any]]:
        try:
            text = (self._journal / "faq.jsonl").read_text("utf-8")
        except OSError:
            return []
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    def _keep(self, raw: bytes) -> str:
        name = hashlib.sha256(raw).hexdigest()
        path = self._journal / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(raw)
        return name

    def _blob(self, name: str) -> bytes:
        return (self._journal / "files" / name).read_bytes()

    # ------------------------------------------------------------------ git

    def _in_repository(self) -> bool:
        """Return whether git keeps the folder; one that it ignores is kept in the journal."""
        if shutil.which("git") is None or not self._folder.is_dir():
            return False
        inside = self._git("rev-parse", "--is-inside-work-tree")
        if inside is None or inside.strip() != b"true":
            return False
        return bool(self._git("ls-files", "--", "."))

    def _commit(self, draft: Draft, who: str) -> bool:
        name = " ".join(who.split()) or "console"
        files = list(draft.after)
        message = f"FAQ：{draft.change.words}"
        committed = self._git("add", "--", *files) is not None and (
            self._git(
                *("-c", f"user.name={name}", "-c", "user.email=staff@localhost"),
                *("-c", "commit.gpgsign=false", "commit", "--quiet", "--no-verify"),
                *("--only", "-m", message, "--", *files),
            )
            is not None
        )
        if not committed:
            log.warning("git did not take a change of the FAQ; it stands in the journal")
        return committed

    def _commits(self, limit: int) -> list[Recorded]:
        form = _FIELD.join(("%H", "%aI", "%an", "%s"))
        out = self._git(
            *("log", f"-{limit}", "--no-merges", f"--format={_RECORD}{form}", "--name-only"),
            *("--relative", "-z", "--", "*.yaml"),
        )
        found = []
        for record in (out or b"").decode("utf-8", "replace").split(_RECORD)[1:]:
            head, _, rest = record.partition("\0")
            commit, at, who, what = head.split(_FIELD)
            files = tuple(n.strip("\n") for n in rest.split("\0") if n.strip("\n"))
            found.append(
                Recorded(commit, datetime.fromisoformat(at), who, what.removeprefix("FAQ："), files)
            )
        return found

    def _show(self, commit: str, file: str) -> bytes:
        return self._git("show", f"{commit}:./{file}") or b""

    def _git(self, *arguments: str) -> bytes | None:
        """Return what git says, None when it fails."""
        environment = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
        try:
            done = subprocess.run(  # noqa: S603
                ["git", "-C", str(self._folder), *arguments],  # noqa: S607
                capture_output=True,
                timeout=_GIT_TIMEOUT_S,
                env={**environment, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"},
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.info("git %s failed: %s", arguments[0], error)
            return None
        return done.stdout
