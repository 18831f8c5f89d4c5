"""A group of questions turned into a change of the FAQ. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.editing.change import Change, Edit, Settlement, entry_file
from bot.editing.notation import Value
from bot.faq.schema import Entry, Matter
from bot.faq.value import Faq
from bot.learning.groups import Group
from bot.text import squeeze

PHRASES, NOT_FOR, MATTER, NEW, IGNORED = "phrases", "not_for", "matter", "new", "ignored"
"""What may become of a group."""
_ELSEWHERE = "elsewhere.yaml"


def as_phrases(faq: Faq, entry: Entry, texts: Sequence[str]) -> Change:
    """Return the texts as phrases of the entry, taken from whoever claimed them before.

    Every phrase of one entry is learned as an example against all the others, so accepting it
    here is what rejects its rivals; a rival that held the same words loses them.
    """
    said = {squeeze(text) for text in (entry.question, *entry.phrases)}
    fresh = _fresh(texts, said)
    wanted = {squeeze(text) for text in fresh}
    edits: list[Edit] = []
    values: dict[str, Value] = {}
    if fresh:
        values["phrases"] = (*entry.phrases, *fresh)
    kept = tuple(t for t in entry.not_for if squeeze(t) not in wanted)
    if kept != entry.not_for:
        values["not_for"] = kept or None
    if values:
        edits.append(Edit(entry_file(entry.id), "entries", entry.id, values))
    edits += _taken_from_rivals(faq, entry.id, wanted)
    return Change(tuple(edits))


def as_not_for(entry: Entry, texts: Sequence[str]) -> Change:
    """Return the texts as what only sounds like the entry and belongs to none."""
    fresh = _fresh(texts, {squeeze(text) for text in entry.not_for})
    gone = {squeeze(text) for text in fresh}
    values: dict[str, Value] = {"not_for": (*entry.not_for, *fresh)} if fresh else {}
    kept = tuple(text for text in entry.phrases if squeeze(text) not in gone)
    if kept != entry.phrases:
        values["phrases"] = kept
    edits = (Edit(entry_file(entry.id), "entries", entry.id, values),) if values else ()
    return Change(edits)


def as_matter(faq: Faq, matter_id: str, texts: Sequence[str]) -> Change:
    """Return the texts as phrases of another office's matter."""
    matter = faq.matters[matter_id]
    fresh = _fresh(texts, {squeeze(text) for text in matter.phrases})
    edits = [
        Edit(_ELSEWHERE, "matters", matter_id, {"phrases": (*matter.phrases, *fresh)})
        for _ in fresh[:1]
    ]
    edits += _taken_from_rivals(faq, "", {squeeze(text) for text in fresh})
    return Change(tuple(edits))


def as_new_matter(faq: Faq, matter: Matter) -> Change:
    """Return another office's matter that there was not yet, its phrases taken from entries."""
    edit = Edit(_ELSEWHERE, "matters", matter.id, matter.model_dump(), new=True)
    taken = _taken_from_rivals(faq, "", {squeeze(text) for text in matter.phrases})
    return Change((edit, *taken))


def settling(change: Change, outcome: str, target: str, group: Group) -> Change:
    """Return the change with the messages that it settles, and whom it rejects.

    To be about one entry is not to be about its rivals; not to be about one says nothing of them.
    """
    rejected = (target,) if outcome == NOT_FOR else tuple(sorted(group.rivals - {target}))
    settles = Settlement(group.places, outcome, target, rejected)
    return Change(change.edits, f"来自待学习的 {len(group.places)} 条", settles)


def _fresh(texts: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the texts that say something not yet known, each once."""
    found: dict[str, str] = {}
    for text in texts:
        words = " ".join(text.split())
        bare = squeeze(words)
        if bare and bare not in known:
            found.setdefault(bare, words)
    return tuple(found.values())


def _taken_from_rivals(faq: Faq, entry_id: str, wanted: Collection[str]) -> list[Edit]:
    edits = []
    for rival in faq.entries.values():
        kept = tuple(text for text in rival.phrases if squeeze(text) not in wanted)
        if rival.id != entry_id and kept != rival.phrases:
            edits.append(Edit(entry_file(rival.id), "entries", rival.id, {"phrases": kept}))
    return edits
