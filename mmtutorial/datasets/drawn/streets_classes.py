"""The eleven classes of ``streets``, in the order and, where there is one, the colour of Cityscapes."""

from __future__ import annotations

from mmtutorial.datasets.classes import ClassTable

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
