"""A message that asks several things, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.matching import several
from bot.matching.division import Division, Side, best, divisions
from bot.matching.hearing import forget
from bot.matching.ranking import Ranking
from bot.matching.several import Cut

_MOST_ASKED = 3
_HARDLY_ASKED = 0.2
"""Below this chance of any entry a part of a message is said to be still open."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message that asks one thing."""

    entry: str
    chance: float
    text: str


@dataclass(frozen=True)
class Parting:
    """Tells the parts of a message apart."""

    ranking: Ranking
    _cuts: dict[str, list[Cut]] = field(default_factory=dict, compare=False, repr=False)

    def cuts(self, text: str) -> list[Cut]:
        """Return the places where a second question may well begin."""
        found = self._cuts.get(text)
        if found is None:
            wording, model = self.ranking.wording, self.ranking.model
            found = self._cuts[text] = several.promising(
                several.cuts(text, wording),
                lambda side: model.hearing.glance(wording.plain(side)),
                model.divider.promising,
            )
            forget(self._cuts)
        return found

    def sides(self, text: str) -> list[str]:
        """Return left and right of each such place, one after the other."""
        return [side for cut in self.cuts(text) for side in (cut.left, cut.right)]

    def likeliest(self, text: str) -> tuple[Division | None, float]:
        """Return how the message would be cut in two, and the chance that it asks two things."""
        return self._likeliest(text, self.hear(text)) if self.cuts(text) else (None, 0.0)

    def hear(self, text: str) -> list[Side]:
        """Return what the whole may mean, and each of its sides."""
        return self.ranking.hear([text, *self.sides(text)])

    def divided(self, text: str, heard: Sequence[Side]) -> Division | None:
        """Return the likeliest division of a message into two questions, if it is believed."""
        division, chance = self._likeliest(text, heard)
        return division if chance >= self.ranking.model.divider.asked.at else None

    def _likeliest(self, text: str, heard: Sequence[Side]) -> tuple[Division | None, float]:
        whole, *sides = heard
        model, entries = self.ranking.model, self.ranking.entries
        found = [
            (model.divider.asked.chance(division.evidence), division)
            for cut, left, right in zip(self.cuts(text), sides[::2], sides[1::2], strict=True)
            if not self._same(left, right)
            for division in divisions(cut, whole, left, right, entries)
            if min(division.chances) >= model.ask_at
        ]
        chance, division = max(found, key=lambda each: each[0], default=(0.0, None))
        return division, chance

    def parts(self, divided: Division, most: int = _MOST_ASKED) -> Mapping[str, Part]:
        """Return what the two sides ask, by entry, in the order asked."""
        parts: dict[str, Part] = {}
        # A side that leaves its subject to the other says little alone.
        believed = self.ranking.model.divider.asked.chance(divided.evidence)
        for place, side in enumerate((divided.cut.left, divided.cut.right)):
            again = None
            if most > len(divided.entries) and self.cuts(side):
                again = self.divided(side, self.hear(side))
            if again is not None:
                parts |= self.parts(again, most - 1)
            else:
                entry = divided.entries[place]
                chance = max(divided.chances[place], believed)
                parts.setdefault(entry, Part(entry, chance, side))
        return dict(list(parts.items())[:most])

    def said_twice(self, heard: Sequence[Side]) -> Iterator[tuple[str, float]]:
        """Give what both sides of a cut surely ask, with the chance of the weaker."""
        for left, right in zip(heard[1::2], heard[2::2], strict=True):
            if same := self._same(left, right):
                yield same

    def _same(self, left: Side, right: Side) -> tuple[str, float] | None:
        """Return what both surely ask, with the chance of the weaker; None when they do not."""
        (entry, chance), (other, too) = (
            best(side.chances, self.ranking.entries) for side in (left, right)
        )
        sure = min(chance, too)
        return (entry, sure) if entry == other and sure >= self.ranking.model.answer_at else None

    def unanswered(self, part: Part) -> list[str]:
        """Return the questions in a part that its entry does not answer."""
        questions = self.ranking.wording.questions(part.text)
        return [
            question
            for question, heard in zip(questions, self.ranking.hear(questions), strict=True)
            if best(heard.chances, self.ranking.entries)[1] < _HARDLY_ASKED
        ]
