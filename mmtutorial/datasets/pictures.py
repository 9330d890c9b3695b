"""Pictures from files: photos as RGB, masks as class ids. Whatever a decoder raises, the message names the file."""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from mmtutorial.errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
"""The decoders that may be tried, whatever a file is called: no others meet files of unknown origin."""

_KNOWN = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"

_REPLACE = "replace the file or take it off the list"

_OTHERS = (
    ("empty", re.compile(rb"\Z"), _REPLACE),
    ("HEIC", re.compile(rb"....ftyp(hei|hev|mif|msf)", re.DOTALL), "save it as JPEG or PNG"),
    ("AVIF", re.compile(rb"....ftypavi", re.DOTALL), "save it as JPEG or PNG"),
    ("a drawing of Photoshop", re.compile(rb"8BPS"), "save it as PNG"),
    ("a pointer of Git LFS", re.compile(rb"version https://git-lfs"), "fetch the file itself with git lfs pull"),
    ("a web page", re.compile(rb"\s*<(!doctype|html)", re.IGNORECASE), "fetch the file itself"),
    ("SVG", re.compile(rb"\s*<(svg|\?xml)"), "save it as PNG"),
)
"""What else stands under the name of a picture: what it is, how it begins, and what to do."""

MAX_PIXELS = 89_000_000
"""Pixels of the largest picture that is decoded, 9,400 x 9,400: 270 MB as RGB. Pillow warns just above."""

LOSSY = ("JPEG", "MPO", "WEBP")
"""Formats that change values a little, which makes other ids of them."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by the value of its EXIF tag Orientation."""

_BITS, _PHOTOMETRIC, _PLANAR = 258, 262, 284
"""Tags of TIFF, section 8 of its specification, revision 6.0."""

_HEADS = threading.Lock()
"""Warnings are held back for the whole process, so one thread at a time reads the head of a file."""


@contextmanager
def opened(file: Path | IO[bytes], what: str, name: str | Path | None = None) -> Iterator[Image.Image]:
    """Open a picture; whatever goes wrong in the block is told of the file.

    Args:
        file: a path, or a file that is open.
        what: what it holds, such as ``"image"``, for messages.
        name: what to call it in messages; by default the path.

    Yields:
        The picture. Its head is read, its pixels are not.

    Raises:
        InputError: it is missing, truncated, too large or no picture of a known format.
    """
    where = f"{what} {file if name is None else name}"
    try:
        with _quiet():
            picture = Image.open(file, formats=FORMATS)
        with picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            yield picture
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{where} has more than {MAX_PIXELS:,} pixels; make it smaller, or cut it up") from error
    except UnidentifiedImageError as error:
        raise InputError(f"cannot read {where}: {_instead(file)}") from error
    # A decoder that meets a broken file raises whatever it likes: struct.error, IndexError, ZeroDivisionError, ...
    except Exception as error:
        raise InputError(f"cannot read {where}: {str(error) or type(error).__name__}; {_REPLACE}") from error


def read_size(path: Path) -> tuple[int, int]:
    """Return width and height from the head of a photo's file, before it is turned upright.

    Raises:
        InputError: the file cannot be read.
    """
    with opened(path, "image") as picture:
        return picture.size


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read a photo as RGB, turned upright as its EXIF tag says.

    16 bits a colour are scaled to 8; transparency is left out.

    Returns:
        ``(3, H, W)`` uint8.

    Raises:
        InputError: the file is missing, truncated, no picture, holds several pictures, or numbers of 32 bits.
    """
    with opened(path, "image") as picture:
        _refuse_several(picture, "image", path)
        picture.load()
        turn = _TURNS.get(_orientation(picture))
        upright = _rgb(picture, path)
        upright = upright if turn is None else upright.transpose(turn)
        return np.ascontiguousarray(np.array(upright).transpose(2, 0, 1))


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Read a mask as ids: the index of a palette picture, or the value of a grey one.

    A palette is never converted to RGB: its colours only serve the eye.

    Returns:
        ``(H, W)`` uint8.

    Raises:
        InputError: the file is missing or broken, or what it holds need not be the ids that were meant: colours,
            16 bits, a format that changes values, a tag that turns it.
    """
    with opened(path, "mask") as picture:
        _refuse_several(picture, "mask", path)
        if picture.format in LOSSY:
            raise _no_ids(path, f"a {picture.format}, which changes ids into others at every edge")
        if picture.mode not in ("P", "L", "1"):
            raise _no_ids(path, f"stored as {picture.mode}")
        step = _grey_step(picture, path)
        picture.load()
        if _orientation(picture) in _TURNS:
            raise _no_ids(path, "to be turned, says its EXIF tag, which most programs that paint masks pass over")
        return np.array(picture).astype(np.uint8) // step


def palette_png(mask: NDArray[np.uint8], palette: Sequence[Sequence[int]]) -> bytes:
    """Return a mask as a palette PNG: ids for the program, colours for the eye.

    Args:
        mask: ``(H, W)`` ids.
        palette: RGB colour of each id, 0-255 each.
    """
    picture = Image.fromarray(mask)
    picture.putpalette([level for colour in palette for level in colour])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _instead(file: Path | IO[bytes]) -> str:
    """Say what a file is that is no picture of a known format, and what to do."""
    if isinstance(file, Path):
        with file.open("rb") as stream:
            head = stream.read(64)
    else:
        file.seek(0)
        head = file.read(64)
    for what, begins, remedy in _OTHERS:
        if begins.match(head):
            return f"it is {what}, no {_KNOWN}; {remedy}"
    return f"it is no {_KNOWN}; {_REPLACE}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what Pillow warns of without naming the file; a picture that is too large is an error."""
    with _HEADS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _orientation(picture: Image.Image) -> int:
    """The EXIF tag Orientation, 1 where there is none. The pixels are decoded: PNG may have its EXIF after them."""
    with _quiet():
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) else 1


def _rgb(picture: Image.Image, path: Path) -> Image.Image:
    wide = picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PNG")
    tags = getattr(picture, "tag_v2", {})
    if picture.mode in ("I", "F") and not wide:
        raise InputError(f"image {path} holds numbers of 32 bits, which have no agreed white; save it with 8 or 16")
    if tags.get(_PLANAR) == 2 and max(tags.get(_BITS, (8,))) > 8:  # Pillow mixes up the bytes of such a file.
        raise InputError(f"image {path} is a TIFF of 16 bits with separate planes; save it with 8 bits, or as PNG")
    if wide:
        grey = (np.asarray(picture).astype(np.uint32) + 128) // 257  # 65535 / 257 = 255
        picture = Image.fromarray((255 - grey if tags.get(_PHOTOMETRIC) == 0 else grey).astype(np.uint8))
    picture.info.pop("transparency", None)  # Pillow warns of some kinds before it leaves them out.
    return picture.convert("RGB")


def _grey_step(picture: Image.Image, path: Path) -> int:
    """What one id more adds to the value: Pillow spreads grey of 2 and 4 bits over 0-255."""
    if picture.format == "TIFF" and picture.mode != "P":
        tags = picture.tag_v2  # type: ignore[attr-defined]
        if tags.get(_PHOTOMETRIC) != 1 or tags.get(_BITS) not in ((1,), (8,)):
            raise _no_ids(path, "a TIFF with inverted values, or neither 1 nor 8 bits")
    stored = str(picture.tile[0][3]) if isinstance(picture, ImageFile.ImageFile) else ""
    return {"L;2": 85, "L;4": 17}.get(stored, 1) if picture.format == "PNG" else 1


def _refuse_several(picture: Image.Image, what: str, path: Path) -> None:
    """Refuse films and stacks. What cameras write as MPO is one photo, with previews or the other eye's view."""
    count = getattr(picture, "n_frames", 1)
    if count > 1 and picture.format != "MPO":
        raise InputError(f"{what} {path} holds {count} pictures; save the one that is meant as a file of its own")


def _no_ids(path: Path, what: str) -> InputError:
    return InputError(
        f"mask {path} is {what}, expected one id a pixel (palette or 8-bit grey PNG); "
        "save the class ids, not their colours"
    )
