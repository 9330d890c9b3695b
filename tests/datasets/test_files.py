"""The three data sets of files, in tiny copies of their true layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmtutorial.datasets import VOID, open_dataset, roles
from mmtutorial.datasets import files as files_module
from mmtutorial.datasets import store as store_module

Write = Callable[..., None]


@pytest.mark.parametrize("inside", ["", "VOCdevkit", "VOCdevkit/VOC2012"])
def test_voc_is_found_from_any_of_its_folders(voc_root: Path, inside: str) -> None:
    dataset = open_dataset("voc", voc_root / inside, "val")
    assert len(dataset) == 2
    assert dataset.image_id(0) == "2007_000004"
    image, mask = dataset[0]
    assert tuple(image.shape) == (3, 16, 20)
    assert sorted(np.unique(mask).tolist()) == [0, 8, 15, VOID]
    assert mask[0].tolist() == [0] * 5 + [8] * 5 + [VOID] * 5 + [15] * 5


def test_voc_trainaug_takes_the_masks_of_sbd(voc_root: Path) -> None:
    assert len(open_dataset("voc", voc_root)) == 3
    dataset = open_dataset("voc", voc_root, "trainaug")
    assert len(dataset) == 4
    assert np.unique(dataset[0][1]).tolist() == [0, 12]


def test_voc_unlabeled_adds_the_folder_beside_the_devkit(voc_root: Path, write_photo: Write) -> None:
    assert len(open_dataset("voc", voc_root, "unlabeled")) == 4
    write_photo(voc_root / "unlabeled" / "extra.jpg", width=12)
    dataset = open_dataset("voc", voc_root / "VOCdevkit", "unlabeled")
    assert [dataset.image_id(i) for i in range(5)][-1] == "extra"
    assert tuple(dataset[4][0].shape) == (3, 16, 12)
    assert all(bool((mask == VOID).all()) for _, mask in dataset)


def test_voc_without_sbd_trains_on_train(voc_root: Path) -> None:
    assert roles("voc", voc_root).train == roles("voc", voc_root).tagged == "trainaug"
    (voc_root / "VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug.txt").unlink()
    assert roles("voc", voc_root).train == roles("voc", voc_root).tagged == "train"
    assert len(open_dataset("voc", voc_root, "unlabeled")) == 3


@pytest.mark.parametrize("inside", ["", "CamVid"])
def test_camvid_reads_png_and_jpeg_and_maps_eleven_to_void(camvid_root: Path, inside: str) -> None:
    dataset = open_dataset("camvid", camvid_root / inside, "test")
    assert len(dataset) == 2
    assert dataset.classes.background_ids == ()
    assert len(dataset.classes) == 11
    for _, mask in dataset:
        assert np.unique(mask).tolist() == [0, 3, VOID]
    assert bool((open_dataset("camvid", camvid_root, "unlabeled")[0][1] == VOID).all())


def test_folder_names_classes_after_the_ids(folder_root: Path) -> None:
    dataset = open_dataset("folder", folder_root)
    assert dataset.classes.names == ("class 0", "class 1", "class 2")
    assert dataset.classes.background_ids == (0,)
    assert np.unique(dataset[0][1]).tolist() == [0, 1, 2]


def test_folder_deals_all_images_to_three_splits_always_alike(folder_root: Path, write_photo: Write) -> None:
    def stems(split: str) -> list[str]:
        dataset = open_dataset("folder", folder_root, split)
        return [dataset.image_id(i) for i in range(len(dataset))]

    parts = {split: stems(split) for split in ("train", "val", "test")}
    assert [len(parts[split]) for split in ("train", "val", "test")] == [8, 1, 1]
    assert len({stem for part in parts.values() for stem in part}) == 10
    assert parts["train"] == stems("train")
    write_photo(folder_root / "unlabeled" / "more.jpg")
    assert stems("unlabeled") == [*parts["train"], "more"]


def test_folder_follows_lists(folder_root: Path) -> None:
    (folder_root / "train.txt").write_text("leaf_3\n\nleaf_1\n")
    (folder_root / "test.txt").write_text("leaf_2\n")
    dataset = open_dataset("folder", folder_root)
    assert [dataset.image_id(i) for i in range(len(dataset))] == ["leaf_3", "leaf_1"]


def test_folder_reads_classes_toml(folder_root: Path) -> None:
    (folder_root / "classes.toml").write_text(
        'names = ["leaf", "soil"]\nbackground = ["soil"]\npalette = [[0, 200, 0], [90, 60, 30]]\nvoid = 2\n'
    )
    dataset = open_dataset("folder", folder_root)
    assert dataset.classes.names == ("leaf", "soil")
    assert dataset.classes.background == ("soil",)
    assert dataset.classes.palette[0] == (0, 200, 0)
    assert np.unique(dataset[0][1]).tolist() == [0, 1, VOID]


def test_folder_takes_the_class_called_background_for_background(folder_root: Path) -> None:
    (folder_root / "classes.toml").write_text('names = ["leaf", "background", "stem"]\n')
    assert open_dataset("folder", folder_root).classes.background_ids == (1,)
    (folder_root / "classes.toml").write_text('names = ["leaf", "soil", "stem"]\n')
    assert open_dataset("folder", folder_root).classes.background_ids == ()


def test_grey_and_palette_masks_read_alike(tmp_path: Path, write_mask: Write) -> None:
    write_mask(tmp_path / "p.png", (0, 3, 255), mode="P")
    write_mask(tmp_path / "l.png", (0, 3, 255), mode="L")
    assert np.array_equal(files_module.read_mask(tmp_path / "p.png"), files_module.read_mask(tmp_path / "l.png"))


def test_each_id_of_void_is_void(camvid_root: Path, folder_root: Path, write_mask: Write) -> None:
    stripes = [0] * 5 + [VOID] * 10 + [3] * 5
    for path in (camvid_root / "CamVid" / "testannot").iterdir():
        write_mask(path, (0, 11, 255, 3), mode="L")
    assert open_dataset("camvid", camvid_root, "test")[0][1][0].tolist() == stripes
    (folder_root / "classes.toml").write_text('names = ["a", "b", "c", "d"]\nvoid = 9\n')
    for path in (folder_root / "masks").iterdir():
        write_mask(path, (0, 9, 255, 3))
    assert open_dataset("folder", folder_root)[0][1][0].tolist() == stripes


def test_images_are_decoded_once(voc_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = files_module.read_image

    def counting(path: Path) -> np.ndarray:
        read.append(path.stem)
        return original(path)

    monkeypatch.setattr(files_module, "read_image", counting)
    dataset = open_dataset("voc", voc_root, "trainaug", labeled=2)
    part = dataset.subset([1, 0]).in_memory()
    assert part.image_id(0) == dataset.image_id(1)
    first, second = dataset[0][0], part[1][0]
    assert first.tolist() == second.tolist()
    assert len(read) == len(set(read))


def test_an_item_is_a_copy(voc_root: Path) -> None:
    dataset = open_dataset("voc", voc_root, "val")
    dataset[0][1].fill_(7)
    assert 7 not in dataset[0][1]


def test_beyond_the_memory_budget_images_are_decoded_at_each_use(
    voc_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = open_dataset("voc", voc_root, "trainaug")
    monkeypatch.setattr(store_module, "MEMORY_BUDGET", 2 * 4 * 16 * 20)
    small = open_dataset("voc", voc_root, "trainaug")
    assert len(small) == 4
    assert small._store.used <= 2 * 4 * 16 * 20
    assert all(a[0].tolist() == b[0].tolist() for a, b in zip(whole, small, strict=True))


def test_size_shrinks_and_never_enlarges(voc_root: Path) -> None:
    image, mask = open_dataset("voc", voc_root, "val", size=10)[0]
    assert tuple(image.shape) == (3, 8, 10)
    assert tuple(mask.shape) == (8, 10)
    assert set(np.unique(mask).tolist()) <= {0, 8, 15, VOID}
    assert tuple(open_dataset("voc", voc_root, "val", size=100)[0][0].shape) == (3, 16, 20)


def test_classes_keep_background_and_void_the_rest(voc_root: Path) -> None:
    for classes in ("person", ["person"], ("background", "person"), "person, background"):
        dataset = open_dataset("voc", voc_root, "val", classes=classes)
        assert dataset.classes.names == ("background", "person")
        assert np.unique(dataset[0][1]).tolist() == [0, 1, VOID]


def test_training_images_without_a_kept_label_are_dropped(camvid_root: Path, write_mask: Write) -> None:
    write_mask(camvid_root / "CamVid" / "trainannot" / "train_1.png", (0, 8, 11), mode="L")
    dataset = open_dataset("camvid", camvid_root, classes="car")
    assert [dataset.image_id(i) for i in range(len(dataset))] == ["train_1"]
    assert len(open_dataset("camvid", camvid_root, "test", classes="car")) == 2


def test_real_voc(real_data: Path) -> None:
    dataset = open_dataset("voc", real_data, "val", classes="cat,cow,dog,horse,person,sheep")
    assert len(dataset) == 437
    image, mask = dataset[0]
    assert image.shape[1:] == mask.shape
    assert max(mask.shape) == 160
    seen = set.union(*(set(np.unique(dataset.arrays(i)[1]).tolist()) for i in range(len(dataset))))
    assert seen == {0, 1, 2, 3, 4, 5, 6, VOID}


def test_real_voc_labels_are_nested(real_data: Path) -> None:
    few = open_dataset("voc", real_data, "trainaug", classes="cat,dog", labeled=20)
    more = open_dataset("voc", real_data, "trainaug", classes="cat,dog", labeled=50)
    assert [few.image_id(i) for i in range(20)] == [more.image_id(i) for i in range(20)]


def test_real_camvid(real_data: Path) -> None:
    dataset = open_dataset("camvid", real_data, "test")
    assert len(dataset) == 62
    assert tuple(dataset[0][0].shape) == (3, 180, 240)
    seen = set.union(*(set(np.unique(dataset.arrays(i)[1]).tolist()) for i in range(len(dataset))))
    assert seen == {*range(11), VOID}
