"""The trained model: what an utterance is likely to mean, and how sure that is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.matching.division import Scores, Side
from bot.matching.features import Floats
from bot.matching.hearing import Heard, Hearing, Labels
from bot.matching.several import Divider
from bot.matching.trees import Trees
from bot.matching.weighted import Weighted

_TEMPERATURE = 0.08


@dataclass(frozen=True)
class Model:
    """Everything learned from one FAQ."""

    hearing: Hearing
    utterances: tuple[str, ...]
    """What it was learned from, a row each."""
    ours: Trees | Weighted
    others: Trees
    danger: Trees
    answer_at: float
    """From this confidence on an entry answers alone."""
    ask_at: float
    """From this confidence on an entry is worth offering."""
    alarm_at: float
    """From this chance on a whole message is danger."""
    clause_alarm_at: float
    """From this chance on a part of a message is."""
    divider: Divider

    def listen(self, utterances: Sequence[str]) -> None:
        """Take the utterances in together, which takes half as long as one by one."""
        if utterances:
            self.hearing.listen(utterances)

    def alarm(self, utterances: Sequence[str]) -> list[tuple[str, float]]:
        """Return for each squeezed utterance the likeliest kind of danger and its chance."""
        heard = self.hearing.hear(utterances)
        chances = self.danger(alarm_evidence(heard, self.hearing.near_danger(utterances)))
        kinds = heard.alarm[:, :-1].argmax(axis=1)
        return [
            (self.hearing.labels.alarms[kind], float(chance))
            for kind, chance in zip(kinds, chances, strict=True)
        ]

    def loudest(self, utterances: Sequence[str], most: int) -> list[str]:
        """Return those that may be danger rather than the rest, judged at a glance."""
        return sorted(utterances, key=self.hearing.danger_by_grams, reverse=True)[:most]

    def rank(self, utterances: Sequence[str]) -> list[dict[str, float]]:
        """Return for each utterance the chance of being right of the classes on its shortlist."""
        heard = self.hearing.hear(utterances)
        labels = self.hearing.labels
        found: list[dict[str, float]] = [{} for _ in utterances]
        for ours, side in ((True, heard.ours), (False, heard.others)):
            trees = self.ours if ours else self.others
            chance = trees(evidence(heard, labels, ours=ours))
            for row, chances in enumerate(found):
                for one, p in zip(side.classes[row], chance[row], strict=True):
                    chances[labels.names[one]] = float(p)
        return found

    def sides(self, utterances: Sequence[str]) -> list[Side]:
        """Return the chances of each utterance, with the scores of all entries behind them."""
        heard = self.hearing.hear(utterances)
        names = self.hearing.labels.names[: self.hearing.labels.ours]
        return [
            Side(chances, [_scores(names, row) for row in (scores, of_meaning)])
            for chances, scores, of_meaning in zip(
                self.rank(utterances), heard.scores, heard.of_meaning, strict=True
            )
        ]


def _scores(names: Sequence[str], row: Floats) -> Scores:
    own = row[: len(names)]
    best = own.argsort()[:-4:-1]
    return Scores(dict(zip(names, own.tolist(), strict=True)), [names[place] for place in best])


def evidence(heard: Heard, labels: Labels, *, ours: bool) -> Floats:
    """Return what speaks for each shortlisted class of one side: utterances x classes x pieces.

    For the whole score and then for its two parts: the score, its lead on the own side, its lead
    over the other. Ours or not; the share of all scores, of the side, of the other side. The
    nearest phrase, its lead among the listed and over the other side's nearest, by all and by
    meaning alone; how near anything is; the length.
    """
    mine, across = (heard.ours, heard.others) if ours else (heard.others, heard.ours)
    cut = labels.ours
    sides = (slice(0, cut), slice(cut, -1)) if ours else (slice(cut, -1), slice(0, cut))
    rows = np.arange(len(heard.scores))[:, None]
    columns = []
    for scores in (heard.scores, heard.of_meaning, heard.scores - heard.of_meaning):
        score = scores[rows, mine.classes]
        columns += [
            score,
            score - _best_other(scores[:, sides[0]], score),
            score - scores[:, sides[1]].max(axis=1, keepdims=True, initial=-1.0),
            scores[:, -1:] if ours else -scores[:, -1:],
        ]
    own = heard.scores[:, :-1]
    share = np.exp((own - own.max(axis=1, keepdims=True)) / _TEMPERATURE)
    share /= share.sum(axis=1, keepdims=True)
    of_side = (share[:, :cut] if ours else share[:, cut:]).sum(axis=1, keepdims=True)
    far = across.near.max(axis=1, keepdims=True, initial=0.0)
    columns += [
        np.log(share[rows, mine.classes] + 1e-6),
        np.log(of_side + 1e-6),
        np.log(1 - of_side + 1e-6),
        mine.near,
        mine.near - _best_other(mine.near, mine.near),
        mine.near - far,
        np.maximum(mine.near.max(axis=1, keepdims=True, initial=0.0), far),
        mine.near_meaning,
        mine.near_meaning - _best_other(mine.near_meaning, mine.near_meaning),
        mine.near - mine.near_meaning,
        np.log(heard.lengths + 1.0)[:, None],
    ]
    return np.stack(np.broadcast_arrays(*columns), axis=2).astype(np.float32)


def alarm_evidence(heard: Heard, near_danger: Floats) -> Floats:
    """Return what speaks for danger: utterances x pieces.

    `near_danger` is what `Hearing.near_danger` gives.
    Danger or not, by all, by meaning and by the rest; the two likeliest kinds; the nearest phrase
    of danger, of what only sounds like it, of anything else, and its lead; the length.
    """
    score, by_meaning = heard.alarm[:, -1], heard.alarm_of_meaning[:, -1]
    kinds = np.sort(heard.alarm[:, :-1], axis=1)
    near, harmless = near_danger.T
    calm = np.concatenate([heard.ours.near, heard.others.near], axis=1).max(axis=1, initial=0.0)
    columns = [
        score,
        by_meaning,
        score - by_meaning,
        kinds[:, -1],
        kinds[:, -2] if kinds.shape[1] > 1 else np.zeros_like(score),
        near,
        calm,
        harmless,
        near - np.maximum(calm, harmless),
        np.log(heard.lengths + 1.0),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _best_other(matrix: Floats, own: Floats) -> Floats:
    """Return, for each listed value, the highest one among all other columns."""
    if matrix.shape[1] < 2:
        return np.zeros_like(own)
    top2 = -np.partition(-matrix, 1, axis=1)[:, :2]
    first, second = top2[:, :1], top2[:, 1:]
    return np.where(own >= first, second, first)
