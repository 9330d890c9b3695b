"""Outlines for a labelling tool: what a network predicted, to be corrected by hand and learned from again.

Formats: labelme's JSON, one file beside each photo (``labelme/label_file.py``); COCO's, one file for all photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmtutorial.annotations.outlines import Outline, outlines
from mmtutorial.errors import InputError
from mmtutorial.files import json_bytes, write_bytes
from mmtutorial.ownership import write_own
from mmtutorial.settings.names import OUTLINE_FORMATS, known_name

COCO_FILE = "coco.json"


def labelme_file(photo: str, width: int, height: int, found: Sequence[Outline], names: Sequence[str]) -> bytes:
    """A file that labelme opens, to lie beside its photo.

    Args:
        photo: the photo's file name.
        width: of the photo in pixels.
        height: of the photo.
        found: what to show; labelme paints it in this order.
        names: of the classes, by id.
    """
    shapes = [
        {
            "label": names[outline.label],
            "points": outline.points.round(2).tolist(),
            "group_id": None,
            "description": "",
            "shape_type": "polygon",
            "flags": {},
            "mask": None,
        }
        for outline in found
        if len(outline.points) >= 3
    ]
    # labelme reads the version of the program that wrote a file, and a photo's bytes only where they are inside it.
    value: dict[str, Any] = {
        "version": "5.4.1",
        "flags": {},
        "shapes": shapes,
        "imagePath": photo,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return json_bytes(value)


class CocoFile:
    """One file with the outlines of many photos, which CVAT, Label Studio and others open.

    Args:
        names: of the classes, by id.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._categories = [{"id": label, "name": name, "supercategory": ""} for label, name in enumerate(names)]
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, photo: Path, width: int, height: int, found: Sequence[Outline]) -> None:
        """Add a photo with its outlines; the last ones lie on top."""
        image = len(self._images) + 1
        self._images.append({"id": image, "file_name": photo.name, "width": width, "height": height})
        for outline in found:
            if len(outline.points) < 3:
                continue
            left, top = outline.points.min(0).tolist()
            right, bottom = outline.points.max(0).tolist()
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": image,
                    "category_id": outline.label,
                    "segmentation": [outline.points.round(2).ravel().tolist()],
                    "bbox": [left, top, right - left, bottom - top],
                    "area": outline.area,
                    "iscrowd": 0,
                }
            )

    def data(self) -> bytes:
        """The file."""
        value = {"images": self._images, "annotations": self._annotations, "categories": self._categories}
        return json_bytes(value)


class OutlineWriter:
    """Writes the outlines of masks, photo by photo, into a folder.

    Args:
        out: the folder.
        kind: ``"labelme"`` or ``"coco"``.
        names: of the classes, by id.
        force: overwrite whatever bears a name that is needed.
    """

    def __init__(self, out: Path, kind: str, names: Sequence[str], *, force: bool = False) -> None:
        known_name("format", kind, OUTLINE_FORMATS)
        self._folder, self._names, self._force = out / "labelme", names, force
        self._coco = CocoFile(names) if kind == "coco" else None
        self._coco_place = out / COCO_FILE

    def places(self, photos: Sequence[Path]) -> list[Path]:
        """What will be written."""
        if self._coco:
            return [self._coco_place]
        return [self._copy(photo).with_suffix(".json") for photo in photos]

    def add(self, photo: Path, mask: NDArray[np.uint8]) -> None:
        """Add the outlines of a photo's mask (H, W)."""
        found, (height, width) = outlines(mask), mask.shape
        if self._coco:
            self._coco.add(photo, width, height, found)
            return
        copy, data = self._copy(photo), photo.read_bytes()
        # labelme looks for the photo beside the file.
        if copy.exists() and copy.read_bytes() != data and not self._force:
            raise InputError(f"{copy} is another photo; move it elsewhere, or overwrite it with --force")
        write_bytes(copy, data)
        file = labelme_file(copy.name, width, height, found, self._names)
        write_own(copy.with_suffix(".json"), file, force=self._force)

    def finish(self) -> None:
        """Write what is written at the end."""
        if self._coco:
            write_own(self._coco_place, self._coco.data(), force=self._force)

    def _copy(self, photo: Path) -> Path:
        return self._folder / photo.name
