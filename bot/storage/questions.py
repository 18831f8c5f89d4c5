"""What parents asked, as it was stored: masked, and gone where they had it removed."""

from __future__ import annotations

from bot.storage.sqlite import Database

_PAST = """
SELECT inbox.text, max(inbox.id) AS latest FROM inbox JOIN turns ON turns.inbox_id = inbox.id
WHERE inbox.text IS NOT NULL AND inbox.text <> '' AND inbox.pick IS NULL
  AND turns.decision IN ('answer', 'suggest', 'elsewhere', 'fallback')
GROUP BY inbox.text ORDER BY latest DESC LIMIT :limit"""


async def past_questions(database: Database, limit: int = 1000) -> list[str]:
    """Return the latest different questions, the newest first; raises StorageError."""
    return [row["text"] for row in await database.rows(_PAST, limit=limit)]
