"""Staff and a parent in Telegram: bound, and with a matter handed over."""

from __future__ import annotations

from telegram_desk import BotApi, Running, told, until

PARENT, WANG, LI, GROUP = 7, 70, 71, -100
SECRET = "我是谢家湾的李妈妈，孩子被同学打了怎么办"


def says(api: BotApi, chat: int, words_: str) -> list[str]:
    return [m["text"] for m in api.to(chat) if words_ in m["text"]]


async def bound(desk: Running, api: BotApi, user: int, name: str, *, group: bool = False) -> None:
    """Bind a member of staff in their own chat, and the group if asked."""
    api.say(user, f"/bind {await desk.code(name)}")
    await until(lambda: says(api, user, f"您是“{name}”"))
    if group:
        api.say(user, "/bind_group", chat=GROUP)
        await until(lambda: says(api, GROUP, "提醒"))


async def handed_over(api: BotApi, desk: Running) -> str:
    api.say(PARENT, SECRET)
    api.say(PARENT, "转人工")
    await told(api, PARENT, 2)
    [item] = await desk.desk.queue()
    return item.inquiry.number
