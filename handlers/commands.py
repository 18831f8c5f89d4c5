"""我的咨询, 有帮助, 返回菜单, 删除我的数据 and their like: exact wordings, always at hand."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot import words
from bot.dialogue import Request
from bot.faq.value import chinese_date
from bot.inquiry import OWNED
from bot.model import Choice, ChoiceKind, Decision, Inquiry, Outcome, Reply, Status
from handlers import handoff

_ALWAYS = ("helped", "not_helped", "menu", "my_inquiries", "delete_data")
_LOOK_UP = re.compile(
    r"^(?:我的咨询|查询|查咨询|查|咨询|编号|咨询编号|继续)?第?(\d{4,9})号?(?:咨询)?$"
)
_MOST_LISTED = 9


def handle(request: Request) -> Outcome | None:
    """Do what a command says, when the whole message is one."""
    if request.message.pick is not None or request.message.media is not None:
        return None
    if request.session.confirming_deletion:
        for name in ("confirm_delete", "keep_data"):
            if request.names_command(name):
                return run(request, name)
    if request.session.choices and request.names_command("none_of_these"):
        return none_of_these(request)
    for name in _ALWAYS:
        if request.names_command(name):
            return run(request, name)
    number = _LOOK_UP.match(request.said)
    if number and (not number[0].isdigit() or request.ledger().get(number[1])):
        return show_inquiry(request, number[1])
    return None


def run(request: Request, name: str) -> Outcome:
    """Return what the command of that name leads to."""
    return _COMMANDS[name](request)


def menu(request: Request) -> Outcome:
    """Return the five topics; the next question starts afresh."""
    return request.ledger().outcome(
        Decision.COMMAND, [words.menu(request.faq)], last_entry=None, misses=0
    )


def helped(request: Request) -> Outcome:
    """Resolve the answered inquiry."""
    faq, ledger = request.faq, request.ledger()
    inquiry = ledger.current
    if inquiry is None or inquiry.status is Status.OPEN:
        return ledger.outcome(
            Decision.COMMAND,
            [Reply(faq.say("nothing_to_rate"))],
            inquiry=inquiry.number if inquiry else None,
        )
    if inquiry.urgent and inquiry.status is Status.WAITING_STAFF:
        # Somebody has to look at it, whatever the parent tapped.
        duty = words.duty(faq, request.now, inquiry.changed_at)
        text = faq.say("already_waiting", number=inquiry.number, duty=duty)
    elif inquiry.status in OWNED:
        ledger.amend(inquiry.number)
        text = faq.say("owned_not_yours_to_close", owner=inquiry.owner, number=inquiry.number)
    else:
        if inquiry.status is not Status.RESOLVED:
            ledger.move(inquiry.number, Status.RESOLVED, who="parent", why="helped")
        ledger.rate(inquiry.number, helped=True)
        text = faq.say("thanks_helped", number=inquiry.number)
    return ledger.outcome(Decision.COMMAND, [Reply(text)], inquiry=inquiry.number, misses=0)


def not_helped(request: Request) -> Outcome:
    """Reopen the inquiry and offer what is near, and a person."""
    faq, ledger = request.faq, request.ledger()
    inquiry = ledger.current
    if inquiry is None:
        return ledger.outcome(Decision.COMMAND, [Reply(faq.say("nothing_to_rate"))])
    if inquiry.status is Status.ANSWERED:
        ledger.move(inquiry.number, Status.OPEN, who="parent", why="not helped")
    elif inquiry.status is Status.RESOLVED and not ledger.may_come_back(inquiry):
        return ledger.outcome(Decision.COMMAND, [Reply(faq.say("nothing_to_rate"))])
    elif inquiry.status is Status.RESOLVED:
        ledger.rate(inquiry.number, helped=False)
        inquiry = ledger.come_back(inquiry.number)
        if inquiry.status is Status.WITH_STAFF:
            text = faq.say("already_with_staff", owner=inquiry.owner, number=inquiry.number)
            return ledger.outcome(Decision.COMMAND, [Reply(text)], inquiry=inquiry.number)
    near: tuple[str, ...] = ()
    last = faq.entries.get(request.session.last_entry or inquiry.entry or "")
    if last:
        near = tuple(e for e in last.related if e in faq.entries)[:3]
    choices = (
        *words.entry_choices(faq, near),
        words.command(faq, "handoff"),
        words.command(faq, "none_of_these"),
    )
    reply = Reply(faq.say("sorry_not_helped"), choices)
    return ledger.outcome(Decision.COMMAND, [reply], inquiry=inquiry.number, last_entry=None)


def my_inquiries(request: Request) -> Outcome:
    """List the parent's inquiries, newest first, each to be gone on with."""
    faq, ledger = request.faq, request.ledger()
    mine = list(reversed(request.session.inquiries))[:_MOST_LISTED]
    if not mine:
        return ledger.outcome(Decision.COMMAND, [Reply(faq.say("mine_none"))])
    choices = tuple(
        Choice(_line(request, inquiry), ChoiceKind.INQUIRY, inquiry.number) for inquiry in mine
    )
    return ledger.outcome(Decision.COMMAND, [Reply(faq.say("mine"), choices)])


def _line(request: Request, inquiry: Inquiry) -> str:
    faq = request.faq
    return faq.say(
        "mine_line",
        number=inquiry.number,
        title=words.title(faq, inquiry),
        status=words.status(faq, inquiry),
    )


def show_inquiry(request: Request, number: str) -> Outcome:
    """Show one of the parent's inquiries and go on with it; anybody else's is unknown."""
    faq, ledger = request.faq, request.ledger()
    inquiry = ledger.get(number)
    if inquiry is None:
        return ledger.outcome(Decision.COMMAND, [Reply(faq.say("unknown_number", number=number))])
    title = words.title(faq, inquiry)
    if inquiry.status is Status.RESOLVED:
        text = faq.say("mine_closed", number=number, title=title)
    else:
        text = faq.say(
            "mine_one",
            number=number,
            title=title,
            status=words.status(faq, inquiry),
            opened=chinese_date(inquiry.opened_at.strftime("%Y-%m-%d")),
        )
    ledger.focus(number)
    return ledger.outcome(
        Decision.COMMAND,
        [Reply(text, (words.command(faq, "handoff"),))],
        inquiry=number,
        last_entry=inquiry.entry,
    )


def none_of_these(request: Request) -> Outcome:
    """Ask for other words: none of the choices was meant."""
    faq, ledger = request.faq, request.ledger()
    inquiry = ledger.continued()
    reply = Reply(faq.say("none_picked"), (words.command(faq, "handoff"),))
    return ledger.outcome(
        Decision.FALLBACK, [reply], inquiry=inquiry.number, misses=1, last_entry=None
    )


def delete_data(request: Request) -> Outcome:
    """Ask once more before anything is removed."""
    faq = request.faq
    choices = (
        words.command(faq, "delete_yes", "confirm_delete"),
        words.command(faq, "delete_no", "keep_data"),
    )
    return request.ledger().outcome(
        Decision.COMMAND, [Reply(faq.say("delete_confirm"), choices)], confirming_deletion=True
    )


def confirm_delete(request: Request) -> Outcome:
    """Close everything that is open and have the words removed."""
    ledger = request.ledger()
    for inquiry in ledger.unresolved:
        ledger.move(inquiry.number, Status.RESOLVED, who="parent", why="data deleted")
    ledger.focus(None)
    return ledger.outcome(
        Decision.COMMAND,
        [Reply(request.faq.say("deleted"))],
        erase=True,
        confirming_deletion=False,
        last_entry=None,
        misses=0,
    )


def keep_data(request: Request) -> Outcome:
    """Leave everything as it is."""
    return request.ledger().outcome(
        Decision.COMMAND, [Reply(request.faq.say("delete_kept"))], confirming_deletion=False
    )


_COMMANDS: dict[str, Callable[[Request], Outcome]] = {
    "helped": helped,
    "not_helped": not_helped,
    "menu": menu,
    "my_inquiries": my_inquiries,
    "delete_data": delete_data,
    "confirm_delete": confirm_delete,
    "keep_data": keep_data,
    "none_of_these": none_of_these,
    "handoff": handoff.hand_over,
}
