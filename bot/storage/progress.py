"""How far staff have come with what is in their hands: targets are counted from it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from bot.model import Move, Progress
from bot.storage.encoding import instant
from bot.storage.records import load_inquiry, load_move
from bot.storage.sqlite import Rows

_CHOSEN = """
(SELECT number FROM inquiries WHERE (:number IS NULL OR number = :number)
 AND (status IN ('waiting_staff', 'with_staff', 'waiting_parent')
      OR (urgent = 1 AND status <> 'resolved')))"""

_INQUIRIES = f"""
SELECT inquiries.*,
    (SELECT max(at) FROM news WHERE news.number = inquiries.number AND kind = 'urgent')
        AS urgent_since,
    (SELECT max(inbox.received_at) FROM turns JOIN inbox ON inbox.id = turns.inbox_id
        WHERE turns.number = inquiries.number AND turns.decision = 'staff') AS parent_wrote_at,
    (SELECT max(at) FROM audit WHERE who = inquiries.owner AND what = 'look'
        AND about = CAST(inquiries.number AS TEXT)) AS looked_at,
    EXISTS (SELECT 1 FROM staff_accounts
        WHERE staff_accounts.name = inquiries.owner AND disabled = 1) AS owner_gone
FROM inquiries WHERE number IN {_CHOSEN} ORDER BY number"""  # noqa: S608
_MOVES = f"SELECT * FROM moves WHERE number IN {_CHOSEN} ORDER BY id"  # noqa: S608
_ACTED = f"""
SELECT number, who, at, 1 AS said FROM staff_words WHERE number IN {_CHOSEN}
UNION ALL SELECT number, who, at, 0 FROM notes WHERE number IN {_CHOSEN}
UNION ALL SELECT number, to_whom, at, 0 FROM transfers WHERE number IN {_CHOSEN}"""  # noqa: S608


async def progress(rows: Rows, number: str | None = None) -> list[Progress]:
    """Return the progress of every inquiry that staff owe something, or of that one.

    To be given an inquiry counts as an act of the new owner.
    """
    key = None if number is None else int(number)
    moves: defaultdict[int, list[Move]] = defaultdict(list)
    acted: defaultdict[int, list[tuple[str, datetime]]] = defaultdict(list)
    said: defaultdict[int, list[tuple[str, datetime]]] = defaultdict(list)
    for row in await rows.rows(_MOVES, number=key):
        moves[row["number"]].append(load_move(row))
    for row in await rows.rows(_ACTED, number=key):
        act = (row["who"], instant(row["at"]))
        acted[row["number"]].append(act)
        if row["said"]:
            said[row["number"]].append(act)
    return [
        Progress(
            load_inquiry(row),
            tuple(moves[row["number"]]),
            tuple(said[row["number"]]),
            tuple(acted[row["number"]]),
            _at(row["urgent_since"]),
            bool(row["owner_gone"]),
            _at(row["parent_wrote_at"]),
            _at(row["looked_at"]),
        )
        for row in await rows.rows(_INQUIRIES, number=key)
    ]


def _at(text: str | None) -> datetime | None:
    return instant(text) if text else None
