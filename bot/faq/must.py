"""faq/tests/must.yaml: what staff want answered so, or never so, and what is known to fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bot.faq.exam import EXAM_FOLDER
from bot.faq.problem import Problem, in_order
from bot.faq.schema import MEANINGS, MustFile
from bot.faq.source import Loc, Source, read_source
from bot.faq.value import Faq
from bot.faq.wording import resembling
from bot.text import squeeze

MUST = f"{EXAM_FOLDER}/must.yaml"


def read_must(folder: Path, faq: Faq | None) -> Source[MustFile]:
    """Return the file with everything that is wrong with it; empty where there is none.

    What is wrong with it keeps nothing from being served. Without a Faq, entries are not looked up.
    """
    try:
        raw = (folder / MUST).read_bytes()
    except FileNotFoundError:
        return Source(MUST, MustFile(), None, ())
    except OSError:
        remedy = "看看它是不是一个能读的文件，有没有被别的程序占着"
        return Source(MUST, None, None, (Problem(MUST, None, None, "打不开这个文件", remedy),))
    source = read_source(raw, MUST, MustFile)
    if source.model is None:
        return source
    unknown = _unknown(source, source.model, faq) if faq else ()
    found = [*source.problems, *unknown, *_twice(source, source.model)]
    return replace(source, problems=tuple(in_order(found)))


def _unknown(source: Source[MustFile], model: MustFile, faq: Faq) -> Iterator[Problem]:
    named: list[tuple[Loc, str]] = [
        *((("must", n, "expect"), line.expect) for n, line in enumerate(model.must)),
        *((("must_not", n, "never"), line.never) for n, line in enumerate(model.must_not)),
        *(
            (("known_failures", n, "expect"), line.expect)
            for n, line in enumerate(model.known_failures)
        ),
    ]
    for loc, name in named:
        if name in MEANINGS or name in faq.entries or name in faq.drafts:
            continue
        meant = resembling(name, list(faq.entries))
        remedy = f"是不是 {meant}？改过来" if meant else "改成有的编号，或者删掉这一句"
        yield source.problem(loc, f"没有编号为 {name} 的条目", remedy)


def _twice(source: Source[MustFile], model: MustFile) -> Iterator[Problem]:
    """Report a text whose meaning is asked for in two places."""
    first: dict[str, str] = {}
    for part, lines in (("must", model.must), ("known_failures", model.known_failures)):
        for place, line in enumerate(lines):
            loc = (part, place, "text")
            here = f"第{source.place(loc)[0]}行"
            bare = squeeze(line.text)
            if bare in first:
                what = f"“{line.text}”{first[bare]}已经写过"
                yield source.problem(loc, what, "只留一处")
            first.setdefault(bare, here)
