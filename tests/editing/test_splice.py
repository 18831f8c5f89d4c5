"""Values into YAML: what was meant is read back, and nothing else of the file is touched."""

from __future__ import annotations

import random
from difflib import unified_diff

import pytest
import yaml

from bot.editing.layout import NotSpliced
from bot.editing.splice import append, set_fields
from bot.faq.schema import Entry
from tests.desk import ROOT

ORDER = tuple(Entry.model_fields)

HANDMADE = """\
# 第一行的说明

topic:   aid      # 大类
entries:
      # 这一条归招生组
      - id:   aid.first
        title: 住校补助   # 按钮上的字
        phrases:
        # 先是短的
        - 住校有没有补助   # 最常问
        - "报名: 要什么"

        # 再是长的
        - '一年 ''多少'' 钱'
        - 孩子平时住校  #   家里困难
        not_for: [ 驾校报名 ,   考驾照 ]
        answer: |   # 不超过四百字
            第一行是答案。

            第二行 # 不是注释
        # 法律没有变
        basis: "《义务教育法》第12条"
        as_of: '2025'   # 每年核对
      - id: aid.second
        title: 走读
        answer: >
          折叠的
          文字
# 文件末尾的话
"""
FIRST = ("entries", 0)


def lines_changed(before: str, after: str) -> list[str]:
    """Return the lines that went and came, as a diff marks them."""
    diff = unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
    return [line for line in diff if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ({"title": "住校"}, ["-        title: 住校补助   # 按钮上的字",
                          "+        title: 住校   # 按钮上的字"]),
        ({"as_of": "2026-01"}, ["-        as_of: '2025'   # 每年核对",
                                '+        as_of: "2026-01"   # 每年核对']),
        ({"basis": "甲: 乙"}, ['-        basis: "《义务教育法》第12条"',
                              '+        basis: "甲: 乙"']),
        ({"answer": "新的第一行。\n\n第三行 # 字"}, None),
        ({"phrases": ("住校有没有补助", "报名: 要什么", "新的一句", "一年 '多少' 钱",
                      "孩子平时住校")}, ["+        - 新的一句"]),
        ({"phrases": ("住校有没有补助", "一年 '多少' 钱", "孩子平时住校")},
         ['-        - "报名: 要什么"']),
        ({"phrases": ("住校有补助不", "报名: 要什么", "一年 '多少' 钱", "孩子平时住校", "末 #尾")},
         ["-        - 住校有没有补助   # 最常问", "+        - 住校有补助不   # 最常问",
          "+        - 末 #尾"]),
        ({"not_for": ("驾校报名",)}, ["-        not_for: [ 驾校报名 ,   考驾照 ]",
                                   "+        not_for: [驾校报名]"]),
        ({"not_for": None}, ["-        not_for: [ 驾校报名 ,   考驾照 ]"]),
        ({"published": False}, ["+        published: false"]),
        ({"valid_until": "2027-08-31"}, ['+        valid_until: "2027-08-31"']),
    ],
)  # fmt: skip
def test_only_what_is_meant_changes(values: dict[str, object], changed: list[str] | None) -> None:
    after = set_fields(HANDMADE, FIRST, values, ORDER)  # type: ignore[arg-type]
    entry = yaml.safe_load(after)["entries"][0]
    for name, value in values.items():
        written = entry.get(name)
        written = written.strip() if isinstance(written, str) else written
        assert (tuple(written) if isinstance(written, list) else written) == value
    if changed is not None:
        found = [n.replace('"末 #尾"', "末 #尾") for n in lines_changed(HANDMADE, after)]
        assert sorted(found) == sorted(changed)
    for comment in ("# 不超过四百字", "# 法律没有变", "# 先是短的", "# 再是长的", "# 文件末尾的话"):
        assert comment in after


def test_folded_text_goes_through_the_round_trip_with_its_comments() -> None:
    after = set_fields(HANDMADE, ("entries", 1), {"answer": "新的\n两行"}, ORDER)
    assert yaml.safe_load(after)["entries"][1]["answer"].strip() == "新的\n两行"
    for comment in ("# 最常问", "# 每年核对", "# 这一条归招生组", "# 文件末尾的话"):
        assert comment in after


def test_one_more_entry_stands_behind_the_last_one() -> None:
    item = {"id": "aid.third", "title": "新", "phrases": ("甲: 1", "乙"), "answer": "一\n二",
            "facts": ("E1",), "published": False}  # fmt: skip
    after = append(HANDMADE, ("entries",), item)
    assert after.startswith(HANDMADE.removesuffix("# 文件末尾的话\n"))
    assert after.endswith("# 文件末尾的话\n")
    third = yaml.safe_load(after)["entries"][2]
    third["answer"] = third["answer"].strip()
    assert third == {n: list(v) if isinstance(v, tuple) else v for n, v in item.items()}


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises((NotSpliced, IndexError)):
        set_fields(HANDMADE, ("entries", 7), {"title": "甲"}, ORDER)


PIECES = (
    *("住校", "多少钱", "几岁: 六", "# 号", "- 减号", "2027-03-01", "yes", "“引号”", '"直"'),
    *(
        "'单'",
        "{{enroll_phone}}",
        "[括号]",
        "*星",
        "&和",
        "!叹",
        "尾巴：",
        "null",
        "12",
        "😀",
        "a, b",
    ),
)


@pytest.mark.parametrize("seed", range(3))
def test_fifty_random_edits_leave_all_else_as_it_was(seed: int) -> None:
    """On the real aid.yaml, with comments and odd spacing put in everywhere by hand."""
    dice = random.Random(seed)  # noqa: S311
    lines = (ROOT / "faq" / "aid.yaml").read_text("utf-8").split("\n")
    in_block = False
    for place, line in enumerate(lines):
        if line.strip():
            in_block = line.startswith("      ") and (in_block or line.endswith("|"))
        in_block = in_block or line.endswith("answer: |")
        if not in_block and line.strip() and dice.random() < 0.3:
            lines[place] = f"{line}{' ' * dice.randint(1, 5)}# 注{place}"
    text = "\n".join(lines)
    expected = yaml.safe_load(text)
    comments = {word for word in text.split() if word.startswith("注")}
    assert len(comments) > 100
    for _ in range(50):
        place = dice.randrange(len(expected["entries"]))
        entry = expected["entries"][place]
        name = dice.choice(["title", "question", "basis", "as_of", "review_by", "answer",
                            "phrases", "not_for", "valid_until", "published"])  # fmt: skip
        value: object
        own = 12
        if name in ("phrases", "not_for"):
            items = list(entry.get(name, ["甲"]))
            own = len(items)
            for _ in range(dice.randint(1, 3)):
                at = dice.randrange(len(items))
                match dice.choice("adr"):
                    case "a":
                        items.insert(at, "".join(dice.sample(PIECES, 2)).strip())
                    case "r":
                        items[at] = "".join(dice.sample(PIECES, 3)).strip()
                    case "d" if len(items) > 2:
                        del items[at]
            value = tuple(items)
            entry[name] = items
        elif name == "published":
            value = entry[name] = dice.random() < 0.5
        else:
            count = 4 if name == "answer" else 1
            value = "\n".join("".join(dice.sample(PIECES, 2)) for _ in range(count)).strip()
            entry[name] = value
        before = text
        text = set_fields(text, ("entries", place), {name: value}, ORDER)  # type: ignore[dict-item]
        went = [line for line in lines_changed(before, text) if line.startswith("-")]
        assert len(went) <= own, "more than the field itself was written anew"
    found = yaml.safe_load(text)
    for entry in [*found["entries"], *expected["entries"]]:
        entry["answer"] = entry["answer"].strip()
    assert found == expected
    gone = comments - set(text.split())
    # Comments on items that were deleted, or on lines of a list written in brackets, go with them.
    assert len(gone) <= 60, len(gone)
    assert all(c in before for c in comments - gone)
