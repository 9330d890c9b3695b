"""What ``streets`` shows and how it is seen: its classes, a camera, the weather, a sheet for picture and labels.

Everything is placed in metres: ``x`` to the right of the car, ``y`` up from the road, ``z`` ahead of the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmtutorial.datasets.classes import ClassTable
from mmtutorial.datasets.drawn.painting import Array

# In the order and, where there is one, the colour of Cityscapes.
ROAD, PAVEMENT, BUILDING, FENCE, POLE, SIGN, VEGETATION, SKY, PERSON, CYCLIST, CAR = range(11)

CLASSES = ClassTable(
    names=(
        "road",
        "pavement",
        "building",
        "fence",
        "pole",
        "sign",
        "vegetation",
        "sky",
        "person",
        "cyclist",
        "car",
    ),
    palette=(
        (128, 64, 128),
        (244, 35, 232),
        (70, 70, 70),
        (190, 153, 153),
        (153, 153, 153),
        (220, 220, 0),
        (107, 142, 35),
        (70, 130, 180),
        (220, 20, 60),
        (119, 11, 32),
        (0, 0, 142),
    ),
    # Id 0 is road, a class like any other.
    background_ids=(),
)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera that looks along the road.

    Attributes:
        focal: Focal length in pixels.
        horizon: Row of the horizon.
        centre: Column of the vanishing point of the road.
        height: Metres above the road.
    """

    focal: float
    horizon: float
    centre: float
    height: float

    def column(self, x: float, z: float) -> float:
        """Return column of a point ``x`` metres to the right and ``z`` metres ahead."""
        return self.centre + self.focal * x / z

    def row(self, y: float, z: float) -> float:
        """Return row of a point ``y`` metres above the road and ``z`` metres ahead."""
        return self.horizon + self.focal * (self.height - y) / z


@dataclass(frozen=True)
class Weather:
    """Light and air.

    Attributes:
        haze: Colour ``(3,)``, 0..1, into which distant things fade.
        sight: Distance in metres after which about a third of a thing's own colour is left.
        left: Brightness of walls on the left of the road; the sun shines from one side or from neither.
        right: Brightness of walls on the right.
        shadow: Brightness of the road in the shade of the houses; 1 under a grey sky.
    """

    haze: Array
    sight: float
    left: float
    right: float
    shadow: float


class Sheet:
    """A picture and its labels.

    Attributes:
        picture: ``(3, size, size)``, 0..1.
        mask: ``(size, size)``, ids.
        noise: Smooth noise ``(size, size)``, about -1..1, from which all leaves and plaster take their grain.
    """

    def __init__(self, size: int, noise: Array) -> None:
        self.picture: Array = np.zeros((3, size, size), dtype=np.float32)
        self.mask: NDArray[np.uint8] = np.zeros((size, size), dtype=np.uint8)
        self.noise = noise

    def lay(self, rows: slice, columns: slice, through: Array, paint: Array, label: int | NDArray[np.uint8]) -> None:
        """Lay one thing over what is there. Picture and mask change together, here and nowhere else.

        Args:
            rows: Rows of the box that is painted, ``h`` of them.
            columns: Columns of the box, ``w`` of them.
            through: Share of each pixel that the thing leaves uncovered, 0..1, ``(h, w)``. A pixel takes the
                label where that is less than half, which is where its centre lies inside the outline.
            paint: The thing's colour times the share that it covers, ``(3, h, w)``.
            label: The id, one or one a column.
        """
        box = self.picture[:, rows, columns]
        box *= through
        box += paint
        np.copyto(self.mask[rows, columns], label, where=through < np.float32(0.5))

    def darken(self, rows: slice, columns: slice, shade: Array) -> None:
        """Multiply the picture by ``shade`` ``(h, w)``: a shadow, which leaves the labels alone."""
        self.picture[:, rows, columns] *= shade


def from_half(place: Array) -> Array:
    """Return distance of each number to the nearest half between two whole ones, 0..0.5: for patterns that repeat.

    Several times faster than ``np.abs(place % 1 - 0.5)``, which it equals.
    """
    rest = np.floor(place)
    np.subtract(place, rest, out=rest)
    rest -= 0.5
    result: Array = np.abs(rest, out=rest)
    return result


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a uniform number; several times cheaper than ``rng.uniform``."""
    return low + (high - low) * rng.random()


@dataclass(frozen=True)
class Easel:
    """What every painter needs: chance, something to paint on, and how it is seen."""

    rng: np.random.Generator
    sheet: Sheet
    camera: Camera
    weather: Weather

    def between(self, low: float, high: float) -> float:
        """Return a uniform number."""
        return between(self.rng, low, high)

    def chance(self, of: float) -> bool:
        """Tell whether something happens that happens with this chance."""
        return self.rng.random() < of
