"""Numbers in words: how a value, an interval and a comparison are said in captions, tables and alt text."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

Bounds = tuple[float, float] | None

NOTHING = "\N{EN DASH}"
"""What stands in a cell that has no number."""


class Verdict(Enum):
    """What the interval of a difference lets one say."""

    ABOVE = "above"
    BELOW = "below"
    NOT_SHOWN = "not shown"
    ONE_SEED = "no interval"


def verdict(difference: float, interval: Bounds) -> Verdict:
    """Judge a difference by whether its interval excludes zero, and by nothing else.

    Args:
        difference: The difference, in points of mIoU.
        interval: Its 95 % interval, or None where one seed gives none.
    """
    if interval is None:
        return Verdict.ONE_SEED
    low, high = interval
    if low > 0 and difference > 0:
        return Verdict.ABOVE
    if high < 0 and difference < 0:
        return Verdict.BELOW
    return Verdict.NOT_SHOWN


def compare(a: str, b: str, difference: float, interval: Bounds, seeds: int) -> str:
    """Say in one sentence what a comparison of two arms shows.

    Args:
        a: The arm from which ``b`` is subtracted.
        b: The other arm.
        difference: mIoU of ``a`` less that of ``b``, in points.
        interval: The 95 % interval of the difference, or None.
        seeds: The number of seeds that both arms have.

    Returns:
        For example ``random+graph is 4.2 points above random (95 % interval 2.9 to 5.5, 5 seeds).``

    Example:
        >>> compare("random+graph", "random", 4.2, (2.9, 5.5), 5)
        'random+graph is 4.2 points above random (95 % interval 2.9 to 5.5, 5 seeds).'
    """
    found = verdict(difference, interval)
    if found is Verdict.ONE_SEED or interval is None:
        direction = "above" if difference >= 0 else "below"
        return (
            f"{a} came out {points(abs(difference))} {direction} {b}, but there is no interval "
            f"({count(seeds, 'seed')}): this may be chance."
        )
    basis = f"95 % interval {span(interval)}, {count(seeds, 'seed')}"
    if found is Verdict.NOT_SHOWN:
        return f"No difference shown between {a} and {b}: {signed(difference)} points ({basis})."
    return f"{a} is {points(abs(difference))} {found.value} {b} ({basis})."


def number(value: float | None, digits: int = 1) -> str:
    """Write a number with a true minus sign, or a dash for no number."""
    if value is None or value != value:
        return NOTHING
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "\N{MINUS SIGN}")


def signed(value: float, digits: int = 1) -> str:
    """Write a difference with its sign."""
    text = number(value, digits)
    return f"+{text}" if float(f"{value:.{digits}f}") > 0 else text


def span(interval: Bounds, digits: int = 1) -> str:
    """Write an interval as ``2.9 to 5.5``, or a dash for none."""
    return NOTHING if interval is None else f"{number(interval[0], digits)} to {number(interval[1], digits)}"


def points(value: float) -> str:
    """Write a difference of percentages: ``4.2 points``."""
    text = number(value)
    return f"{text} point" if text == "1.0" else f"{text} points"


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Write a count with its noun: ``1 seed``, ``5 seeds``, ``2,000 patches``.

    Example:
        >>> count(1, "seed"), count(2000, "patch", "patches")
        ('1 seed', '2,000 patches')
    """
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Join names as in a sentence: ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def folded(name: str, most: int = 0) -> str:
    """Break a long name in two: after its comma, before its plus, or else at its first blank.

    Args:
        name: A name of one line.
        most: A name of at most so many characters stays whole.
    """
    if len(name) <= most:
        return name
    for mark, broken in ((", ", ",\n"), ("+", "\n+"), (" ", "\n")):
        if mark in name:
            return name.replace(mark, broken, 1)
    return name
