"""Somebody else's FAQ → `Faq`: entries with a question, an answer and phrases are enough.

What it may be in our own form as well (elsewhere.yaml, danger.yaml, lexicon.yaml) is read when it
is there. What the desk itself says and hears comes from the desk's own folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import FaqError
from bot.faq.exam import read_exam
from bot.faq.folder import read_folder
from bot.faq.problem import Problem, errors, in_order
from bot.faq.schema import (
    DangerFile,
    ElsewhereFile,
    Entry,
    HoursFile,
    LexiconFile,
    MessagesFile,
    OffTopic,
    Text,
    TopicFile,
)
from bot.faq.source import M, Source, read_source
from bot.faq.value import Faq

_ENDINGS = (".yaml", ".yml", ".json")
_OWN_FORM = ("elsewhere.yaml", "danger.yaml", "lexicon.yaml")
_EXAMPLES = 5


class _Loose(BaseModel):
    """Frozen; what else somebody writes down is theirs."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class PlainEntry(_Loose):
    """What an entry cannot do without, and what is used if it is there."""

    question: Text = Field(description="标准问法")
    answer: Text = Field(description="答复")
    phrases: tuple[Text, ...] = Field(default=(), description="别的说法")
    id: Text | None = Field(default=None, description="编号，考题里用它；不写就用标准问法")
    not_for: tuple[Text, ...] = Field(default=(), description="听着像、其实不归这一条的问法")

    @property
    def name(self) -> str:
        return self.id or self.question


class PlainFile(_Loose):
    """Entries, and if there is any what people say that none of them answers."""

    entries: tuple[PlainEntry, ...] = Field(min_length=1, description="条目")
    out_of_scope: tuple[Text, ...] = Field(default=(), description="哪一条都不该答的话")


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the desk brings along."""

    messages: MessagesFile
    lexicon: LexiconFile
    hours: HoursFile


def is_plain(path: Path) -> bool:
    """Return whether that is somebody else's FAQ: a file, or a folder without our own words."""
    if path.is_file():
        return True
    return bool(_files(path)) and not any(
        (path / name).exists() for name in ("messages.yaml", "hours.yaml")
    )


def load_plain(path: Path, house: Path) -> Faq:
    """Return somebody else's FAQ; raises FaqError with every error-level problem."""
    faq, problems = read_plain(path, house)
    if faq is None:
        raise FaqError(errors(problems))
    return faq


def read_plain(path: Path, house: Path) -> tuple[Faq | None, list[Problem]]:
    """Return somebody else's FAQ as said by the desk whose folder is `house`, and all problems.

    The Faq is None when there are errors among them.
    """
    folder = path.parent if path.is_file() else path
    problems: list[Problem] = []
    digest = hashlib.sha256()

    def read(name: str, model: type[M], *, loose: bool = False) -> Source[M]:
        raw = (folder / name).read_bytes()
        digest.update(b"%s\0%d\0" % (name.encode(), len(raw)) + raw)
        source = read_source(raw, name, model, loose=loose)
        problems.extend(source.problems)
        return source

    def of_own_form(name: str, model: type[M]) -> M | None:
        there = path.is_dir() and (folder / name).exists()
        return read(name, model).model if there else None

    names = [path.name] if path.is_file() else _files(path)
    sources = [read(name, PlainFile, loose=True) for name in names]
    elsewhere = of_own_form("elsewhere.yaml", ElsewhereFile)
    danger = of_own_form("danger.yaml", DangerFile)
    lexicon = of_own_form("lexicon.yaml", LexiconFile)
    desk = _desk(house, problems)
    problems += _same_id(sources)
    if desk is None or errors(problems):
        return None, in_order(problems)
    files = [source.model for source in sources if source.model]
    entries = {plain.name: _entry(plain) for file in files for plain in file.entries}
    off_topic = tuple(
        OffTopic.model_construct(id=f"other_{number}", phrases=file.out_of_scope)
        for number, file in enumerate(files)
        if file.out_of_scope
    )
    elsewhere = elsewhere or ElsewhereFile(matters=(), off_topic=())
    faq = Faq(
        topics=(
            TopicFile.model_construct(
                topic="general",
                title=path.stem,
                examples=tuple(entries)[:_EXAMPLES],
                entries=tuple(entries.values()),
            ),
        ),
        elsewhere=elsewhere.model_copy(update={"off_topic": (*elsewhere.off_topic, *off_topic)}),
        danger=danger or DangerFile.model_construct(kinds=(), harmless=()),
        messages=desk.messages,
        lexicon=lexicon or _language(desk.lexicon),
        local={},
        hours=desk.hours,
        entries=entries,
        matters={matter.id: matter for matter in elsewhere.matters},
        version=digest.hexdigest()[:12],
        exam=() if path.is_file() else read_exam(folder)[0],
    )
    return faq, in_order(problems)


def _files(folder: Path) -> list[str]:
    """Return the names of the files that hold entries."""
    if not folder.is_dir():
        return []
    names = sorted(child.name for child in folder.iterdir() if child.suffix in _ENDINGS)
    return [name for name in names if name not in _OWN_FORM]


def _entry(plain: PlainEntry) -> Entry:
    return Entry.model_construct(
        id=plain.name,
        title=plain.question,
        question=plain.question,
        phrases=plain.phrases,
        not_for=plain.not_for,
        answer=plain.answer,
        basis="",
        as_of="",
        facts=(),
        owner="",
        review_by="",
    )


def _same_id(sources: Sequence[Source[PlainFile]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for source in sources:
        for place, plain in enumerate(source.model.entries if source.model else ()):
            loc = ("entries", place, "id" if plain.id else "question")
            here = f"{source.file} 第{source.place(loc)[0]}行"
            if plain.name in first:
                what = f"{plain.name} 和 {first[plain.name]}的重复"
                yield source.problem(loc, what, "给它们各写一个 id，或者合并成一条")
            first.setdefault(plain.name, here)


def _desk(house: Path, problems: list[Problem]) -> _Desk | None:
    files = read_folder(house)
    messages, lexicon, hours = files.messages, files.lexicon, files.hours
    for found in (messages.problems, lexicon.problems, hours.problems):
        problems += found
    if not (messages.model and lexicon.model and hours.model):
        return None
    return _Desk(messages.model, lexicon.model, hours.model)


def _language(lexicon: LexiconFile) -> LexiconFile:
    """Return what holds of the language, without what holds of our district alone."""
    return lexicon.model_copy(update={"rewrite": {}, "key_terms": (), "names": ()})
