"""The frozen vocabulary that every part of the desk speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum

CHONGQING = timezone(timedelta(hours=8))
"""China has had one time, without summer time, since 1992; needs no tzdata."""
OWNER_SILENT = "owner silent"
"""Why an inquiry went back to waiting_staff when the clock took it from its owner."""


class Decision(StrEnum):
    """What was done with a message; the names are part of the public interface."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    ELSEWHERE = "elsewhere"
    SMALL_TALK = "small_talk"
    FALLBACK = "fallback"
    CRISIS = "crisis"
    COMMAND = "command"
    HANDOFF = "handoff"
    STAFF = "staff"
    FLOW = "flow"


class Status(StrEnum):
    """Where an inquiry stands; the legal moves are in `bot.inquiry`."""

    OPEN = "open"
    ANSWERED = "answered"
    WAITING_STAFF = "waiting_staff"
    WITH_STAFF = "with_staff"
    WAITING_PARENT = "waiting_parent"
    RESOLVED = "resolved"


class Act(StrEnum):
    """What a member of staff does to an inquiry."""

    TAKE = "take"
    REPLY = "reply"
    ASK_PARENT = "ask_parent"
    RELEASE = "release"
    TRANSFER = "transfer"
    RESOLVE = "resolve"


class Media(StrEnum):
    """What arrived instead of words."""

    PHOTO = "photo"
    VOICE = "voice"
    LOCATION = "location"
    FILE = "file"


class ChoiceKind(StrEnum):
    """What picking a choice means."""

    ENTRY = "entry"
    TOPIC = "topic"
    INQUIRY = "inquiry"
    COMMAND = "command"


def topic_of(entry_id: str) -> str:
    """Return the topic of an entry.

    >>> topic_of("enrollment.timeline")
    'enrollment'
    """
    return entry_id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel delivers: words, a pick out of the last choices, or media."""

    channel: str
    user_id: str
    message_id: str
    """Unique within the session; a repeat returns the stored reply."""
    text: str
    received_at: datetime
    pick: int | None = None
    """1-based place among the choices of the session's last reply."""
    media: Media | None = None

    @property
    def session_key(self) -> str:
        return f"{self.channel}:{self.user_id}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the parent may pick; `value` is an entry id, topic, number or command."""

    label: str
    kind: ChoiceKind
    value: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One bubble of ours, with the choices it offers."""

    text: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with its score, 0–1, on the one scale used everywhere."""

    entry: str
    score: float


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A matter a parent raised, tracked until it is settled."""

    number: str
    """Short and speakable: decimal digits."""
    session_key: str
    status: Status
    opened_at: datetime
    changed_at: datetime
    """When the status last changed."""
    touched_at: datetime
    """When anybody last wrote in it; silence is counted from here."""
    topic: str | None = None
    entry: str | None = None
    owner: str | None = None
    urgent: bool = False
    previous: str | None = None
    """Number of the closed inquiry that this one goes on from."""
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """One recorded change of an inquiry's status: who, when, why."""

    number: str
    at: datetime
    before: Status | None
    after: Status
    who: str
    """`parent`, `bot`, `clock`, or the name of a member of staff."""
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """What staff wrote for each other about an inquiry; no parent ever sees it."""

    number: str
    who: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """An owner handed their inquiry to another person; its status stayed."""

    number: str
    who: str
    to: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """What a parent said of a resolved inquiry; once for each resolution."""

    number: str
    resolved_at: datetime
    helped: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far staff have come with an inquiry."""

    inquiry: Inquiry
    moves: tuple[Move, ...]
    """Oldest first."""
    said: tuple[tuple[str, datetime], ...] = ()
    """Who of the staff wrote to the parent, and when."""
    acted: tuple[tuple[str, datetime], ...] = ()
    """The same with notes, and with being given the inquiry."""
    urgent_since: datetime | None = None
    owner_gone: bool = False
    """Its owner's account is disabled."""
    parent_wrote_at: datetime | None = None
    """When the parent last wrote to whoever owns it."""
    looked_at: datetime | None = None
    """When its owner last looked at it."""


@dataclass(frozen=True, slots=True)
class Switches:
    """What staff can switch for everybody."""

    notice: str = ""
    """Stands before all answers, as staff wrote it; empty when there is none."""
    bot_off: bool = False
    """The bot answers nothing; people still receive what parents write."""


@dataclass(frozen=True, slots=True)
class Session:
    """The state of one conversation, with the inquiries that still matter to it."""

    key: str
    greeted: bool = False
    misses: int = 0
    """Fallbacks in a row; the second one offers a person."""
    choices: tuple[Choice, ...] = ()
    """What the last reply offered."""
    last_entry: str | None = None
    """Entry of the last answer: what a follow-up is about."""
    current: str | None = None
    """Number of the inquiry that a message without a matter of its own belongs to."""
    confirming_deletion: bool = False
    unanswered: str = ""
    """The parent's last words as long as they got no answer: what follows at once goes on."""
    unanswered_at: datetime | None = None
    inquiries: tuple[Inquiry, ...] = ()
    """Oldest first: all unresolved ones and those that can still come back."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to be pushed to a parent outside a reply."""

    id: int
    """0 until stored."""
    session_key: str
    inquiry: str
    text: str
    created_at: datetime
    choices: tuple[Choice, ...] = ()
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message led to: all values, nothing done yet."""

    decision: Decision
    session: Session
    """The next session; its `inquiries` carry every change."""
    replies: tuple[Reply, ...] = ()
    entries: tuple[str, ...] = ()
    """Entries answered, the first one leading; or the entry that fits a crisis."""
    confidence: float = 0.0
    candidates: tuple[Candidate, ...] = ()
    inquiry: str | None = None
    """Number of the inquiry that the message was about."""
    moves: tuple[Move, ...] = ()
    rating: Rating | None = None
    erase: bool = False
    """The parent confirmed: remove what they wrote."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message and our reply, as stored and as every channel renders it."""

    message: Message
    decision: Decision
    replies: tuple[Reply, ...]
    entries: tuple[str, ...]
    confidence: float
    candidates: tuple[Candidate, ...]
    inquiry: Inquiry | None
    """The inquiry the message was about, else the newest unresolved one."""

    @property
    def entry(self) -> str | None:
        return self.entries[0] if self.entries else None


@dataclass(frozen=True, slots=True)
class ActResult:
    """What became of a staff act; `error` is Chinese and set when it was refused."""

    inquiry: Inquiry | None
    deliveries: tuple[Delivery, ...] = ()
    error: str | None = None
