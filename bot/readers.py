"""Who waits for something new: each parent's open pages, and whoever watches the inbox."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Readers:
    """Events that are set when there is something to look at."""

    def __init__(self) -> None:
        self._of_session: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._of_inbox: set[asyncio.Event] = set()

    @contextmanager
    def of_session(self, session_key: str) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever something was pushed to that parent."""
        try:
            with _lent(self._of_session[session_key]) as event:
                yield event
        finally:
            if not self._of_session.get(session_key):
                self._of_session.pop(session_key, None)

    @contextmanager
    def of_inbox(self) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever any inquiry may have changed."""
        with _lent(self._of_inbox) as event:
            yield event

    def wake(self, session_key: str) -> None:
        """Have that parent's pages look, and the inbox."""
        for event in self._of_session.get(session_key, ()):
            event.set()
        self.wake_inbox()

    def wake_everybody(self) -> None:
        """Have every parent's pages look, and the inbox."""
        for events in self._of_session.values():
            for event in events:
                event.set()
        self.wake_inbox()

    def wake_inbox(self) -> None:
        """Have whoever watches the inbox look."""
        for event in self._of_inbox:
            event.set()


@contextmanager
def _lent(events: set[asyncio.Event]) -> Iterator[asyncio.Event]:
    event = asyncio.Event()
    events.add(event)
    try:
        yield event
    finally:
        events.discard(event)
