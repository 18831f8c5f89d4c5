"""A change tried in a process of its own: the FAQ as it is and as it would be, the same questions.

Learning takes a minute of one core and gigabytes: the desk itself must not notice.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.dialogue import Handler
from bot.editing.impact import (
    Impact,
    Question,
    Told,
    compare,
    load_question,
    load_told,
    question_json,
    told_json,
)
from bot.engine import Desk
from bot.errors import BotError, FaqError
from bot.faq.load import read
from bot.faq.problem import errors
from bot.faq.value import Faq
from bot.matching.training import kept, trained
from bot.matching.understand import Understanding
from bot.model import Message
from bot.storage.store import Store

CANDIDATES = "candidates"
"""The folder, in the models' cache, of models that are not served yet."""

_AT_ONCE = 32
_LONGEST_S = 900.0


class RehearsalFailed(BotError):
    """The trial could not be made; the message is Chinese."""


class Rehearsal:
    """Tries drafts one after the other."""

    def __init__(self, folder: Path, cache: Path, command: Sequence[str] | None = None) -> None:
        self._folder = folder
        self._cache = cache
        self._command = command or (sys.executable, "-m", "run_bot", "rehearse")
        self._one_at_a_time = asyncio.Lock()

    async def impact(
        self, instead: Mapping[str, bytes], past: Sequence[str], edited: Sequence[str]
    ) -> Impact:
        """Return what these files would change; raises RehearsalFailed."""
        job = {
            "instead": {n: base64.b64encode(raw).decode() for n, raw in instead.items()},
            "past": list(past),
        }
        async with self._one_at_a_time:
            done = await self._run(job)
        return compare(
            [load_question(each) for each in done["questions"]],
            [load_told(each) for each in done["before"]],
            [load_told(each) for each in done["after"]],
            edited,
        )

    async def exam(self) -> list[tuple[Question, Told]]:
        """Return what the FAQ's own labelled questions get now; raises RehearsalFailed."""
        async with self._one_at_a_time:
            done = await self._run({"instead": {}, "past": []})
        questions = [load_question(each) for each in done["questions"]]
        return list(zip(questions, map(load_told, done["before"]), strict=True))

    async def _run(self, job: Mapping[str, Any]) -> Any:
        where = {"folder": str(self._folder.absolute()), "cache": str(self._cache.absolute())}
        given = json.dumps({**where, **job}, ensure_ascii=False).encode()
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # -m finds run_bot from here
            cwd=Path(__file__).parents[2],
        )
        try:
            out, complaints = await asyncio.wait_for(process.communicate(given), _LONGEST_S)
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        if process.returncode:
            last = complaints.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise RehearsalFailed(f"试算没有成功：{''.join(last) or '没有说明原因'}")
        return json.loads(out)


async def rehearse(job: Mapping[str, Any], handlers: Sequence[Handler]) -> dict[str, Any]:
    """Return what each question gets before and after; this is what the process does."""
    folder, cache = Path(job["folder"]), Path(job["cache"])
    instead = {name: base64.b64decode(raw) for name, raw in job["instead"].items()}
    now_served = _read(folder, {})
    minds = [Understanding.of(now_served, trained(now_served, cache))]
    would_be = _read(folder, instead)
    if _listening(would_be) != _listening(now_served):
        model = kept(would_be, cache) or trained(would_be, cache / CANDIDATES)
        minds.append(Understanding.of(would_be, model))
    labelled = [
        Question(line.text, tuple(sorted(line.right)), line.danger, line.held_out)
        for line in now_served.exam
        if line.single
    ]
    known = {q.text for q in labelled}
    past = [Question(text) for text in dict.fromkeys(job["past"]) if text not in known]
    questions = [*labelled, *past]
    told = [[told_json(t) for t in await _told(m, handlers, questions)] for m in minds]
    return {
        "questions": [question_json(q) for q in questions],
        "before": told[0],
        "after": told[-1],
    }


def _listening(faq: Faq) -> object:
    """Return all of a FAQ that decides which entry a question gets."""
    entries = ((e.id, e.title, e.question, e.phrases, e.not_for) for e in faq.entries.values())
    kin = tuple(e.related for e in faq.entries.values())
    bare = tuple(topic.bare for topic in faq.topics)
    return tuple(entries), kin, bare, faq.lexicon, faq.danger, faq.elsewhere


def take_over_models(cache: Path) -> None:
    """Move models made for trials to where the desk looks for them: nothing is learned twice."""
    for model in (cache / CANDIDATES).glob("model-*.pickle"):
        model.replace(cache / model.name)


def _read(folder: Path, instead: Mapping[str, bytes]) -> Faq:
    faq, problems = read(folder, instead)
    if faq is None or errors(problems):
        raise FaqError(errors(problems))
    return faq


async def _told(
    mind: Understanding, handlers: Sequence[Handler], questions: Sequence[Question]
) -> list[Told]:
    store = await Store.open(None)
    try:
        desk = Desk(store, mind, handlers)
        at = datetime.now(UTC)
        told = []
        for start in range(0, len(questions), _AT_ONCE):
            texts = [q.text for q in questions[start : start + _AT_ONCE]]
            # Together, which takes half as long as one by one.
            mind.model.listen([plain for t in texts if (plain := mind.wording.plain(t))])
            told += [
                Told.of(desk.preview(Message("memory", "rehearsal", "1", text, at)))
                for text in texts
            ]
        return told
    finally:
        await store.close()
