"""One file over HTTP into a ``.part`` file, which a broken or stopped download leaves for the next one to go on with.

Pooch takes care of the checksum and of the final name; what it lacks, and what this downloader adds, is to go on where
a download broke off (RFC 9110, section 14: range requests), and to see a web page that was sent in place of a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from tqdm.auto import tqdm

from mmtutorial.downloads.registry import RemoteFile
from mmtutorial.downloads.space import need_room

CHUNK = 2**16
"""Bytes that are read at a time, and lost at most when the process is killed."""

TIMEOUT = (15.0, 60.0)
"""Seconds to wait for a connection, and for the next bytes."""

MAGIC = {".zip": b"PK\x03\x04", ".tgz": b"\x1f\x8b", ".gz": b"\x1f\x8b"}
"""First bytes of a file with such a name."""


class Unusable(Exception):
    """This address does not give the file; ``str(error)`` says why, in a few words."""


class ResumingDownloader:
    """A downloader for ``pooch.retrieve`` that goes on where an earlier one stopped."""

    def __init__(self, file: RemoteFile, part: Path, unpacked: int) -> None:
        """Takes what to download.

        Args:
            file: The file, whose size is compared where it is known.
            part: Where the bytes are collected; what is there already is kept.
            unpacked: Bytes of room to ask for beside those of the file.
        """
        self.file, self.part, self.unpacked = file, part, unpacked

    def __call__(self, url: str, output_file: Any, pooch: Any, *, check_only: bool | None = None) -> None:
        """Fills ``part`` from ``url``, and gives the whole file the name ``output_file`` as well.

        Raises:
            Unusable: The address does not give the file, or broke off without any progress.
            InputError: The disk has no room.
        """
        whole = False
        while not whole:
            before = self.have()
            try:
                whole = self._go_on(url)
            except requests.RequestException as error:
                # A connection that broke is taken up again, as long as each one brings a little more.
                if self.have() <= before:
                    raise Unusable(_plainly(error)) from None
        Path(output_file).unlink()
        try:
            # A second name in place of a move: whoever stops the program while the checksum is computed keeps the part.
            os.link(self.part, output_file)
        except OSError:
            os.replace(self.part, output_file)

    def have(self) -> int:
        """Returns how many bytes there are already."""
        return self.part.stat().st_size if self.part.exists() else 0

    def _go_on(self, url: str) -> bool:
        """Asks for what is missing and adds it to the part; says whether the file is whole now."""
        start = self.have()
        if self.file.bytes is not None and start == self.file.bytes:
            return True
        # Packed for the transfer, its length would not be that of the file, nor would ranges fit.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if start and answer.status_code == 416:
                return self._nothing_left(answer, start)
            if answer.status_code >= 400:
                raise Unusable(f"the server answers {answer.status_code} {answer.reason}")
            start, total = _extent(answer, start)
            if self.file.bytes is not None and total not in (None, self.file.bytes):
                raise Unusable(f"the file there has {total} bytes, not {self.file.bytes}")
            chunks = answer.iter_content(CHUNK)
            first = next(chunks, b"")
            self._look_at(answer, first, start)
            need_room(self.part.parent, (total or self.file.bytes or 0) - start + self.unpacked, self.file.name)
            self._write(first, chunks, start, total)
        have = self.have()
        if total is not None and have > total:
            self.part.unlink()
            raise Unusable(f"it sent more than the {total} bytes that it had announced")
        if total is not None and have < total:
            raise requests.ConnectionError(f"it broke off after {have} of {total} bytes")
        return True

    def _write(self, first: bytes, chunks: Iterator[bytes], start: int, total: int | None) -> None:
        """Adds the chunks to the part from byte ``start`` on; each is on disk before the next is asked for."""
        with (
            self.part.open("ab" if start else "wb", buffering=0) as sink,
            tqdm(
                desc=self.file.name, initial=start, total=total, unit="B", unit_scale=True, delay=1.0, leave=False
            ) as bar,
        ):
            chunk: bytes | None = first
            while chunk:
                sink.write(chunk)
                bar.update(len(chunk))
                chunk = next(chunks, None)

    def _look_at(self, answer: requests.Response, first: bytes, start: int) -> None:
        """Refuses a web page and a file of another type, before a byte is written."""
        page = re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body)\b", first, re.IGNORECASE)
        if answer.headers.get("Content-Type", "").lower().startswith("text/html") or (page and not start):
            raise Unusable("it sends a web page instead of the file, perhaps to log in or about a quota")
        if not first:
            raise Unusable("it sends an empty file")
        magic = MAGIC.get(Path(self.file.name).suffix, b"")
        if not start and not first.startswith(magic):
            raise Unusable(f"what it sends is no {Path(self.file.name).suffix} file")

    def _nothing_left(self, answer: requests.Response, start: int) -> bool:
        """After status 416: the part is the whole file, or it is no beginning of it and has to go."""
        total = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", ""))
        if total and int(total[1]) == start and self.file.bytes in (None, start):
            return True
        self.part.unlink()
        return False


def _extent(answer: requests.Response, wanted: int) -> tuple[int, int | None]:
    """Returns the byte at which the answer starts, and the size of the whole file if the server says.

    A server that knows no ranges answers 200 and sends everything again.
    """
    if answer.status_code == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != wanted:
            raise Unusable("it sends another part of the file than was asked for")
        return wanted, None if found[2] == "*" else int(found[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _plainly(error: requests.RequestException) -> str:
    """Says in a few words why a request failed: the messages of requests name classes and addresses in memory."""
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is refused"
    if "broke off" in str(error) or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    return "no answer in time" if isinstance(error, requests.Timeout) else "no connection"
