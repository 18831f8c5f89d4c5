"""The slow looks at faq/ that `check` takes and serving does not need."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz, process

from bot.faq import cross, cross_hours
from bot.faq.folder import NOTHING, Folder, Said, read_folder
from bot.faq.problem import Problem, in_order
from bot.faq.schema import Standing
from bot.faq.value import Faq
from bot.text import squeeze

ALIKE_IN_ENTRY = 80
"""Above this ratio two phrases of one entry are one phrase written twice."""
ALIKE_ACROSS = 92
"""From this ratio two entries may be taken for each other."""

_FACT = re.compile(r"^- ([A-Z]\d+)\b", re.MULTILINE)
_PHONE = re.compile(r"\d{3,}")
_ROWS = 500


def check(
    folder: Path,
    today: date,
    instead: Mapping[str, bytes] = NOTHING,
    about: Collection[str] | None = None,
) -> list[Problem]:
    """Return everything `load.read` finds, and near-duplicates, overdue reviews, unknown facts.

    Near-duplicates between entries are what takes seconds: `about` names the entries and matters
    whose phrases are to be held against all others, instead of every one.
    """
    files = read_folder(folder, instead)
    phrases = list(files.entry_phrases())
    return in_order(
        [
            *files.problems,
            *cross.check(files),
            *_alike_in_entry(phrases),
            *_alike_across([*phrases, *files.elsewhere_phrases()], about),
            *_bare(files, phrases),
            *_overdue(files, today),
            *_windows(files, today),
            *_facts(files),
            *cross_hours.this_year(files, today),
        ]
    )


def unset(faq: Faq) -> list[tuple[str, str, list[str]]]:
    """Return (name, label, ids of the entries that use it) of each local value not filled in."""
    return [
        (
            name,
            value.label,
            [entry.id for entry in faq.entries.values() if name in entry.placeholders],
        )
        for name, value in faq.local.items()
        if not value.value
    ]


def _alike_in_entry(phrases: list[Said]) -> Iterator[Problem]:
    starts = [n for n, said in enumerate(phrases) if n == 0 or phrases[n - 1].owner != said.owner]
    for start, end in pairwise([*starts, len(phrases)]):
        own = phrases[start:end]
        texts = [said.bare for said in own]
        ratios = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=ALIKE_IN_ENTRY)
        for later, earlier in zip(*(ratios > ALIKE_IN_ENTRY).nonzero(), strict=True):
            if earlier < later:
                said, other = own[later], own[earlier]
                yield said.problem(
                    f"{said.owner} 的“{said.text}”和 {other.where} 的“{other.text}”太像"
                    f"（{ratios[later, earlier]:.0f} 分，最多{ALIKE_IN_ENTRY}）",
                    "删掉一句，或者换一种真正不同的说法",
                )


def _alike_across(phrases: list[Said], about: Collection[str] | None) -> Iterator[Problem]:
    texts = [said.bare for said in phrases]
    wanted = [n for n, said in enumerate(phrases) if about is None or said.owner in about]
    for start in range(0, len(wanted), _ROWS):
        rows = wanted[start : start + _ROWS]
        # Each pair once; when only some are asked for, also against those behind them.
        others = texts if about is not None else texts[: rows[-1] + 1]
        asked = [texts[n] for n in rows]
        ratios = process.cdist(asked, others, scorer=fuzz.ratio, score_cutoff=ALIKE_ACROSS)
        for row, other in zip(*ratios.nonzero(), strict=True):
            place = rows[row]
            said, match = phrases[place], phrases[other]
            both = about is not None and match.owner in about
            if said.bare == match.bare or (other >= place and (about is None or both)):
                continue  # the same: `cross` says so
            if said.owner != match.owner or said.source is not match.source:
                yield said.warning(
                    f"{said.owner} 的“{said.text}”和 {match.where} {match.owner} 的"
                    f"“{match.text}”只差一点",
                    "想清楚该由哪一条来答，另一句删掉或说得更不一样",
                )


def _bare(files: Folder, phrases: list[Said]) -> Iterator[Problem]:
    """Report phrases that a topic file calls too bare to be answered."""
    bare = {
        squeeze(word): source.file
        for source in files.topics
        for word in (source.model.bare if source.model else ())
    }
    for said in phrases:
        if said.bare in bare:
            yield said.warning(
                f"{said.owner} 的“{said.text}”又是 {bare[said.bare]} 的 bare 词，不会直接答",
                "两处只留一处",
            )


def _overdue(files: Folder, today: date) -> Iterator[Problem]:
    for source, loc, entry in files.entries():
        if entry.review_by < today.isoformat():
            yield source.problem(
                (*loc, "review_by"),
                f"{entry.id} 该在 {entry.review_by} 前复核，已经过期",
                f"请{entry.owner}核对答复，再把 review_by 改成下一次的日期",
                "warning",
            )


def _windows(files: Folder, today: date) -> Iterator[Problem]:
    for source, loc, entry in files.entries():
        match entry.standing(today) if entry.published else Standing.VALID:
            case Standing.EXPIRED:
                what = f"{entry.id} 的答复只用到 {entry.valid_until}，已经不再发给家长"
                remedy = f"请{entry.owner}写上新的规定，再改 valid_until"
                yield source.problem((*loc, "valid_until"), what, remedy, "warning")
            case Standing.NOT_YET:
                what = f"{entry.id} 的答复从 {entry.valid_from} 起才发给家长"
                remedy = "到那天自动生效；想早点用就改 valid_from"
                yield source.problem((*loc, "valid_from"), what, remedy, "warning")
            case Standing.VALID:
                pass


def _facts(files: Folder) -> Iterator[Problem]:
    """Report facts and doors' numbers that docs/facts.md, if it is next to faq/, does not have."""
    try:
        text = (files.path.absolute().parent / "docs" / "facts.md").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    known, phones = set(_FACT.findall(text)), set(_PHONE.findall(text))
    remedy = "写 docs/facts.md 里有的事实号，如 E2"
    for source, loc, entry in files.entries():
        for place, fact in enumerate(entry.facts):
            if fact not in known:
                what = f"{entry.id} 引用的事实 {fact} 在 docs/facts.md 里没有"
                yield source.problem((*loc, "facts", place), what, remedy)
    matters = files.elsewhere.model.matters if files.elsewhere.model else ()
    for place, matter in enumerate(matters):
        for phone in sorted(set(_PHONE.findall(matter.door)) - phones):
            what = f"{matter.id} 的 door 里的 {phone} 在 docs/facts.md 里没有"
            instead = "电话只用 docs/facts.md 第12节里有的"
            yield files.elsewhere.problem(("matters", place, "door"), what, instead)
        for number, fact in enumerate(matter.facts):
            if fact not in known:
                what = f"{matter.id} 引用的事实 {fact} 在 docs/facts.md 里没有"
                yield files.elsewhere.problem(("matters", place, "facts", number), what, remedy)
