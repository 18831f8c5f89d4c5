"""Parent, bot, takers, replies and the clock at once: never two speakers, never none.

Each round is one parent's matter on a real store. What happened is read from the store in the
order it was committed: everything said has a place, and taking, releasing, transferring, losing
and resolving say so to the parent in the same transaction.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.engine import Desk
from bot.model import CHONGQING, Act, Decision, Message
from tests.desk import LEGAL_MOVES, audit, open_talk

ROUNDS = 1000
START = datetime(2026, 5, 20, 10, tzinfo=CHONGQING)  # a Wednesday
TWO_DAYS = timedelta(days=2)
STAFF = ("王老师", "李老师")
PARENTS_WORDS = ("校服必须买吗，质量和价格谁管？", "转人工", "🙄🙄🙄", "三年级", "谢谢", "补助")
SPEAKS = {Decision.ANSWER, Decision.SUGGEST, Decision.FALLBACK, Decision.ELSEWHERE}

_SAID = """
SELECT turns.id AS place, 'turn' AS kind, turns.decision AS what, turns.replies AS text,
    turns.number, inbox.message_id
FROM turns JOIN inbox ON inbox.id = turns.inbox_id WHERE inbox.session_key = :key
UNION ALL SELECT deliveries.id, 'delivery', '', deliveries.text, deliveries.number, ''
FROM deliveries WHERE session_key = :key
UNION ALL SELECT staff_words.id, 'words', staff_words.who, staff_words.text, staff_words.number, ''
FROM staff_words JOIN inquiries ON inquiries.number = staff_words.number
WHERE inquiries.session_key = :key
ORDER BY 1"""
_TAKEN = re.compile(r"^(\S+?老师)接手了您的(\d+)号")
_PASSED = re.compile(r"^您的(\d+)号咨询改由(\S+?老师)来办")
_LEFT = re.compile(r"^您的(\d+)号咨询，\S+?老师(?:暂时放回了|一时没能回您)")
_RESOLVED = re.compile(r"^(\S+?老师)把您的(\d+)号咨询办结了")


async def scatter(dice: random.Random, deeds: list[Callable[[], Awaitable[object]]]) -> None:
    """Do everything at once, in an order that these dice decide."""

    async def do(deed: Callable[[], Awaitable[object]], turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await deed()

    dice.shuffle(deeds)
    await asyncio.gather(*(do(deed, dice.randrange(40)) for deed in deeds))


class Round:
    """One parent's matter."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self._desk, self._dice = desk, random.Random(seed)  # noqa: S311
        self._user, self._count = f"r{seed}", 0
        self.key = f"memory:{self._user}"
        self.number = ""

    async def play(self) -> None:
        """Hand a matter over, then let everybody act at once, twice: now, and two days later."""
        await self._parent(START, "校服必须买吗，质量和价格谁管？")
        await self._parent(START, "转人工")
        [(self.number,)] = await self._desk.store.database.rows(
            "SELECT number FROM inquiries WHERE session_key = :key", key=self.key
        )
        for now in (START + timedelta(minutes=5), START + TWO_DAYS):
            deeds: list[Callable[[], Awaitable[object]]] = [
                lambda now=now: self._parent(now),  # type: ignore[misc]
                lambda now=now: self._parent(now),  # type: ignore[misc]
                lambda now=now: self._desk.tick(now),  # type: ignore[misc]
            ]
            for who in STAFF:
                acts = self._dice.sample(list(Act), self._dice.randrange(1, 4))
                deeds += [
                    lambda now=now, who=who, act=act: self._act(who, act, now)  # type: ignore[misc]
                    for act in acts
                ]
            await scatter(self._dice, deeds)

    async def end(self) -> None:
        """Close and remove everything, so that what is over does not slow the next round."""
        for text in ("删除我的数据", "确认删除"):
            await self._parent(START + TWO_DAYS, text)

    async def _parent(self, now: datetime, text: str = "") -> None:
        self._count += 1
        text = text or self._dice.choice(PARENTS_WORDS)
        await self._desk.handle(Message("memory", self._user, f"m{self._count}", text, now))

    async def _act(self, who: str, act: Act, now: datetime) -> None:
        other = STAFF[who == STAFF[0]]
        await self._desk.act(who, str(self.number), act, "我来看看。", to_whom=other, now=now)

    async def check(self) -> set[str]:
        """Check who spoke while whose it was; return what happened."""
        hands = Hands()
        answered = 0
        for row in await self._desk.store.database.rows(_SAID, key=self.key):
            number, text = row["number"], row["text"]
            if row["kind"] == "words":
                hands.staff_speaks(number, row["what"])
            elif row["kind"] == "delivery":
                hands.parent_hears(text)
            else:
                answered += 1
                hands.parent_wrote(number, Decision(row["what"]), text)
        assert answered == self._count, "a message was lost, or answered twice"
        assert hands.closing is None
        for number, who in hands.owner.items():
            inquiry = await self._desk.inquiry(str(number))
            assert inquiry is not None
            held = inquiry.owner if inquiry.status in ("with_staff", "waiting_parent") else None
            assert held == who
        return hands.happened


class Hands:
    """In whose hands each inquiry is, as the parent was told of it."""

    def __init__(self) -> None:
        self.owner: dict[int, str | None] = {}
        self.happened: set[str] = set()
        self.closing: tuple[int, str] | None = None
        """Who spoke in a matter that nobody owns: only to resolve it with the next breath."""
        self._former: dict[int, str | None] = {}

    def staff_speaks(self, number: int, who: str) -> None:
        if self.owner.get(number) is None:
            self.closing = (number, who)
        else:
            assert self.owner[number] == who, f"{who} spoke into {self.owner[number]}'s matter"
        self.happened.add("staff spoke")

    def parent_wrote(self, number: int, decision: Decision, replies: str) -> None:
        assert self.closing is None, "words of nobody's"
        if number in self._former and (decision is Decision.STAFF or "正在办您的" in replies):
            self.owner[number] = self._former.pop(number)
            self.happened.add("came back")
        if decision is Decision.STAFF:
            assert replies == "[]"
            assert self.owner.get(number), "nobody was there to hear"
            self.happened.add("owner heard")
        else:
            assert replies != "[]", "nobody spoke"
        if decision in SPEAKS:
            assert not self.owner.get(number), f"the bot spoke into {self.owner[number]}'s matter"
            self.happened.add("bot spoke")

    def parent_hears(self, text: str) -> None:
        """Note into whose hands the inquiry went, when the words say so."""
        if done := _RESOLVED.match(text):
            number = int(done[2])
            assert self.closing in (None, (number, done[1]))
            self.closing = None
            self._former[number], self.owner[number] = self.owner.get(number), None
            self.happened.add("resolved")
        elif taken := _TAKEN.match(text):
            number = int(taken[2])
            assert self.owner.get(number) is None, "taken twice"
            self.owner[number] = taken[1]
            self._former.pop(number, None)
            self.happened.add("taken")
        elif passed := _PASSED.match(text):
            assert self.owner[int(passed[1])], "passed on by nobody"
            self.owner[int(passed[1])] = passed[2]
            self.happened.add("passed on")
        elif left := _LEFT.match(text):
            assert self.owner[int(left[1])], "left by nobody"
            self.owner[int(left[1])] = None
            self.happened.add("lost" if "没能" in text else "released")


async def test_never_two_speakers_never_none() -> None:
    happened: dict[str, int] = {}
    async with open_talk() as talk:
        for seed in range(ROUNDS):
            matter = Round(talk.desk, seed)
            await matter.play()
            for what in await matter.check():
                happened[what] = happened.get(what, 0) + 1
            await matter.end()
        made = await audit(talk.desk)
    # The rounds are worth something only if all of it came about.
    for what in ("taken", "passed on", "released", "lost", "resolved", "staff spoke", "bot spoke"):
        assert happened.get(what, 0) > ROUNDS / 100, happened
    assert happened["owner heard"] > ROUNDS / 10, happened
    assert made <= {(before, after) for before, afters in LEGAL_MOVES.items() for after in afters}
