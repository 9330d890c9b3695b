"""CVAT's XML: each kind of shape, layers, and XML that means harm."""

from __future__ import annotations

import numpy as np
import pytest

from tests.annotations.raster import HIGH, WIDE, Bench, assert_mask, box, ellipse, polygon, turned_box

POLYGON = '<polygon label="leaf" points="5.3,4.2;30.1,8.4;12.7,25.6" z_order="0"/>'
INSIDE = polygon((5.3, 4.2), (30.1, 8.4), (12.7, 25.6))


def image(*shapes: str, name: str = "a.jpg", size: str = f'width="{WIDE}" height="{HIGH}"') -> str:
    return f'<image id="0" name="{name}" {size}>{"".join(shapes)}</image>'


def export(*images: str) -> str:
    head = '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta><task/></meta>'
    return f"{head}{''.join(images)}</annotations>"


def painted() -> tuple[str, np.ndarray]:
    """The example of CVAT's manual moved to a corner, with the picture that the manual shows."""
    rows = [(3, 5), (2, 7), (1, 9), (1, 9), (0, 11), (0, 11), (0, 12), (0, 12), (1, 11)]
    inside = np.zeros((HIGH, WIDE), np.bool_)
    runs, rest = [], 0
    for y, (start, length) in enumerate(rows):
        runs += [rest + start, length]
        rest = 13 - start - length
        inside[4 + y, 20 + start : 20 + start + length] = True
    runs.append(rest)
    rle = ", ".join(map(str, runs))
    return f'<mask label="leaf" rle="{rle}" left="20" top="4" width="13" height="{len(rows)}" z_order="0"/>', inside


@pytest.mark.parametrize(
    ("shape", "inside"),
    [
        (POLYGON, INSIDE),
        ('<box label="leaf" xtl="3.2" ytl="4.4" xbr="13.3" ybr="9.9"/>', box(3.2, 4.4, 13.3, 9.9)),
        (
            '<box label="leaf" xtl="10.2" ytl="8.4" xbr="30.3" ybr="14.9" rotation="32.5"/>',
            turned_box((20.25, 11.65), 10.2, 8.4, 30.3, 14.9, 32.5),
        ),
        ('<ellipse label="leaf" cx="20.1" cy="15.2" rx="9.3" ry="5.6"/>', ellipse(20.1, 15.2, 9.3, 5.6)),
        (
            '<ellipse label="leaf" cx="20.1" cy="15.2" rx="12.3" ry="3.6" rotation="62"/>',
            ellipse(20.1, 15.2, 12.3, 3.6, 62),
        ),
        painted(),
    ],
)
def test_each_kind_of_shape_pixel_by_pixel(bench: Bench, shape: str, inside: np.ndarray) -> None:
    assert_mask(bench.photo("a.jpg").file("annotations.xml", export(image(shape))).mask(), (1, inside))


def test_layers_lie_over_one_another_whatever_their_order_in_the_file(bench: Bench) -> None:
    above = '<box label="stem" xtl="0" ytl="0" xbr="20" ybr="20" z_order="3"/>'
    below = '<box label="leaf" xtl="10" ytl="0" xbr="40" ybr="30" z_order="-2"/>'
    mask = bench.photo("a.jpg").file("annotations.xml", export(image(above, POLYGON, below))).mask()
    assert_mask(mask, (1, box(10, 0, 40, 30)), (1, INSIDE), (2, box(0, 0, 20, 20)))


def test_points_and_tags_beside_outlines_and_images_without(bench: Bench) -> None:
    shapes = ('<points label="tip" points="1,1;2,2"/>', '<tag label="wet"/>', POLYGON)
    bench.photo("x/a.jpg", "b.jpg").file("annotations.xml", export(image(*shapes, name="x/a.jpg"), image(name="b.jpg")))
    made = bench.made()
    assert (made.masks, made.unlabeled, made.names) == (1, 1, ("background", "leaf"))
    assert len(made.remarks) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (export(image(POLYGON.replace("leaf", ""))), "a polygon has no label"),
        (export(image('<polygon points="1,1;5,1;3,4"/>')), "a polygon has no label"),
        (export(image(POLYGON.replace("5.3", "nan"))), "no place on a photo"),
        (export(image(POLYGON.replace("5.3,4.2;", ""))), "without an area"),
        (export(image(POLYGON.replace("5.3,", ""))), "no pairs"),
        (export(image('<polyline label="leaf" points="1,1;5,1;3,4"/>')), "a polyline, without an area"),
        (export(image('<points label="leaf" points="1,1"/>')), "nothing but points"),
        (export(image('<cuboid label="leaf" xtl1="1"/>')), "unknown here (cuboid)"),
        (export(image('<box label="leaf" xtl="1"/>')), "it lacks 'ytl'"),
        (export(image('<box label="leaf" xtl="50" ytl="1" xbr="60" ybr="3"/>')), "outside the photo"),
        (export(image('<mask label="leaf" rle="1, 2" left="0" top="0" width="5" height="5"/>')), "add up to 3"),
        (
            export(image('<mask label="leaf" rle="1, x" left="0" top="0" width="5" height="5"/>')),
            "not as CVAT writes it",
        ),
        (export(image('<mask label="leaf" rle="9" left="0" top="0" width="99999" height="99999"/>')), "larger than"),
        (export(image(POLYGON.replace('z_order="0"', 'z_order="top"'))), "not as CVAT writes it"),
        (export(image(POLYGON, size='width="9" height="9"')), "was drawn on 9x9"),
        (export(image(POLYGON, size='width="x" height="9"')), "not as CVAT writes it"),
        (export(image(POLYGON, name="z.jpg")), "z.jpg, which is not in"),
        (export(image(POLYGON)).replace("name=", "nom="), "it lacks 'name'"),
        (export('<track id="0" label="leaf"/>'), "format for videos"),
        ("<annotations><image", "cannot read it as XML"),
        ("", "cannot read it as XML"),
        ("<annotation/>", "holds <annotation>"),
        (export(), "no photo is annotated"),
    ],
)
def test_what_is_wrong_is_said(bench: Bench, text: str, said: str) -> None:
    assert said in bench.photo("a.jpg").file("annotations.xml", text).refused(form="cvat")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE a SYSTEM "http://localhost:9/a.dtd">',
        '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_refused_before_they_grow_or_are_fetched(bench: Bench, head: str, encoding: str) -> None:
    text = export(image(POLYGON)).replace("<annotations>", f"{head}<annotations>").replace("utf-8", encoding)
    said = bench.photo("a.jpg").file("annotations.xml", text.encode(encoding)).refused(form="cvat")
    assert "cannot read it as XML" in said
