"""faq/menu.yaml: what WeChat would refuse, or leads nowhere, is said with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from faq_files import Break, line_of

from bot.channels.wechat.menu import menu_buttons
from bot.faq import load
from bot.faq.lint import check

TODAY = date(2026, 12, 1)
ENTRY = "entry: enrollment.first"
FIVE = "".join(f"      - name: 第{n}个\n        command: menu\n" for n in range(5))


def test_the_menu_as_wechat_takes_it(folder: Path) -> None:
    assert menu_buttons(load(folder)) == [
        {
            "name": "入学",
            "sub_button": [
                {"type": "click", "name": "几岁上学", "key": "entry.enrollment.first"},
                {"type": "click", "name": "入学的事", "key": "topic.enrollment"},
            ],
        },
        {"type": "click", "name": "菜单", "key": "command.menu"},
    ]


def test_an_address_opens_a_page(folder: Path, breaks: Break) -> None:
    breaks("menu.yaml", "command: menu", "url: https://example.org/咨询")
    assert check(folder, TODAY) == []
    assert menu_buttons(load(folder))[1] == {
        "type": "view",
        "name": "菜单",
        "url": "https://example.org/咨询",
    }


@pytest.mark.parametrize(
    ("old", "new", "level", "what", "remedy"),
    [
        ("name: 入学", "name: 入学和转学的事", "error", "21个字节，最多16个", "写短"),
        ("name: 入学", "name: 入学报名呀", "warning", "只显示前4个字", "不超过4个字"),
        ("name: 几岁上学", f"name: {'几岁上学' * 6}", "error", "72个字节，最多60个", "写短"),
        ("name: 几岁上学", "name: 几岁可以上小学呢呀", "warning", "只显示前8个字", "8个字"),
        (ENTRY, "entry: enrollment.fist", "error", "没有编号为", "enrollment.first"),
        (ENTRY, f"entry: enrollment.{'x' * 120}", "error", "最多收128个字节", "短一些"),
        (ENTRY, "command: handof", "error", "没有命令 handof", "改成有的"),
        (ENTRY, "topic: enrolment", "error", "不在可选的几个里", "enrollment"),
        (ENTRY, f"{ENTRY}\n        command: menu", "error", "做了几件事", "写一个"),
        (f"\n        {ENTRY}", "", "error", "点了没有反应", "写一个"),
        ("command: menu", "url: example.org", "error", "网址微信不收", "https://"),
        ("command: menu", f"url: https://e.org/{'x' * 1020}", "error", "网址微信不收", "1024"),
        ("- name: 入学\n", "- name: 入学\n    topic: aid\n", "error", "下面有按钮", "留 buttons"),
        ("      - name: 入学的事\n", f"{FIVE}      - name: 入学的事\n", "error", "最多5项",
         "删去2项"),
        ("  - name: 菜单", "  - name: 甲\n    command: menu\n  - name: 乙\n    command: menu\n"
         "  - name: 菜单", "error", "最多3项", "删去1项"),
        ("name: 菜单", "nam: 菜单", "error", "", ""),
    ],
)  # fmt: skip
def test_what_wechat_would_refuse(
    folder: Path, breaks: Break, old: str, new: str, level: str, what: str, remedy: str
) -> None:
    text = breaks("menu.yaml", old, new)
    problems = check(folder, TODAY)
    assert problems
    problem = next(p for p in problems if what in p.what)
    assert problem.file == "menu.yaml"
    assert problem.level == level
    assert remedy in problem.remedy
    assert problem.line is not None
    assert problem.line <= len(text.splitlines())
    if new.startswith("name:"):
        assert problem.line == line_of(text, new)
