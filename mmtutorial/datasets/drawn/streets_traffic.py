"""Who and what is about in ``streets``, and where: on the road, along the kerbs, on the pavements."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mmtutorial.datasets.drawn.streets_furniture import pole, signpost, tree
from mmtutorial.datasets.drawn.streets_movers import LENGTH, car_across, car_along, cyclist, person
from mmtutorial.datasets.drawn.streets_plan import Side, StreetPlan
from mmtutorial.datasets.drawn.streets_sprite import Point
from mmtutorial.datasets.drawn.streets_view import Camera, Easel

# The knobs of how much is about: chances, or mean numbers on a side of the street.
AHEAD, ONCOMING, CROSSING_CAR = 0.45, 0.4, 0.15
PARKED = 0.55
CYCLIST_BY_KERB, CYCLIST_ACROSS = 0.4, 0.3
CROSSING_WALKER, WALKERS = 0.35, 1.0
TREES, POLES, SIGNPOSTS = 0.6, 0.65, 0.75

Painter = Callable[[Easel, Point], None]
Thing = tuple[Painter, float, float]
"""What paints a thing, and where it is: ``x`` metres to the right and ``z`` metres ahead."""


def paint_things(easel: Easel, plan: StreetPlan) -> None:
    """Put everything upright in its place and paints it, from the farthest to the nearest."""
    things = _on_the_road(easel, plan.left.kerb, plan.right.kerb)
    for sign, side in ((-1, plan.left), (1, plan.right)):
        things += _along_a_kerb(easel, side, sign)
    for paint, x, z in sorted(things, key=lambda thing: -thing[2]):
        paint(easel, (x, z))


def _nearest(camera: Camera, size: int, x: float) -> float:
    """Return distance in metres from which on a place ``x`` metres to the right is inside the picture."""
    room = camera.centre if x < 0 else size - 1 - camera.centre
    return max(4.5, abs(x) * camera.focal / room)


def _on_the_road(easel: Easel, left: float, right: float) -> list[Thing]:
    """Cars ahead, oncoming and crossing; cyclists; people who cross. ``left`` and ``right`` are the kerbs."""
    things: list[Thing] = []
    size = len(easel.sheet.mask)
    if easel.chance(AHEAD):
        things.append((partial(car_along, oncoming=False), easel.between(-0.5, 0.5), easel.between(7, 30)))
    if left > 3.4 and easel.chance(ONCOMING):
        x = -0.5 * left - 1
        near = _nearest(easel.camera, size, x)
        things.append((partial(car_along, oncoming=True), x, near * easel.between(0.9, 3)))
    if easel.chance(CROSSING_CAR):
        things.append((car_across, easel.between(-left, right), easel.between(9, 22)))
    if easel.chance(CYCLIST_BY_KERB):
        x = right - 0.7
        things.append((cyclist, x, _nearest(easel.camera, size, x) * easel.between(1, 2.2)))
    if easel.chance(CYCLIST_ACROSS):
        things.append((cyclist, easel.between(-left, right), easel.between(6, 14)))
    if easel.chance(CROSSING_WALKER):
        things.append((person, easel.between(-left, right), easel.between(5, 14)))
    return things


def _along_a_kerb(easel: Easel, side: Side, sign: int) -> list[Thing]:
    """Parked cars, and on the pavement trees, poles, signs and people. ``sign`` is -1 on the left."""
    things: list[Thing] = []
    size, rng = len(easel.sheet.mask), easel.rng
    if side.kerb > 3 and easel.chance(PARKED):
        x = sign * (side.kerb - 1)
        z = _nearest(easel.camera, size, x) * easel.between(0.8, 1.8)
        for _ in range(1 + int(rng.random() * 2.5)):
            things.append((partial(car_along, oncoming=sign < 0), x, z))
            z += LENGTH + easel.between(0.7, 3)
    kinds: tuple[tuple[Painter, float], ...] = ((tree, TREES), (pole, POLES), (signpost, SIGNPOSTS))
    for paint, mean in kinds:
        for _ in range(rng.poisson(mean)):
            x = sign * (side.kerb + easel.between(0.4, 0.7))
            things.append((paint, x, _nearest(easel.camera, size, x) * easel.between(1.05, 3)))
    for _ in range(rng.poisson(WALKERS)):
        x = sign * easel.between(side.kerb + 0.4, side.front - 0.4)
        things.append((person, x, _nearest(easel.camera, size, x) * easel.between(1, 2)))
    return things
