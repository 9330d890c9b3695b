"""CVAT: ``annotations.xml``, exported as "CVAT for images".

Format: https://docs.cvat.ai/docs/manual/advanced/xml_format/. Places are in pixels. The order in which shapes lie over
one another is their ``z_order``, and within a layer that of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from mmtutorial.annotations.findings import Fault
from mmtutorial.annotations.photos import written
from mmtutorial.annotations.records import DAMAGE, Annotated, Entries, Export, pairs, picture_size, reason
from mmtutorial.annotations.run_lengths import unroll
from mmtutorial.annotations.shapes import Ellipse, Painted, Polygon, Shape, rectangle, turned

_POINTS = ("points", "skeleton")
_NO_SHAPE = ("tag", "attribute")
_REMEDY = "export it again from CVAT, in the format 'CVAT for images 1.1'"


def read_cvat(export: Export) -> Iterator[Annotated]:
    """Read one XML file; an image without a shape counts as not looked at.

    Entities and document types are refused: they serve attacks alone.
    """
    where = str(export.path)
    try:
        root = fromstring(export.path.read_bytes(), forbid_dtd=True)
    except (ParseError, ValueError, OSError, DefusedXmlException) as error:
        export.findings.fault(where, f"cannot read it as XML ({str(error) or type(error).__name__})", _REMEDY)
        return
    if root.tag != "annotations" or root.find("track") is not None:
        what = (
            "it is CVAT's format for videos" if root.tag == "annotations" else f"it holds <{root.tag}>, not annotations"
        )
        export.findings.fault(where, what, _REMEDY)
        return
    for image in root.iter("image"):
        try:
            yield _annotated(image, f"{where}, image {image.attrib['name']}", export)
        except DAMAGE as error:
            export.findings.fault(where, f"an image is not as CVAT writes it ({reason(error)})", _REMEDY)


def _annotated(image: Element, where: str, export: Export) -> Annotated:
    entries = Entries(where, "CVAT", export.findings)
    drawn = [one for one in image if one.tag not in _NO_SHAPE]
    for one in sorted(drawn, key=lambda one: int(one.get("z_order", 0))):
        if one.tag in _POINTS:
            entries.point()
        else:
            entries.add(_shape, one)
    size = picture_size(image.get("width"), image.get("height"))
    reference = written(image.attrib["name"], export.beside)
    return Annotated((reference,), entries.shapes(), where, size, finished=bool(drawn))


def _shape(one: Element, entries: Entries) -> Shape:
    label = entries.label([one.get("label")], one.tag)

    def numbers(*names: str) -> list[float]:
        return [float(one.attrib[name]) for name in names]

    degrees = float(one.get("rotation", 0))
    if one.tag == "polygon":
        return Polygon(label, pairs(number for pair in one.attrib["points"].split(";") for number in pair.split(",")))
    if one.tag == "box":
        left, top, right, bottom = numbers("xtl", "ytl", "xbr", "ybr")
        corners = rectangle(label, left, top, right, bottom).points
        return Polygon(label, turned(corners, ((left + right) / 2, (top + bottom) / 2), degrees))
    if one.tag == "ellipse":
        x, y, dx, dy = numbers("cx", "cy", "rx", "ry")
        return Ellipse(label, (x - dx, y - dy, x + dx, y + dy), degrees)
    if one.tag == "mask":
        left, top, width, height = (int(float(one.attrib[name])) for name in ("left", "top", "width", "height"))
        runs = one.attrib["rle"]
        shape = (height, width)
        return Painted(
            label, entries.pixels(label, lambda: unroll(map(int, runs.split(",")), shape, "C")), left, top, shape
        )
    if one.tag == "polyline":
        raise entries.line(label, "polyline")
    raise Fault(f"the shape '{label}' is of a kind unknown here ({one.tag})", "draw it as a polygon")
