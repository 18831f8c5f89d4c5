"""Between the vocabulary and the rows: every value to columns or JSON, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from sqlite3 import Row

from bot.model import (
    Candidate,
    Choice,
    Decision,
    Delivery,
    Inquiry,
    Media,
    Message,
    Move,
    Reply,
    Session,
    Status,
    Turn,
)
from bot.storage.encoding import (
    dump,
    dump_choices,
    dump_replies,
    instant,
    load_choices,
    load_replies,
    number_key,
    number_of,
    stamp,
)


class Kind(StrEnum):
    """Where a line of a history comes from."""

    MESSAGE = "message"
    REPLY = "reply"
    DELIVERY = "delivery"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One bubble of a conversation, as the page and the staff see it."""

    id: str
    """Unique and stable: m12 (message), r13.0 (reply), d14 (delivery), w15 (staff words);
    the number after `d` is the delivery's id."""
    at: datetime
    who: str
    """`parent`, `bot`, or the name of a member of staff."""
    text: str
    """For a pick, the words of the choice."""
    choices: tuple[Choice, ...]
    inquiry: str | None
    kind: Kind
    media: Media | None = None
    """What arrived instead of words."""
    decision: Decision | None = None
    """What was done with the message, on it and on our replies to it; None while it waits."""
    unsent: bool = False
    """It has not been sent to the parent's channel yet."""
    undelivered: str | None = None
    """Why it has not reached the parent: "blocked" or "refused"; None while nothing is wrong."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One line of the staff's list."""

    inquiry: Inquiry
    words: str
    """What the parent last wrote in it; empty when removed or never in words."""
    messages: int
    """How many messages of the parent belong to it."""
    undelivered: bool = False
    """Something said in it could not reach the parent."""
    returned: bool = False
    """Its owner said nothing for so long that it waits for staff again."""


@dataclass(frozen=True, slots=True)
class Understood:
    """How a message was understood when it came."""

    decision: Decision
    entries: tuple[str, ...]
    confidence: float
    candidates: tuple[Candidate, ...]


def message_values(message: Message) -> dict[str, object]:
    """Return the columns of a message that has just been written down."""
    return {
        "session_key": message.session_key,
        "message_id": message.message_id,
        "channel": message.channel,
        "user_id": message.user_id,
        "text": message.text,
        "pick": message.pick,
        "media": message.media and message.media.value,
        "received_at": stamp(message.received_at),
    }


def load_message(row: Row) -> Message:
    """Return the message as it was written down; a removed one has no words left."""
    return Message(
        channel=row["channel"],
        user_id=row["user_id"],
        message_id=row["message_id"],
        text=row["text"] or "",
        received_at=instant(row["received_at"]),
        pick=row["pick"],
        media=_media(row["media"]),
    )


def turn_values(turn: Turn) -> dict[str, object]:
    """Return the columns of a turn, but for its keys."""
    return {
        "decision": turn.decision.value,
        "replies": dump_replies(turn.replies),
        "entries": dump(turn.entries),
        "confidence": float(turn.confidence),
        "candidates": dump([[c.entry, float(c.score)] for c in turn.candidates]),
        "number": turn.inquiry and number_key(turn.inquiry.number),
    }


def load_turn(row: Row, inquiry: Inquiry | None) -> Turn:
    """Return the turn from a row of inbox joined with turns."""
    return Turn(
        message=load_message(row),
        decision=Decision(row["decision"]),
        replies=load_replies(row["replies"]),
        entries=tuple(json.loads(row["entries"])),
        confidence=row["confidence"],
        candidates=_candidates(row),
        inquiry=inquiry,
    )


def load_understood(row: Row) -> Understood:
    """Return how the message of a turn's row was understood."""
    entries = tuple(json.loads(row["entries"]))
    return Understood(Decision(row["decision"]), entries, row["confidence"], _candidates(row))


def _candidates(row: Row) -> tuple[Candidate, ...]:
    return tuple(Candidate(entry, score) for entry, score in json.loads(row["candidates"]))


def inquiry_values(inquiry: Inquiry) -> dict[str, object]:
    """Return the columns of an inquiry; raises ValueError on a number that is none."""
    if (key := number_key(inquiry.number)) is None:
        raise ValueError("an inquiry's number is decimal digits without leading zero")
    return {
        "number": key,
        "session_key": inquiry.session_key,
        "status": inquiry.status.value,
        "opened_at": stamp(inquiry.opened_at),
        "changed_at": stamp(inquiry.changed_at),
        "touched_at": stamp(inquiry.touched_at),
        "topic": inquiry.topic,
        "entry": inquiry.entry,
        "owner": inquiry.owner,
        "urgent": int(inquiry.urgent),
        "previous": number_key(inquiry.previous),
        "slots": dump(dict(inquiry.slots)),
    }


def load_inquiry(row: Row) -> Inquiry:
    """Return the inquiry of a row."""
    slots: Mapping[str, str] = json.loads(row["slots"])
    return Inquiry(
        number=str(row["number"]),
        session_key=row["session_key"],
        status=Status(row["status"]),
        opened_at=instant(row["opened_at"]),
        changed_at=instant(row["changed_at"]),
        touched_at=instant(row["touched_at"]),
        topic=row["topic"],
        entry=row["entry"],
        owner=row["owner"],
        urgent=bool(row["urgent"]),
        previous=number_of(row["previous"]),
        slots=slots,
    )


def move_values(move: Move) -> dict[str, object]:
    """Return the columns of a move."""
    return {
        "number": number_key(move.number),
        "at": stamp(move.at),
        "before": move.before and move.before.value,
        "after": move.after.value,
        "who": move.who,
        "why": move.why,
    }


def load_move(row: Row) -> Move:
    """Return the move of a row."""
    return Move(
        number=str(row["number"]),
        at=instant(row["at"]),
        before=Status(row["status_before"]) if row["status_before"] else None,
        after=Status(row["status_after"]),
        who=row["who"],
        why=row["why"],
    )


def session_values(session: Session) -> dict[str, object]:
    """Return the columns of a session; its inquiries are rows of their own."""
    return {
        "session_key": session.key,
        "greeted": int(session.greeted),
        "misses": session.misses,
        "choices": dump_choices(session.choices),
        "last_entry": session.last_entry,
        "current": number_key(session.current),
        "confirming": int(session.confirming_deletion),
        "unanswered": session.unanswered,
        "unanswered_at": session.unanswered_at and stamp(session.unanswered_at),
    }


def load_session(row: Row, inquiries: Iterable[Inquiry]) -> Session:
    """Return the session of a row with these inquiries."""
    return Session(
        key=row["session_key"],
        greeted=bool(row["greeted"]),
        misses=row["misses"],
        choices=load_choices(row["choices"]),
        last_entry=row["last_entry"],
        current=number_of(row["current_number"]),
        confirming_deletion=bool(row["confirming_deletion"]),
        unanswered=row["unanswered"],
        unanswered_at=instant(row["unanswered_at"]) if row["unanswered_at"] else None,
        inquiries=tuple(inquiries),
    )


def delivery_values(delivery: Delivery) -> dict[str, object]:
    """Return the columns of a delivery, but for its keys."""
    return {
        "session_key": delivery.session_key,
        "number": number_key(delivery.inquiry),
        "text": delivery.text,
        "choices": dump_choices(delivery.choices),
        "created_at": stamp(delivery.created_at),
        "sent_at": delivery.sent_at and stamp(delivery.sent_at),
    }


def load_delivery(row: Row) -> Delivery:
    """Return the delivery of a row."""
    return Delivery(
        id=row["id"],
        session_key=row["session_key"],
        inquiry=number_of(row["number"]) or "",
        text=row["text"] or "",
        created_at=instant(row["created_at"]),
        choices=load_choices(row["choices"]),
        sent_at=instant(row["sent_at"]) if row["sent_at"] else None,
    )


def _media(value: str | None) -> Media | None:
    return Media(value) if value else None


def load_said(row: Row) -> list[HistoryItem]:
    """Return the bubbles of a row of `said`: one, or one for each reply of a turn."""
    kind = Kind(row["kind"])
    said = [Reply(row["body"] or "", load_choices(row["choices"]))]
    if kind is Kind.REPLY:
        said = list(load_replies(row["body"]))
    letter = kind.value[0]
    return [
        HistoryItem(
            id=f"{letter}{row['id']}" + (f".{place}" if kind is Kind.REPLY else ""),
            at=instant(row["at"]),
            who=row["who"],
            text=bubble.text,
            choices=bubble.choices,
            inquiry=number_of(row["number"]),
            kind=kind,
            media=_media(row["media"]),
            decision=Decision(row["decision"]) if row["decision"] else None,
            unsent=bool(row["unsent"]),
            undelivered=row["undelivered"],
        )
        for place, bubble in enumerate(said)
    ]
