"""What every reader gives, the shapes of one photo, and what readers share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.annotations.findings import Fault, Findings
from mmtutorial.annotations.labels import one_label
from mmtutorial.annotations.photos import Reference
from mmtutorial.annotations.shapes import Point, Shape
from mmtutorial.datasets import files
from mmtutorial.errors import InputError

DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, OSError, SyntaxError)
"""What reading an entry raises that is not as its format says."""


@dataclass(frozen=True)
class Annotated:
    """The shapes of one photo.

    Attributes:
        references: what the export says about where the photo is; all that lead to a photo must lead to the same.
        shapes: in the order in which they lie over one another; the last covers the earlier ones.
        where: the file and place in it, for messages.
        size: width and height in pixels of the photo on which they were drawn, if the export says so.
        relative: places are parts of the photo's sides, from 0 to 1, not pixels.
        finished: False where the photo is listed without a shape, and nothing says that somebody has looked at it.
        mask: the file, where it is a picture, which then is no photo.
    """

    references: tuple[Reference, ...]
    shapes: tuple[Shape, ...]
    where: str
    size: tuple[int, int] | None = None
    relative: bool = False
    finished: bool = True
    mask: Path | None = None


@dataclass(frozen=True)
class Export:
    """A file of an export, and what its reader needs beside it.

    Attributes:
        path: the file.
        root: the folder that was given, or that of the file.
        findings: where faults and remarks go.
        attribute: for VIA, the attribute of a region that holds its class.
    """

    path: Path
    root: Path
    findings: Findings
    attribute: str | None = None

    @property
    def beside(self) -> Path:
        """Folder of the file within the folder that was given."""
        return self.path.parent.relative_to(self.root)


class Entries:
    """Makes shapes of the entries of one photo, and notes those of which none can be made.

    A point has no area. Programs set points to prompt a mask, so points beside areas are passed over, with a remark;
    points without any area are a fault, as is a line, which somebody meant as an outline.
    """

    def __init__(self, where: str, program: str, findings: Findings) -> None:
        self.where, self.program, self.findings = where, program, findings
        self._shapes: list[Shape] = []
        self._points = 0
        self._faults = False

    def add(self, make: Callable[..., Shape | Iterable[Shape]], *given: object) -> None:
        """Add what ``make(*given, self)`` makes of an entry; what it raises becomes a fault."""
        try:
            made = make(*given, self)
            self._shapes.extend([made] if isinstance(made, Shape) else made)
        except Fault as fault:
            self._faults = True
            self.findings.fault(self.where, str(fault), fault.remedy)
        except InputError:
            raise
        except DAMAGE as error:
            self._faults = True
            what = f"an entry is not as {self.program} writes it ({reason(error)})"
            self.findings.fault(self.where, what, f"save or export it again with {self.program}")

    def point(self) -> None:
        """Pass over a point."""
        self._points += 1

    def shapes(self) -> tuple[Shape, ...]:
        """Return all shapes."""
        if self._points and not self._shapes and not self._faults:
            what = "it has nothing but points, which are of a kind unknown here: they have no area"
            self.findings.fault(self.where, what, f"draw areas in {self.program}: polygons, boxes or a brush")
        elif self._points:
            self.findings.remark("passed over: photos with points beside their outlines", self.where)
        return tuple(self._shapes)

    def label(self, labels: Iterable[object], noun: str) -> str:
        """Return the one label of a shape.

        Raises:
            Fault: it has none, several, or one that cannot be used.
        """
        try:
            return one_label(labels)
        except ValueError as error:
            raise Fault(
                f"a {noun} {error}", f"give each shape one label in {self.program}, then export again"
            ) from None

    def pixels(self, label: str, decode: Callable[[], NDArray[np.bool_]]) -> Callable[[], NDArray[np.bool_]]:
        """Return a function that decodes a painted region; a region that cannot be decoded is a fault."""

        def decoded() -> NDArray[np.bool_]:
            try:
                return decode()
            except DAMAGE as error:
                what = f"the painted region '{label}' is not as {self.program} writes it ({reason(error)})"
                raise Fault(what, f"save or export it again with {self.program}") from None

        return decoded

    def line(self, label: str, noun: str) -> Fault:
        """Return the fault that a shape is a line."""
        return Fault(f"the shape '{label}' is a {noun}, without an area", "draw it as a polygon")

    def unknown(self, label: str, kind: str) -> Fault:
        """Return the fault that a shape is of a kind for which there is no rule."""
        return Fault(f"the shape '{label}' is of a kind unknown here ({kind})", "draw it as a polygon")


def reason(error: Exception) -> str:
    """Return an error in few words, for people."""
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__


def pairs(numbers: Iterable[Any]) -> tuple[Point, ...]:
    """Return x, y, x, y, ... as points.

    Raises:
        ValueError: they are not numbers, or not an even count of them.
    """
    flat = [float(number) for number in numbers]
    if len(flat) % 2:
        raise ValueError(f"a polygon has {len(flat)} numbers, which are no pairs of x and y")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def picture_size(width: Any, height: Any) -> tuple[int, int] | None:
    """Return width and height in pixels, None where the export leaves them out.

    Raises:
        ValueError: they are no positive whole numbers.
    """
    if width is None or height is None:
        return None
    sides = float(width), float(height)
    if not all(math.isfinite(side) and side >= 1 and side == int(side) for side in sides):
        raise ValueError(f"its size is {width} x {height}")
    return int(sides[0]), int(sides[1])


def read_json(path: Path) -> Any:
    """Return the JSON of a file.

    Raises:
        Fault: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise Fault(f"cannot read it as JSON ({error})", "export it again") from None


def read_text(path: Path) -> str:
    """Return a file's text, in whatever encoding Windows wrote it.

    Raises:
        Fault: it cannot be read, or is no text.
    """
    try:
        return files.read_text(path, "text")
    except InputError as error:
        raise Fault(f"cannot read it ({error.__cause__})", "export it again") from None
