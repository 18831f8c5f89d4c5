"""How fast one parent's messages are taken up: far beyond anything a person types. Pure but for
its clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BURST = 90.0
PER_SECOND = 2.0
_MOST_KEPT = 10_000


@dataclass(slots=True)
class _Allowance:
    left: float
    at: float
    told: bool = False


class Pace:
    """A bucket for each parent; two messages a second for half a minute never empty it.

    Nothing is turned away: what comes faster waits its turn.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[int, _Allowance] = {}

    def wait_s(self, user: int) -> float:
        """Return how long to wait before one more message is taken up; it is counted now."""
        now = self._clock()
        if len(self._known) > _MOST_KEPT:
            self._known = {u: a for u, a in self._known.items() if self._filled(a, now) < BURST}
        allowance = self._known.setdefault(user, _Allowance(BURST, now))
        allowance.left, allowance.at = self._filled(allowance, now) - 1, now
        if allowance.left > BURST / 2:
            allowance.told = False
        return max(-allowance.left / PER_SECOND, 0.0)

    def tell(self, user: int) -> bool:
        """Return whether to tell that parent so: once, until they have paused for a while."""
        allowance = self._known.setdefault(user, _Allowance(0.0, self._clock()))
        told, allowance.told = allowance.told, True
        return not told

    def _filled(self, allowance: _Allowance, now: float) -> float:
        return min(BURST, allowance.left + (now - allowance.at) * PER_SECOND)
