"""Parent, bot, takers, replies and the clock at once: never two speakers, never none.

Each round is one parent's matter on a real store. Everything said has a place, and taking,
releasing, transferring, losing and resolving say so to the parent in the same transaction. So
after every transaction, in the order they were committed, the one whom the parent was told of must
be the one who has the matter in the store.
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from bot.engine import Desk
from bot.model import CHONGQING, Act, Decision, Message
from bot.storage.sqlite import Database, Work
from tests.desk import LEGAL_MOVES, audit, open_talk

ROUNDS = 1000
START = datetime(2026, 5, 20, 10, tzinfo=CHONGQING)  # a Wednesday
LATER = (timedelta(days=2), timedelta(days=9))
"""An owner is silent too long; the parent is, too."""
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
_STEP = """
SELECT value AS place, number, status, owner
FROM counters LEFT JOIN inquiries ON session_key = :key WHERE name = 'place'"""
_TAKEN = re.compile(r"^(\S+?老师)接手了您的(\d+)号")
_PASSED = re.compile(r"^您的(\d+)号咨询改由(\S+?老师)来办")
_LEFT = re.compile(r"^您的(\d+)号咨询，\S+?老师(?:暂时放回了|一时没能回您)")
_RESOLVED = re.compile(r"^(\S+?老师)把您的(\d+)号咨询办结了")
_CLOSED = re.compile(r"^\S+?老师问您的话，\d+天没有等到回音，(\d+)号咨询先办结了")

Step = list[sqlite3.Row]
"""The parent's inquiries at the end of a transaction, and the last place that it filled."""


async def scatter(dice: random.Random, deeds: list[Callable[[], Awaitable[object]]]) -> None:
    """Do everything at once, in an order that these dice decide."""

    async def do(deed: Callable[[], Awaitable[object]], turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await deed()

    dice.shuffle(deeds)
    await asyncio.gather(*(do(deed, dice.randrange(40)) for deed in deeds))


class Steps:
    """What every transaction of one parent's round left behind."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.key = ""
        self.taken: list[Step] = []
        begun = Database.transaction

        @asynccontextmanager
        async def noted(database: Database) -> AsyncIterator[Work]:
            async with begun(database) as work:
                yield work
                self.taken.append(await work.rows(_STEP, key=self.key))

        patch.setattr(Database, "transaction", noted)

    def begin(self, key: str) -> None:
        self.key, self.taken = key, []


class Round:
    """One parent's matter."""

    def __init__(self, desk: Desk, seed: int, steps: Steps) -> None:
        self._desk, self._dice, self._steps = desk, random.Random(seed), steps  # noqa: S311
        self._user, self._count = f"r{seed}", 0
        self._later = START + LATER[seed % len(LATER)]
        self.key = f"memory:{self._user}"
        self.number = ""

    async def play(self) -> None:
        """Hand a matter over, then let everybody act at once, twice: now, and days later."""
        self._steps.begin(self.key)
        await self._parent(START, "校服必须买吗，质量和价格谁管？")
        await self._parent(START, "转人工")
        [(self.number,)] = await self._desk.store.database.rows(
            "SELECT number FROM inquiries WHERE session_key = :key", key=self.key
        )
        for now in (START + timedelta(minutes=5), self._later):
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
            await self._parent(self._later, text)

    async def _parent(self, now: datetime, text: str = "") -> None:
        self._count += 1
        text = text or self._dice.choice(PARENTS_WORDS)
        await self._desk.handle(Message("memory", self._user, f"m{self._count}", text, now))

    async def _act(self, who: str, act: Act, now: datetime) -> None:
        other = STAFF[who == STAFF[0]]
        await self._desk.act(who, str(self.number), act, "我来看看。", to_whom=other, now=now)

    async def check(self) -> set[str]:
        """Check after every step who speaks and whose it is; return what happened."""
        hands = Hands()
        said = await self._desk.store.database.rows(_SAID, key=self.key)
        assert sum(row["kind"] == "turn" for row in said) == self._count, "lost, or answered twice"
        for step in self._steps.taken:
            while said and said[0]["place"] <= step[0]["place"]:
                hands.hear(said.pop(0))
            hands.check(step)
        assert not said, "said outside any transaction"
        return hands.happened


class Hands:
    """In whose hands each inquiry is, as the parent was told of it."""

    def __init__(self) -> None:
        self.owner: dict[int, str | None] = {}
        self.happened: set[str] = set()
        self.closing: tuple[int, str] | None = None
        """Who spoke in a matter that nobody owns: only to resolve it with the next breath."""
        self._former: dict[int, str | None] = {}

    def hear(self, row: sqlite3.Row) -> None:
        number, text = row["number"], row["text"]
        if row["kind"] == "words":
            self.staff_speaks(number, row["what"])
        elif row["kind"] == "delivery":
            self.parent_hears(text)
        else:
            self.parent_wrote(number, Decision(row["what"]), text)

    def check(self, step: Step) -> None:
        """Compare what the parent knows with what the store says, between two transactions."""
        assert self.closing is None, "words of nobody's"
        for row in step:
            if row["number"] is None:  # nothing was asked yet
                continue
            known, owner = self.owner.get(row["number"]), row["owner"]
            if row["status"] in ("with_staff", "waiting_parent"):
                assert owner is not None, f"nobody has {row['number']}, which is {row['status']}"
                assert known == owner, f"{owner} has it, the parent knows of {known}"
            else:
                assert known is None, f"{known} was to see to it, it is {row['status']}"
                assert owner is None or row["status"] == "resolved"

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
        elif closed := _CLOSED.match(text):
            number = int(closed[1])
            self._former[number], self.owner[number] = self.owner.get(number), None
            self.happened.add("closed by the clock")
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


async def test_never_two_speakers_never_none(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps(monkeypatch)
    happened: dict[str, int] = {}
    async with open_talk() as talk:
        for seed in range(ROUNDS):
            matter = Round(talk.desk, seed, steps)
            await matter.play()
            for what in await matter.check():
                happened[what] = happened.get(what, 0) + 1
            await matter.end()
        made = await audit(talk.desk)
    # The rounds are worth something only if all of it came about.
    rare = ("taken", "passed on", "released", "lost", "resolved", "staff spoke", "bot spoke")
    for what in (*rare, "closed by the clock", "came back"):
        assert happened.get(what, 0) > ROUNDS / 100, happened
    assert happened["owner heard"] > ROUNDS / 10, happened
    assert made <= {(before, after) for before, afters in LEGAL_MOVES.items() for after in afters}
