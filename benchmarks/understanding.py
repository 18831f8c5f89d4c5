"""Time what the desk does with a question, beside a plain fuzzy search in the same run.

    python benchmarks/understanding.py [--questions 300] [--file QUESTIONS.jsonl]

The peer is `rapidfuzz.process.extractOne` with `WRatio` over every phrase of the FAQ, on the same
folded text. Milliseconds differ from machine to machine; the ratio of the two hardly does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rapidfuzz import fuzz, process  # noqa: E402

from bot.build import understanding  # noqa: E402
from bot.config import Settings  # noqa: E402
from bot.faq.value import Faq  # noqa: E402
from bot.text import squeeze  # noqa: E402

WARM_UP = 20


def main() -> None:
    """Print both times and their ratio."""
    options = _options()
    settings = Settings(data_dir=str(ROOT / "data"), faq_dir=str(ROOT / "faq"))
    mind = understanding(settings, print)
    phrases = [squeeze(p) for entry in mind.faq.entries.values() for p in entry.phrases]
    asked = _written(options.file) if options.file else _made(mind.faq)
    questions = _spread(asked, options.questions + WARM_UP)

    def ours(text: str) -> object:
        return mind.sense(text) or mind.read(text)

    def peer(text: str) -> object:
        return process.extractOne(squeeze(text), phrases, scorer=fuzz.WRatio)

    took_ours: list[float] = []
    took_peer: list[float] = []
    for text in questions:  # turn about, so that a busy machine slows both
        took_ours.append(_ms(ours, text))
        took_peer.append(_ms(peer, text))
    took_ours, took_peer = took_ours[WARM_UP:], took_peer[WARM_UP:]

    characters = statistics.mean(len(q) for q in questions)
    print(
        f"{len(took_ours)} questions of {characters:.0f} characters on average; "
        f"{len(mind.faq.entries)} entries, {len(phrases)} phrases"
    )
    print(_line("desk (danger and understanding)", took_ours))
    print(_line("peer (extractOne, WRatio)", took_peer))
    print(
        f"ratio of the medians: {statistics.median(took_ours) / statistics.median(took_peer):.2f}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="ms per question, as a ratio against a peer")
    parser.add_argument("--questions", type=int, default=300, help="how many to time")
    parser.add_argument("--file", type=Path, help='JSON Lines with a "text" each, to ask instead')
    return parser.parse_args()


def _written(file: Path) -> list[str]:
    lines = file.read_text("utf-8").splitlines()
    return [str(json.loads(line)["text"]) for line in lines if line.strip()]


def _made(faq: Faq) -> list[str]:
    """Return questions that are no phrase of the FAQ: each phrase without its middle character."""
    return [
        phrase[: len(phrase) // 2] + phrase[len(phrase) // 2 + 1 :]
        for entry in faq.entries.values()
        for phrase in entry.phrases
        if len(phrase) > 4
    ]


def _spread(texts: list[str], count: int) -> list[str]:
    """Return that many of the texts, evenly spread over them; all when there are fewer."""
    texts = list(dict.fromkeys(texts))
    step = max(1, len(texts) // count)
    return texts[::step][:count]


def _ms(work: Callable[[str], object], text: str) -> float:
    start = time.perf_counter()
    work(text)
    return (time.perf_counter() - start) * 1000


def _line(name: str, took: list[float]) -> str:
    ordered = sorted(took)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"{name:32} p50 {statistics.median(ordered):6.2f} ms   p99 {p99:6.2f} ms"


if __name__ == "__main__":
    main()
