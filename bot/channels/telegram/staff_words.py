"""How things are called to staff in Telegram. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.channels.telegram.keyboard import Button, Rows
from bot.channels.telegram.note import Note
from bot.inquiry import OWNED
from bot.model import CHONGQING, Act, Inquiry, Media
from bot.names import MEDIA, STATUS, channel
from bot.news import TO_TAKE, News, headline
from bot.storage.records import HistoryItem

DONE = {
    Act.TAKE: "{number}号由您接手了，家长会收到通知。",
    Act.REPLY: "已回复{number}号，会送到家长那里。",
    Act.ASK_PARENT: "已问{number}号的家长；家长回话后会发到这里。",
    Act.RELEASE: "{number}号已放回，别的同事可以接手。",
    Act.TRANSFER: "{number}号已转交，家长会收到通知。",
    Act.RESOLVE: "{number}号已了结，家长会收到通知。",
}
HOW = (
    "工作人员可以用：\n"
    "/queue 看待接手的\n/take 编号 接手\n/reply 编号 内容 回复家长\n/ask 编号 内容 问家长\n"
    "/release 编号 放回\n/transfer 编号 同事 转交\n/resolve 编号 了结\n"
    "也可以直接“回复”机器人发来的那条消息：写什么，家长就收到什么。"
)
BOUND = "绑定好了，您是“{name}”。\n" + HOW
BAD_CODE = "绑定码不对、用过了或已过期（一小时内有效）。请让管理员重新运行 staff bind。"
TOO_MANY = "试错太多次了，请一小时后再试。"
NEEDS_CODE = "请写上绑定码：/bind 绑定码。绑定码由管理员运行 staff bind 得到。"
GROUP_BOUND = "这个群会收到待接手的提醒（不含家长说的话）。"
GROUP_ONLY = "请在工作群里发这条命令。"
UNBOUND = "已解除绑定。"
GROUP_UNBOUND = "这个群不再收到提醒。"
GROUP_LOST = (
    "机器人已不在工作群里（或不能在那里发言），待接手的提醒先发给每位绑定的同事。"
    "要恢复：把机器人拉回工作群，在群里再发一次 /bind_group。"
)
NOT_STAFF = "这是工作人员用的按钮。请先绑定账号：/bind 绑定码。"
NO_NUMBER = "请写上编号，如 /{command} 1001；或者“回复”那条咨询的消息。"
NO_COLLEAGUE = "没有叫“{name}”的同事，或账号已停用。请写账号里的称呼。"
WHOM = "请写上转给哪位同事，如 /transfer 1001 李老师。"
PASSED_ON = "{who}把这件转给了您。"
NO_MEDIA = "图片、语音、文件转不给家长，请用文字写。"
EDITED = "改过的话不会重发给家长；要更正，请再“回复”一次。"
NOTHING_WAITS = "没有家长在等人接手，可以歇口气。"
KEPT = {
    "blocked": "{number}号：家长停用了机器人，您的话还没送到。话留着，家长回来时先送这一条。",
    "window": "{number}号：家长太久没说话，平台不让主动发，您的话还没送到。话留着，家长来时先送。",
    "quota": "{number}号：平台今天的发送次数用完了，您的话还没送到。话留着，明天自动发。",
    "refused": "{number}号：平台不收这条消息，没送到家长那里。请换个写法，或用别的办法联系。",
}


def _time(at: datetime) -> str:
    return at.astimezone(CHONGQING).strftime("%m-%d %H:%M")


def topic(inquiry: Inquiry, titles: dict[str, str]) -> str:
    return titles.get(inquiry.topic or "", "还没说清的事")


def line(inquiry: Inquiry, titles: dict[str, str]) -> str:
    """Return an inquiry in a line, without anything the parent said."""
    urgent = "【紧急】" if inquiry.urgent else ""
    owner = f"（{inquiry.owner}）" if inquiry.owner and inquiry.status in OWNED else ""
    return (
        f"{urgent}{inquiry.number}号 {topic(inquiry, titles)}："
        f"{STATUS[inquiry.status]}{owner}，从{_time(inquiry.changed_at)}起"
    )


def notice(news: News, inquiry: Inquiry, titles: dict[str, str]) -> Note:
    """Return what staff are told of an inquiry; it holds no word of the parent."""
    buttons = ((take_button(inquiry.number),),) if news.kind in TO_TAKE else ()
    return Note(line(inquiry, titles), headline(news), buttons)


def take_button(number: str) -> Button:
    return Button(f"接手{number}号", f"t{number}")


def owner_buttons(number: str) -> Rows:
    return ((Button("放回", f"r{number}"), Button("了结", f"z{number}")),)


def queue(inquiries: Iterable[Inquiry], titles: dict[str, str]) -> Note:
    """Return the list of what waits, the first ones with buttons."""
    listed = list(inquiries)
    if not listed:
        return Note(NOTHING_WAITS)
    buttons = tuple((take_button(i.number),) for i in listed[:8])
    text = "\n".join(line(i, titles) for i in listed[:50])
    return Note(text, f"待接手：{len(listed)}件", buttons)


def transcript(
    inquiry: Inquiry, said: Iterable[HistoryItem], titles: dict[str, str], lead: str = ""
) -> Note:
    """Return everything said in an inquiry, for the one who took it or was given it."""
    head = f"{inquiry.number}号 {topic(inquiry, titles)}（{channel(inquiry.session_key)}）"
    lines = [lead] if lead else []
    if source := inquiry.slots.get("source"):
        lines.append(f"来源：海报 {source}")
    for item in said:
        who = {"parent": "家长", "bot": "机器人"}.get(item.who, item.who)
        media = MEDIA[item.media] if item.media else ""
        lines.append(f"{_time(item.at)} {who}：{media}{item.text}")
    lines.append("——\n“回复”这条消息，就是回复家长。")
    return Note("\n".join(lines), head, owner_buttons(inquiry.number))


def wrote(number: str, words: str, media: Media | None) -> Note:
    """Return what a parent wrote to the owner of their inquiry."""
    shown = f"{MEDIA[media] if media else ''}{words}"
    return Note(shown or "（没有文字）", f"{number}号家长：")
