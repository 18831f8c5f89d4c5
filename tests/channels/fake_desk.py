"""A desk that behaves like the engine as far as the web chat can see, all in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.errors import StorageError
from bot.model import Choice, ChoiceKind, Decision, Delivery, Message, Reply, Turn

WORDS = {
    "web_title": "九龙坡家长咨询台",
    "web_large_text": "大字",
    "web_log_label": "聊天记录",
    "web_input_label": "写下您的问题",
    "web_placeholder": "写下您的问题",
    "web_send": "发送",
    "web_you": "我：",
    "web_desk": "咨询台：",
    "web_choices": "点一个就行",
    "web_picked": "（已选）",
    "web_crisis": "紧急，请先看这里",
    "web_typing": "正在输入…",
    "web_new": "有新消息 ↓",
    "web_noscript": "这个页面要打开浏览器的 JavaScript 才能聊天。打不开的话，请拨打 12345；"
    "遇到危险先打 110 或 120。",
    "web_quick_label": "常用",
    "web_quick_person": "转人工",
    "web_quick_inquiries": "我的咨询",
    "web_quick_menu": "返回菜单",
    "web_delivered": "已送达工作人员",
    "web_unsent": "没发出去，点这里重发",
    "web_slow": "发得有点快，稍等会自动发出",
    "web_offline": "网络不通。您写的都存着，连上后自动发送。急事请直接打电话。",
    "web_history_failed": "以前的记录暂时没取到，正在重试，您可以先写。",
    "web_bad_request": "这条消息没能读懂，请换个写法再发一次。",
    "web_too_large": "这条太长了，请分成几条发。",
    "web_too_fast": "发得有点快，请稍等几秒再发。",
    "web_refused": "这个请求不是从本页面发出的，没有受理。请打开咨询台页面再试。",
    "web_busy": "咨询台这会儿有点忙，您的话会自动再发一次。",
}

TOPICS = ("入学", "校园安全", "资助", "特殊教育", "学校其他事")
AID = ("寄宿生生活补助", "非寄宿生生活补助", "营养午餐补助", "都不是")
ANSWER = """当年8月31日（含）前满6周岁，就可以上小学一年级。
看孩子的公历出生日期：9月1日以后出生的，一般第二年秋季入学。
拿不准的，带户口簿问区教委，或拨 12345。
详见 https://jcjy.cqedu.cn/zsxtwt 。
依据：《义务教育法》第11条
截至：2025年"""
CRISIS = """请马上拨打 110；有人受伤同时拨 120。
说清地点、几个人、怎么了，开免提听调度员指导。
想先问怎么陪孩子，可打 12356。"""


@dataclass(frozen=True)
class Line:
    """One bubble, as the store keeps it."""

    id: str
    at: datetime
    who: str
    text: str
    choices: tuple[Choice, ...]
    inquiry: str | None
    kind: str
    decision: Decision | None


class FakeDesk:
    """Answers by a few plain rules; staff speak through `staff_says`."""

    def __init__(self, *, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.turns: dict[tuple[str, str], Turn] = {}
        self.lines: defaultdict[str, list[Line]] = defaultdict(list)
        self.stored: list[Delivery] = []
        self.owned: set[str] = set()
        self.broken = False
        self.announced = ""
        self._waiting: defaultdict[str, list[asyncio.Event]] = defaultdict(list)
        self._offered: dict[str, tuple[Choice, ...]] = {}
        self._delivery_ids = itertools.count(1)

    async def handle(self, message: Message) -> Turn:
        if self.broken:
            raise StorageError("no space left")
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        key, seen = message.session_key, (message.session_key, message.message_id)
        if seen in self.turns:
            return self.turns[seen]
        decision, replies, said = self._answer(message)
        turn = Turn(message, decision, replies, (), 1.0, (), None)
        self.turns[seen] = turn
        self._offered[key] = tuple(c for reply in replies for c in reply.choices)
        now, number = message.received_at, len(self.turns)
        self.lines[key].append(
            Line(f"m{number}", now, "parent", said, (), None, "message", decision)
        )
        for place, reply in enumerate(replies):
            name = f"r{number}.{place}"
            self.lines[key].append(
                Line(name, now, "bot", reply.text, reply.choices, None, "reply", decision)
            )
        return turn

    async def history(self, session_key: str) -> list[Line]:
        return list(self.lines[session_key])

    async def deliveries_after(self, session_key: str, after_id: int) -> list[Delivery]:
        return [d for d in self.stored if d.session_key == session_key and d.id > after_id]

    @contextmanager
    def subscribe(self, session_key: str) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._waiting[session_key].append(event)
        try:
            yield event
        finally:
            self._waiting[session_key].remove(event)

    @property
    def subscribers(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def mark_sent(self, delivery_ids: list[int]) -> None:
        now = datetime.now(UTC)
        self.stored = [
            replace(d, sent_at=now) if d.id in delivery_ids and d.sent_at is None else d
            for d in self.stored
        ]

    def welcome(self) -> Reply:
        text = (
            "您好，这里是九龙坡家长咨询台。\n"
            "入学、校园安全、资助、特殊教育和学校的其他事，都可以直接问，打字、说白话都行。\n"
            "比如：\n· 娃儿几岁能上小学\n· 外地户口怎么报名\n· 孩子被同学欺负了怎么办\n"
            "遇到危险先打 110、120。"
        )
        return Reply(text, tuple(Choice(t, ChoiceKind.TOPIC, t) for t in TOPICS))

    async def notice(self) -> str:
        if self.broken:
            raise StorageError("no space left")
        return self.announced

    def announce(self, text: str) -> None:
        self.announced = text
        for event in itertools.chain.from_iterable(self._waiting.values()):
            event.set()

    def page_words(self) -> dict[str, str]:
        return WORDS

    def staff_says(
        self, session_key: str, who: str, text: str, labels: tuple[str, ...] = ()
    ) -> Delivery:
        choices = tuple(Choice(label, ChoiceKind.COMMAND, label) for label in labels)
        delivery = Delivery(
            id=next(self._delivery_ids),
            session_key=session_key,
            inquiry="1024",
            text=text,
            created_at=datetime.now(UTC),
            choices=choices,
        )
        self.stored.append(delivery)
        self._offered[session_key] = choices
        self.lines[session_key].append(
            Line(
                f"d{delivery.id}",
                delivery.created_at,
                who,
                text,
                choices,
                delivery.inquiry,
                "delivery",
                None,
            )
        )
        for event in self._waiting[session_key]:
            event.set()
        return delivery

    def _answer(self, message: Message) -> tuple[Decision, tuple[Reply, ...], str]:
        text, offered = message.text.strip(), self._offered.get(message.session_key, ())
        pick = message.pick
        if pick is None and offered and text.isdecimal():
            pick = int(text)
        if pick is not None:
            if not 1 <= pick <= len(offered):
                return Decision.FALLBACK, (Reply("请再选一次。", offered),), text or str(pick)
            label = offered[pick - 1].label
            return Decision.ANSWER, (Reply(f"{label}：{ANSWER}"),), label
        if message.media is not None:
            return Decision.FALLBACK, (Reply("收到了，请用文字说一下。"),), message.media.value
        if "跳楼" in text:
            return Decision.CRISIS, (Reply(CRISIS),), text
        if message.session_key in self.owned:
            return Decision.STAFF, (), text
        if "人工" in text:
            reply = Reply("已转给工作人员，编号 1024。上班时间会有人回复您。")
            return Decision.HANDOFF, (reply,), text
        if "补助" in text:
            choices = tuple(Choice(label, ChoiceKind.ENTRY, label) for label in AID)
            return Decision.SUGGEST, (Reply("您想问哪一项补助？", choices),), text
        if "复读" in text:
            return Decision.ANSWER, (Reply(f"收到：{text}"),), text
        return Decision.ANSWER, (Reply(ANSWER),), text
