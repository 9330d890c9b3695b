"""What holds for both drawn data sets."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmtutorial.datasets import VOID, open_dataset
from mmtutorial.datasets.drawn.base import SIZE, SPLITS, STREAMS, Drawn
from mmtutorial.datasets.drawn.scenes import Scenes
from mmtutorial.datasets.drawn.streets import Streets
from mmtutorial.errors import InputError

each = pytest.mark.parametrize("drawn", [Scenes, Streets], ids=lambda drawn: drawn.name)


@each
def test_a_picture_is_a_function_of_seed_split_and_index(drawn: type[Drawn]) -> None:
    image, mask = drawn.render(3, "val", 7)
    again, mask_again = drawn.render(3, "val", 7)
    assert np.array_equal(image, again)
    assert np.array_equal(mask, mask_again)
    assert image.shape == (3, SIZE, SIZE)
    assert mask.shape == (SIZE, SIZE)
    assert image.dtype == mask.dtype == np.uint8
    for other in (drawn.render(4, "val", 7), drawn.render(3, "test", 7), drawn.render(3, "val", 8)):
        assert not np.array_equal(image, other[0])


@each
def test_drawing_leaves_the_global_generators_alone(drawn: type[Drawn]) -> None:
    before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    drawn.render(0, "train", 0)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(torch_before, torch.get_rng_state())


@each
def test_splits_have_their_sizes_and_share_no_picture(drawn: type[Drawn]) -> None:
    assert SPLITS == {"unlabeled": 2000, "tagged": 2000, "train": 1000, "val": 250, "test": 500}
    assert STREAMS.keys() == SPLITS.keys()
    apart = [split for split in SPLITS if split != "tagged"]
    seen = {drawn.render(0, split, i)[0].tobytes() for split in apart for i in range(40)}
    assert len(seen) == 40 * len(apart)


@each
def test_tagged_is_unlabeled_with_its_masks(drawn: type[Drawn]) -> None:
    for index in (0, 5, 1999):
        image, mask = drawn.render(2, "tagged", index)
        again, mask_again = drawn.render(2, "unlabeled", index)
        assert np.array_equal(image, again)
        assert np.array_equal(mask, mask_again)
    tagged, unlabeled = (open_dataset(drawn.name, split=split) for split in ("tagged", "unlabeled"))
    assert len(tagged) == len(unlabeled) == 2000
    assert tagged.image_id(7) == f"{drawn.name}-tagged-00007"
    assert unlabeled.image_id(12) == f"{drawn.name}-unlabeled-00012"
    assert torch.equal(tagged[7][0], unlabeled[7][0])
    assert np.array_equal(tagged[7][1].numpy(), drawn.render(0, "unlabeled", 7)[1])
    assert np.array_equal(unlabeled[5][0].numpy(), drawn.render(0, "unlabeled", 5)[0])
    assert bool((unlabeled[5][1] == VOID).all())
    known = tagged[7][1][tagged[7][1] != VOID]
    assert 0 < int(known.max()) < len(drawn.classes)


@each
def test_open_dataset_gives_a_hundred_labeled_images_by_default(drawn: type[Drawn]) -> None:
    dataset = open_dataset(drawn.name)
    assert len(dataset) == 100
    image, mask = dataset[0]
    assert tuple(image.shape) == (3, SIZE, SIZE)
    assert tuple(mask.shape) == (SIZE, SIZE)
    assert dataset.classes == drawn.classes
    assert dataset.image_id(0).startswith(f"{drawn.name}-train-00")


@each
def test_an_unknown_split_names_the_nearest(drawn: type[Drawn]) -> None:
    for ask in (lambda: drawn.render(0, "trian", 0), lambda: drawn("trian")):
        with pytest.raises(InputError, match=rf"split of {drawn.name} 'trian'; did you mean 'train'"):
            ask()


def test_scenes_have_a_background_and_streets_have_none() -> None:
    assert Scenes.classes.background == ("background",)
    assert Streets.classes.background_ids == ()
    assert Streets.classes.names[0] == "road"
