"""Learn when a message asks for two things, from the FAQ's own labelled questions.

Prints the weights that stand in bot/matching/several.py, and what the lines that were held out
make of them. Run it again when the evidence there changes.

    python benchmarks/several.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.faq import load
from bot.faq.value import Labelled
from bot.matching import several
from bot.matching.training import trained
from bot.matching.understand import Understanding


def best_cut(mind: Understanding, line: Labelled) -> tuple[list[float], set[str]] | None:
    """Return the evidence for the message's best cut, and the two entries it gives."""
    cuts = several.cuts(line.text, mind.wording)
    if not cuts:
        return None
    pieces = [line.text, *(side for cut in cuts for side in (cut.left, cut.right))]
    whole, *sides = mind.rank([mind.wording.plain(piece) for piece in pieces])
    ours = mind.faq.entries.__contains__
    top = max((p for n, p in whole.items() if ours(n)), default=0.0)
    found = None
    for place, cut in enumerate(cuts):
        left, right = (several.best(sides[2 * place + side], ours) for side in (0, 1))
        if left[0] and right[0] and left[0] != right[0]:
            seen = several.evidence(cut, whole, top, left, right)
            product = left[1] * right[1]
            if found is None or product > found[0]:
                found = product, seen, {left[0], right[0]}
    return (found[1], found[2]) if found else None


def main() -> None:
    faq = load(Path("faq"))
    mind = Understanding.of(faq, trained(faq, Path("data/cache")))
    seen, asked, good, held = [], [], [], []
    for line in faq.exam:
        if line.danger:
            continue
        found = best_cut(mind, line)
        many = bool(line.label.get("ids"))
        wanted = set(line.label.get("ids") or ()) or {line.label["id"], *line.label.get("also", ())}
        seen.append(found[0] if found else [0.0] * 14)
        good.append(many and found is not None and found[1] <= wanted)
        asked.append((many, found is not None))
        held.append(line.held_out)
    evidence, right, apart = np.array(seen), np.array(good), np.array(held)
    many, cut = np.array(asked).T
    mean, scale = evidence[cut].mean(axis=0), evidence[cut].std(axis=0)
    learn = cut & ~apart
    head = LogisticRegression(max_iter=2000).fit((evidence[learn] - mean) / scale, right[learn])
    weights = head.coef_[0] / scale
    bias = head.intercept_[0] - float(weights @ mean)
    print("_BIAS =", round(bias, 3))
    print("_WEIGHTS =", tuple(float(w) for w in weights.round(3)))
    chance = np.where(cut, 1 / (1 + np.exp(-(evidence @ weights + bias))), 0)
    for at in (0.3, 0.4, 0.5, 0.6, 0.7):
        for name, which in (("learned from", ~apart), ("held out", apart)):
            both = (
                100 * (chance[which & many] >= at)[right[which & many]].sum() / (which & many).sum()
            )
            torn = 100 * (chance[which & ~many] >= at).mean()
            print(f"from {at}: both found {both:.1f} %, one question torn {torn:.1f} % ({name})")


if __name__ == "__main__":
    main()
