"""The account's menu in menu.yaml, held against what WeChat takes and what it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.faq.folder import Folder
from bot.faq.problem import Problem
from bot.faq.schema import MenuItem
from bot.faq.source import Loc
from bot.faq.wording import resembling

# https://developers.weixin.qq.com/doc/service/guide/product/menu/intro.html
TOP_BYTES, BELOW_BYTES, KEY_BYTES, URL_BYTES = 16, 60, 128, 1024
TOP_SHOWN, BELOW_SHOWN = 4, 8
"""Characters that phones show; the rest becomes an ellipsis."""

_ONE = "topic、entry、command、url 里写一个"


def menu(files: Folder) -> Iterator[Problem]:
    """Report buttons that WeChat would refuse, or that lead nowhere."""
    if files.menu.model is None:
        return
    for place, button in enumerate(files.menu.model.buttons):
        loc: Loc = ("buttons", place)
        yield from _name(files, loc, button, TOP_BYTES, TOP_SHOWN)
        if button.buttons:
            if button.key or button.url:
                what = f"“{button.name}”下面有按钮，自己就不能再做别的"
                yield files.menu.problem(loc, what, "留 buttons，删掉它自己的 topic、entry 等")
            for number, item in enumerate(button.buttons):
                below = (*loc, "buttons", number)
                yield from _name(files, below, item, BELOW_BYTES, BELOW_SHOWN)
                yield from _leads(files, below, item)
        else:
            yield from _leads(files, loc, button)


def _name(files: Folder, loc: Loc, item: MenuItem, most: int, shown: int) -> Iterator[Problem]:
    length = len(item.name.encode())
    if length > most:
        what = f"按钮“{item.name}”有{length}个字节，最多{most}个（一个汉字3个）"
        yield files.menu.problem((*loc, "name"), what, "写短一些")
    elif len(item.name) > shown:
        what = f"按钮“{item.name}”在手机上只显示前{shown}个字"
        yield files.menu.problem((*loc, "name"), what, f"最好不超过{shown}个字", "warning")


def _leads(files: Folder, loc: Loc, item: MenuItem) -> Iterator[Problem]:
    given = [name for name in ("topic", "entry", "command", "url") if getattr(item, name)]
    if len(given) != 1:
        what = f"按钮“{item.name}”{'做了几件事' if given else '点了没有反应'}"
        yield files.menu.problem(loc, what, _ONE)
    if len(item.key.encode()) > KEY_BYTES:
        what = f"按钮“{item.name}”的编号太长，微信最多收{KEY_BYTES}个字节"
        yield files.menu.problem(loc, what, "改用编号短一些的条目")
    if item.url is not None:
        yield from _address(files, loc, item.name, item.url)
    if item.entry and all(source.model for source in files.topics):
        known = [entry.id for _, _, entry in files.entries()]
        yield from _known(files, (*loc, "entry"), f"编号为 {item.entry} 的条目", item.entry, known)
    lexicon = files.lexicon.model
    if item.command and lexicon:
        names = list(lexicon.commands)
        yield from _known(files, (*loc, "command"), f"命令 {item.command}", item.command, names)


def _address(files: Folder, loc: Loc, name: str, url: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or len(url.encode()) > URL_BYTES or any(c.isspace() for c in url):
        what = f"按钮“{name}”的网址微信不收"
        remedy = f"写成 https:// 开头的完整网址，最多{URL_BYTES}个字节"
        yield files.menu.problem((*loc, "url"), what, remedy)


def _known(files: Folder, loc: Loc, what: str, name: str, known: list[str]) -> Iterator[Problem]:
    if name not in known:
        meant = resembling(name, known)
        remedy = f"是不是 {meant}？改过来" if meant else "改成有的，或者删掉这个按钮"
        yield files.menu.problem(loc, f"没有{what}", remedy)
