"""The lines of must.yaml held against what the desk said. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.evaluate import Output
from bot.exam.report import given
from bot.faq.problem import Problem
from bot.faq.schema import MEANINGS, MustFile
from bot.faq.source import Source


def texts(model: MustFile) -> list[str]:
    """Return what is to be asked: must, must_not, known_failures, as written."""
    parts = (model.must, model.must_not, model.known_failures)
    return [line.text for part in parts for line in part]


def failures(
    source: Source[MustFile], model: MustFile, outputs: Sequence[Output]
) -> Iterator[Problem]:
    """Give what is wrong, at its place in the file; outputs stand in the order of `texts`.

    A known failure that is answered right by now is wrong too: its line has to go.
    """
    said = iter(outputs)
    for place, (line, output) in enumerate(zip(model.must, said, strict=False)):
        if not _taken_for(line.expect, output):
            yield source.problem(
                ("must", place, "text"),
                f"“{line.text}”应为 {line.expect}，现在是 {given(output)}",
                "给该答的那一条补说法；一时改不好，就移到 known_failures 里，写明原因",
            )
    for place, (never, output) in enumerate(zip(model.must_not, said, strict=False)):
        if _taken_for(never.never, output):
            yield source.problem(
                ("must_not", place, "text"),
                f"“{never.text}”绝不能是 {never.never}，现在却是",
                "把这句写进那一条的 not_for，或者给该答的那一条补说法",
            )
    for place, (known, output) in enumerate(zip(model.known_failures, said, strict=False)):
        if _taken_for(known.expect, output):
            yield source.problem(
                ("known_failures", place, "text"),
                f"“{known.text}”：这句现在答对了，请从 known_failures 里删掉",
                "想一直守住它，就移到 must 里",
            )


def _taken_for(meaning: str, output: Output) -> bool:
    """Return whether that is what came; entries only offered do not count."""
    decision: str = output["decision"]
    if meaning in MEANINGS:
        return decision == MEANINGS[meaning]
    return decision == "answer" and meaning in output["entries"]
