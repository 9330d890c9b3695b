from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError
from mmtutorial.prediction import load_network, predict_folder
from mmtutorial.segmentation import predict
from tests.tiny_run import runner


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    runner(out, arms="random+graph,colorization").run()
    return out


@pytest.fixture(scope="module")
def checkpoint(run: Path) -> Path:
    return run / "seed0/segmentation/random+graph/model.safetensors"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five scenes of two sizes, as PNG and JPEG, beside files that are no photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, name in enumerate(["a.png", "b.jpg", "c.JPEG", "d.e.png", "f.png"]):
        pixels = open_dataset("scenes", split="test").arrays(i)[0].transpose(1, 2, 0)
        Image.fromarray(pixels[: 96 if i % 2 else 64]).save(folder / name)
    (folder / "notes.txt").write_text("no photo")
    (folder / "._a.png").write_text("what some systems leave beside a photo")
    return folder


@pytest.mark.parametrize("arm", ["random+graph", "colorization"])
def test_masks_are_what_the_network_says(run: Path, photos: Path, tmp_path: Path, arm: str) -> None:
    weights = run / f"seed0/segmentation/{arm}/model.safetensors"
    out = tmp_path / "new" / "masks"
    assert predict_folder(weights, photos, out) == 5
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png", "c.png", "d.e.png", "f.png"]
    network, classes, palette = load_network(weights)
    assert not network.training
    assert classes == list(open_dataset("scenes").classes.names)
    assert network.encoder.in_channels == (1 if arm == "colorization" else 3)
    for photo in photos.iterdir():
        if photo.name.startswith(".") or photo.suffix == ".txt":
            continue
        with Image.open(photo) as picture:
            pixels = np.array(picture.convert("RGB"))
        with Image.open(out / f"{photo.stem}.png") as mask:
            assert mask.format == "PNG"
            assert mask.mode == "P"
            assert mask.size == (pixels.shape[1], pixels.shape[0])
            ids = np.array(mask)
            colours = mask.getpalette()
        expected = predict(network, [torch.from_numpy(pixels).permute(2, 0, 1)])[0].numpy()
        assert np.array_equal(ids, expected)
        assert ids.max() < len(classes)
        assert colours is not None
        assert colours[: 3 * len(palette)] == [level for colour in palette for level in colour]


def test_photos_are_turned_upright_as_in_training(checkpoint: Path, tmp_path: Path) -> None:
    pixels = open_dataset("scenes", split="test").arrays(0)[0].transpose(1, 2, 0)[:64]
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn by a quarter, as cameras write it.
    (tmp_path / "photos").mkdir()
    Image.fromarray(pixels).save(tmp_path / "photos/a.jpg", exif=exif)
    predict_folder(checkpoint, tmp_path / "photos", tmp_path / "out")
    assert size_of(tmp_path / "out/a.png") == (64, 96)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_more_photos_than_one_portion(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for i in range(18):
        Image.new("L", (20 + i, 16), 10 * i).save(tmp_path / f"photos/{i:02d}.png")
    assert predict_folder(checkpoint, tmp_path / "photos", tmp_path / "out") == 18
    assert [size_of(tmp_path / f"out/{i:02d}.png") for i in range(18)] == [(20 + i, 16) for i in range(18)]


def refused(checkpoint: Path, images: Path, out: Path) -> str:
    with pytest.raises(InputError) as caught:
        predict_folder(checkpoint, images, out)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_checkpoints_of_another_kind(run: Path, checkpoint: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for stage, kind in [("tuning/random+graph", "tuning"), ("proxy/colorization", "colorization")]:
        message = refused(run / "seed0" / stage / "model.safetensors", photos, out)
        assert f"holds a {kind} stage; give segmentation/ARM/model.safetensors" in message
    assert "no weights at" in refused(run / "nowhere.safetensors", photos, out)
    assert str(run) in refused(run, photos, out)
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(checkpoint.read_bytes()[:-100])
    assert f"{cut} is damaged" in refused(cut, photos, out)
    assert not out.exists()


def test_a_checkpoint_of_unfinished_training(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmtutorial.training import engine

    def refusing(*_: object) -> None:
        raise InputError("disk full")

    monkeypatch.setattr(engine, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    monkeypatch.setattr(engine, "write_json", refusing)
    with pytest.raises(InputError, match="disk full"):
        runner(tmp_path / "run", arms="random").run()
    unfinished = tmp_path / "run/seed0/segmentation/random/checkpoint.safetensors"
    assert "holds an unfinished stage" in refused(unfinished, photos, tmp_path / "out")


def test_folders_that_will_not_do(checkpoint: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "no folder" in refused(checkpoint, tmp_path / "nowhere", out)
    (tmp_path / "empty").mkdir()
    assert "no photos in" in refused(checkpoint, tmp_path / "empty", out)
    (tmp_path / "file").write_text("")
    assert "cannot write" in refused(checkpoint, photos, tmp_path / "file" / "out")
    shutil.copy(photos / "a.png", photos / "b.png")
    assert "share a stem" in refused(checkpoint, photos, out)


def test_photos_are_never_overwritten(checkpoint: Path, photos: Path) -> None:
    before = (photos / "a.png").read_bytes()
    assert "is the folder of the photos" in refused(checkpoint, photos, photos / ".." / photos.name)
    assert (photos / "a.png").read_bytes() == before


@pytest.mark.parametrize("keep", [0, 20, 500])
@pytest.mark.parametrize("name", ["f.png", "b.jpg"])
def test_a_corrupt_photo_is_named(checkpoint: Path, photos: Path, tmp_path: Path, name: str, keep: int) -> None:
    path = photos / name
    path.write_bytes(path.read_bytes()[:keep])
    assert str(path) in refused(checkpoint, photos, tmp_path / "out")
