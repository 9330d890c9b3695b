"""How mIoU changes with one setting: a line per arm, with its 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled


@dataclass(frozen=True)
class Setting:
    """One arm at one value of the setting.

    Attributes:
        value: The value; a name where the setting is not a number.
        mean: Mean mIoU in percent.
        bounds: Its 95 % interval, or None.
    """

    value: float | str
    mean: float
    bounds: tuple[float, float] | None = None


@styled
def ablation_curves(
    arms: Mapping[str, Sequence[Setting]], *, title: str, setting: str, log: bool = False, order: Sequence[str] = ()
) -> Picture:
    """Draw one line per arm over the values of a setting; a band is the 95 % interval of the mean.

    Args:
        arms: For each arm its points, in any order.
        title: Title of the figure.
        setting: Name of the horizontal axis.
        log: Whether equal factors take equal room, as for a number of images. Values of zero or below forbid it.
        order: All names of the experiment: one that is no arm's keeps its colour from figure to figure.
    """
    values = _axis_values(arms)
    numeric = all(isinstance(v, float) for v in values)
    places = {v: float(v) if numeric else float(i) for i, v in enumerate(values)}
    figure = style.new_figure(10, 4.6)
    axes = figure.add_subplot()
    alts = []
    for name, points in arms.items():
        look = style.arm_style(name, order or tuple(arms))
        _line(axes, sorted(points, key=lambda p: places[_key(p.value)]), places, look, name)
        alts.append(f"{name} " + ", ".join(f"{words.number(p.mean)} at {_label(p.value)}" for p in points))
    if log and numeric and min(places.values()) > 0:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(list(places.values()), [_label(v) for v in places])
    axes.set_xlabel(setting)
    axes.set_ylabel("mIoU, percent")
    axes.set_title(title)
    style.light_grid(axes, "y")
    style.line_legend(figure, axes)
    return Picture(figure, f"{title}: mean mIoU in percent over {setting}. {'; '.join(alts)}.")


def _line(
    axes: Axes, points: Sequence[Setting], places: dict[float | str, float], look: style.ArmStyle, name: str
) -> None:
    x = [places[_key(p.value)] for p in points]
    # A point without an interval breaks the band there rather than pretending to an interval of width zero.
    low = [p.bounds[0] if p.bounds else float("nan") for p in points]
    high = [p.bounds[1] if p.bounds else float("nan") for p in points]
    axes.fill_between(x, low, high, color=look.color, alpha=0.16, linewidth=0)
    means = [p.mean for p in points]
    axes.plot(x, means, color=look.color, linestyle=look.dash, marker=look.marker, markersize=8, label=name)


def _axis_values(arms: Mapping[str, Sequence[Setting]]) -> list[float | str]:
    """Return all values: numbers in their order, names as they first occur; names where any is a name."""
    found = list(dict.fromkeys(_key(p.value) for points in arms.values() for p in points))
    numbers = [v for v in found if isinstance(v, float)]
    return [*sorted(numbers)] if len(numbers) == len(found) else found


def _key(value: float | str) -> float | str:
    return value if isinstance(value, str) else float(value)


def _label(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,g}" if abs(value) < 1e5 else f"{value:,.0f}"
