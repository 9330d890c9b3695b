from __future__ import annotations

import numpy as np
import pytest
import torch

from mmtutorial.datasets import VOID, open_dataset
from mmtutorial.datasets.drawn.scenes import CLASSES, SIZE, SPLITS, render
from mmtutorial.datasets.drawn.scenes_shapes import SHAPES, convex
from mmtutorial.errors import InputError


@pytest.fixture(scope="module")
def drawn() -> list[tuple[np.ndarray, np.ndarray]]:
    return [render(0, "train", i) for i in range(300)]


def test_a_picture_is_a_function_of_seed_split_and_index() -> None:
    image, mask = render(3, "val", 7)
    again, mask_again = render(3, "val", 7)
    assert np.array_equal(image, again)
    assert np.array_equal(mask, mask_again)
    assert image.shape == (3, SIZE, SIZE)
    assert mask.shape == (SIZE, SIZE)
    assert image.dtype == mask.dtype == np.uint8
    for other in (render(4, "val", 7), render(3, "test", 7), render(3, "val", 8)):
        assert not np.array_equal(image, other[0])


def test_drawing_leaves_the_global_generators_alone() -> None:
    before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    render(0, "train", 0)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(torch_before, torch.get_rng_state())


def test_splits_have_their_sizes_and_share_no_picture() -> None:
    assert SPLITS == {"unlabeled": 2000, "tagged": 2000, "train": 1000, "val": 250, "test": 500}
    apart = [split for split in SPLITS if split != "tagged"]
    seen = {render(0, split, i)[0].tobytes() for split in apart for i in range(40)}
    assert len(seen) == 40 * len(apart)


def test_tagged_is_unlabeled_with_its_masks() -> None:
    for index in (0, 5, 1999):
        image, mask = render(2, "tagged", index)
        again, mask_again = render(2, "unlabeled", index)
        assert np.array_equal(image, again)
        assert np.array_equal(mask, mask_again)
    tagged, unlabeled = open_dataset("scenes", split="tagged"), open_dataset("scenes", split="unlabeled")
    assert len(tagged) == len(unlabeled) == 2000
    assert tagged.image_id(7) == "scenes-tagged-00007"
    assert torch.equal(tagged[7][0], unlabeled[7][0])
    assert np.array_equal(tagged[7][1].numpy(), render(0, "unlabeled", 7)[1])
    assert 0 < int(tagged[7][1].max()) < VOID


def test_about_nine_tenths_is_background(drawn: list[tuple[np.ndarray, np.ndarray]]) -> None:
    share = np.mean([(mask == 0).mean() for _, mask in drawn])
    assert 0.88 < share < 0.92


def test_every_class_occurs_and_every_picture_has_an_object(
    drawn: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    counts = np.zeros(len(CLASSES), dtype=int)
    for _, mask in drawn:
        ids = np.unique(mask)
        counts[ids] += 1
        assert ids.max() <= 8
        assert 1 <= len(ids) - 1 <= 3
    assert counts[1:].min() > 0.12 * len(drawn)
    assert counts[1:].max() < 0.35 * len(drawn)


def test_colour_hints_at_the_class_without_giving_it_away(
    drawn: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    """To name the class whose hue is nearest to the mean colour beats chance and is mostly wrong."""
    right = total = 0
    for image, mask in drawn:
        for label in np.unique(mask)[1:]:
            inside = mask == label
            if inside.sum() < 100:
                continue
            red, green, blue = image[:, inside].mean(axis=1)
            hue = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * np.pi) % 1
            right += round(hue * 8) % 8 + 1 == label
            total += 1
    assert total > 200
    assert 1.3 / 8 < right / total < 0.5


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_about_as_large_as_they_say(name: str) -> None:
    axis = np.linspace(-1.4, 1.4, 141, dtype=np.float32)
    u, v = axis[None, :], axis[:, None]
    parts = SHAPES[name](u, v, 0.3, 1.0)
    inside = np.minimum.reduce([part.distance for part in parts]) < 0
    assert not inside[0].any()
    assert not inside[:, 0].any()
    assert 0.15 < inside[20:-20, 20:-20].mean() < 0.75
    for part in parts:
        assert (part.distance < 0).any()
        assert np.asarray(part.pattern).min() >= 0
        assert np.asarray(part.pattern).max() <= 1


def test_a_polygon_is_the_same_either_way_round() -> None:
    axis = np.linspace(-1, 1, 21, dtype=np.float32)
    u, v = axis[None, :], axis[:, None]
    corners = ((0.0, -0.5), (0.6, 0.5), (-0.6, 0.5))
    assert np.allclose(convex(u, v, *corners), convex(u, v, *corners[::-1]), atol=1e-6)
    assert convex(u, v, *corners)[10, 10] < 0 < convex(u, v, *corners)[0, 0]


def test_open_dataset_gives_a_hundred_labeled_images_by_default() -> None:
    dataset = open_dataset("scenes")
    assert len(dataset) == 100
    image, mask = dataset[0]
    assert tuple(image.shape) == (3, SIZE, SIZE)
    assert tuple(mask.shape) == (SIZE, SIZE)
    assert dataset.classes.background == ("background",)
    assert dataset.image_id(0).startswith("scenes-train-00")


def test_unlabeled_masks_are_void() -> None:
    dataset = open_dataset("scenes", split="unlabeled")
    assert len(dataset) == 2000
    assert dataset.image_id(12) == "scenes-unlabeled-00012"
    assert bool((dataset[5][1] == VOID).all())
    assert np.array_equal(dataset[5][0].numpy(), render(0, "unlabeled", 5)[0])


def test_an_unknown_split_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'train'"):
        render(0, "trian", 0)
