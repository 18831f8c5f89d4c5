"""`Problem`: one finding in faq/, said so that whoever edits the file can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do about it; the words are Chinese, for staff."""

    file: str
    line: int | None
    """1-based, as editors count; None when the whole file is meant."""
    column: int | None
    """1-based, in characters."""
    what: str
    remedy: str
    level: Level = "error"
    """An error keeps the files from being served, a warning does not."""

    def __str__(self) -> str:
        """Return the whole sentence.

        >>> print(Problem("aid.yaml", 12, 5, "缺少 title", "补上这一项"))
        aid.yaml 第12行第5列：缺少 title。改法：补上这一项。
        """
        line = "" if self.line is None else f" 第{self.line}行"
        column = "" if self.column is None else f"第{self.column}列"
        return f"{self.file}{line}{column}：{self.what}。改法：{self.remedy}。"

    @property
    def announced(self) -> str:
        """The whole sentence, with how much it matters before it."""
        return f"{'错误' if self.level == 'error' else '提醒'}：{self}"


def as_compilers_do(problem: Problem, folder: str) -> str:
    """Return the finding in one line that editors and CI can jump to.

    >>> as_compilers_do(Problem("aid.yaml", 12, 5, "缺少 title", "补上这一项"), "faq")
    'faq/aid.yaml:12:5: error: 缺少 title。改法：补上这一项。'
    """
    place = f"{folder}/{problem.file}:{problem.line or 1}:{problem.column or 1}"
    return f"{place}: {problem.level}: {problem.what}。改法：{problem.remedy}。"


def errors(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return those that keep the files from being served."""
    return tuple(problem for problem in problems if problem.level == "error")


def in_order(problems: list[Problem]) -> list[Problem]:
    """Return the problems without repeats, by place within their file, files as they came."""
    files = list(dict.fromkeys(problem.file for problem in problems))
    return sorted(
        dict.fromkeys(problems),
        key=lambda p: (files.index(p.file), p.line or 0, p.column or 0),
    )
