"""Oxford-IIIT Pet in a tiny copy of its true layout, which torchvision reads in ``tests/downloads``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial.datasets import VOID, open_dataset
from mmtutorial.errors import InputError
from tests.miniatures import pet_names, save, scene, write_pets


def refused(root: Path, split: str = "train") -> str:
    with pytest.raises(InputError) as caught:
        open_dataset("pets", root, split)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("inside", ["", "oxford-iiit-pet"])
def test_cats_dogs_and_borders(tmp_path: Path, inside: str) -> None:
    root = write_pets(tmp_path) / inside
    for split, part in (("train", "trainval"), ("test", "test")):
        found = open_dataset("pets", root, split)
        assert [found.image_id(i) for i in range(len(found))] == pet_names(part)
        for i, name in enumerate(pet_names(part)):
            trimap = scene(int(name.rpartition("_")[2]), 1, 2, border=3)[1]
            animal = 1 if name.startswith("Egyptian") else 2
            assert np.array_equal(found.arrays(i)[1], np.array([9, animal, 0, VOID])[trimap])
    assert found.classes.names == ("background", "cat", "dog")
    unlabeled = open_dataset("pets", root, "unlabeled")
    assert len(unlabeled) == 6
    assert all((unlabeled.arrays(i)[1] == VOID).all() for i in range(6))


def test_a_gif_that_is_called_jpg_is_left_out(tmp_path: Path) -> None:
    folder = write_pets(tmp_path) / "oxford-iiit-pet"
    for name in ("Abyssinian_34", "Abyssinian_5"):
        photo, trimap = scene(1, 1, 2, border=3)
        Image.fromarray(photo).save(folder / "images" / f"{name}.jpg", "GIF" if name == "Abyssinian_34" else "JPEG")
        save(trimap, folder / "annotations" / "trimaps" / f"{name}.png")
        with (folder / "annotations" / "trainval.txt").open("a") as file:
            file.write(f"{name} 1 1 1\n")
    train = open_dataset("pets", tmp_path)
    assert [train.image_id(i) for i in range(len(train))] == [*pet_names("trainval"), "Abyssinian_5"]


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    folder = write_pets(tmp_path) / "oxford-iiit-pet"
    trimap = folder / "annotations" / "trimaps" / f"{pet_names('trainval')[2]}.png"
    save(np.zeros((48, 64), dtype=np.uint8), trimap)
    assert f"mask {trimap} holds [0], expected 1 (animal)" in refused(tmp_path)
    trimap.unlink()
    assert f"'{trimap.stem}' is listed but has no trimap in" in refused(tmp_path)
    (folder / "images" / f"{trimap.stem}.jpg").unlink()
    assert f"'{trimap.stem}' is listed but has no photo in" in refused(tmp_path)
    (folder / "annotations" / "trainval.txt").unlink()
    assert "trainval.txt" in refused(tmp_path)
    assert "no Oxford-IIIT Pet under" in refused(folder / "images")
