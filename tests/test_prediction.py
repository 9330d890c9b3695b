from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from mmtutorial.datasets import open_dataset, resize_long_side
from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors, write_tensors
from mmtutorial.networks.windowed import Windowed
from mmtutorial.prediction import choose_checkpoint, load_network, load_trained, predict_folder
from mmtutorial.segmentation import predict, predict_probabilities
from tests.tiny_run import finish, runner


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
    assert predict_folder(weights, photos, out).masks == 5
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png", "c.png", "d.e.png", "f.png"]
    network, table = load_network(weights)
    classes, palette = table.names, table.palette
    assert not network.training
    assert classes == open_dataset("scenes").classes.names
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


def test_a_huge_photo_is_seen_in_windows(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmtutorial import prediction

    trained, image = load_trained(checkpoint), torch.from_numpy(open_dataset("scenes", split="test").arrays(0)[0])
    whole = trained.mask(image)
    assert torch.equal(whole, predict(trained.network, [image])[0])
    monkeypatch.setattr(prediction, "_MOST_PIXELS", image[0].numel() - 1)
    monkeypatch.setattr(prediction, "_WINDOW", 48)
    assert torch.equal(trained.mask(image), predict(Windowed(trained.network, 48), [image])[0])
    assert not torch.equal(trained.mask(image), whole)


@pytest.mark.parametrize("said", [0, -5, "wide", 2.5, True, [512]])
def test_a_window_that_is_no_length(checkpoint: Path, tmp_path: Path, said: object) -> None:
    tensors, about = read_tensors(checkpoint)
    spoiled = tmp_path / "model.safetensors"
    write_tensors(spoiled, tensors, {**about, "window": said})
    with pytest.raises(InputError, match="its window is no number of pixels"):
        load_trained(spoiled)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_more_photos_than_one_portion(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for i in range(18):
        Image.new("L", (20 + i, 16), 10 * i).save(tmp_path / f"photos/{i:02d}.png")
    assert predict_folder(checkpoint, tmp_path / "photos", tmp_path / "out").masks == 18
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
    assert "delete" not in refused(cut, photos, out)
    assert not out.exists()


def test_a_checkpoint_of_unfinished_training(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmtutorial.training import engine

    def refusing(*_: object) -> None:
        raise InputError("disk full")

    monkeypatch.setattr(engine, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    monkeypatch.setattr(engine, "write_record", refusing)
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
def test_a_corrupt_photo_is_named_and_the_others_get_their_masks(
    checkpoint: Path, photos: Path, tmp_path: Path, name: str, keep: int
) -> None:
    path = photos / name
    path.write_bytes(path.read_bytes()[:keep])
    made = predict_folder(checkpoint, photos, tmp_path / "out")
    assert made.masks == 4
    (line,) = made.failed
    assert f"cannot read image {path}" in line
    masks = {mask.stem for mask in (tmp_path / "out").iterdir()}
    assert masks == {"a", "b", "c", "d.e", "f"} - {path.stem}


def test_a_photo_that_does_not_fit_into_memory_is_named(
    checkpoint: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(network: nn.Module, images: list[Tensor]) -> list[Tensor]:
        if images[0].shape[-2] < 96:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator:\ncan't allocate memory")
        return predict_probabilities(network, images)

    monkeypatch.setattr("mmtutorial.prediction.predict_probabilities", small)
    made = predict_folder(checkpoint, photos, tmp_path / "out")
    assert made.masks == 2
    assert [line.split(":")[0] for line in made.failed] == [
        f"no mask of {photos / n}" for n in ("a.png", "c.JPEG", "f.png")
    ]
    assert "\n" not in made.failed[0]


def test_what_is_no_photo_is_listed(checkpoint: Path, photos: Path, tmp_path: Path) -> None:
    (photos / "older").mkdir()
    (photos / "Thumbs.db").write_bytes(b"")
    skipped = predict_folder(checkpoint, photos, tmp_path / "out").skipped
    assert [path.name for path in skipped] == ["notes.txt", "older"]
    (tmp_path / "empty/older").mkdir(parents=True)
    assert "no photos in" in refused(checkpoint, tmp_path / "empty", tmp_path / "new")
    assert "; there is older; it should hold jpg, png" in refused(checkpoint, tmp_path / "empty", tmp_path / "new")


def test_masks_made_by_hand_are_not_overwritten(checkpoint: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    predict_folder(checkpoint, photos, out)
    predict_folder(checkpoint, photos, out)  # The masks of an earlier prediction are its own.
    with Image.open(out / "a.png") as mask:
        mask.load()
    mask.putpixel((0, 0), 5)
    mask.save(out / "a.png")
    (out / "f.png").unlink()
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert f"{out / 'a.png'} was not written by this program, or was changed since" in refused(checkpoint, photos, out)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert predict_folder(checkpoint, photos, out, force=True).masks == 5
    assert predict_folder(checkpoint, photos, out).masks == 5


def test_the_folder_of_a_run(run: Path, tmp_path: Path) -> None:
    graph, colour = (run / f"seed0/segmentation/{arm}/model.safetensors" for arm in ("random+graph", "colorization"))
    assert choose_checkpoint(graph).path == graph
    assert choose_checkpoint(graph).why == ""
    for place in (run, run / "seed0", run / "seed0/segmentation"):
        assert choose_checkpoint(place, "colorization").path == colour
    for place in (graph.parent, graph.parent.parent.parent / "segmentation/random+graph"):
        assert choose_checkpoint(place).path == graph
        assert choose_checkpoint(place).why == "random+graph, seed0: the only arm"


def cannot_choose(place: Path, arm: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        choose_checkpoint(place, arm)
    assert "delete" not in str(caught.value)
    return str(caught.value)


def test_folders_that_leave_the_choice_open(run: Path, tmp_path: Path) -> None:
    assert "colorization, random+graph, but no results.json to choose by; name one with --arm" in cannot_choose(run)
    assert "did you mean 'random+graph'" in cannot_choose(run, "random+grap")
    assert "--arm x chooses in the folder of a run" in cannot_choose(run / "run.json", "x")
    for place in (tmp_path, run / "seed0/tuning"):
        assert "is a folder without a trained network; give .../segmentation/ARM/model" in cannot_choose(place)
    for name in ("one", "two"):
        shutil.copytree(run / "seed0/segmentation", tmp_path / name / "seed0/segmentation")
    assert "holds several runs; give the folder of one of them: one, two" in cannot_choose(tmp_path)


@pytest.mark.parametrize("validate", [False, True])
def test_the_arm_of_the_highest_mean_and_its_first_seed(tmp_path: Path, validate: bool) -> None:
    """Not the best seed: its lead is chance."""
    results = finish(runner(tmp_path, arms="random,random+graph", seeds=(10, 2), validate=validate))
    best = max(results["arms"], key=lambda arm: float(arm["miou_mean"]))["name"]
    chosen = choose_checkpoint(tmp_path)
    assert chosen.path == tmp_path / f"seed2/segmentation/{best}/model.safetensors"
    on = results["evaluated_on"]
    assert chosen.why.startswith(f"{best}, seed2: of 2 arms that with the highest mean mIoU on {on}")
    assert ("a little flattered" in chosen.why) is not validate
    other = next(arm["name"] for arm in results["arms"] if arm["name"] != best)
    assert choose_checkpoint(tmp_path, other).path.parent.name == other
    shutil.rmtree(tmp_path / f"seed2/segmentation/{best}")
    shutil.rmtree(tmp_path / f"seed10/segmentation/{best}")
    assert choose_checkpoint(tmp_path).path.parent.name == other


STRANGE_HEADERS: dict[str, Callable[[dict[str, object]], object]] = {
    "no classes": lambda about: about.pop("classes"),
    "a class fewer": lambda about: about.update(classes=["a"], palette=[[0, 0, 0]]),
    "classes that are no texts": lambda about: about.update(classes=list(range(9))),
    "a number of classes": lambda about: about.update(classes=9),
    "a class twice": lambda about: about.update(classes=["a"] * 9),
    "a colour fewer": lambda about: about.update(palette=[[0, 0, 0]] * 8),
    "colours of two levels": lambda about: about.update(palette=[[0, 0]] * 9),
    "bright colours": lambda about: about.update(palette=[[0, 0, 256]] * 9),
    "colours that are no numbers": lambda about: about.update(palette=["abc"] * 9),
    "another encoder": lambda about: about.update(network={"encoder": "resnet"}),
    "another head": lambda about: about.update(network={"head": "hypercolumn"}),
    "no network": lambda about: about.update(network=None),
    "a network with more": lambda about: about.update(network={"depth": 50}),
}


FIT_NO_WEIGHTS = ("a class fewer", "another head")


@pytest.mark.parametrize("kind", STRANGE_HEADERS)
def test_a_strange_header_is_one_line_that_names_the_file(
    checkpoint: Path, photos: Path, tmp_path: Path, kind: str
) -> None:
    tensors, about = read_tensors(checkpoint)
    about = json.loads(json.dumps(about))
    STRANGE_HEADERS[kind](about)
    write_tensors(tmp_path / "strange.safetensors", tensors, about)
    message = refused(tmp_path / "strange.safetensors", photos, tmp_path / "out")
    what = "does not fit its network" if kind in FIT_NO_WEIGHTS else "holds no network that this version knows"
    assert f"{tmp_path / 'strange.safetensors'} {what}" in message
    assert not (tmp_path / "out").exists()


def test_photos_are_seen_at_the_size_of_training_and_masks_are_of_their_own(checkpoint: Path, tmp_path: Path) -> None:
    tensors, about = read_tensors(checkpoint, "")
    weights = tmp_path / "model.safetensors"
    write_tensors(weights, tensors, {**about, "size": 48})
    trained = load_trained(weights)
    large = torch.from_numpy(open_dataset("scenes", split="test").arrays(0)[0])[:, :64]
    height, width = large.shape[-2:]
    mask = trained.mask(large)
    assert tuple(mask.shape) == (height, width)
    # Half the size, seen by the network, then pixel by pixel what lies nearest: alike but at the outlines.
    seen = predict(trained.network, [resize_long_side(48)(large)])[0]
    rows, columns = (torch.arange(n) * m // n for n, m in zip((height, width), seen.shape, strict=True))
    assert (mask == seen[rows][:, columns]).float().mean() > 0.9
    small = large[:, :40, :48]
    assert torch.equal(trained.mask(small), predict(trained.network, [small])[0])
    assert load_trained(checkpoint).size is None
