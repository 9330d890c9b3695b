"""Whatever is damaged in an export: a data set or one line, never a traceback, and nothing written with the line."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtutorial.annotations import convert
from mmtutorial.errors import InputError
from tests.annotations import test_coco as coco
from tests.annotations import test_label_studio as studio
from tests.annotations import test_labelme as labelme
from tests.annotations import test_via as via
from tests.annotations.raster import HIGH, WIDE, Bench
from tests.annotations.test_shapes import encode_brush

PAINTED = np.zeros((HIGH, WIDE), np.bool_)
PAINTED[4:9, 5:20] = True
EXPORTS = (
    labelme.file(
        "a.jpg",
        labelme.shape("leaf", *labelme.TRIANGLE),
        labelme.shape("stem", (1, 1), (9, 9), kind="circle"),
        labelme.shape("root", (3, 3), (4, 4), kind="mask", mask=labelme.png(labelme.HOOK)),
    ),
    [
        studio.task(
            "/data/upload/1/0123abcd-a.jpg",
            studio.square(),
            studio.region("brushlabels", ["stem"], rle=encode_brush(PAINTED, runs=True)),
            studio.region("ellipselabels", ["root"], x=50, y=50, radiusX=10, radiusY=5, rotation=3),
        )
    ],
    coco.export(coco.note([list(coco.TRIANGLE)]), coco.note(coco.counted(PAINTED)), coco.note([], bbox=[1, 2, 3, 4])),
    via.project(
        via.region(via.POLYGON), via.region({"name": "ellipse", "cx": 20, "cy": 15, "rx": 9, "ry": 4, "theta": 1})
    ),
)
JUNK = (None, True, -1, 0, float("inf"), float("nan"), 1e30, 10**400, "", "x", "nan", [], {}, [[]], [None], {"a": 1})
JUNK_TEXT = ("../..", "a.jpg", "\x00", "\ud800", "C:\\", "1", 3.7)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 4)) if isinstance(value, list) else ()
    for key in keys:
        yield (*above, key)
        yield from places(value[key], (*above, key))


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    value = copy.deepcopy(draw(st.sampled_from(EXPORTS)))
    for _ in range(draw(st.integers(1, 3))):
        there = list(places(value))
        if not there:
            break
        *path, last = draw(st.sampled_from(there))
        at = value
        for key in path:
            at = at[key]
        if draw(st.booleans()):
            at[last] = copy.deepcopy(draw(st.sampled_from((*JUNK, *JUNK_TEXT))))
        else:
            del at[last]
    return value


@settings(max_examples=150)
@given(damaged())
def test_damage_of_any_kind(value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder)).photo("a.jpg")
        path = Path(folder, "x.json")
        path.write_text(json.dumps(value))
        said = ""
        try:
            convert(path, bench.photos, Path(folder, "out"))
        except InputError as error:
            said = str(error)
        assert "\n" not in said
        assert "Error(" not in said
        left = sorted(entry.name for entry in Path(folder).iterdir())
        assert left == (["photos", "x.json"] if said else ["out", "photos", "x.json"])
