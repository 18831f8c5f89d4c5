"""One file: what Notepad, WPS, input methods and plain slips do to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from faq_files import Break, line_of
from hypothesis import given
from hypothesis import strategies as st

from bot.faq.folder import FILES
from bot.faq.load import read
from bot.faq.schema import HoursFile, LexiconFile, TopicFile
from bot.faq.slips import mend
from bot.faq.source import Problem, read_source

FIRST = "资助甲资助甲从哪天起办"

SLIPS = [
    # old, new, a text on the line named, column, words of the problem, words of the remedy
    ("    title: 资助甲", "\ttitle: 资助甲", "title: 资助甲", 1, "制表符（Tab）", "半角空格"),
    ("    title: 资助甲", "　　title: 资助甲", "title: 资助甲", 1, "缩进用了全角空格", "半角空格"),
    ("    title: 资助甲", "  \u00a0 title: 资助甲", "title: 资助甲", 3, "不间断空格", "半角空格"),
    ("      先问学校", "\t\t\t先问学校", "先问学校", 1, "制表符（Tab）", "半角空格"),
    ("      先问学校", "　　　先问学校", "先问学校", 1, "缩进用了全角空格", "半角空格"),
    ("      先问学校", "     先问学校", "先问学校", 6, "缩进少", "对齐"),
    ("      先问学校", "先问学校", "先问学校", 1, "掉到了上面那段文字外面", "对齐"),
    ("title: 资助甲", "title：资助甲", "title：", 10, "“title”后面的冒号是全角的", "英文冒号"),
    ("- id: aid.second", "- id：aid.second", "- id：", 7, "冒号是全角的", "英文冒号"),
    ("title: 资助甲", "title:资助甲", "title:资", 10, "后面少了空格", "空一格"),
    ("title: 资助甲", "title:\u00a0资助甲", "title:\u00a0", 11, "不是普通空格", "半角空格"),
    ("title: 资助甲", "title:　资助甲", "title:　", 11, "不是普通空格", "半角空格"),
    (f"- {FIRST}", f"-{FIRST}", FIRST, 7, "减号后面少了空格", "- "),
    (f"- {FIRST}", f"-　{FIRST}", FIRST, 8, "减号后面不是普通空格", "半角空格"),
    (f"- {FIRST}", f"－ {FIRST}", FIRST, 7, "列表符号用了“－”", "英文减号"),
    (f"- {FIRST}", f"• {FIRST}", FIRST, 7, "列表符号用了“•”", "英文减号"),
    (f"- {FIRST}", f"- 请问: {FIRST}", FIRST, 11, "句子里有英文冒号", "全角"),
    (f"- {FIRST}", f"- “{FIRST}”", FIRST, 9, "不是英文引号", "英文引号"),
    (f"- {FIRST}", f'- "{FIRST}', FIRST, 9, '引号 " 没有配对', "补上"),
    (f"- {FIRST}", f"- '{FIRST}", FIRST, 9, "引号 ' 没有配对", "补上"),
    (f"- {FIRST}", f'- "急"{FIRST}', FIRST, 12, "只包住了半句", "包住整句"),
    (f"- {FIRST}", f"- @{FIRST}", FIRST, 9, "以“@”开头", "双引号"),
    (f"- {FIRST}", f"- *{FIRST}", FIRST, 9, "以“*”开头", "双引号"),
    (f"- {FIRST}", f"- {{{{x}}}}{FIRST}", FIRST, 9, "以“{{”开头", "双引号"),
    ('as_of: "2025"', "as_of: “2025”", "as_of: “", 12, "不是英文引号", '改成 "2025"'),
    ('as_of: "2025"', "as_of: ＂2025＂", "as_of: ＂", 12, "不是英文引号", '改成 "2025"'),
    ('as_of: "2025"', 'as_of: "2025”', "2025”", 17, "右边的引号", '改成 "'),
    ('as_of: "2025"', "as_of: 2025", "as_of: 2025", 12, "被读成了数字", '请加引号："2025"'),
    ('"2027-03-01"', "2027-03-01", "2027-03-01", 16, "被读成了日期", '请加引号："2027-03-01"'),
    ("owner: 招生", "owner: no", "owner: no", 12, "被读成了“是/否”", '请加引号："no"'),
    ("owner: 招生", "owner: 12.5", "owner: 12.5", 12, "被读成了数字", '请加引号："12.5"'),
    ("owner: 招生", "owner:", "owner:", 5, "owner 还没有填", "招生"),
    ("facts: [E1]", "facts: [E1，E2]", "facts:", 15, "全角逗号", "英文逗号"),
    ("facts: [E1]", "facts: ［E1］", "facts:", 12, "要一个列表", "英文的 [ ]"),
    ("facts: [E1]", "facts: E1", "facts:", 12, "要一个列表", "“- ”"),
    ("facts: [E1]", "facts: []", "facts:", 12, "只有0项，至少要1项", "再补1项"),
    ("facts: [E1]", "facts: [E1", "facts:", 12, "方括号没有配对", "[甲, 乙]"),
    ("answer: |", "answer: ｜", "answer: ｜", 13, "竖线", "英文的 |"),
    ("answer: |", "answer: |资助", "answer: |", 14, "竖线 | 后面还有", "换行"),
    ("answer: |", "answer:", "资助甲按当年", 7, "会被连成一行", "|"),
    ("title: 资助甲", "titel: 资助甲", "titel", 5, "不认识“titel”", "是不是 title"),
    ("owner: 招生", "owner: 招生\n    colour: 红", "colour", 5, "不认识“colour”", "可写的有"),
    ("    basis: 《义务教育法》第12条\n", "", "aid.second\n    title", 5, "缺少 basis", "依据"),
    ("title: 资助甲", "title: 十七个字的标题实在是太长太长太长啦", "title: 十", 12,
     "最多16个字", "至少删去"),
    ("id: aid.second", "id: Aid.Second", "Aid.Second", 9, "写法不对", "小写"),
    ("topic: aid", "topic: aids", "topic: aids", 8, "不在可选的几个里", "是不是 aid"),
    ("    title: 资助甲", "     title: 资助甲", "title: 资助甲", 11, "冒号", "引号"),
    ("title: 资助甲", "title: 资\u0007助甲", "资\u0007", 13, "控制字符（U+0007）", "重打"),
    ("title: 资助甲", "title: 资\u2028助甲", "资\u2028", 13, "控制字符（U+2028）", "重打"),
    ("title: 资助甲", "title: 资\ufffd助甲", "资\ufffd", 13, "乱码字符", "重打"),
    ("title: 资助甲", "title: 资助甲\n    title: 资助甲", None, 5, "“title”写了两次", "只留一处"),
    ("entries:", "\t# 下面是条目\nentries:", "# 下面", 1, "制表符（Tab）", "半角空格"),
    ("bare: [资助报名]", "bare: [资助报名, &材料]", "bare", 15, "以 *、&", "双引号"),
    ("bare: [资助报名]", "bare: [资助报名:, 材料]", "bare", 12, "多了英文冒号", "全角"),
    ("answer: |\n      资助甲", "answer: |\n      \t资助甲", "\t资助甲", 7, "制表符", "半角空格"),
    ("entries:", "＃ 下面是条目\nentries:", "＃", 1, "全角的＃", "英文的 #"),
    ("title: 资助甲", "title: |\n      资助甲\n     末尾", "     末", 6, "缩进少", "对齐"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "column", "what", "remedy"), SLIPS)
def test_a_slip_is_found_where_it_is(
    folder: Path,
    breaks: Break,
    old: str,
    new: str,
    at: str | None,
    column: int,
    what: str,
    remedy: str,
) -> None:
    text = breaks("aid.yaml", old, new)
    _, problems = read(folder)
    found = [p for p in problems if what in p.what and remedy in p.remedy]
    assert len(found) == 1, "\n".join(map(str, problems))
    [problem] = found
    assert (problem.file, problem.level) == ("aid.yaml", "error")
    assert problem.line is not None
    assert at is None or problem.line == line_of(text, at)
    assert problem.column == column
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", str(problem)), "English prose"


def test_a_duplicate_key_names_both_lines(folder: Path, breaks: Break) -> None:
    text = breaks("aid.yaml", "owner: 招生", "title: 别的\n    owner: 招生")
    _, [problem] = read(folder)
    first, second = line_of(text, "    title: 资助甲"), line_of(text, "title: 别的")
    assert f"第{first}行和第{second}行" in problem.what
    assert problem.line == second


@pytest.mark.parametrize(
    ("file", "old", "new", "what", "remedy"),
    [
        ("lexicon.yaml", "  娃儿: 孩子", "  娃儿：孩子", "“娃儿”后面的冒号是全角的", "“娃儿: ”"),
        ("lexicon.yaml", "  啷个: 怎么", "  啷个：怎么", "“啷个”后面的冒号是全角的", "“啷个: ”"),
        ("lexicon.yaml", "  啷个: 怎么", "  啷个:怎么", "后面少了空格", "“啷个: ”"),
        ("lexicon.yaml", "  啷个: 怎么", "  啷个: 12", "被读成了数字", '"12"'),
        ("hours.yaml", "answered_days: 3", 'answered_days: "3"', "要一个整数", "不加引号"),
        ("hours.yaml", "answered_days: 3", "answered_days: 3天", "要一个整数", "不带单位"),
        ("hours.yaml", "answered_days: 3", "answered_days: 99", "不在范围里", "1 到 60"),
        ("messages.yaml", "  find_out: 可", "  Find: 可", "“Find”写法不对", "小写"),
        ("local.yaml", "    value: ", "    vaule: ", "不认识“vaule”", "是不是 value"),
        ("elsewhere.yaml", "      - 失业金领不到\n", "", "只有2项，至少要3项", "再补1项"),
    ],
)
def test_slips_of_the_other_files(
    folder: Path, breaks: Break, file: str, old: str, new: str, what: str, remedy: str
) -> None:
    breaks(file, old, new)
    _, problems = read(folder)
    assert [p.file for p in problems if what in p.what and remedy in p.remedy] == [file], problems


@pytest.mark.parametrize(
    ("encode", "level", "what", "remedy"),
    [
        (lambda text: text.encode("utf-8-sig"), "warning", "BOM", "UTF-8"),
        (lambda text: text.replace("\n", "\r\n").encode(), "warning", "CRLF", "LF"),
        (lambda text: text.encode("gbk"), "error", "GBK/GB18030", "另存为"),
        (lambda text: text.encode("gb18030"), "error", "GBK/GB18030", "另存为"),
        (lambda text: text.encode("utf-16"), "error", "UTF-16", "另存为"),
        (lambda text: b"\xfe\xff" + text.encode("utf-16-be"), "error", "UTF-16", "另存为"),
        (lambda text: text.encode("utf-16-le"), "error", "UTF-16", "另存为"),
        (lambda text: text.replace("资助甲的事", "资助甲\u00a0的事").encode(), "warning",
         "不间断空格", "半角空格"),
        (lambda text: text.replace("资助甲的事", "资助甲 #急").encode(), "warning", "注释",
         "双引号"),
    ],
)  # fmt: skip
def test_what_windows_does_to_a_whole_file(
    folder: Path, encode: object, level: str, what: str, remedy: str
) -> None:
    path = folder / "aid.yaml"
    text = path.read_text("utf-8")
    path.write_bytes(encode(text))  # type: ignore[operator]
    faq, [problem] = read(folder)
    assert faq is not None, "read in spite of it, so that everything else is checked too"
    assert (problem.file, problem.level) == ("aid.yaml", level)
    assert what in problem.what
    assert remedy in problem.remedy


def test_a_damaged_character_is_not_taken_for_gbk(folder: Path) -> None:
    path = folder / "aid.yaml"
    raw = path.read_bytes()
    at = raw.index("资助甲的事".encode()) + 1
    path.write_bytes(raw[:at] + raw[at + 1 :])
    _, problems = read(folder)
    assert all("乱码" in p.what for p in problems)
    assert problems


def test_a_text_may_be_repeated_by_name(folder: Path, breaks: Break) -> None:
    breaks(
        "danger.yaml",
        "    reply: |",
        '    signals: [[&who "孩子|娃", 不见], [*who, 丢]]\n    reply: |',
    )
    faq, problems = read(folder)
    assert problems == []
    assert faq is not None
    assert faq.danger.kinds[0].signals == (("孩子|娃", "不见"), ("孩子|娃", "丢"))


def test_everything_in_a_file_is_reported_at_once(folder: Path, breaks: Break) -> None:
    breaks("aid.yaml", "title: 资助甲", "title：资助甲")
    breaks("aid.yaml", 'as_of: "2025"', "as_of: 2025")
    breaks("aid.yaml", "title: 资助乙", "titel: 资助乙")
    breaks("aid.yaml", "      先问学校", "\t\t\t先问学校")
    _, problems = read(folder)
    assert len(problems) == 4
    assert [p.line for p in problems] == sorted(p.line or 0 for p in problems)


def test_good_yaml_is_left_alone() -> None:
    text = """\
# 注释：冒号
topic: aid
title: '资助: 类'
quoted: "第一行

  第二行：还在引号里"
answer: |

  怎么办：去问。
  - 这不是列表
    “多缩进”
  title：也不是名字

bare: ["甲，乙", 丙]   # 说明
url: https://example.com/a:b
list:
- “甲”和“乙”
- APP：怎么下载
- 8:30 上课
- '"甲"'
- - a
- k: v
- &who "甲|乙"
- *who
"""
    assert mend(text, "x.yaml") == (text, [])


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xef\xbb\xbf", b"# x\n", b"- a\n", b"a", b"\xff\xfe", b"\x00", b"&a [*a]",
        b"[" * 100_000, b"{a: " * 50_000, b"- " * 50_000 + b"a", b"? " * 50_000, b"--- a\n--- b",
        b"a: &x [1]\nb: *x", b"a: &x\nb: *x", b"a: *x\nb: &x y",
        b"!!python/object/apply:os.system [ls]", b"? [a]\n: b",
        b"<<: {topic: aid}", b"topic: !!binary x", b"topic: 2026-02-31", b"1: 2\nno: yes",
        b"topic: " + b"9" * 5000, b"\r", b'a: "' + b"x\n" * 100, b"%YAML 9.9\n---\na",
    ],
)  # fmt: skip
def test_strange_files_give_problems(raw: bytes) -> None:
    source = read_source(raw, "aid.yaml", TopicFile)
    assert source.model is None
    assert source.problems
    assert all(p.what and p.remedy for p in source.problems)


@given(st.binary())
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    for model in (TopicFile, LexiconFile, HoursFile):
        assert read_source(raw, "x.yaml", model).problems


_PIECES = st.sampled_from(
    [
        *"\n\n\n  \t　：:-－|>\"'“”#＃[]{}，,*&!?%@\\\u00a0\ufeff\r\u2028",
        *(
            "topic: aid",
            "title",
            "entries:",
            "\n  - id: aid.x\n",
            "\n    answer: |\n",
            "资助",
            "{{",
        ),
        *("skip: ", "rewrite:\n  甲: 乙\n", "answered_days: 3\n", "1", "no", "2026-01-01", "<<: "),
    ]
)


@given(st.lists(_PIECES, max_size=60).map("".join))
def test_no_text_that_looks_like_ours_makes_it_fail(text: str) -> None:
    for model in (TopicFile, LexiconFile, HoursFile):
        source = read_source(text.encode(), "x.yaml", model)
        assert source.problems or source.model
        for problem in source.problems:
            assert problem.line is None or 1 <= problem.line <= text.count("\n") + 2 + text.count(
                "\r"
            )


def test_a_problem_reads_as_one_sentence() -> None:
    assert str(Problem("a.yaml", None, None, "甲", "乙")) == "a.yaml：甲。改法：乙。"
    assert str(Problem("a.yaml", 2, None, "甲", "乙")) == "a.yaml 第2行：甲。改法：乙。"


def test_the_project_has_the_files_that_the_loader_reads() -> None:
    assert len(FILES) == 12
