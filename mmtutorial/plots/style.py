"""The one style of all pictures: type, colours safe for the colour-blind, and a marker shape per class."""

from __future__ import annotations

from collections.abc import Sequence
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

INK = "#1B1F24"
FAINT = "#8A9099"
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
    "grid.color": "#E3E5E8",
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
    """Gives each class a colour and a marker.

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
            color = BACKGROUND if safe else _hex(classes.palette[index])
            styles.append(ClassStyle(name, color, BACKGROUND_MARKER, background=True))
            continue
        place = classes.object_ids.index(index)
        color = SAFE_COLOURS[place] if safe else _hex(classes.palette[index])
        styles.append(ClassStyle(name, color, MARKERS[place % len(MARKERS)]))
    return tuple(styles)


def arm_style(index: int) -> ArmStyle:
    """Returns the look of the arm at a place in the list of arms."""
    # Pale colours make weak lines on white, so lines use the dark ones and vary the dash.
    strong = [SAFE_COLOURS[i] for i in (0, 3, 2, 7, 5, 4, 1, 9)]
    dashes = ("-", "--", ":", "-.")
    color = strong[index % len(strong)]
    return ArmStyle(color, MARKERS[index % len(MARKERS)], dashes[index % len(dashes)])


def style_of(styles: Sequence[ClassStyle], label: int) -> ClassStyle:
    """Returns the style of a label; void and unknown ids get the neutral one."""
    return styles[label] if 0 <= label < len(styles) else ClassStyle("void", VOID_GREY, "x")


def paint(mask: NDArray[Any], styles: Sequence[ClassStyle]) -> NDArray[np.uint8]:
    """Paints a mask ``(H, W)`` of class ids as a picture ``(H, W, 3)``, void in neutral grey."""
    table = np.tile(np.array(rgb_of(VOID_GREY), dtype=np.uint8), (VOID + 1, 1))
    for index, style in enumerate(styles):
        table[index] = rgb_of(style.color)
    painted: NDArray[np.uint8] = table[np.clip(mask, 0, VOID).astype(np.int64)]
    return painted


def new_figure(width: float, height: float) -> Figure:
    """Makes a figure that belongs to no display and to no list of open figures."""
    return Figure(figsize=(width, height), layout="constrained")


def marker_legend(figure: Figure, styles: Sequence[ClassStyle]) -> Legend:
    """Puts a legend of colours and marker shapes under all panels."""
    handles = [
        Line2D([], [], marker=s.marker, color="none", markerfacecolor=s.color, markeredgecolor=INK, markersize=10)
        for s in styles
    ]
    return figure.legend(handles, [s.name for s in styles], loc="outside lower center", ncols=_columns(styles))


def patch_legend(figure: Figure, styles: Sequence[ClassStyle]) -> Legend:
    """Puts a legend of colour swatches under all panels."""
    handles = [Patch(facecolor=s.color, edgecolor=INK, linewidth=0.8) for s in styles]
    return figure.legend(handles, [s.name for s in styles], loc="outside lower center", ncols=_columns(styles))


def legend_columns(names: Sequence[str], *, sign: int) -> int:
    """Returns how many columns fill a legend's rows evenly in a figure 10 inches wide.

    Args:
        names: The entries.
        sign: Width of an entry's sign, in characters.
    """
    widest = max((len(name) for name in names), default=1) + sign
    fit = max(1, 105 // widest)
    rows = max(1, -(-len(names) // fit))
    return max(1, -(-len(names) // rows))


def hide_axes(axes: Axes, *, frame: bool = True) -> None:
    """Removes ticks, and leaves a thin frame so that a pale picture has an edge."""
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(frame)
        axes.spines[side].set_color(FAINT)


def light_grid(axes: Axes, axis: Literal["x", "y", "both"]) -> None:
    """Draws a pale grid behind the data."""
    axes.grid(True, axis=axis)
    axes.set_axisbelow(True)


def _columns(styles: Sequence[ClassStyle]) -> int:
    return legend_columns([s.name for s in styles], sign=5)


def _hex(rgb: tuple[int, int, int]) -> str:
    return "#{:02X}{:02X}{:02X}".format(*rgb)


def rgb_of(color: str) -> tuple[int, int, int]:
    """Returns the levels, 0-255, of a colour written as ``#RRGGBB``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
