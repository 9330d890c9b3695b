"""The one style of all pictures: type, colours safe for the colour-blind, and a marker shape per class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from mmtutorial.datasets.classes import VOID, ClassTable
from mmtutorial.settings.names import SUFFIXES

INK = "#1B1F24"
QUIET = "#454C55"
"""Small type that explains."""
FAINT = "#8A9099"
PALE = "#E3E5E8"
BACKGROUND = "#3A3F47"
VOID_GREY = "#D6D6D6"

# The seven colours of Okabe and Ito (2008), then five more, each the furthest from all before it in CIELAB,
# where the least of normal, deuteranopic and protanopic sight counts. tests/plots checks the distances.
SAFE_COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
    "#5A2D00",
    "#C3F096",
    "#2D1EA5",
    "#5A78FF",
    "#5A0F69",
)
MARKERS = ("s", "^", "D", "v", "P", "X", "*", "p", "h", "<", ">", "d")
BACKGROUND_MARKER = "o"

# Pale colours make weak lines on white, so lines use the dark ones and vary the dash.
_LINE_COLOURS = tuple(SAFE_COLOURS[i] for i in (0, 3, 2, 7, 5, 4, 1, 9))
_DASHES = ("-", "--", ":", "-.")
# Every arm there is, by its two halves; tests/plots compares with the arms themselves, which are above this floor.
_STARTS = (
    "random",
    "colorization",
    "jigsaw",
    "classification",
    "imagenet",
    "inpainting",
    "bigan",
    "kmeans",
    "colorization-2016",
    "colorful",
    "splitbrain",
    "vicreg",
)

# Type is set for a figure 10 inches wide that fills a projector or a page.
STYLE: Any = {
    "font.size": 12.0,
    "axes.titlesize": 13.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 12.0,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": PALE,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "figure.facecolor": "white",
    "legend.frameon": False,
    "legend.fontsize": 11.5,
    "lines.linewidth": 2.2,
    # A class named "$cost$" is a name, not a formula.
    "text.parse_math": False,
    # The same figure gives the same SVG text each time.
    "svg.hashsalt": "mmtutorial",
}


@dataclass(frozen=True)
class ClassStyle:
    """How one class looks wherever it is drawn.

    Attributes:
        name: Name of the class.
        color: Its colour, ``#RRGGBB``.
        marker: Its matplotlib marker, so that colour is never the only sign.
        background: Whether the class is background rather than an object.
    """

    name: str
    color: str
    marker: str
    background: bool = False


@dataclass(frozen=True)
class ArmStyle:
    """Colour, marker and dash of one arm in line plots."""

    color: str
    marker: str
    dash: str


def class_styles(classes: ClassTable) -> tuple[ClassStyle, ...]:
    """Give each class a colour and a marker.

    Up to twelve object classes take colour-blind-safe colours; with more, no set of colours is safe, and the
    data set's own palette is used, with which its readers are familiar.

    Args:
        classes: The class table, K classes.

    Returns:
        K styles, in the order of the ids. A single background class is dark.
    """
    safe = len(classes.object_ids) <= len(SAFE_COLOURS) and len(classes.background_ids) <= 1
    styles = []
    for index, name in enumerate(classes.names):
        if index in classes.background_ids:
            color = BACKGROUND if safe else to_hex(classes.palette[index])
            styles.append(ClassStyle(name, color, BACKGROUND_MARKER, background=True))
            continue
        place = classes.object_ids.index(index)
        color = SAFE_COLOURS[place] if safe else to_hex(classes.palette[index])
        styles.append(ClassStyle(name, color, MARKERS[place % len(MARKERS)]))
    return tuple(styles)


def arm_style(name: str, others: Sequence[str] = ()) -> ArmStyle:
    """Return the look of an arm, the same wherever the arm is drawn: in figures, reports and explorers.

    The look follows from the arm's name alone. No two arms share colour, marker and dash; the arms of one
    pre-training differ in colour and in marker.

    Args:
        name: Name of the arm, ``PRETRAINING[+TUNING]``.
        others: Where the name is no arm's, all names of the figure: it takes the look of its place among them.
    """
    start, _, tuning = name.partition("+")
    if start in _STARTS and tuning in SUFFIXES:
        row, column = _STARTS.index(start), SUFFIXES.index(tuning)
    else:
        row, column = 0, others.index(name) if name in others else len(others)
    # Neighbours in either direction differ, and so do the plain arms of the first eight pre-trainings.
    color = _LINE_COLOURS[(column + 4 * row + row // 2) % len(_LINE_COLOURS)]
    return ArmStyle(color, MARKERS[(column + 6 * row) % len(MARKERS)], _DASHES[(column + column // 8) % len(_DASHES)])


def style_of(styles: Sequence[ClassStyle], label: int) -> ClassStyle:
    """Return the style of a label; void and unknown ids get the neutral one."""
    return styles[label] if 0 <= label < len(styles) else ClassStyle("void", VOID_GREY, "x")


def styles_in(styles: Sequence[ClassStyle], labels: NDArray[Any]) -> list[ClassStyle]:
    """Return the style of each label that occurs, in the order of the ids, as a legend needs them."""
    return [style_of(styles, int(label)) for label in np.unique(labels)]


def paint(mask: NDArray[Any], styles: Sequence[ClassStyle]) -> NDArray[np.uint8]:
    """Paint a mask ``(H, W)`` of class ids as a picture ``(H, W, 3)``, void in neutral grey."""
    table = np.tile(np.array(rgb_of(VOID_GREY), dtype=np.uint8), (VOID + 1, 1))
    for index, style in enumerate(styles):
        table[index] = rgb_of(style.color)
    painted: NDArray[np.uint8] = table[np.clip(mask, 0, VOID).astype(np.int64)]
    return painted


def rgb_of(color: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of ``#RRGGBB``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def to_hex(channels: Iterable[float]) -> str:
    """Return ``#RRGGBB`` of red, green and blue, 0 to 255, rounded."""
    return "#" + "".join(f"{round(channel):02X}" for channel in channels)


def blend(color: str, share: float, ground: str = "#FFFFFF") -> str:
    """Return a colour thinned on a ground: share 1 is the colour, 0 the ground."""
    return to_hex(share * top + (1 - share) * low for top, low in zip(rgb_of(color), rgb_of(ground), strict=True))


def luminance(color: str) -> float:
    """Return the relative luminance of a colour, 0 to 1, as WCAG 2.2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb_of(color))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def new_figure(width: float, height: float) -> Figure:
    """Make a figure that belongs to no display and to no list of open figures."""
    return Figure(figsize=(width, height), layout="constrained")


def line_legend(figure: Figure, axes: Axes) -> Legend:
    """Put a legend of the panel's named lines under all panels."""
    handles, names = axes.get_legend_handles_labels()
    return figure.legend(handles, names, loc="outside lower center", ncols=legend_columns(names, sign=8))


def marker_legend(figure: Figure, styles: Sequence[ClassStyle]) -> Legend:
    """Put a legend of colours and marker shapes under all panels."""
    handles = [
        Line2D([], [], marker=s.marker, color="none", markerfacecolor=s.color, markeredgecolor=INK, markersize=10)
        for s in styles
    ]
    return figure.legend(handles, [s.name for s in styles], loc="outside lower center", ncols=_columns(styles))


def patch_legend(figure: Figure, styles: Sequence[ClassStyle]) -> Legend:
    """Put a legend of colour swatches under all panels."""
    handles = [Patch(facecolor=s.color, edgecolor=INK, linewidth=0.8) for s in styles]
    return figure.legend(handles, [s.name for s in styles], loc="outside lower center", ncols=_columns(styles))


def legend_columns(names: Sequence[str], *, sign: int) -> int:
    """Return how many columns fill a legend's rows evenly in a figure 10 inches wide.

    Args:
        names: The entries.
        sign: Width of an entry's sign, in characters.
    """
    widest = max((len(name) for name in names), default=1) + sign
    fit = max(1, 105 // widest)
    rows = max(1, -(-len(names) // fit))
    return max(1, -(-len(names) // rows))


def hide_axes(axes: Axes, *, frame: bool = True) -> None:
    """Remove ticks, and leave a thin frame so that a pale picture has an edge."""
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(frame)
        axes.spines[side].set_color(FAINT)


def name_rows(axes: Axes, names: Sequence[str], *, size: float | None = None) -> None:
    """Name the rows of a panel from the top, and take away the axis that names make needless."""
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)


def value_column(axes: Axes, row: int, text: str, *, weight: str = "bold", size: float | None = None) -> None:
    """Write a row's value in a column of its own at the right edge of the panel."""
    axes.annotate(
        text,
        (1.02, row),
        xycoords=("axes fraction", "data"),
        va="center",
        ha="left",
        fontsize=size,
        fontweight=weight,
        annotation_clip=False,
    )


def light_grid(axes: Axes, axis: Literal["x", "y", "both"]) -> None:
    """Draw a pale grid behind the data."""
    axes.grid(True, axis=axis)
    axes.set_axisbelow(True)


def _columns(styles: Sequence[ClassStyle]) -> int:
    return legend_columns([s.name for s in styles], sign=5)
