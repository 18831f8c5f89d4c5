"""From a Faq to a trained model: which phrases teach what, and the cache of the result."""

from __future__ import annotations

import hashlib
import logging
import pickle
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bot.faq.value import Faq, Labelled
from bot.matching.dividing import Asked, learn_divider
from bot.matching.hearing import MATTER, NEAR_MISS, OFF_TOPIC, Labels
from bot.matching.learning import Examples, Lesson, Rates, learn
from bot.matching.model import Model
from bot.matching.sounds import Sounds, sound_table, syllable_set
from bot.matching.wording import Wording

log = logging.getLogger(__name__)

FORMAT = "11"
"""Raise when the meaning of a cached model changes."""


def lessons(faq: Faq, wording: Wording) -> tuple[list[str], Labels]:
    """Return the training utterances grouped by class, and their labels.

    Entries come first, then matters of other offices, off-topic talk and near misses; last, for
    the alarm alone, what is danger and what only sounds like it.
    """
    groups: dict[str, list[str]] = {}
    for entry in faq.entries.values():
        groups[entry.id] = list(entry.sayings)
    for matter in faq.elsewhere.matters:
        groups[MATTER + matter.id] = list(matter.sayings)
    for group in faq.elsewhere.off_topic:
        groups[OFF_TOPIC + group.id] = list(group.phrases)
    near = [trap for entry in faq.entries.values() for trap in entry.not_for]
    if near:
        groups[NEAR_MISS] = near
    utterances: list[str] = []
    rows: list[int] = []
    names: list[str] = []
    for name, texts in groups.items():
        plain = list(dict.fromkeys(filter(None, (wording.plain(t) for t in texts))))
        if plain:
            utterances += plain
            rows += [len(names)] * len(plain)
            names.append(name)
    ours = sum(name in faq.entries for name in names)
    alarms = [-1] * len(utterances)
    known = set(utterances)
    for number, kind in enumerate(faq.danger.kinds):
        plain = [p for p in map(wording.plain, kind.phrases) if p and p not in known]
        utterances += plain
        alarms += [number] * len(plain)
    harmless = [p for p in map(wording.plain, faq.danger.harmless) if p and p not in known]
    utterances += harmless
    alarms += [-1] * len(harmless)
    # What an entry about danger is asked may be danger itself.
    both = [place for place, name in enumerate(names) if name in _answered_by_danger(faq)]
    undecided = np.zeros(len(utterances), np.bool_)
    undecided[: len(rows)] = np.isin(rows, both)
    return utterances, Labels(
        tuple(names),
        ours,
        np.array(rows, dtype=np.int32),
        tuple(kind.id for kind in faq.danger.kinds),
        np.array(alarms, dtype=np.int32),
        undecided,
    )


def _answered_by_danger(faq: Faq) -> frozenset[str]:
    return frozenset(kind.entry for kind in faq.danger.kinds if kind.entry)


def examples(faq: Faq, wording: Wording, labels: Labels) -> Examples:
    """Return the exam's calibrating lines: single questions and danger, as the head sees them."""
    at = {name: place for place, name in enumerate(labels.names[: labels.ours])}
    chosen = [
        (plain, line)
        for line in faq.exam
        if not line.held_out and line.single and (plain := wording.plain(line.text))
    ]
    right = np.zeros((len(chosen), labels.ours), np.bool_)
    for row, (_, line) in enumerate(chosen):
        right[row, [at[entry] for entry in line.right if entry in at]] = True
    danger = np.array([line.danger for _, line in chosen], np.bool_)
    either = np.array([bool(line.label.get("crisis_ok")) for _, line in chosen], np.bool_)
    return Examples([plain for plain, _ in chosen], right, danger, either)


def sounds() -> Sounds:
    return Sounds(sound_table(), syllable_set())


def messages(faq: Faq) -> list[Asked]:
    """Return the exam's calibrating lines as messages that ask one thing, several or nothing."""
    return [
        Asked(line.text, _asked(line)) for line in faq.exam if not line.held_out and not line.danger
    ]


def _asked(line: Labelled) -> tuple[frozenset[str], ...]:
    if not line.single:
        return tuple(frozenset([entry]) for entry in line.label["ids"])
    return (line.right,) if line.right else ()


def kept(faq: Faq, cache: Path) -> Model | None:
    """Return the model of this FAQ when the cache folder holds it."""
    found = _read(_Material.of(faq).path(cache, "model"))
    return found if isinstance(found, Model) else None


def trained(faq: Faq, cache: Path | None) -> Model:
    """Return the model of this FAQ, from the cache folder when it was trained before."""
    material = _Material.of(faq)
    path = cache and material.path(cache, "model")
    found = _read(path)
    if isinstance(found, Model):
        return found
    model = material.learned().model
    if path:
        _write(path, model)
    return model


def lesson(faq: Faq, cache: Path | None = None) -> Lesson:
    """Return the model with how every phrase fares when left out, kept beside it."""
    material = _Material.of(faq)
    path = cache and material.path(cache, "lesson")
    found = _read(path)
    if isinstance(found, Lesson):
        return found
    learned = material.learned()
    if cache and path:
        _write(path, learned)
        _write(material.path(cache, "model"), learned.model)
    return learned


@dataclass(frozen=True)
class _Material:
    """All that a model is made from."""

    faq: Faq
    wording: Wording
    utterances: Sequence[str]
    labels: Labels
    examples: Examples
    messages: Sequence[Asked]

    @classmethod
    def of(cls, faq: Faq) -> _Material:
        wording = Wording.of(faq.lexicon, spaced=faq.spaced)
        utterances, labels = lessons(faq, wording)
        return cls(faq, wording, utterances, labels, examples(faq, wording, labels), messages(faq))

    def learned(self) -> Lesson:
        """Return what is learned from it, which takes minutes for thousands of phrases."""
        lesson = learn(self.utterances, self.labels, sounds(), self.examples)
        model = lesson.model
        divider = learn_divider(
            self.messages, model.sides, model.hearing.glance, self.wording, self.faq.entries
        )
        return replace(lesson, model=replace(model, divider=divider))

    def path(self, cache: Path, kind: str) -> Path:
        """Return where that is kept: other material, another name."""
        labels, examples = self.labels, self.examples
        asked = [(m.text, *map(sorted, m.right)) for m in self.messages]
        words = (FORMAT, Rates(), self.utterances, labels.names, labels.ours, labels.alarms)
        digest = hashlib.sha256(repr((*words, examples.utterances, asked)).encode())
        arrays = (
            labels.of_row,
            labels.alarm_of_row,
            labels.undecided,
            examples.right,
            examples.danger,
            examples.either,
        )
        for array in arrays:
            digest.update(array.tobytes())
        return cache / f"{kind}-{digest.hexdigest()[:16]}.pickle"


def _read(path: Path | None) -> object:
    """Return what was kept there, None when there is nothing that can be read."""
    if path is None or not path.exists():
        return None
    try:
        with path.open("rb") as file:
            # Our own file, under our own data folder; read as it comes, never whole beside itself.
            return pickle.load(file)  # noqa: S301
    except Exception:
        log.warning("cached model unreadable, training again: %s", path.name)
        return None


def _write(path: Path, value: Model | Lesson) -> None:
    """Write whole or not at all, and drop those of other FAQs beyond the newest three."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    Path(file.name).replace(path)
    kind = path.name.partition("-")[0]
    old = sorted(path.parent.glob(f"{kind}-*.pickle"), key=lambda p: p.stat().st_mtime)[:-3]
    for stale in old:
        stale.unlink(missing_ok=True)
