"""From a file of the catalogue to a checked file on disk, through pooch: mirrors in turn, checksum, then the name."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import pooch
from tqdm.auto import tqdm

from mmtutorial.downloads import first_use
from mmtutorial.downloads.registry import Entry, RemoteFile
from mmtutorial.downloads.space import readable
from mmtutorial.downloads.transfer import ResumingDownloader, Unusable
from mmtutorial.errors import InputError


@dataclass(frozen=True)
class Fetched:
    """A file on disk.

    Attributes:
        name: Its name in the catalogue; a user's own copy may have another.
        path: Where it is.
        checksum: The checksum that it was found to have.
        known: Whether that checksum was known before; if not, the file is not yet proved good.
        downloaded: Whether this call downloaded it. If not, it is the user's and is never deleted.
    """

    name: str
    path: Path
    checksum: str
    known: bool
    downloaded: bool


def fetch(entry: Entry, file: RemoteFile, folder: Path, command: str, source: Path | None = None) -> Fetched:
    """Gives a file of an entry, checked: the user's own copy, the one in ``folder``, or a download.

    Args:
        entry: What the file belongs to.
        file: One of its files.
        folder: Where downloads are kept, as ``folder / file.name``.
        command: The command to repeat, for messages.
        source: The user's own copy, or a folder that has it under its name.

    Raises:
        InputError: The file is not there and cannot be downloaded, or its checksum is wrong.
    """
    expected = file.checksum or first_use.recorded(folder, file.name)
    path = folder / file.name
    if source is not None:
        path = source / file.name if source.is_dir() else source
        if not path.is_file():
            raise InputError(f"{path} is missing; put {file.name} there, or correct --from, and run again: {command}")
    if path.is_file():
        found = _checked(path, file, expected, command)
        return Fetched(file.name, path, found, expected is not None, downloaded=False)
    if not file.urls:
        raise InputError(
            f"{entry.title} cannot be downloaded without logging in; fetch {file.name} from {entry.page} in a browser, "
            f"put it at {path}, or name its folder with --from, then run: {command}"
        )
    _download(entry, file, path, expected, command)
    return Fetched(file.name, path, expected or _checksum(path), expected is not None, downloaded=True)


def _download(entry: Entry, file: RemoteFile, path: Path, expected: str | None, command: str) -> None:
    """Tries the addresses in turn."""
    reasons: list[str] = []
    for url in file.urls:
        try:
            return _from(url, entry, file, path, expected)
        except Unusable as reason:
            if str(reason) not in reasons:
                reasons.append(f"{urlparse(url).hostname}: {reason}")
    size = f", {readable(file.bytes)}," if file.bytes else ""
    raise InputError(
        f"cannot download {file.name} ({'; '.join(reasons)}); try the same command again later, or fetch "
        f"{file.urls[0]}{size} on another machine (see also {entry.page}), put it at {path}, then run: {command}"
    )


def _from(url: str, entry: Entry, file: RemoteFile, path: Path, expected: str | None) -> None:
    """Downloads from one address; what was resumed and then has a wrong checksum is fetched once more from the start.

    The parts may have come from different addresses, or the file may have been renewed in between.
    """
    unpacked = (file.bytes or 0) if entry.unpacked is None else entry.unpacked
    part = path.with_name(f"{path.name}.part")
    while True:
        loader = ResumingDownloader(file, part, unpacked)
        resumed = loader.have() > 0
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _silent():
                pooch.retrieve(url, known_hash=expected, fname=path.name, path=path.parent, downloader=loader)
        except InputError:
            raise
        except ValueError:  # What pooch makes of a wrong checksum, after it has removed the file.
            part.unlink(missing_ok=True)
            if not resumed:
                raise Unusable(f"what it sends has not the checksum {expected}{_renewed(file, path)}") from None
            continue
        part.unlink(missing_ok=True)
        return


def _checked(path: Path, file: RemoteFile, expected: str | None, command: str) -> str:
    """Returns the checksum of a file that lies there already.

    Raises:
        InputError: It is not the expected one.
    """
    found = _checksum(path, "sha256" if expected is None else expected.partition(":")[0])
    if expected is not None and found != expected.lower():
        raise InputError(
            f"{path} has the checksum {found}, expected {expected}{_renewed(file, path)}; it is damaged or another "
            f"file: delete it or move it away, then run: {command}"
        )
    return found


def _renewed(file: RemoteFile, path: Path) -> str:
    """What a wrong checksum may mean where it was not stated by anybody but written down at first use."""
    if file.checksum is not None:
        return ""
    return (
        f" that was noted at its first use (if its publisher has renewed the file, take its line out of "
        f"{path.with_name(first_use.FILE)})"
    )


def _checksum(path: Path, algorithm: str = "sha256") -> str:
    """Computes a checksum as pooch does, with a bar: for the archives of Cityscapes it takes a while."""
    found = hashlib.new(algorithm)
    with (
        path.open("rb") as file,
        tqdm(
            desc=f"checking {path.name}",
            total=path.stat().st_size,
            unit="B",
            unit_scale=True,
            delay=1.0,
            leave=False,
        ) as bar,
    ):
        while chunk := file.read(2**20):
            found.update(chunk)
            bar.update(len(chunk))
    return f"{algorithm}:{found.hexdigest()}"


@contextmanager
def _silent() -> Iterator[None]:
    """Pooch announces each download on the log; here the progress bar does."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def get_command(name: str, root: Path | None, source: Path | None = None) -> str:
    """Returns the command that fetches an entry, as it is typed."""
    words = ["mmtutorial", "data", "get", name]
    words += [] if root is None else ["--root", str(root)]
    words += [] if source is None else ["--from", str(source)]
    return shlex.join(words)
