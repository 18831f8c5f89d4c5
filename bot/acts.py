"""What staff do to an inquiry: take, reply, ask, release, transfer, resolve. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot import words
from bot.faq.value import Faq
from bot.inquiry import OWNED, UNOWNED, move
from bot.model import Act, Choice, Inquiry, Move, Status, Transfer


@dataclass(frozen=True, slots=True)
class Push:
    """Something the parent is to be told."""

    text: str
    choices: tuple[Choice, ...] = ()
    words: str = ""
    """What the member of staff wrote themselves, if this carries it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act; with `error` nothing changed."""

    inquiry: Inquiry
    moves: tuple[Move, ...] = ()
    deliveries: tuple[Push, ...] = ()
    transfer: Transfer | None = None
    error: str | None = None


def perform(
    inquiry: Inquiry, act: Act, who: str, text: str, faq: Faq, now: datetime, *, to_whom: str = ""
) -> Done:
    """Return the inquiry after the act, and what the parent hears of it."""
    refusal = _refusal(inquiry, act, who, text, to_whom)
    if refusal:
        return Done(inquiry, error=refusal)
    moves: list[Move] = []
    pushes: list[Push] = []
    transfer = None

    def to(status: Status, why: str, owner: str | None = None) -> None:
        nonlocal inquiry
        inquiry, record = move(inquiry, status, now, who=who, why=why, owner=owner)
        moves.append(record)

    if act is not Act.RESOLVE and inquiry.status in UNOWNED:
        to(Status.WITH_STAFF, Act.TAKE, owner=who)
        pushes.append(Push(faq.say("taken", owner=who, number=inquiry.number)))
    match act:
        case Act.TAKE:
            pass
        case Act.REPLY:
            pushes.append(Push(faq.say("staff_words", owner=who, text=text), words=text))
        case Act.ASK_PARENT:
            if inquiry.status is Status.WITH_STAFF:
                to(Status.WAITING_PARENT, act)
            pushes.append(Push(faq.say("staff_asks", owner=who, text=text), words=text))
        case Act.RELEASE:
            to(Status.WAITING_STAFF, act)
            pushes.append(Push(faq.say("released", owner=who, number=inquiry.number)))
        case Act.TRANSFER:
            inquiry = replace(inquiry, owner=to_whom)
            transfer = Transfer(inquiry.number, who, to_whom, now)
            pushes.append(Push(faq.say("transferred", owner=to_whom, number=inquiry.number)))
        case Act.RESOLVE:
            if text:
                pushes.append(Push(faq.say("staff_words", owner=who, text=text), words=text))
            to(Status.RESOLVED, act)
            said = faq.say("resolved_by_staff", owner=who, number=inquiry.number)
            pushes.append(Push(said, words.to_rate(faq)))
    return Done(replace(inquiry, touched_at=now), tuple(moves), tuple(pushes), transfer)


def _refusal(inquiry: Inquiry, act: Act, who: str, text: str, to_whom: str) -> str | None:
    """Return why the act may not be done, in Chinese for staff."""
    number, owner = inquiry.number, inquiry.owner
    if not who.strip():
        return "请写明是哪位工作人员"
    if inquiry.status is Status.RESOLVED:
        return f"{number}号咨询已经办结，不能再操作；家长再来说话会自动重开"
    if act in (Act.REPLY, Act.ASK_PARENT) and not text:
        return "还没有写内容"
    if inquiry.status in OWNED:
        if act is Act.TAKE:
            return "您已经接手了" if owner == who else f"{number}号咨询已由{owner}接手"
        if owner != who:
            return f"{number}号咨询由{owner}负责，只有{owner}可以操作"
        if act is Act.TRANSFER and to_whom in ("", who):
            return "请选要转给哪位同事"
    elif act is Act.TRANSFER:
        return f"{number}号咨询没有人接手，不用转交"
    elif act is Act.RELEASE:
        return f"{number}号咨询没有人接手，不用放回"
    return None
