"""faq/ → `Faq`, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.errors import FaqError
from bot.faq import cross
from bot.faq.exam import read_exam
from bot.faq.folder import NOTHING, read_folder
from bot.faq.problem import Problem, errors, in_order
from bot.faq.value import Faq


def read(
    folder: Path, instead: Mapping[str, bytes] = NOTHING, *, to_serve: bool = True
) -> tuple[Faq | None, list[Problem]]:
    """Return all that the folder holds and all problems found, errors and warnings.

    The Faq is None only while a file is missing or misshapen: with errors among the problems it
    may be looked at, but must not be served (`load` sees to that).
    """
    files = read_folder(folder, instead)
    exam, exam_problems = read_exam(folder)
    faq = files.faq()
    if faq is not None:
        faq = replace(faq, exam=exam)
    return faq, in_order([*files.problems, *cross.check(files, to_serve=to_serve), *exam_problems])


def load(folder: Path, *, to_serve: bool = True) -> Faq:
    """Return a Faq fit to serve, or to try; raises FaqError with every error-level problem."""
    faq, problems = read(folder, to_serve=to_serve)
    found = errors(problems)
    if faq is None or found:
        raise FaqError(found)
    return faq
