from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_dilation

from mmtutorial.datasets import VOID
from mmtutorial.datasets.drawn import streets, streets_traffic
from mmtutorial.datasets.drawn.base import SIZE
from mmtutorial.datasets.drawn.painting import capsule, convex
from mmtutorial.datasets.drawn.streets import render
from mmtutorial.datasets.drawn.streets_furniture import SIGNS
from mmtutorial.datasets.drawn.streets_plan import TABLE, Stretch
from mmtutorial.datasets.drawn.streets_sprite import Sprite, dot
from mmtutorial.datasets.drawn.streets_view import (
    CAR,
    CLASSES,
    CYCLIST,
    PERSON,
    POLE,
    ROAD,
    SIGN,
    SKY,
    VEGETATION,
    Camera,
    Easel,
    Sheet,
    Weather,
    from_half,
)

Drawn = list[tuple[np.ndarray, np.ndarray]]
UPRIGHT = (POLE, SIGN, PERSON, CYCLIST, CAR)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return [render(0, "train", i) for i in range(160)]


@pytest.fixture
def easel() -> Easel:
    """An empty easel in clear, even light, on which a thing 10 metres ahead has ten pixels a metre."""
    sheet = Sheet(96, np.zeros((96, 96), dtype=np.float32))
    weather = Weather(np.ones(3, dtype=np.float32), 1e9, 1.0, 1.0, 1.0)
    return Easel(np.random.default_rng(0), sheet, Camera(100.0, 40.0, 48.0, 1.5), weather)


def red() -> np.ndarray:
    return np.array((1.0, 0.0, 0.0), dtype=np.float32)


def green() -> np.ndarray:
    return np.array((0.0, 1.0, 0.0), dtype=np.float32)


def test_every_class_occurs_often_and_no_other_id(drawn: Drawn) -> None:
    pixels, pictures = np.zeros(256, dtype=int), np.zeros(256, dtype=int)
    for _, mask in drawn:
        counts = np.bincount(mask.ravel(), minlength=256)
        pixels += counts
        pictures += counts > 0
    share = pixels / pixels.sum()
    assert share[: len(CLASSES)].min() > 0.003
    assert share[: len(CLASSES)].max() < 0.5
    assert pictures[: len(CLASSES)].min() > 0.4 * len(drawn)
    assert share[len(CLASSES) : VOID].sum() == 0


def test_only_the_bonnet_is_void(drawn: Drawn) -> None:
    for _, mask in drawn:
        void = mask == VOID
        assert void[-1, SIZE // 2]
        assert not void[: SIZE - 6].any()
        # Below a void pixel everything is void.
        assert not (void[:-1] & ~void[1:]).any()


def test_classes_keep_their_places(drawn: Drawn) -> None:
    rows = np.broadcast_to(np.arange(SIZE)[:, None], (SIZE, SIZE))
    middle = [
        np.mean([rows[mask == label].mean() for _, mask in drawn if (mask == label).any()]) for label in range(11)
    ]
    assert middle[SKY] == min(middle)
    assert middle[ROAD] == max(middle)
    for _, mask in drawn:
        assert not (mask[60:] == SKY).any()
        assert not (mask[:40] == ROAD).any()


def test_colour_hints_at_the_class_without_giving_it_away(drawn: Drawn) -> None:
    """To name the class whose mean colour is nearest beats chance, and is wrong for most pixels of most classes."""
    images = np.stack([image[:, ::3, ::3] for image, _ in drawn]).astype(float).transpose(0, 2, 3, 1)
    masks = np.stack([mask[::3, ::3] for _, mask in drawn])
    means = np.stack([images[:80][masks[:80] == label].mean(axis=0) for label in range(11)])
    recalls = []
    for label in range(11):
        pixels = images[80:][masks[80:] == label]
        recalls.append((((pixels[:, None] - means) ** 2).sum(axis=2).argmin(axis=1) == label).mean())
    assert 1.2 / 11 < np.mean(recalls) < 0.4


def test_light_varies_between_pictures(drawn: Drawn) -> None:
    means = np.array([image.mean() for image, _ in drawn])
    spreads = np.array([image.std() for image, _ in drawn])
    assert means.std() > 10
    assert spreads.max() > 2 * spreads.min()


@pytest.mark.parametrize("seed", range(6))
def test_the_mask_is_what_covers_most_of_each_pixel(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything painted is painted once more, each class in a colour of its own; colours and labels must agree."""
    shares = np.zeros((len(CLASSES), SIZE, SIZE))
    original = Sheet.lay

    def lay(self: Sheet, rows: slice, columns: slice, through: np.ndarray, paint: np.ndarray, label: object) -> None:
        original(self, rows, columns, through, paint, label)  # type: ignore[arg-type]
        ids = np.broadcast_to(np.asarray(label), through.shape)
        box = shares[:, rows, columns]
        box *= through
        for each in np.unique(ids):
            box[each] += (1 - through) * (ids == each)

    monkeypatch.setattr(Sheet, "lay", lay)
    mask = streets.draw(np.random.default_rng(seed)).sheet.mask
    assert np.allclose(shares.sum(axis=0), 1, atol=1e-4)
    # Two things of a class may cover a pixel by more than half together, and neither of them does alone.
    clear = shares.max(axis=0) > 0.76
    assert clear.mean() > 0.9
    assert np.array_equal(shares.argmax(axis=0)[clear], mask[clear])
    assert (shares.argmax(axis=0) == mask).mean() > 0.99


@pytest.mark.parametrize("seed", range(6))
def test_things_are_seen_where_they_are_labelled(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the same street without anything upright: labelled pixels changed, and others at most darkened."""
    full = streets.draw(np.random.default_rng(seed)).sheet
    monkeypatch.setattr(streets, "paint_things", lambda easel, plan: None)
    empty = streets.draw(np.random.default_rng(seed)).sheet
    things = np.isin(full.mask, UPRIGHT)
    assert not np.isin(empty.mask, UPRIGHT).any()
    change = full.picture - empty.picture
    assert (np.abs(change).max(axis=0) > 0.02)[things].mean() > 0.85
    # Trees are vegetation, as hedges are; soft edges reach one pixel beyond a label.
    near = binary_dilation(things | (full.mask == VEGETATION), iterations=1)
    assert np.array_equal(full.mask[~near], empty.mask[~near])
    # A few pixels show a trace of something that is too far off to cover half of any.
    assert (change.max(axis=0)[~near] > 1e-6).mean() < 0.005


def test_nearer_things_are_painted_over_farther_ones(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[float] = []

    def painter(easel: Easel, place: tuple[float, float]) -> None:
        painted.append(place[1])

    monkeypatch.setattr(streets_traffic, "_on_the_road", lambda *_: [(painter, 0.0, z) for z in (7.0, 20.0, 12.0)])
    monkeypatch.setattr(streets_traffic, "_along_a_kerb", lambda *_: [(painter, 2.0, 9.0)])
    streets_traffic.paint_things(easel, streets.draw_plan(np.random.default_rng(0)))
    assert painted == [20.0, 12.0, 9.0, 9.0, 7.0]


def test_the_camera_sees_things_shrink_towards_the_vanishing_point() -> None:
    camera = Camera(focal=100.0, horizon=40.0, centre=50.0, height=1.5)
    assert camera.row(0.0, 10.0) == 55.0
    assert camera.row(1.5, 3.0) == camera.row(1.5, 300.0) == 40.0
    assert camera.column(-2.0, 10.0) == 30.0
    assert camera.column(-2.0, 1e9) == pytest.approx(50.0)


def test_a_sprite_stands_where_the_camera_sees_it(easel: Easel) -> None:
    sprite = Sprite(easel, CAR, (1.0, 10.0), (1.0, 1.0, 2.0))
    sprite.hull(red(), (-0.55, 0.0), (0.55, 0.0), (0.55, 1.05), (-0.55, 1.05))
    sprite.paint()
    rows, columns = np.nonzero(easel.sheet.mask == CAR)
    # Its foot is at row 55 and column 58; 1.1 metres wide and 1.05 high are 11 pixels by 10 and a half.
    assert (rows.min(), rows.max()) == (45, 54)
    assert (columns.min(), columns.max()) == (53, 63)
    assert len(rows) == 10 * 11
    assert np.allclose(easel.sheet.picture[:, 50, 58], red())


corner = st.tuples(st.floats(-0.9, 0.9), st.floats(0.1, 1.8))


@given(start=corner, end=corner, radius=st.floats(0.05, 0.5))
def test_strokes_agree_with_the_plain_capsule(
    start: tuple[float, float], end: tuple[float, float], radius: float
) -> None:
    sheet = Sheet(96, np.zeros((96, 96), dtype=np.float32))
    weather = Weather(np.ones(3, dtype=np.float32), 1e9, 1.0, 1.0, 1.0)
    easel = Easel(np.random.default_rng(0), sheet, Camera(100.0, 40.0, 48.0, 1.5), weather)
    sprite = Sprite(easel, CAR, (0.0, 5.0), (1.5, 1.5, 2.5))
    found = sprite.reach((*start, *end, radius))
    if np.hypot(end[0] - start[0], end[1] - start[1]) > 1e-3:
        assert np.allclose(found, capsule(sprite.u, sprite.v, start, end, radius), atol=1e-4)
    else:
        assert np.allclose(found, np.hypot(sprite.u - start[0], sprite.v - start[1]) - radius, atol=2e-3)


def test_a_hull_agrees_with_the_plain_polygon_either_way_round(easel: Easel) -> None:
    corners = ((-0.813, 0.117), (0.927, 0.209), (0.521, 1.547), (-0.318, 1.713))
    for order in (corners, corners[::-1]):
        easel.sheet.mask[:] = ROAD
        sprite = Sprite(easel, SIGN, (0.0, 10.0), (1.5, 1.5, 2.5))
        sprite.hull(red(), *order)
        sprite.paint()
        inside = convex(sprite.u, sprite.v, *corners) < 0
        assert np.array_equal(easel.sheet.mask[sprite.rows, sprite.columns] == SIGN, inside)
        assert inside.sum() > 100


def test_parts_painted_together_are_as_painted_one_by_one(easel: Easel) -> None:
    """The slow way: each part laid over what is there by itself."""
    rng = np.random.default_rng(1)
    sprite = Sprite(easel, CAR, (0.0, 8.0), (1.2, 1.2, 2.0))
    easel.sheet.picture[:] = rng.random((3, 96, 96))
    slow = easel.sheet.picture[:, sprite.rows, sprite.columns].copy()
    ramp = 0.5 + 0.2 * sprite.v
    box = ((-0.8, 0.2), (0.8, 0.2), (0.8, 1.4), (-0.8, 1.4))
    ring = np.abs(sprite.reach(dot(0.0, 1.0, 0.5))) - 0.1
    legs = ((-0.5, 0.0, -0.5, 0.9, 0.2), (0.5, 0.0, 0.5, 0.9, 0.2))
    slow_parts = (
        (red()[:, None, None] * ramp, convex(sprite.u, sprite.v, *box)),
        (green()[:, None, None], ring),
        (red()[:, None, None], np.minimum(*(capsule(sprite.u, sprite.v, a[:2], a[2:4], a[4]) for a in legs))),
    )
    for paint, distance in slow_parts:
        cover = np.clip(0.5 - distance * sprite.scale, 0, 1)
        slow = slow + cover * (paint - slow)
    sprite.hull(red(), *box, shade=ramp)
    sprite.shape(green(), ring)
    sprite.strokes(red(), *legs)
    sprite.paint()
    assert np.allclose(easel.sheet.picture[:, sprite.rows, sprite.columns], slow, atol=1e-4)


def test_a_veil_dims_and_labels(easel: Easel) -> None:
    easel.sheet.picture[:] = 0.8
    sprite = Sprite(easel, CYCLIST, (0.0, 10.0), (1.0, 1.0, 2.0))
    sprite.veil(sprite.reach(dot(0.0, 1.0, 0.5)), 0.5)
    assert easel.sheet.mask[45, 48] == CYCLIST
    assert np.allclose(easel.sheet.picture[:, 45, 48], 0.4)
    assert np.allclose(easel.sheet.picture[:, 30, 48], 0.8)


def test_haze_swallows_what_is_far(easel: Easel) -> None:
    weather = Weather(np.full(3, 0.7, dtype=np.float32), 20.0, 1.0, 1.0, 1.0)
    shades = []
    for z in (5.0, 40.0):
        sprite = Sprite(Easel(easel.rng, easel.sheet, easel.camera, weather), CAR, (0.0, z), (3.0, 3.0, 3.0))
        sprite.hull(red(), (-3, 0), (3, 0), (3, 3), (-3, 3))
        sprite.paint()
        shades.append(easel.sheet.picture[:, 41, 48].copy())
    assert np.allclose(shades[1], np.exp(-2) * red() + (1 - np.exp(-2)) * 0.7, atol=1e-3)
    assert shades[0][0] > shades[1][0]


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.__name__)
def test_signs_have_two_colours_and_are_about_as_large_as_they_say(
    easel: Easel, sign: Callable[[Sprite, float, float], None]
) -> None:
    board = Sprite(easel, SIGN, (0.0, 5.0), (0.75, 0.75, 3.9))
    sign(board, 2.3, 0.5)
    board.paint()
    inside = easel.sheet.mask == SIGN
    assert 0.5 * 20**2 < inside.sum() <= 20**2
    colours = easel.sheet.picture[:, inside]
    assert (colours.max(axis=1) - colours.min(axis=1)).max() > 0.3


@pytest.mark.parametrize("place", [(60.0, 5.0), (-60.0, 5.0), (0.0, 1e6)])
def test_things_out_of_sight_are_passed_over(easel: Easel, place: tuple[float, float]) -> None:
    from mmtutorial.datasets.drawn.streets_furniture import pole, signpost, tree
    from mmtutorial.datasets.drawn.streets_movers import car_across, car_along, cyclist, person

    for paint in (pole, signpost, tree, person, cyclist, car_across, lambda *a: car_along(*a, oncoming=True)):
        paint(easel, place)
    assert (easel.sheet.mask > 0).sum() <= (0 if abs(place[0]) > 1 else 60)


@given(arrays(np.float32, (3, 5), elements=st.floats(-100, 100, width=32)))
def test_from_half_is_the_distance_to_the_nearest_half(place: np.ndarray) -> None:
    found = from_half(place)
    assert np.allclose(found, np.abs(place % 1 - 0.5), atol=1e-4)
    assert found.dtype == np.float32


def test_a_stretch_and_its_row_of_the_table_have_the_same_fields() -> None:
    red, blue = red_and_blue()
    stretch = Stretch(3, 1.0, 2.5, height=4.0, inset=red, top=blue, open=True)
    [row] = np.array([stretch], dtype=TABLE)
    assert row.dtype.names == Stretch._fields
    assert (row["label"], row["start"], row["end"], row["height"], row["open"]) == (3, 1.0, 2.5, 4.0, True)
    assert row["inset"].tolist() == [1, 0, 0]
    assert row["top"].tolist() == [0, 0, 1]
    # A gap: nothing stands above the ground.
    assert Stretch(1, 0.0, 1.0).height < 0


def red_and_blue() -> tuple[np.ndarray, np.ndarray]:
    return np.array((1, 0, 0), dtype=np.float32), np.array((0, 0, 1), dtype=np.float32)
