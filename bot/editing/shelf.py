"""Proposals on disk: a restart of the desk does not take from staff what they have not published.

What a trial found is not kept: it shows what parents asked, and is found again.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.editing.change import Change, Edit, Settlement

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class Shelved:
    """A change that waits to be published, with whole files before and after it."""

    token: str
    who: str
    at: datetime
    change: Change
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]


class Shelf:
    """A folder with a file for each proposal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, shelved: Shelved) -> None:
        """Keep it; a disk that does not take it costs only that a restart forgets it."""
        path = self._folder / f"{shelved.token}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".draft")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(_written(shelved), ensure_ascii=False), "utf-8")
            draft.replace(path)
        except OSError as error:
            log.warning("a proposal is not kept: %s", error.strerror)

    def take(self, token: str) -> Shelved | None:
        """Return the proposal of that token."""
        if not _TOKEN.fullmatch(token):
            return None
        return _read(self._folder / f"{token}.json")

    def all(self) -> list[Shelved]:
        """Return every proposal, the newest first."""
        found = [_read(path) for path in self._folder.glob("*.json")]
        return sorted((each for each in found if each), key=lambda each: each.at, reverse=True)

    def sweep(self, before: datetime) -> None:
        """Forget what was proposed before that time."""
        for each in self.all():
            if each.at < before:
                self.drop(each.token)

    def drop(self, token: str) -> None:
        """Forget it: published, given up, or too old."""
        if _TOKEN.fullmatch(token):
            (self._folder / f"{token}.json").unlink(missing_ok=True)


def _written(shelved: Shelved) -> dict[str, Any]:
    return {
        "token": shelved.token,
        "who": shelved.who,
        "at": shelved.at.isoformat(),
        "change": asdict(shelved.change),
        "before": {file: base64.b64encode(raw).decode() for file, raw in shelved.before.items()},
        "after": {file: base64.b64encode(raw).decode() for file, raw in shelved.after.items()},
    }


def _read(path: Path) -> Shelved | None:
    """Return what the file holds, None when it is not there or not one of ours."""
    try:
        given = json.loads(path.read_text("utf-8"))
        change = given["change"]
        settles = change["settles"]
        return Shelved(
            given["token"],
            given["who"],
            datetime.fromisoformat(given["at"]),
            Change(
                tuple(Edit(**{**edit, "values": _values(edit)}) for edit in change["edits"]),
                change["why"],
                settles and Settlement(**{n: _tupled(v) for n, v in settles.items()}),
            ),
            {file: base64.b64decode(raw) for file, raw in given["before"].items()},
            {file: base64.b64decode(raw) for file, raw in given["after"].items()},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is no proposal: %s", path.name, type(error).__name__)
        return None


def _values(edit: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _tupled(value) for name, value in edit["values"].items()}


def _tupled(value: Any) -> Any:
    """Return lists as the tuples that they were before JSON."""
    return tuple(value) if isinstance(value, list) else value
