"""The lines of must.yaml held against what the desk said. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.evaluate import Output
from bot.exam.report import given
from bot.faq.problem import Problem
from bot.faq.schema import MEANINGS, KnownFailure, MustFile, MustLine, MustNotLine
from bot.faq.source import Source

PARTS = ("must", "must_not", "known_failures")


def texts(model: MustFile) -> list[str]:
    """Return what is to be asked: must, must_not, known_failures, as written."""
    return [line.text for part in PARTS for line in getattr(model, part)]


def failures(
    source: Source[MustFile], model: MustFile, outputs: Sequence[Output]
) -> Iterator[Problem]:
    """Give what is wrong, at its place in the file; outputs stand in the order of `texts`.

    A known failure that is answered right by now is wrong too: its line has to go.
    """
    said = iter(outputs)
    for part in PARTS:
        for place, (line, output) in enumerate(zip(getattr(model, part), said, strict=False)):
            wrong = _wrong(line, output)
            if wrong:
                yield source.problem((part, place, "text"), *wrong)


def _wrong(line: MustLine | MustNotLine, output: Output) -> tuple[str, str] | None:
    """Return what is wrong with that and what to do about it; None when it is as it should be."""
    match line:
        case KnownFailure() if _taken_for(line.expect, output):
            return (
                f"“{line.text}”：这句现在答对了，请从 known_failures 里删掉",
                "想一直守住它，就移到 must 里",
            )
        case KnownFailure():
            return None
        case MustLine() if not _taken_for(line.expect, output):
            return (
                f"“{line.text}”应为 {line.expect}，现在是 {given(output)}",
                "给该答的那一条补说法；一时改不好，就移到 known_failures 里，写明原因",
            )
        case MustNotLine() if _taken_for(line.never, output):
            return (
                f"“{line.text}”绝不能是 {line.never}，现在却是",
                "把这句写进那一条的 not_for，或者给该答的那一条补说法",
            )
        case _:
            return None


def _taken_for(meaning: str, output: Output) -> bool:
    """Return whether that is what came; entries only offered do not count."""
    decision: str = output["decision"]
    if meaning in MEANINGS:
        return decision == MEANINGS[meaning]
    return decision == "answer" and meaning in output["entries"]
