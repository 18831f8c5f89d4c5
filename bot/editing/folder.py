"""faq/ in staff's hands: read with its state, changed in one step, refused when it moved on."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from bot.editing import splice
from bot.editing.change import FIELD_ORDER, HOURS_ORDER, WITHOUT_ID, Change, Edit
from bot.editing.layout import Loc, NotSpliced
from bot.errors import BotError
from bot.faq import lint
from bot.faq.folder import FILES
from bot.faq.load import read
from bot.faq.problem import Problem, errors
from bot.faq.schema import WEEKDAYS
from bot.faq.value import Faq

_BOM = b"\xef\xbb\xbf"


class Refused(BotError):
    """A change that is not made; the message is Chinese and says what to do."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class MovedOn(Refused):
    """The files changed since they were looked at."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the files would be."""

    change: Change
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    faq: Faq
    """What would be served."""
    warnings: tuple[Problem, ...]
    """What `check` says of the things that change, errors left out."""


class FaqFolder:
    """The folder that both the console and any editor write to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: tuple[object, tuple[Faq | None, list[Problem]]] = (None, (None, []))

    def written(self) -> tuple[Faq | None, list[Problem]]:
        """Return the folder as it is now, which may be ahead of what is served.

        It is read anew only when a file looks another than before: reading takes a second.
        """
        looks = [
            (file.name, stat.st_mtime_ns, stat.st_size, stat.st_ino)
            for file in sorted((*self.path.glob("*.y*ml*"), *self.path.glob("tests/*.jsonl")))
            for stat in [file.stat()]
        ]
        if self._known[0] != looks:
            self._known = looks, read(self.path)
        return self._known[1]

    def state(self, *files: str) -> str:
        """Return a mark of the files' content, to be held against later."""
        digest = hashlib.sha256()
        for file in sorted(files):
            digest.update(file.encode() + b"\0" + hashlib.sha256(self._read(file)).digest())
        return digest.hexdigest()[:32]

    def draft(self, change: Change, state: str, today: date, seen: Iterable[str] = ()) -> Draft:
        """Return what the change makes of the files.

        `state` is that of the files `seen`, or of those that the change is about. Raises MovedOn
        when they are not in it any more, and Refused with the findings when what comes of it, or
        what stands there already, could not be served.
        """
        files = tuple(seen) or change.files
        if self.state(*files) != state:
            raise MovedOn(_moved("、".join(change.files)))
        self._sound()
        before = {file: self._read(file) for file in change.files}
        after = dict(before)
        for edit in change.edits:
            after[edit.file] = _edited(after[edit.file], edit)
        return self.checked(change, before, after, today)

    def checked(
        self,
        change: Change,
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
        today: date,
    ) -> Draft:
        """Return the draft of these files if `check` lets it pass; raises Refused."""
        names = [edit.name for edit in change.edits]
        found = lint.check(self.path, today, after, names)
        if wrong := errors(found):
            raise Refused("这样改，检查通不过", wrong)
        whole = {edit.file for edit in change.edits if edit.part in WITHOUT_ID}
        about = (p for p in found if p.file in whole or any(name in p.what for name in names))
        faq, _ = read(self.path, after)
        assert faq is not None  # noqa: S101 - without errors all of it was read
        return Draft(change, before, after, faq, tuple(about))

    def _sound(self) -> None:
        """Raise Refused when the files as they are could not be served."""
        _, problems = self.written()
        if broken := errors(problems):
            raise Refused("FAQ 文件里本来就有错，先改好它们，再来改这里", broken)

    def write(self, draft: Draft) -> None:
        """Put the draft's files in place; raises MovedOn when somebody wrote them meanwhile."""
        for file, raw in draft.before.items():
            if self._read(file) != raw:
                raise MovedOn(_moved(file))
        done: list[str] = []
        try:
            for file, raw in draft.after.items():
                self._replace(file, raw)
                done.append(file)
        except OSError as error:
            for file in done:
                self._replace(file, draft.before[file])
            raise Refused(
                f"文件写不进去（{error.strerror}），什么都没有改；请看看磁盘和权限"
            ) from error

    def _read(self, file: str) -> bytes:
        if file not in FILES:
            raise Refused(f"faq/ 里没有 {file} 这个文件")
        try:
            return (self.path / file).read_bytes()
        except OSError as error:
            raise Refused(f"{file} 读不了（{error.strerror}）；请看看它还在不在") from error

    def _replace(self, file: str, raw: bytes) -> None:
        """Write whole or not at all, with the rights the file had."""
        target = (self.path / file).resolve()
        mode = target.stat().st_mode & 0o777
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=".", suffix=".new", delete=False
        ) as new:
            try:
                new.write(raw)
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).chmod(mode)
                Path(new.name).replace(target)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise


def _moved(files: str) -> str:
    return f"您打开之后，{files} 又被别人改过了，您的修改没有写进去；请看过新的内容再改一次"


def _edited(raw: bytes, edit: Edit) -> bytes:
    """Return the file with one edit, its byte order mark and line ends as they were."""
    bare = raw.removeprefix(_BOM)
    windows = b"\r\n" in bare
    try:
        text = bare.decode("utf-8").replace("\r\n", "\n")
        written = _spliced(text, edit)
    except (UnicodeDecodeError, NotSpliced, yaml.YAMLError, KeyError, IndexError) as error:
        raise Refused(
            f"{edit.file} 里 {edit.name} 的写法比较特别，这里改不了；请用编辑器改那个文件"
        ) from error
    if windows:
        written = written.replace("\n", "\r\n")
    return raw[: len(raw) - len(bare)] + written.encode()


def _spliced(text: str, edit: Edit) -> str:
    if edit.new:
        return splice.append(text, (edit.part,), edit.values)
    if edit.part in WITHOUT_ID:
        part = (edit.part,) if edit.part else ()
        return splice.set_fields(text, part, edit.values, (*WEEKDAYS, *HOURS_ORDER))
    data = yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - texts alone, nothing is built
    if edit.part == "values":
        at: Loc = (edit.part, edit.name)
        return splice.set_fields(text, at, edit.values, ("label", "explain", "value", "find_out"))
    place = next((n for n, item in enumerate(data[edit.part]) if item["id"] == edit.name), None)
    if place is None:
        raise Refused(f"{edit.file} 里没有 {edit.name} 了")
    return splice.set_fields(text, (edit.part, place), edit.values, FIELD_ORDER)
