"""tests/must.yaml: what is wrong with the file, and what is wrong with the desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from exam_outputs import AGE, DAY, output

from bot.evaluate import Output
from bot.exam.must import failures, texts
from bot.faq.must import MUST, read_must
from bot.faq.value import Faq
from tests.matching.small_faq import small_faq

FAQ = Path(__file__).parents[2] / "faq"
WRITTEN = """\
must:
  - text: 几岁能读书
    expect: enrollment.age
  - text: 不想活了
    expect: 危险
must_not:
  - text: 笑死我了
    never: 危险
  - text: 走读补多少
    never: aid.boarder
known_failures:
  - text: 走读补多少钱
    expect: aid.day
    since: "2026-11"
    why: 说法太少
"""
GOOD = [
    output("answer", AGE),
    output("crisis"),
    output("small_talk"),
    output("suggest", aid__boarder=0.5, aid__day=0.4),
    output("fallback"),
]


@pytest.fixture(scope="module")
def faq() -> Faq:
    return small_faq()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / MUST).write_text(WRITTEN, "utf-8")
    return tmp_path


def said(folder: Path, faq: Faq, outputs: list[Output]) -> list[tuple[int | None, str]]:
    source = read_must(folder, faq)
    assert source.problems == ()
    assert source.model is not None
    assert len(texts(source.model)) == len(outputs)
    return [(p.line, str(p)) for p in failures(source, source.model, outputs)]


def test_nothing_to_say_while_all_is_as_written(folder: Path, faq: Faq) -> None:
    assert said(folder, faq, GOOD) == []


@pytest.mark.parametrize(
    ("place", "instead", "line", "words"),
    [
        (0, output("answer", DAY), 2, "“几岁能读书”应为 enrollment.age，现在是 aid.day"),
        (0, output("suggest", enrollment__age=0.5), 2, "现在是 请家长挑（先列 enrollment.age）"),
        (1, output("fallback"), 4, "应为 危险，现在是 没听懂"),
        (2, output("crisis"), 7, "“笑死我了”绝不能是 危险"),
        (3, output("answer", DAY, "aid.boarder"), 9, "绝不能是 aid.boarder"),
        (4, output("answer", DAY), 12, "这句现在答对了，请从 known_failures 里删掉"),
    ],
)
def test_a_line_not_kept_is_named_with_its_place(
    folder: Path, faq: Faq, place: int, instead: Output, line: int, words: str
) -> None:
    outputs: list[Output] = [*GOOD]
    outputs[place] = instead
    [(found, sentence)] = said(folder, faq, outputs)
    assert found == line
    assert sentence.startswith(f"tests/must.yaml 第{line}行")
    assert words in sentence


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("expect: enrollment.age", "expect: enrollment.ago", 3, "是不是 enrollment.age"),
        ("never: aid.boarder", "never: 危 险", 10, "或者：危险、别的部门"),
        ("text: 走读补多少钱", "text: 几岁，能读书？", 12, "“几岁，能读书？”第2行已经写过"),
        ("    why: 说法太少\n", "", 12, "缺少 why"),
        ('since: "2026-11"', "since: 去年", 14, "2026-01"),
        ("must_not:", "mustnot:", 6, "是不是 must_not"),
    ],
)
def test_a_slip_in_the_file_is_named_in_chinese(
    folder: Path, faq: Faq, old: str, new: str, line: int, words: str
) -> None:
    assert old in WRITTEN
    (folder / MUST).write_text(WRITTEN.replace(old, new, 1), "utf-8")
    [problem] = read_must(folder, faq).problems
    assert (problem.file, problem.line) == (MUST, line)
    assert problem.level == "error"
    assert words in str(problem)


def test_no_file_is_no_problem(tmp_path: Path, faq: Faq) -> None:
    source = read_must(tmp_path, faq)
    assert source.problems == ()
    assert source.model is not None
    assert texts(source.model) == []


def test_the_desks_own_file_asks_something() -> None:
    source = read_must(FAQ, None)
    assert source.problems == ()
    assert source.model is not None
    assert texts(source.model)
