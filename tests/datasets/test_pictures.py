"""Photos and masks in whatever a camera, a scanner, a microscope or a painter's program makes of them."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from mmtutorial.datasets import open_dataset
from mmtutorial.datasets.pictures import MAX_PIXELS, palette_png, read_image, read_mask, read_size
from mmtutorial.errors import InputError

GREY, RGB, GREY_ALPHA, RGB_ALPHA = 0, 2, 4, 6


def png(path: Path, values: NDArray[np.integer], bits: int, colour: int, size: tuple[int, int] | None = None) -> None:
    """A PNG written by hand, of any depth: Pillow writes few of them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = values.shape[:2]
    if bits == 16:
        rows = [row.astype(">u2").tobytes() for row in values]
    else:
        spread = ((values.reshape(height, -1, 1) >> np.arange(bits - 1, -1, -1)) & 1).reshape(height, -1)
        rows = [np.packbits(row.astype(np.uint8)).tobytes() for row in spread]
    header = struct.pack(">IIBBBBB", *(size or (width, height)), bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def wide(channels: int | None = None) -> NDArray[np.uint16]:
    """Levels of 16 bits, 0 and 65535 among them; the last of 2 or 4 channels is an opaque alpha."""
    shape = (8, 16) if channels is None else (8, 16, channels)
    values = np.random.default_rng(0).integers(0, 65536, shape, dtype=np.uint16)
    values[0, 0], values[0, 1] = 0, 65535
    if channels in (2, 4):
        values[..., -1] = 65535
    return values


def expected(values: NDArray[np.uint16]) -> NDArray[np.float64]:
    colours = values[..., None] if values.ndim == 2 else values
    colours = colours[..., : 1 if colours.shape[-1] < 3 else 3]
    return np.broadcast_to(colours / 257, (8, 16, 3)).transpose(2, 0, 1)


def tiff(path: Path, values: NDArray[np.generic], **options: object) -> None:
    tifffile.imwrite(path, values, **options)  # type: ignore[arg-type]


Write = Callable[[Path], NDArray[np.float64]]


def _wide_png(colour: int, channels: int | None) -> Write:
    def write(path: Path) -> NDArray[np.float64]:
        png(path.with_suffix(".png"), wide(channels), 16, colour)
        return expected(wide(channels))

    return write


def _wide_tiff(channels: int | None, **options: object) -> Write:
    def write(path: Path) -> NDArray[np.float64]:
        tiff(path.with_suffix(".tif"), wide(channels), **options)
        return expected(wide(channels))

    return write


WIDE = {
    "grey png": _wide_png(GREY, None),
    "rgb png": _wide_png(RGB, 3),
    "grey and alpha png": _wide_png(GREY_ALPHA, 2),
    "rgb and alpha png": _wide_png(RGB_ALPHA, 4),
    "grey tiff": _wide_tiff(None),
    "grey tiff of a big-endian machine": _wide_tiff(None, byteorder=">"),
    "rgb tiff": _wide_tiff(3, photometric="rgb"),
    "compressed rgb tiff": _wide_tiff(3, photometric="rgb", compression="deflate"),
}


@pytest.mark.parametrize("kind", WIDE)
def test_sixteen_bits_are_scaled(tmp_path: Path, kind: str) -> None:
    right = WIDE[kind](tmp_path / "a")
    (path,) = tmp_path.iterdir()
    found = read_image(path)
    assert found.dtype == np.uint8
    assert np.abs(found - right).max() <= 1
    assert found[:, 0, 0].tolist() == [0] * 3
    assert found[:, 0, 1].tolist() == [255] * 3


def test_white_is_zero_is_turned_round(tmp_path: Path) -> None:
    tiff(tmp_path / "a.tif", wide(), photometric="miniswhite")
    assert np.abs(read_image(tmp_path / "a.tif") - (255 - expected(wide()))).max() <= 1


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (wide().astype(np.float32), {}, "numbers of 32 bits"),
        (wide().astype(np.int32), {}, "numbers of 32 bits"),
        (wide(3).astype(np.float32), {"photometric": "rgb"}, "cannot read image"),
        (wide(3).transpose(2, 0, 1).copy(), {"photometric": "rgb", "planarconfig": "separate"}, "separate planes"),
        (np.stack([wide(), wide()]), {"photometric": "minisblack"}, "holds 2 pictures"),
    ],
    ids=["float", "int32", "float rgb", "planes", "stack"],
)
def test_tiffs_without_one_meaning_are_refused(
    tmp_path: Path, values: NDArray[np.generic], options: dict[str, object], message: str
) -> None:
    tiff(tmp_path / "a.tif", values, **options)
    refused(tmp_path / "a.tif", message)


def refused(path: Path, message: str = "", read: Callable[[Path], object] = read_image) -> None:
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


PHOTO = Image.fromarray(np.random.default_rng(1).integers(0, 256, (6, 10, 3), dtype=np.uint8))


MODES = {
    "png": "1 L LA P RGB RGBA",
    "jpg": "1 L RGB CMYK YCbCr",
    "tif": "1 L LA P RGB RGBA CMYK YCbCr",
    "webp": "1 L LA P RGB RGBA CMYK YCbCr",
    "bmp": "1 L P RGB RGBA",
}


@pytest.mark.parametrize(("suffix", "mode"), [(suffix, mode) for suffix in MODES for mode in MODES[suffix].split()])
def test_modes_and_formats_are_read_as_pillow_shows_them(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tmp_path / f"a.{suffix}"
    PHOTO.convert(mode).save(path)
    with Image.open(path) as picture:
        right = np.array(picture.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(read_image(path), right)
    assert read_size(path) == (10, 6)


def test_transparency_is_left_out_without_a_word(tmp_path: Path) -> None:
    palette = PHOTO.quantize(7)
    palette.save(tmp_path / "a.png", transparency=bytes(range(7)))
    assert np.array_equal(read_image(tmp_path / "a.png"), np.array(palette.convert("RGB")).transpose(2, 0, 1))


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_photos_are_turned_as_pillow_turns_them(tmp_path: Path, suffix: str, orientation: int) -> None:
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    PHOTO.save(path, exif=exif)
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        right = np.array(upright.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(read_image(path), right)
    assert right.shape == ((3, 10, 6) if orientation in (5, 6, 7, 8) else (3, 6, 10))


@pytest.mark.parametrize("damage", range(40))
def test_a_broken_exif_tag_is_no_traceback_and_no_stray_warning(tmp_path: Path, damage: int) -> None:
    """The photo is read, or refused by name; which of the two depends on how much of the tag can be made out."""
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x829A] = 6, "maker", 0.01
    PHOTO.save(path, exif=exif)
    data = bytearray(path.read_bytes())
    start = data.index(b"Exif\0\0") + 6
    random = np.random.default_rng(damage)
    for place in random.integers(start, start + len(exif.tobytes()) - 6, 1 + damage % 6):
        data[place] = random.integers(0, 256)
    path.write_bytes(data)
    try:
        read, said = read_image(path).shape, ""
    except InputError as error:
        read, said = None, str(error)
    assert read in ((3, 10, 6), (3, 6, 10)) or str(path) in said


def test_a_tag_that_cannot_be_written_again_is_not_in_the_way(tmp_path: Path) -> None:
    """Turning a photo as Pillow does writes all its tags anew, and fails over one of a wrong type."""
    exif = Image.Exif()
    exif[0x0112] = 6
    PHOTO.save(tmp_path / "a.jpg", exif=exif)
    data = (tmp_path / "a.jpg").read_bytes()
    tiff_head = b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    broken = tiff_head + struct.pack(">HHII", 0x011A, 5, 1, 0xFFFFFFF0) + b"\0\0\0\0"
    start = data.index(b"Exif\0\0")
    length = struct.unpack(">H", data[start - 2 : start])[0]
    whole = data[: start - 2] + struct.pack(">H", len(broken) + 2) + broken + data[start - 2 + length :]
    (tmp_path / "a.jpg").write_bytes(whole)
    assert read_image(tmp_path / "a.jpg").shape == (3, 10, 6)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "bmp"])
def test_a_file_cut_short_anywhere_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    PHOTO.resize((40, 30)).save(path)
    data = path.read_bytes()
    for keep in (0, 1, 8, 20, len(data) // 2, len(data) * 9 // 10):
        path.write_bytes(data[:keep])
        refused(path, "replace the file")


def test_whatever_a_decoder_raises_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PHOTO.save(tmp_path / "a.png")
    for error in (struct.error("x"), IndexError(), ZeroDivisionError("x"), MemoryError(), AttributeError("x")):

        def failing(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(ImageFile.ImageFile, "load", failing)
        refused(tmp_path / "a.png", str(error) or type(error).__name__)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("size", [(9500, 9400), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_would_fill_the_memory_is_refused_by_its_head(tmp_path: Path, size: tuple[int, int]) -> None:
    png(tmp_path / "a.png", np.zeros((1, 1), np.uint8), 8, GREY, size)
    with warnings.catch_warnings(record=True) as stray:
        warnings.simplefilter("always")
        refused(tmp_path / "a.png", f"more than {MAX_PIXELS:,} pixels")
    assert not stray


def test_the_limit_holds_where_pillows_own_was_lifted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    png(tmp_path / "a.png", np.zeros((1, 1), np.uint8), 8, GREY, (9500, 9400))
    refused(tmp_path / "a.png", "pixels; make it smaller")


@pytest.mark.parametrize("suffix", ["gif", "ico", "ppm", "tga"])
def test_other_decoders_are_not_tried(tmp_path: Path, suffix: str) -> None:
    PHOTO.save(tmp_path / f"b.{suffix}")
    (tmp_path / f"b.{suffix}").rename(tmp_path / "a.png")
    refused(tmp_path / "a.png", "it is no JPEG, PNG, WEBP, TIFF or BMP; replace the file")


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_films_are_refused(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("L", (8, 8), shade) for shade in (0, 99)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    refused(tmp_path / f"a.{suffix}", "holds 2 pictures; save the one that is meant")


def test_of_a_camera_s_mpo_the_photo_is_taken(tmp_path: Path) -> None:
    PHOTO.save(tmp_path / "a.mpo", save_all=True, append_images=[PHOTO.resize((5, 3))])
    (tmp_path / "a.mpo").rename(tmp_path / "a.jpg")
    assert read_image(tmp_path / "a.jpg").shape == (3, 6, 10)


IDS = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_grey_masks_of_any_depth_hold_the_ids_as_stored(tmp_path: Path, bits: int) -> None:
    ids = IDS & np.uint8((1 << bits) - 1)
    png(tmp_path / "a.png", ids, bits, GREY)
    assert np.array_equal(read_mask(tmp_path / "a.png"), ids)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
@pytest.mark.parametrize("grey", [True, False])
def test_masks_of_formats_that_keep_values(tmp_path: Path, suffix: str, grey: bool) -> None:
    picture = Image.fromarray(IDS)
    if not grey:
        picture.putpalette([level for i in range(256) for level in (255 - i, 7 * i % 256, 3)])
    picture.save(tmp_path / f"a.{suffix}")
    assert np.array_equal(read_mask(tmp_path / f"a.{suffix}"), IDS)


def test_a_palette_png_gives_back_its_ids(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(palette_png(IDS, [(0, 0, 0), (1, 2, 3), (9, 9, 9), (255, 255, 255)]))
    assert np.array_equal(read_mask(tmp_path / "a.png"), IDS)
    assert read_image(tmp_path / "a.png")[:, 0, 1].tolist() == [1, 2, 3]


def _saved(name: str, mode: str, **options: object) -> Callable[[Path], None]:
    return lambda folder: Image.fromarray(IDS).convert(mode).save(folder / name, **options)  # type: ignore[arg-type]


TURNED = Image.Exif()
TURNED[0x0112] = 6
NO_MASKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "jpeg": (_saved("a.png", "L", format="JPEG"), "is a JPEG, which changes ids"),
    "webp": (_saved("a.png", "RGB", format="WEBP"), "is a WEBP, which changes ids"),
    "rgb": (_saved("a.png", "RGB"), "stored as RGB"),
    "rgba": (_saved("a.png", "RGBA"), "stored as RGBA"),
    "grey and alpha": (_saved("a.png", "LA"), "stored as LA"),
    "turned": (_saved("a.png", "L", exif=TURNED), "to be turned, says its EXIF tag"),
    "16 bits": (lambda folder: png(folder / "a.png", IDS, 16, GREY), "stored as I;16"),
    "float": (lambda folder: tiff(folder / "a.tif", IDS.astype(np.float32)), "stored as F"),
    "inverted": (lambda folder: tiff(folder / "a.tif", IDS, photometric="miniswhite"), "inverted values"),
    "stack": (lambda folder: tiff(folder / "a.tif", np.stack([IDS, IDS]), photometric="minisblack"), "2 pictures"),
}


@pytest.mark.parametrize("kind", NO_MASKS)
def test_what_need_not_be_the_ids_meant_is_no_mask(tmp_path: Path, kind: str) -> None:
    write, message = NO_MASKS[kind]
    write(tmp_path)
    (path,) = tmp_path.iterdir()
    refused(path, message, read_mask)


def test_a_data_set_of_tiffs_of_sixteen_bits(tmp_path: Path) -> None:
    for i in range(3):
        for part in ("images", "masks"):
            (tmp_path / part).mkdir(exist_ok=True)
        tiff(tmp_path / f"images/{i}.TIF", wide())
        tiff(tmp_path / f"masks/{i}.tif", (wide() % 2).astype(np.uint8))
    image, mask = open_dataset("folder", tmp_path, "test")[0]
    assert np.abs(image.numpy() - expected(wide())).max() <= 1
    assert np.array_equal(mask.numpy(), wide() % 2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is HEIC, no JPEG, PNG, WEBP, TIFF or BMP; save it as JPEG or PNG"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "it is AVIF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "with git lfs pull"),
        (b"\n<!DOCTYPE html><html>Not found", "it is a web page"),
        (b"<?xml version='1.0'?><svg/>", "it is SVG"),
        (b"some words", "it is no JPEG, PNG, WEBP, TIFF or BMP; replace the file"),
    ],
)
def test_what_a_file_is_in_place_of_a_picture(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    refused(tmp_path / "a.jpg", message)
