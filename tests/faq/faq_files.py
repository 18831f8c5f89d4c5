"""The files of a small valid faq/ folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.faq.folder import TOPICS
from bot.faq.schema_json import modeline
from bot.faq.sentences import REQUIRED_MESSAGES

Break = Callable[[str, str, str], str]
"""(file, old text, new text) → the file's new text."""

_WAYS = (
    "从哪天起办",
    "急死人了还没轮到我们家",
    "婆婆带着，问问啥时候",
    "老师说要等通知，真的吗",
    "手续麻不麻烦",
    "我上夜班没空跑，能托邻居不",
    "网上点不进去",
    "需要带什么东西",
    "外地刚搬来的也一样吗",
    "幺儿明年才满岁数",
    "打哪个电话问得到",
    "听说取消了，到底还有没有",
)


def entry(topic: str, name: str, word: str, more: str = "") -> str:
    """Return one entry whose phrases hold `word`, so that no two entries sound alike."""
    phrases = "\n".join(f"      - {word * 2}{way}" for way in _WAYS)
    return f"""\
  - id: {topic}.{name}
    title: {word}的事
    question: {word}这件事是怎么规定的？
    phrases:
{phrases}
    answer: |
      {word}按当年公告办理。
      先问学校{more}。
    basis: 《义务教育法》第12条
    as_of: "2025"
    facts: [E1]
    related: [{topic}.first]
    owner: 招生
    review_by: "2027-03-01"
"""


def topic_file(topic: str, mark: str) -> str:
    names = ("second", "third", "first")
    entries = "".join(
        entry(topic, name, mark + letter, "，电话{{enroll_phone}}" if name == "third" else "")
        for name, letter in zip(names, "甲乙丙", strict=True)
    )
    # `first` refers to itself in the template: give it nothing to refer to
    head, _, last = entries.rpartition(f"    related: [{topic}.first]\n")
    examples = "".join(f"  - {topic}.{name}\n" for name in names)
    return (
        f"{modeline(f'{topic}.yaml')}\ntopic: {topic}\ntitle: {mark}类\nbare: [{mark}报名]\n"
        f"examples:\n{examples}entries:\n{head}{last}"
    )


OTHERS = {
    "elsewhere.yaml": """\
matters:
  - id: social_insurance
    title: 社保
    phrases:
      - 社保断缴怎么补
      - 养老保险转回来
      - 失业金领不到
    door: 社保的事可以打12333问。
    facts: [W2]
off_topic:
  - id: noise
    phrases:
      - 今天天气真好
      - 红烧肉怎么做
      - "？？？"
""",
    "danger.yaml": """\
kinds:
  - id: missing
    title: 走失
    entry: safety.first
    phrases:
      - 孩子不见了
      - 娃儿走丢了
      - 放学没回家找不到人
      - 女儿失踪一晚上
      - 孩子离家出走
    reply: |
      请先打110。
      说清最后在哪里见到。
harmless:
  - 手机不见了
""",
    "messages.yaml": """\
messages:
  not_yet_known: "{labels}还没有核实，{find_out}"
  find_out: 可拨12345问。
  basis: "依据：{basis}；截至：{as_of}"
small_talk:
  thanks: 不客气。
""",
    "lexicon.yaml": """\
skip: [请问, 您好]
rewrite:
  娃儿: 孩子
  啷个: 怎么
key_terms:
  - [小学, 初中]
names: [谢家湾学校]
connectors: [另外]
follow_ups: [那]
asks: [怎么]
commands:
  menu: [返回菜单]
small_talk:
  thanks: [谢谢]
""",
    "local.yaml": """\
values:
  enroll_phone:
    label: 招生咨询电话
    explain: 区教委招生咨询电话，每年核对
    value: ""
""",
    "hours.yaml": """\
answered_days: 3
waiting_parent_days: 7
come_back_days: 7
""",
    "menu.yaml": """\
buttons:
  - name: 入学
    buttons:
      - name: 几岁上学
        entry: enrollment.first
      - name: 入学的事
        topic: enrollment
  - name: 菜单
    command: menu
""",
}

OTHERS["messages.yaml"] = OTHERS["messages.yaml"].replace(
    "small_talk:\n",
    "".join(
        f"  {name}: 一句话{''.join(f'{{{field}}}' for field in sorted(fields))}\n"
        for name, fields in REQUIRED_MESSAGES.items()
        if name not in ("not_yet_known", "find_out", "basis")
    )
    + "small_talk:\n",
)
"""With every other sentence that the code says, whichever they are by now."""


def write_faq(folder: Path) -> Path:
    """Write a faq/ folder with nothing wrong into the folder; return it."""
    faq = folder / "faq"
    faq.mkdir()
    for topic, mark in zip(TOPICS, ("入学", "安全", "资助", "特教", "通用"), strict=True):
        (faq / f"{topic}.yaml").write_text(topic_file(topic, mark), "utf-8")
    for file, text in OTHERS.items():
        (faq / file).write_text(f"{modeline(file)}\n{text}", "utf-8")
    return faq


def line_of(text: str, part: str) -> int:
    """Return the 1-based line on which a part of the text first stands."""
    assert part in text
    return text[: text.index(part)].count("\n") + 1
