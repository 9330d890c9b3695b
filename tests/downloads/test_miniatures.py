"""The miniatures have the true layouts: torchvision's own readers of these data sets read them, and see the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import Cityscapes, OxfordIIITPet, SBDataset, VOCSegmentation

from mmtutorial.datasets import VOID, open_dataset
from mmtutorial.downloads import sbd
from tests.miniatures import (
    VOC_CLASSES,
    sbd_lists,
    scene,
    voc_stems,
    write_cityscapes,
    write_pets,
    write_sbd,
    write_voc,
)


def test_voc(tmp_path: Path) -> None:
    theirs = VOCSegmentation(str(write_voc(tmp_path)), "2012", "val")
    ours = open_dataset("voc", tmp_path, "val")
    assert len(theirs) == len(ours) == 4
    for (photo, mask), i in zip(theirs, range(4), strict=True):
        assert np.array_equal(np.array(photo).transpose(2, 0, 1), ours.arrays(i)[0])
        assert np.array_equal(np.array(mask), ours.arrays(i)[1])
        assert set(np.unique(ours.arrays(i)[1])) - {0, VOID} <= set(VOC_CLASSES)


@pytest.mark.parametrize("split", ["train", "val"])
def test_sbd(tmp_path: Path, split: str) -> None:
    dataset = write_sbd(tmp_path) / "benchmark_RELEASE" / "dataset"
    segmentations = SBDataset(str(dataset), split, mode="segmentation")
    boundaries = SBDataset(str(dataset), split, mode="boundaries")
    for i, stem in enumerate(sbd_lists()[split]):
        ours = sbd.read_segmentation(dataset / "cls" / f"{stem}.mat")
        assert np.array_equal(np.array(segmentations[i][1]), ours)
        assert boundaries[i][1].shape == (20, *ours.shape)


def test_the_lists_of_voc_and_sbd_cut_across_one_another() -> None:
    stems, both = voc_stems(), {stem for part in sbd_lists().values() for stem in part}
    assert both & set(stems["train"])
    assert both & set(stems["val"])
    assert set(stems["train"]) - both
    assert set(stems["extra"]) <= both


def test_cityscapes(tmp_path: Path) -> None:
    theirs = Cityscapes(str(write_cityscapes(tmp_path)), "val", target_type="semantic")
    ours = open_dataset("cityscapes", tmp_path, "val")
    assert len(theirs) == len(ours) == 3
    to_train = {entry.id: entry.train_id if entry.train_id >= 0 else VOID for entry in Cityscapes.classes}
    frames = {Path(path).stem: i for i, path in enumerate(theirs.images)}
    for i in range(3):
        photo, labels = theirs[frames[ours.image_id(i)]]
        assert np.array_equal(np.array(photo).transpose(2, 0, 1), ours.arrays(i)[0])
        assert np.array_equal(np.vectorize(to_train.get)(np.array(labels)), ours.arrays(i)[1])


@pytest.mark.parametrize(("split", "theirs"), [("train", "trainval"), ("test", "test")])
def test_pets(tmp_path: Path, split: str, theirs: str) -> None:
    read = OxfordIIITPet(str(write_pets(tmp_path)), theirs, target_types=["segmentation", "binary-category"])
    ours = open_dataset("pets", tmp_path, split)
    assert len(read) == len(ours) == (6 if split == "train" else 4)
    for i in range(len(ours)):
        photo, (trimap, species) = read[i]
        image, mask = ours.arrays(i)
        assert np.array_equal(np.array(photo).transpose(2, 0, 1), image)
        # Foreground, background, not classified.
        expected = np.array([VOID, 1 + read.bin_classes.index(read.bin_classes[species]), 0, VOID])[np.array(trimap)]
        assert np.array_equal(mask, expected)


def test_a_scene_has_its_class_inside_the_border() -> None:
    photo, mask = scene(3, 8, 0, border=255)
    assert photo.shape == (48, 64, 3)
    assert [int((mask == i).sum()) for i in (8, 255)] == [24 * 28, 26 * 30 - 24 * 28]
    assert np.array_equal(scene(3, 8, 0, border=255)[0], photo)
