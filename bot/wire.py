"""Turns and inquiries as JSON: the fixed keys of `ask`, `chat` and the web. Pure."""

from __future__ import annotations

from typing import Any

from bot.model import Decision, Delivery, Inquiry, Turn


def inquiry_json(inquiry: Inquiry | None) -> dict[str, Any] | None:
    """Return an inquiry's public keys."""
    if inquiry is None:
        return None
    return {
        "number": inquiry.number,
        "status": inquiry.status.value,
        "topic": inquiry.topic,
        "entry": inquiry.entry,
        "owner": inquiry.owner,
        "urgent": inquiry.urgent,
        "slots": dict(inquiry.slots),
    }


def understood_json(turn: Turn) -> dict[str, Any]:
    """Return what was understood: decision, entries, confidence, candidates."""
    shown = turn.candidates if turn.decision in _RANKED else ()
    answered = turn.decision in (Decision.ANSWER, Decision.CRISIS, Decision.FLOW)
    entries = list(turn.entries) if answered else []
    return {
        "decision": turn.decision.value,
        "entry": entries[0] if entries else None,
        "entries": entries,
        "confidence": round(turn.confidence, 4),
        "candidates": [{"entry": c.entry, "score": round(c.score, 4)} for c in shown],
    }


_RANKED = (Decision.ANSWER, Decision.SUGGEST, Decision.ELSEWHERE, Decision.FALLBACK)


def deliveries_json(session: str, deliveries: tuple[Delivery, ...]) -> list[dict[str, str]]:
    return [{"session": session, "text": d.text} for d in deliveries]


def turn_json(turn: Turn) -> dict[str, Any]:
    """Return a turn's keys of a chat line, without the session's name."""
    return {
        **understood_json(turn),
        "replies": [
            {"text": r.text, "options": [c.label for c in r.choices]} for r in turn.replies
        ],
        "inquiry": inquiry_json(turn.inquiry),
        "deliveries": [],
        "error": None,
    }
