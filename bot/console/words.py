"""How inquiries, people and times are called on staff pages. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import names
from bot.console.inbox import Show
from bot.model import CHONGQING, OWNER_SILENT, Act, Decision, Inquiry, Status
from bot.news import TARGET
from bot.storage.accounts import Role
from bot.storage.records import HistoryItem
from bot.targets import Due

TOPIC = {
    "enrollment": "入学",
    "safety": "安全",
    "aid": "资助",
    "special_education": "特教和心理",
    "general": "学校日常和投诉",
}

SHOW = {
    Show.WAITING: "待接手",
    Show.MINE: "我负责的",
    Show.PARENT: "等家长",
    Show.ALL: "全部",
    Show.RESOLVED: "已了结",
}

EMPTY = {
    Show.WAITING: "没有家长在等人接手，可以歇口气。",
    Show.MINE: "您手上没有正在处理的咨询。",
    Show.PARENT: "没有在等家长回话的咨询。",
    Show.ALL: "还没有任何咨询。家长一开口，这里就会出现。",
    Show.RESOLVED: "近来没有了结的咨询。",
}

DONE: dict[str, str] = {
    Act.TAKE: "已由您接手，家长会收到通知。",
    Act.REPLY: "回复已提交，会送到家长所用的渠道。",
    Act.ASK_PARENT: "问题已提交，会送到家长所用的渠道；家长回话后回到您手上。",
    Act.RELEASE: "已退回队列，家长会收到通知。",
    Act.TRANSFER: "已转交，家长会收到通知。",
    Act.RESOLVE: "已了结，家长会收到通知，并可以评价。",
}

ROLE = {Role.ADMIN: "管理员", Role.STAFF: "工作人员"}

DECISION = {
    Decision.ANSWER: "直接回答",
    Decision.SUGGEST: "请家长挑",
    Decision.ELSEWHERE: "指到别的部门",
    Decision.SMALL_TALK: "寒暄",
    Decision.FALLBACK: "没听懂",
    Decision.CRISIS: "按危险处理",
    Decision.COMMAND: "命令",
    Decision.HANDOFF: "转人工",
    Decision.STAFF: "交给负责人",
    Decision.FLOW: "引导",
}

UNDELIVERED = {
    "blocked": "家长停用了机器人；话留着，家长回来时先送这一条。",
    "window": "窗口已过。平台只让在家长说话后一段时间里回，有条数；话留着，家长再来时先送这一条。",
    "quota": "平台今天的发送次数用完了；话留着，明天自动发，家长先来就先送这一条。",
    "refused": "平台不收这条消息；请换个写法，或用别的办法联系。",
}

_AUDITED = {
    "look": "查看",
    "note": "写备注",
    "sign_in.link": "用链接登录",
    "sign_in.password": "用密码登录",
    "sign_in.refused": "密码不对，没能登录",
    "session.revoke": "退出登录",
    "account.add": "添加账号",
    "account.disable": "停用账号",
    "account.enable": "恢复账号",
    "account.role": "改权限",
    "account.link": "给登录链接",
    "account.password": "改密码",
    "account.bind": "绑定聊天账号",
    "account.unbind": "解除绑定聊天账号",
    "group.bind": "绑定工作群",
    "group.unbind": "解除绑定工作群",
    "faq": "改常见问题",
    "learning": "处理待学习的问题",
    "switch.notice": "紧急通知",
    "switch.bot_off": "机器人总开关",
    "act.take": "接手",
    "act.reply": "回复家长",
    "act.ask_parent": "向家长提问",
    "act.release": "退回队列",
    "act.transfer": "转交",
    "act.resolve": "了结",
}

_WHO = {"parent": "家长", "bot": "机器人", "clock": "系统（到时间）"}

_WHY = {
    "answer": "机器人作了回答",
    "suggest": "机器人给了选项",
    "fallback": "机器人没听懂",
    "crisis": "发现紧急情况",
    "handoff": "家长要找人工",
    "staff": "家长回话",
    "new matter": "家长提出",
    "danger": "发现紧急情况",
    "asked for a person": "家长要找人工",
    "helped": "家长说有帮助",
    "not helped": "家长说没帮助",
    "wrote again": "家长又来说话",
    "the parent wrote": "家长回话",
    "data deleted": "家长删除了数据",
    "silence": "很久没有动静",
    OWNER_SILENT: "负责人太久没有动静",
    "bot off": "机器人停用了",
    "take": "接手",
    "reply": "回复家长",
    "ask_parent": "向家长提问",
    "release": "退回队列",
    "resolve": "了结",
}


def topic(inquiry: Inquiry) -> str:
    """Return the topic as staff call it."""
    return TOPIC.get(inquiry.topic or "", inquiry.topic or "未定主题")


def who(name: str) -> str:
    """Return who spoke or moved; members of staff keep their name."""
    return _WHO.get(name, name)


def why(reason: str) -> str:
    """Return the reason of a move; one without a word here is shown as it was recorded."""
    return _WHY.get(reason, reason)


def audited(what: str) -> str:
    """Return what was done, for the audit; one without a word here is shown as recorded."""
    return _AUDITED.get(what, what)


def about(thing: str) -> str:
    """Return what the audit's line is about: a list by its name, else as recorded."""
    return {"inbox": "收件箱", "learning": "待学习"}.get(thing, thing)


def said(item: HistoryItem) -> str:
    """Return what stands in a bubble: the words, or what came instead of them."""
    instead = names.MEDIA[item.media] if item.media else "（没有文字，或家长已删除）"
    return item.text or instead


def lasting(span: timedelta) -> str:
    """Return how long that is, in words.

    >>> lasting(timedelta(seconds=20)), lasting(timedelta(minutes=59)), lasting(timedelta(hours=3))
    ('不到 1 分钟', '59 分钟', '3 小时')
    >>> lasting(timedelta(hours=3, minutes=20)), lasting(timedelta(days=2, hours=5))
    ('3 小时 20 分钟', '2 天')
    """
    minutes = max(0, int(span.total_seconds()) // 60)
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} 小时 {minutes} 分钟" if minutes else f"{hours} 小时"
    return f"{hours // 24} 天"


def standing(inquiry: Inquiry, now: datetime) -> str:
    """Return how long the inquiry has stood where it stands."""
    since = lasting(now - inquiry.changed_at)
    match inquiry.status:
        case Status.WAITING_STAFF:
            return f"已等 {since}"
        case Status.WAITING_PARENT:
            return f"等家长 {since}"
        case Status.WITH_STAFF:
            return f"处理了 {since}"
        case Status.RESOLVED:
            return f"{since}前了结"
        case Status.OPEN | Status.ANSWERED:
            return f"{lasting(now - inquiry.touched_at)}前有动静"


def due(owed: Due, now: datetime) -> str:
    """Return by when something is owed, or since when it is late."""
    what = TARGET[owed.target]
    if owed.late(now):
        return f"{what}超时（{moment(owed.at, now)} 到期）"
    return f"{what}：{moment(owed.at, now)} 前"


def urgency(owed: Due, now: datetime) -> str:
    """Return `late`, `soon` or nothing, as the style sheet knows it."""
    return "late" if owed.late(now) else "soon" if owed.soon(now) else ""


def moment(at: datetime, now: datetime) -> str:
    """Return a time as a clock in the district shows it, with the date unless it is today.

    >>> noon = datetime(2026, 5, 20, 12, tzinfo=CHONGQING)
    >>> moment(noon.replace(hour=9, minute=5), noon), moment(noon.replace(day=1), noon)
    ('09:05', '5月1日 12:00')
    >>> moment(noon.replace(year=2025), noon)
    '2025年5月20日 12:00'
    """
    at, now = at.astimezone(CHONGQING), now.astimezone(CHONGQING)
    clock = f"{at:%H:%M}"
    if at.date() == now.date():
        return clock
    day = f"{at.month}月{at.day}日 {clock}"
    return day if at.year == now.year else f"{at.year}年{day}"
