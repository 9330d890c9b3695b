"""What a run found, in sentences made from its numbers alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmtutorial import words
from mmtutorial.results.records import Results


def summary(results: Results) -> str:
    """Says in a few sentences what was found, from the numbers alone."""
    best = max(results.arms, key=lambda arm: arm.mean)
    basis = f"95 % interval {words.span(best.interval)}, " if best.interval else ""
    text = (
        f"The highest mean is that of {best.arm}: {words.number(best.mean)} % mIoU "
        f"({basis}{words.count(len(best.seeds), 'seed')})."
    )
    found = [words.verdict(c.value, c.interval) for c in results.comparisons]
    if not found:
        return f"{text} No arms were compared."
    if all(v is words.Verdict.ONE_SEED for v in found):
        chance = "One seed gives no interval: what separates these arms may be chance."
        return f"{text} {chance} Run several, as in --seeds 0-4."
    clear = sum(v in (words.Verdict.ABOVE, words.Verdict.BELOW) for v in found)
    have = "has" if clear == 1 else "have"
    return f"{text} Of {words.count(len(found), 'comparison')}, {clear} {have} an interval that excludes zero."


def findings(results: Results) -> Iterator[dict[str, Any]]:
    """Yields each comparison with its verdict and its sentence."""
    for c in results.comparisons:
        seeds = len(results.paired(c))
        found = words.verdict(c.value, c.interval)
        sentence = words.compare(c.a, c.b, c.value, c.interval, seeds)
        yield {
            "comparison": c,
            "seeds": seeds,
            "verdict": found.value,
            "kind": found.name.lower(),
            "sentence": sentence,
        }
