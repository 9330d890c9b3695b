"""What the annotation programs have in common: labelled shapes on a photo, and how they become a mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

Point = tuple[float, float]


@dataclass(frozen=True)
class Polygon:
    """A filled outline.

    Attributes:
        label: Name of its class.
        points: Corners x, y in pixels; (0, 0) is the photo's upper left corner.
    """

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Ellipse:
    """A filled ellipse, upright: ``box`` is left, top, right, bottom in pixels."""

    label: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Painted:
    """Pixels painted with a brush: ``inside`` is ``(h, w)``, its upper left corner at ``left``, ``top``."""

    label: str
    inside: NDArray[np.bool_]
    left: int = 0
    top: int = 0


Shape = Polygon | Ellipse | Painted


@dataclass(frozen=True)
class Annotated:
    """The shapes of one photo, in the order in which they lie over one another.

    Attributes:
        photo: File name of the photo.
        shapes: The last covers the earlier ones.
        where: The file and place in it, for messages.
        size: Width and height in pixels, if the export says so.
    """

    photo: str
    shapes: tuple[Shape, ...]
    where: str
    size: tuple[int, int] | None = None


def rectangle(label: str, left: float, top: float, right: float, bottom: float) -> Polygon:
    """Returns an upright rectangle."""
    return Polygon(label, ((left, top), (right, top), (right, bottom), (left, bottom)))


def draw_mask(shapes: Sequence[Shape], size: tuple[int, int], ids: Mapping[str, int], rest: int) -> NDArray[np.uint8]:
    """Draws shapes over one another.

    Args:
        shapes: The last covers the earlier ones.
        size: Width and height in pixels.
        ids: The id of each label.
        rest: The id of pixels in no shape.

    Returns:
        ``(H, W)`` ids. Never smoothed: a pixel has one id or another.
    """
    width, height = size
    mask = np.full((height, width), rest, dtype=np.uint8)
    for shape in shapes:
        if isinstance(shape, Painted):
            left, top, inside = shape.left, shape.top, shape.inside
        else:
            left, top, inside = _filled(shape, size)
        # A view of what is covered, cut off where the shape reaches beyond the photo.
        covered = mask[max(top, 0) : top + inside.shape[0], max(left, 0) : left + inside.shape[1]]
        cut = inside[max(-top, 0) :, max(-left, 0) :][: covered.shape[0], : covered.shape[1]]
        covered[cut] = ids[shape.label]
    return mask


def _filled(shape: Polygon | Ellipse, size: tuple[int, int]) -> tuple[int, int, NDArray[np.bool_]]:
    """Left, top, and the pixels whose middle lies inside.

    Pillow's ``ImageDraw`` would be quicker, but it draws the outline as well, and so makes every shape fatter.
    """
    if isinstance(shape, Polygon):
        outline = Path(shape.points)
    else:
        left, top, right, bottom = shape.box
        middle, radii = ((left + right) / 2, (top + bottom) / 2), ((right - left) / 2, (bottom - top) / 2)
        outline = Path.unit_circle().transformed(Affine2D().scale(*radii).translate(*middle))
    corners = np.asarray(outline.get_extents().get_points())
    left, top = np.floor(corners[0]).astype(int).clip(0, size)
    right, bottom = np.ceil(corners[1]).astype(int).clip(0, size)
    x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
    inside = outline.contains_points(np.stack((x.ravel(), y.ravel()), axis=1)).reshape(x.shape)
    return int(left), int(top), inside
