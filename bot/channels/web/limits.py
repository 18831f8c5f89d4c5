"""How fast one browser and one address may write: token buckets."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable

_KEEP = 20_000
"""Buckets kept at most; the ones used longest ago go first, and come back full."""


class Bucket:
    """Token buckets by key: `burst` at once, `per_s` a second for ever."""

    def __init__(self, burst: float, per_s: float, clock: Callable[[], float]) -> None:
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._tokens: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> int:
        """Take one token and return 0, or return the whole seconds until there is one (≥ 1)."""
        now = self._clock()
        tokens, since = self._tokens.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - since) * self._per_s)
        wait_s = 0
        if tokens >= 1:
            tokens -= 1
        else:
            wait_s = max(1, math.ceil((1 - tokens) / self._per_s))
        self._tokens[key] = (tokens, now)
        if len(self._tokens) > _KEEP:
            del self._tokens[next(iter(self._tokens))]
        return wait_s


class Limits:
    """What may be written: two messages a second for half a minute always pass.

    A whole school may sit behind one address, so an address is given far more than a browser;
    requests that bring no session are what a flood is made of, and get less.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._session = Bucket(60, 1, clock)
        self._newcomers = Bucket(200, 5, clock)
        self._address = Bucket(3_000, 50, clock)

    def write(self, session: str | None, address: str) -> int:
        """Return 0 when a message may come in, else the seconds to wait."""
        wait_s = self._session.take(session) if session else self._newcomers.take(address)
        return wait_s or self._address.take(address)

    def read(self, address: str) -> int:
        """Return 0 when the history may be read, else the seconds to wait."""
        return self._address.take(address)


def network(host: str) -> str:
    """Return what counts as one address: all of IPv4, the /64 of IPv6.

    >>> network("2001:db8::1:2:3:4"), network("10.0.0.7"), network("testclient")
    ('2001:db8::/64', '10.0.0.7', 'testclient')
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network(f"{address}/64", strict=False))
