"""The tables of a run as Markdown, for a README or a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmtutorial.results.records import ArmScores, Difference, Results


def markdown_tables(results: Results) -> str:
    """Two tables: the arms, then their paired differences; Markdown without a newline at the end."""
    return "\n".join([*_arms(results.arms), "", *_differences(results.comparisons)])


def _arms(arms: Sequence[ArmScores]) -> Iterator[str]:
    yield "| arm | mIoU, % | 95 % interval | seeds | steps: proxy, tuning, segmentation | kNN purity before, after |"
    yield "|---|---|---|---|---|---|"
    for arm in arms:
        steps = ", ".join(str(arm.steps.get(stage, 0)) for stage in ("proxy", "tuning", "segmentation"))
        purity = "" if arm.purity is None else f"{arm.purity[0]:.2f}, {arm.purity[1]:.2f}"
        yield (
            f"| `{arm.arm}` | {arm.mean:.1f} | {_interval(arm.interval, '.1f')} | {len(arm.seeds)} "
            f"| {steps} | {purity} |"
        )


def _differences(comparisons: Sequence[Difference]) -> Iterator[str]:
    yield "| difference | points | 95 % interval, paired by seed |"
    yield "|---|---|---|"
    for pair in comparisons:
        yield f"| `{pair.a}` - `{pair.b}` | {pair.value:+.1f} | {_interval(pair.interval, '+.1f')} |"


def _interval(ends: tuple[float, float] | None, form: str) -> str:
    return "none, one seed" if ends is None else f"{ends[0]:{form}} to {ends[1]:{form}}"
