"""One file over HTTP into a ``.part`` file, which a broken or stopped download leaves for the next one to go on with.

Requests and urllib3 follow redirects, wait where a busy server asks for it, and keep to proxies and certificates. Added
here: to go on where a download broke off (RFC 9110, section 14: range requests), to see a web page that was sent in
place of a file, and to give up an address that sends too much, too slowly or without end.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from tqdm.auto import tqdm
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from mmtutorial.downloads.causes import Unusable, plainly
from mmtutorial.downloads.registry import RemoteFile
from mmtutorial.downloads.space import need_room, readable
from mmtutorial.errors import InputError

CHUNK = 2**16
"""Bytes that are read at a time at most. A connection that broke is taken up again if it brought as many."""

TIMEOUT = (15.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes."""

SPAN, LEAST = 30.0, 2_000
"""Seconds over which the rate is measured, and the least rate, in bytes a second."""

LARGEST = 4 * 10**9
"""Bytes to take at most where nobody says how large the file is."""

PATIENCE = 20.0
"""Seconds to wait at most where a busy server says when to come again."""

MAGIC = {".zip": b"PK\x03\x04", ".tgz": b"\x1f\x8b", ".gz": b"\x1f\x8b"}
"""First bytes of a file with such a name."""


class Busy(Retry):
    """Whether a server that is busy or fails is asked again; for how long it is waited for has a limit."""

    def get_retry_after(self, response: Any) -> float | None:
        """Return the seconds that the server asks to wait, as far as they are granted."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, PATIENCE)


RETRY = Busy(
    # Only for answers: a connection that fails is another address's turn.
    total=None,
    connect=0,
    read=0,
    other=0,
    status=3,
    status_forcelist=(429, 500, 502, 503, 504),
    backoff_factor=1,
    raise_on_status=False,
)


def download(url: str, file: RemoteFile, part: Path, unpacked: int) -> None:
    """Fill ``part`` from an address; what is there already is kept.

    Args:
        url: the address.
        file: what is expected there; its size is compared where it is known.
        part: where the bytes are collected.
        unpacked: bytes of room to ask for beside those of the file.

    Raises:
        Unusable: the address does not give the file, or broke off without any progress.
        InputError: the disk has no room.
        OSError: ``part`` cannot be written.
    """
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=RETRY))
        whole = False
        while not whole:
            before = size_of(part)
            try:
                whole = _go_on(session, url, file, part, unpacked)
            except InputError:
                raise
            # Of requests and urllib3, and what they pass on: an OSError with a number is the disk's.
            except (OSError, ValueError, HTTPError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                if size_of(part) - before < CHUNK:
                    raise Unusable(plainly(error, url)) from None


def size_of(path: Path) -> int:
    """Return how many bytes a file has; none if it is not there."""
    return path.stat().st_size if path.exists() else 0


def _go_on(session: requests.Session, url: str, file: RemoteFile, part: Path, unpacked: int) -> bool:
    """Ask for what is missing and add it to the part; say whether the file is whole now."""
    start = size_of(part)
    if file.bytes is not None and start == file.bytes:
        return True
    # Packed for the transfer, its length would not be that of the file, nor would ranges fit.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if start and answer.status_code == 416:
            return _nothing_left(answer, file, part)
        if answer.status_code >= 400:
            raise Unusable(f"the server answers {answer.status_code} {answer.reason}")
        start, total = _extent(answer, start)
        chunks = _arriving(answer)
        first = _beginning(chunks)
        _look_at(answer, first, Path(file.name).suffix, start)
        if file.bytes is not None and total not in (None, file.bytes):
            raise Unusable(f"the file there has {total} bytes, not {file.bytes}")
        total = total or file.bytes
        need_room(part.parent, (total or 0) - start + unpacked, file.name)
        _write(part, first, chunks, start, total)
    if total is not None and size_of(part) < total:
        raise requests.ConnectionError(f"it broke off after {size_of(part)} of {total} bytes")
    return True


def _arriving(answer: requests.Response) -> Iterator[bytes]:
    """Give the body as it arrives, in pieces of up to CHUNK bytes, as long as it arrives fast enough."""
    since, come = time.monotonic(), 0
    while piece := answer.raw.read1(CHUNK, decode_content=False):
        yield piece
        come += len(piece)
        spent = time.monotonic() - since
        if spent > SPAN:
            if come < LEAST * spent:
                raise Unusable(f"it sends less than {readable(LEAST)} a second")
            since, come = time.monotonic(), 0


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """Collect enough of the body to see what it is."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= min(CHUNK, 512):
            break
    return first


def _look_at(answer: requests.Response, first: bytes, suffix: str, start: int) -> None:
    """Refuse a web page and a file of another type, before a byte is written."""
    page = re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body)\b", first, re.IGNORECASE)
    if answer.headers.get("Content-Type", "").lower().startswith("text/html") or (page and not start):
        raise Unusable("it sends a web page instead of the file, perhaps to log in or about a quota")
    if not first:
        raise Unusable("it sends an empty file")
    if not start and not first.startswith(MAGIC.get(suffix, b"")):
        raise Unusable(f"what it sends is no {suffix} file")


def _write(part: Path, first: bytes, pieces: Iterator[bytes], start: int, total: int | None) -> None:
    """Add a body to the part from byte ``start`` on; each piece is on disk before the next is asked for."""
    most = LARGEST if total is None else total
    part.parent.mkdir(parents=True, exist_ok=True)
    with (
        part.open("ab" if start else "wb", buffering=0) as sink,
        tqdm(desc=part.stem, initial=start, total=total, unit="B", unit_scale=True, delay=1.0, leave=False) as bar,
    ):
        piece: bytes | None = first
        while piece:
            if sink.tell() + len(piece) > most:
                # What was there before may still be good.
                sink.truncate(start)
                if not start:
                    part.unlink()
                raise Unusable(f"it sends more than the {most} bytes that are expected at most")
            _put(sink, piece)
            bar.update(len(piece))
            piece = next(pieces, None)


def _put(sink: Any, piece: bytes) -> None:
    """Write all of a piece: on a disk that is nearly full, a part of it may be taken without an error."""
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[sink.write(rest) :]
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or 0), sink.name) from None


def _nothing_left(answer: requests.Response, file: RemoteFile, part: Path) -> bool:
    """After status 416: the part is the whole file, or it is no beginning of it and has to go."""
    total = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", ""))
    if total and int(total[1]) == size_of(part) and file.bytes in (None, size_of(part)):
        return True
    part.unlink()
    return False


def _extent(answer: requests.Response, wanted: int) -> tuple[int, int | None]:
    """Return the byte at which the answer starts, and the size of the whole file if the server says.

    A server that knows no ranges answers 200 and sends everything again.
    """
    if answer.status_code == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != wanted:
            raise Unusable("it sends another part of the file than was asked for")
        return wanted, None if found[2] == "*" else int(found[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None
