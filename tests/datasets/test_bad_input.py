"""Each mistake a user can make is met by one line that names what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmtutorial.datasets import DATASETS, open_dataset
from mmtutorial.errors import InputError

Write = Callable[..., None]
VOC = "VOCdevkit/VOC2012"


def refused(*args: object, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        open_dataset(*args, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_unknown_data_set() -> None:
    known = "scenes, streets, voc, camvid, cityscapes, stanford, pets, folder"
    assert f"did you mean 'scenes'? known: {known}" in refused("scnes")


@pytest.mark.parametrize("name", DATASETS)
def test_unknown_split(name: str) -> None:
    assert "did you mean 'train'" in refused(name, split="trian")


def test_unknown_class() -> None:
    assert "unknown class 'mushrom'; did you mean 'mushroom'?" in refused("scenes", classes="fish,mushrom")
    assert "no class given" in refused("scenes", classes=" , ")


@pytest.mark.parametrize("name", ["voc", "camvid", "cityscapes", "folder"])
def test_missing_root(name: str, tmp_path: Path) -> None:
    assert f"data set '{name}' needs a root folder" in refused(name)
    layout = DATASETS[name].layout
    assert layout is not None
    message = refused(name, tmp_path / "nowhere")
    assert "nowhere" in message
    assert layout in message
    message = refused(name, tmp_path)
    assert str(tmp_path) in message


def test_a_voc_list_that_is_not_there(voc_root: Path) -> None:
    (voc_root / VOC / "ImageSets/Segmentation/train.txt").unlink()
    message = refused("voc", voc_root)
    assert "train.txt" in message
    assert "val, trainaug" in message


def test_empty_split(voc_root: Path, camvid_root: Path, folder_root: Path) -> None:
    (voc_root / VOC / "ImageSets/Segmentation/val.txt").write_text("\n")
    assert "val.txt is empty" in refused("voc", voc_root, "val")
    for path in [*(camvid_root / "CamVid/test").iterdir(), *(camvid_root / "CamVid/testannot").iterdir()]:
        path.unlink()
    assert "split 'test' of camvid has no images" in refused("camvid", camvid_root, "test")
    (folder_root / "val.txt").write_text("")
    assert "val.txt is empty" in refused("folder", folder_root, "val")


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    assert "no jpg, png, webp, tif or bmp files" in refused("folder", tmp_path)


def test_too_few_images_for_three_splits(tmp_path: Path, write_photo: Write, write_mask: Write) -> None:
    write_photo(tmp_path / "images" / "a.jpg")
    write_mask(tmp_path / "masks" / "a.png")
    assert "too few" in refused("folder", tmp_path)


def test_image_without_mask(voc_root: Path, camvid_root: Path, folder_root: Path) -> None:
    (folder_root / "masks/leaf_2.png").unlink()
    (folder_root / "masks/leaf_4.png").unlink()
    message = refused("folder", folder_root)
    assert "leaf_2.jpg has no mask (nor have 1 more)" in message
    (camvid_root / "CamVid/trainannot/train_0.png").unlink()
    assert "train_0.jpg has no mask" in refused("camvid", camvid_root)
    (voc_root / VOC / "SegmentationClass/2007_000004.png").unlink()
    assert "'2007_000004' is listed but has no mask" in refused("voc", voc_root, "val")


def test_mask_without_image(voc_root: Path, camvid_root: Path, folder_root: Path) -> None:
    (folder_root / "images/leaf_2.jpg").unlink()
    assert "leaf_2.png has no image" in refused("folder", folder_root)
    (camvid_root / "CamVid/train/train_0.jpg").unlink()
    assert "train_0.png has no image" in refused("camvid", camvid_root)
    (voc_root / VOC / "JPEGImages/2007_000004.jpg").unlink()
    assert "'2007_000004' is listed but has no photo" in refused("voc", voc_root, "val")


def test_sizes_that_differ(folder_root: Path, write_mask: Write) -> None:
    write_mask(folder_root / "masks/leaf_2.png", width=16, height=20)
    (folder_root / "train.txt").write_text("leaf_2\n")
    message = refused("folder", folder_root)
    assert "leaf_2.png is 16x20 pixels" in message
    assert "leaf_2.jpg is 20x16" in message


def test_mask_ids_out_of_range(voc_root: Path, folder_root: Path, write_mask: Write) -> None:
    write_mask(voc_root / VOC / "SegmentationClass/2007_000005.png", (0, 30))
    message = refused("voc", voc_root, "val")
    assert "2007_000005.png holds ids 30, expected 0..20 or 255" in message
    (folder_root / "classes.toml").write_text('names = ["background", "leaf"]\n')
    assert "holds ids 2, expected 0..1 or 255" in refused("folder", folder_root)


def test_masks_with_a_single_id(folder_root: Path, write_mask: Write) -> None:
    for path in (folder_root / "masks").iterdir():
        write_mask(path, (0, 255), mode="L")
    assert "hold ids [0, 255]" in refused("folder", folder_root)


@pytest.mark.parametrize("keep", [0, 20, 400])
def test_corrupt_jpeg(voc_root: Path, write_photo: Write, keep: int) -> None:
    path = voc_root / VOC / "JPEGImages/2007_000005.jpg"
    write_photo(path, width=20)
    path.write_bytes(path.read_bytes()[:keep])
    message = refused("voc", voc_root, "val")
    assert str(path) in message
    assert "replace the file" in message


def test_a_page_saved_as_a_picture(voc_root: Path) -> None:
    path = voc_root / VOC / "SegmentationClass/2007_000005.png"
    path.write_text("<html>quota exceeded</html>")
    assert f"cannot read mask {path}" in refused("voc", voc_root, "val")


def test_rgb_mask(folder_root: Path, write_mask: Write) -> None:
    (folder_root / "classes.toml").write_text('names = ["background", "leaf", "stem"]\n')
    for path in (folder_root / "masks").iterdir():
        write_mask(path, (0, 1, 2), mode="RGB")
    message = refused("folder", folder_root)
    assert ".png is stored as RGB" in message
    assert "save the class ids" in message


def test_void_mask_in_a_training_split(voc_root: Path, write_mask: Write) -> None:
    write_mask(voc_root / VOC / "SegmentationClass/2007_000001.png", (255,))
    assert "mask of 2007_000001 (voc, train) is void all over" in refused("voc", voc_root)
    assert len(open_dataset("voc", voc_root, classes="cat")) == 2
    write_mask(voc_root / VOC / "SegmentationClass/2007_000005.png", (255,))
    assert len(open_dataset("voc", voc_root, "val")) == 2


def test_fewer_labels_than_asked(voc_root: Path, camvid_root: Path) -> None:
    message = refused("voc", voc_root, labeled=9)
    assert "asked for 9" in message
    assert "has 3" in message
    message = refused("scenes", labeled=1001)
    assert "1001" in message
    assert "1000" in message
    message = refused("camvid", camvid_root, classes="car", labeled=2)
    assert "asked for 2" in message
    assert "has 0" in message
    assert "0 labeled" in refused("scenes", labeled=0)


def test_labeled_on_a_split_that_does_not_train() -> None:
    assert "it counts training images" in refused("scenes", split="val", labeled=10)


def test_a_size_of_nothing() -> None:
    assert "size must be at least 1" in refused("scenes", size=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names = [", "cannot read"),
        ("", "lacks names"),
        ('names = "leaf"', "expected a list of texts"),
        ('names = ["a", "a", "b"]', "must differ"),
        ('names = ["a", "b", "c"]\npalette = [[1, 2, 3]]', "one colour per name"),
        ('names = ["a", "b", "c"]\npalette = [[1, 2], [1, 2, 3], [0, 0, 0]]', "three numbers"),
        ('names = ["a", "b", "c"]\npalette = [[1, 2, 300], [1, 2, 3], [0, 0, 0]]', "0 to 255"),
        ('names = ["a", "b", "c"]\nbackground = ["aa"]', "did you mean 'a'"),
        ('names = ["a", "b", "c"]\nvoid = 1', "void is 1"),
        ('name = ["a", "b", "c"]', "did you mean 'names'"),
    ],
)
def test_wrong_classes_toml(folder_root: Path, text: str, message: str) -> None:
    (folder_root / "classes.toml").write_text(text)
    assert message in refused("folder", folder_root)


def test_lists_that_overlap_or_repeat(folder_root: Path) -> None:
    (folder_root / "train.txt").write_text("leaf_1\nleaf_2\n")
    assert "none for 'val'" in refused("folder", folder_root, "val")
    (folder_root / "test.txt").write_text("leaf_2\n")
    assert "'leaf_2' is in both" in refused("folder", folder_root)
    (folder_root / "test.txt").write_text("leaf_3\nleaf_3\n")
    assert "names 'leaf_3' twice" in refused("folder", folder_root, "test")


def test_two_images_with_one_stem(folder_root: Path, write_photo: Write) -> None:
    write_photo(folder_root / "images/leaf_2.png")
    assert "share a stem" in refused("folder", folder_root)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('names = ["background", "leaf", "leaf"]', "names must differ"),
        ('names = ["background", "leaf"]\npalette = [[0, 0, 0]]', "1 colours for 2"),
        ('names = ["background", " "]', "give each class a name"),
        ('names = ["background", "le\\u001baf"]', "cannot be shown"),
        (f"names = {[str(i) for i in range(256)]}", "256 names, and there are ids for 255"),
    ],
)
def test_a_class_table_at_fault_is_named(folder_root: Path, table: str, message: str) -> None:
    (folder_root / "classes.toml").write_text(table)
    said = refused("folder", folder_root)
    assert message in said
    assert str(folder_root / "classes.toml") in said


def test_a_mask_with_swapped_sides_is_not_to_be_resized(folder_root: Path, write_mask: Write) -> None:
    for path in (folder_root / "masks").iterdir():
        write_mask(path, width=16, height=20)
    said = refused("folder", folder_root)
    assert "EXIF tag" in said
    assert "resize" not in said


def test_a_folder_of_another_kind_of_photos(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.HEIC").write_bytes(b"x")
    assert "a.HEIC, to be saved as jpg or png" in refused("folder", tmp_path)
