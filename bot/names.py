"""What staff call things, on the pages and in messengers. Pure."""

from __future__ import annotations

from bot.model import Media, Status

STATUS = {
    Status.OPEN: "机器人在问",
    Status.ANSWERED: "机器人已答",
    Status.WAITING_STAFF: "待接手",
    Status.WITH_STAFF: "处理中",
    Status.WAITING_PARENT: "等家长",
    Status.RESOLVED: "已了结",
}

MEDIA = {
    Media.PHOTO: "〔图片〕",
    Media.VOICE: "〔语音〕",
    Media.LOCATION: "〔位置〕",
    Media.FILE: "〔文件〕",
}

_CHANNEL = {"web": "网页", "telegram": "Telegram", "wechat": "微信", "terminal": "终端"}


def channel(session_key: str) -> str:
    """Return where the parent writes from, without saying who they are.

    >>> channel("wechat:o123")
    '微信'
    """
    name = session_key.partition(":")[0]
    return _CHANNEL.get(name, name)
