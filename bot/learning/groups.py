"""Signals grouped by meaning: as near to each other as the matcher sees them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from bot.learning.signals import Kind, Signal
from bot.matching.features import Floats, Gallery, meanings
from bot.matching.understand import Understanding

ALIKE = 0.5
"""Mean likeness, 0–1, from which two bundles of questions are one group."""
MOST = 2000
"""Different questions that are grouped; the newest ones are taken."""


MOST_VERDICTS = 500
"""The newest verdicts that are remembered when questions are grouped."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What staff have decided about a question before."""

    text: str
    belongs: str
    """The entry it is about; empty when they named none."""
    rejected: tuple[str, ...]
    """Entries it is not about."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that mean the same, as far as the matcher sees."""

    signals: tuple[Signal, ...]
    verdicts: tuple[Verdict, ...] = ()
    """On questions that mean the same and were settled before."""

    @property
    def id(self) -> str:
        """A short name that stays as long as the group has the same first question."""
        return sha256(str(min(s.place for s in self.signals)).encode()).hexdigest()[:12]

    @property
    def texts(self) -> list[tuple[str, int]]:
        """Different wordings with how often each was asked, the commonest first."""
        return Counter(signal.text for signal in self.signals).most_common()

    @property
    def kinds(self) -> Counter[Kind]:
        return Counter(signal.kind for signal in self.signals)

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(signal.place for signal in self.signals)

    def only(self, texts: Collection[str]) -> Group:
        """Return the part of the group with these wordings."""
        return replace(self, signals=tuple(s for s in self.signals if s.text in texts))

    def votes(self) -> list[tuple[str, int]]:
        """Return the entries that the group may be about, the likeliest first.

        A parent's own choice counts five times, and so does what staff decided about a question
        like it; an answer that did not help speaks against, what staff rejected is out.
        """
        votes: Counter[str] = Counter()
        for signal in self.signals:
            if signal.tapped:
                votes[signal.tapped] += 5
            elif signal.kind is Kind.NOT_HELPED:
                votes.subtract(signal.near)
            else:
                votes.update(signal.near[:1])
        for verdict in self.verdicts:
            if verdict.belongs:
                votes[verdict.belongs] += 5
        out = {entry for verdict in self.verdicts for entry in verdict.rejected}
        out -= {verdict.belongs for verdict in self.verdicts}
        return [(e, count) for e, count in votes.most_common() if count > 0 and e not in out]

    @property
    def rivals(self) -> frozenset[str]:
        """Every entry that these questions were taken for."""
        return frozenset(entry for signal in self.signals for entry in signal.near)


def grouped(
    signals: Sequence[Signal], mind: Understanding, verdicts: Sequence[Verdict] = ()
) -> list[Group]:
    """Return the groups, the largest first; questions whose parents tapped the same entry join.

    `verdicts`, oldest first, are on questions that are settled: they only speak for or against.
    """
    if not signals:
        return []
    texts = list(dict.fromkeys(s.text for s in reversed(signals)))[:MOST]
    of_text: dict[str, list[Signal]] = {text: [] for text in texts}
    for signal in signals:
        if signal.text in of_text:
            of_text[signal.text].append(signal)
    judged: dict[str, list[Verdict]] = {}
    for verdict in verdicts[-MOST_VERDICTS:]:
        judged.setdefault(verdict.text, []).append(verdict)
    texts += [text for text in judged if text not in of_text]
    plain = [mind.wording.plain(text) or text for text in texts]
    labels = _labels(_likeness(plain, mind), [_tapped(of_text.get(text, ())) for text in texts])
    bundles: dict[int, list[Signal]] = {}
    said: dict[int, list[Verdict]] = {}
    for text, label in zip(texts, labels, strict=True):
        bundles.setdefault(label, []).extend(of_text.get(text, ()))
        said.setdefault(label, []).extend(judged.get(text, ()))
    groups = [
        Group(tuple(sorted(bundle, key=lambda s: s.place)), tuple(said[label]))
        for label, bundle in bundles.items()
        if bundle
    ]
    return sorted(groups, key=lambda g: (-len(g.signals), -max(g.places)))


def _tapped(signals: Sequence[Signal]) -> str | None:
    taken = Counter(s.tapped for s in signals if s.tapped)
    return taken.most_common(1)[0][0] if taken else None


def _likeness(plain: Sequence[str], mind: Understanding) -> Floats:
    """Return how alike each two are by characters, sounds and meaning, 0–1."""
    features = mind.model.hearing.features
    meaning = meanings(plain)
    gallery = Gallery.of(plain, features, meaning)
    by_grams = np.stack([gallery.by_grams(features.sparse(text)) for text in plain])
    alike = by_grams + meaning @ meaning.T
    own = np.sqrt(np.maximum(np.diag(alike), 1e-6))
    found: Floats = np.clip(alike / own[:, None] / own[None, :], 0, 1)
    return found


def _labels(likeness: Floats, tapped: Sequence[str | None]) -> list[int]:
    """Return for each question the number of its group: average linkage, cut at ALIKE."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    size = len(likeness)
    if size < 2:
        return [1] * size
    apart = 1 - (likeness + likeness.T) / 2
    taken = np.array([each or "" for each in tapped])
    same = (taken[:, None] == taken[None, :]) & (taken != "")[:, None]
    other = (taken != "")[:, None] & (taken != "")[None, :] & ~same
    apart[same], apart[other] = 0, 1
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), method="average")
    return [int(label) for label in fcluster(tree, 1 - ALIKE, criterion="distance")]
