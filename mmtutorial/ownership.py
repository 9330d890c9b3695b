"""Which files the program wrote, so that it overwrites no others.

A file that may be written again carries a seal at its end: a SHA-256 of all that stands before. A file is the program's
own if sealing its content again gives the same bytes. So a file that was edited since is the user's, a file that was
copied elsewhere is still known, and no list in the folder can be lost or belong to another run.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path

from mmtutorial.errors import InputError
from mmtutorial.files import write_bytes

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"

_ENDINGS = {
    # suffix: (end of an unsealed file, which comes after the seal; what opens the seal; what closes it)
    ".html": (b"", b"<!-- mmtutorial sha256=", b" -->\n"),
    ".json": (b"\n}\n", b',\n "seal": "mmtutorial sha256=', b'"'),
    ".png": (_PNG_END, b"\0\0\0\x52tEXtmmtutorial\0sha256=", b""),
}


def seal(data: bytes, suffix: str) -> bytes:
    """Return a file's content with the program's seal, which readers of the format pass over.

    HTML gets a comment, a JSON object a last entry ``seal``, a PNG a text chunk.

    Args:
        data: the whole file. A JSON object must be indented and end with a new line, as ``files.write_json`` writes it.
        suffix: ``.html``, ``.json`` or ``.png``.

    Raises:
        ValueError: the content is no file of that kind.

    Example:
        >>> seal(b"<p>Hello</p>", ".html")[:54]
        b'<p>Hello</p><!-- mmtutorial sha256=d0a26d23e9d8e0538fd'
    """
    end, opening, closing = _ENDINGS[suffix]
    if not data.endswith(end):
        raise ValueError(f"content does not end as a {suffix} file does")
    body = data.removesuffix(end)
    mark = opening + hashlib.sha256(body).hexdigest().encode() + closing
    if suffix == ".png":
        mark += zlib.crc32(mark[4:]).to_bytes(4, "big")
    return body + mark + end


def is_own(path: Path) -> bool:
    """Return whether a file is one that :func:`write_own` wrote and nobody changed since."""
    if path.suffix.lower() not in _ENDINGS:
        return False
    try:
        data = path.read_bytes()
    except OSError:
        return False
    end, opening, _ = _ENDINGS[path.suffix.lower()]
    body, found, _ = data.rpartition(opening)
    return bool(found) and seal(body + end, path.suffix.lower()) == data


def refuse_foreign(paths: Iterable[Path], remedy: str = "choose another --out, or overwrite with --force") -> None:
    """Refuse to go on where a file to be written is there already and is not the program's own.

    Args:
        paths: files that are to be written.
        remedy: what the user can do.

    Raises:
        InputError: one of them is there and was not written by this program, or was changed since.
    """
    foreign = [path for path in paths if os.path.lexists(path) and not is_own(path)]
    if foreign:
        more = f" (nor were {len(foreign) - 1} more)" if len(foreign) > 1 else ""
        what = "is a folder" if foreign[0].is_dir() else "was not written by this program, or was changed since"
        raise InputError(f"{foreign[0]} {what}{more}; it is left as it is: {remedy}")


_REMEDY = "choose another --out, or overwrite with --force"


def write_own(path: Path, data: bytes, *, force: bool = False, remedy: str = _REMEDY) -> None:
    """Write a file with the program's seal, whole or not at all; see :func:`files.write_bytes`.

    Args:
        path: where; its suffix is ``.html``, ``.json`` or ``.png``.
        data: the content, without a seal.
        force: overwrite whatever file is there.
        remedy: what the user can do where it is another's.

    Raises:
        InputError: a file is there that is not the program's own, or the place cannot be written.
    """
    if not force:
        refuse_foreign([path], remedy)
    write_bytes(path, seal(data, path.suffix.lower()))
