"""The folder faq/: its files, each read into its model, and what stands in them together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from bot.faq.problem import Problem, in_order
from bot.faq.schema import (
    DangerFile,
    ElsewhereFile,
    Entry,
    HoursFile,
    LexiconFile,
    LocalFile,
    MenuFile,
    MessagesFile,
    TopicFile,
    TopicId,
)
from bot.faq.source import Loc, M, Source, read_source
from bot.faq.value import Faq
from bot.faq.wording import resembling
from bot.text import squeeze

NOTHING: Mapping[str, bytes] = {}
TOPICS: tuple[str, ...] = get_args(TopicId)
FILES: Mapping[str, type[BaseModel]] = {
    **{f"{topic}.yaml": TopicFile for topic in TOPICS},
    "elsewhere.yaml": ElsewhereFile,
    "danger.yaml": DangerFile,
    "messages.yaml": MessagesFile,
    "lexicon.yaml": LexiconFile,
    "local.yaml": LocalFile,
    "hours.yaml": HoursFile,
    "menu.yaml": MenuFile,
}
"""Every file that must be there, in reading order."""


@dataclass(frozen=True, slots=True)
class Said:
    """One way of asking, and where it stands."""

    text: str
    bare: str
    """`text` without punctuation and spaces, as two are compared."""
    owner: str
    """The entry, matter or off-topic kind that it leads to."""
    source: Source[TopicFile] | Source[ElsewhereFile]
    loc: Loc

    @property
    def where(self) -> str:
        return f"{self.source.file} 第{self.source.place(self.loc)[0]}行"

    def problem(self, what: str, remedy: str) -> Problem:
        return self.source.problem(self.loc, what, remedy)

    def warning(self, what: str, remedy: str) -> Problem:
        return self.source.problem(self.loc, what, remedy, "warning")


@dataclass(frozen=True, slots=True)
class Folder:
    """All files as read; a file that is missing or does not fit has no model."""

    path: Path
    topics: tuple[Source[TopicFile], ...]
    elsewhere: Source[ElsewhereFile]
    danger: Source[DangerFile]
    messages: Source[MessagesFile]
    lexicon: Source[LexiconFile]
    local: Source[LocalFile]
    hours: Source[HoursFile]
    menu: Source[MenuFile]
    version: str
    """First 12 hex digits of a SHA-256 over the files' names and bytes."""
    strangers: tuple[Problem, ...]
    """Warnings about files that nobody reads."""

    @property
    def problems(self) -> list[Problem]:
        """What each file's own reading found."""
        rest: tuple[Source[BaseModel], ...] = (
            self.elsewhere,
            self.danger,
            self.messages,
            self.lexicon,
            self.local,
            self.hours,
            self.menu,
        )
        found = [problem for source in (*self.topics, *rest) for problem in source.problems]
        return in_order([*found, *self.strangers])

    def entries(self) -> Iterator[tuple[Source[TopicFile], Loc, Entry]]:
        """Give every entry of the topic files that could be read, in file order."""
        for source in self.topics:
            for place, entry in enumerate(source.model.entries if source.model else ()):
                yield source, ("entries", place), entry

    def entry_phrases(self) -> Iterator[Said]:
        """Give every phrase of every entry, the standard question left out."""
        for source, loc, entry in self.entries():
            for place, text in enumerate(entry.phrases):
                yield Said(text, squeeze(text), entry.id, source, (*loc, "phrases", place))

    def elsewhere_phrases(self) -> Iterator[Said]:
        """Give every phrase of every matter, then of every off-topic kind."""
        if self.elsewhere.model is None:
            return
        for part in ("matters", "off_topic"):
            for place, kind in enumerate(getattr(self.elsewhere.model, part)):
                for number, text in enumerate(kind.phrases):
                    loc = (part, place, "phrases", number)
                    yield Said(text, squeeze(text), kind.id, self.elsewhere, loc)

    def faq(self) -> Faq | None:
        """Return everything as one value, or None while a file has no model."""
        topics = tuple(source.model for source in self.topics if source.model)
        if len(topics) < len(self.topics) or not (
            (elsewhere := self.elsewhere.model)
            and (danger := self.danger.model)
            and (messages := self.messages.model)
            and (lexicon := self.lexicon.model)
            and (local := self.local.model)
            and (hours := self.hours.model)
            and (menu := self.menu.model)
        ):
            return None
        written = {entry.id: entry for topic in topics for entry in topic.entries}
        return Faq(
            topics=topics,
            elsewhere=elsewhere,
            danger=danger,
            messages=messages,
            lexicon=lexicon,
            local=local.values,
            hours=hours,
            entries={name: entry for name, entry in written.items() if entry.published},
            matters={matter.id: matter for matter in elsewhere.matters},
            version=self.version,
            menu=menu,
            drafts={name: entry for name, entry in written.items() if not entry.published},
        )


@dataclass(slots=True)
class _Reader:
    path: Path
    present: tuple[str, ...]
    instead: Mapping[str, bytes]
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def read(self, file: str, model: type[M]) -> Source[M]:
        try:
            raw = self.instead.get(file) or (self.path / file).read_bytes()
        except OSError as error:
            return Source(file, None, None, (self.unreadable(file, error),))
        self.digest.update(b"%s\0%d\0" % (file.encode(), len(raw)) + raw)
        return read_source(raw, file, model)

    def unreadable(self, file: str, error: OSError) -> Problem:
        if not isinstance(error, FileNotFoundError):
            remedy = "看看它是不是一个能读的文件，有没有被别的程序占着"
            return Problem(file, None, None, "打不开这个文件", remedy)
        others = [name for name in self.present if name not in FILES]
        meant = resembling(file, others)
        hint = f"有一个 {meant}，是不是它？改名为 {file}" if meant else "从备份或旧版本里恢复"
        return Problem(file, None, None, f"{self.path.name}/ 里没有这个文件", hint)


def read_folder(path: Path, instead: Mapping[str, bytes] = NOTHING) -> Folder:
    """Read every file of the folder once; nothing about its content makes this fail.

    Files named in `instead` are taken from there: what the folder would be with them.
    """
    try:
        present = tuple(sorted(child.name for child in path.iterdir()))
    except OSError:
        present = ()
    reader = _Reader(path, present, instead)
    strangers = tuple(
        Problem(name, None, None, "程序不读这个文件", "改成正确的文件名，或者移到别处", "warning")
        for name in present
        if name.endswith((".yaml", ".yml", ".yaml.txt")) and name not in FILES
    )
    topics = tuple(reader.read(f"{topic}.yaml", TopicFile) for topic in TOPICS)
    elsewhere = reader.read("elsewhere.yaml", ElsewhereFile)
    danger = reader.read("danger.yaml", DangerFile)
    messages = reader.read("messages.yaml", MessagesFile)
    lexicon = reader.read("lexicon.yaml", LexiconFile)
    local = reader.read("local.yaml", LocalFile)
    hours = reader.read("hours.yaml", HoursFile)
    menu = reader.read("menu.yaml", MenuFile)
    version = reader.digest.hexdigest()[:12]
    return Folder(
        path, topics, elsewhere, danger, messages, lexicon, local, hours, menu, version, strangers
    )
