"""From a file of the catalogue to a checked file on disk: mirrors in turn, checksum, then the name.

Where nobody states a checksum, the first download is trusted once it has proved good, and its checksum is noted. From
then on the file has to stay the same; a different one is an error, and a person decides.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tqdm.auto import tqdm

from mmtutorial.downloads.causes import Unusable
from mmtutorial.downloads.registry import Entry, RemoteFile
from mmtutorial.downloads.space import readable
from mmtutorial.downloads.transfer import download, size_of
from mmtutorial.errors import InputError
from mmtutorial.files import write_json

NOTED = "checksums.json"
"""Lies beside the archives and holds ``{"archive.zip": "sha256:..."}`` for those trusted on first use."""


@dataclass(frozen=True)
class Fetched:
    """A file on disk.

    Attributes:
        name: its name in the catalogue; a user's own copy may have another.
        path: where it is.
        checksum: the checksum that it was found to have.
        known: whether that checksum was known before; if not, the file is not yet proved good.
        downloaded: whether this call downloaded it. If not, it is the user's and is never deleted.
    """

    name: str
    path: Path
    checksum: str
    known: bool
    downloaded: bool


def fetch(entry: Entry, file: RemoteFile, folder: Path, command: str, source: Path | None = None) -> Fetched:
    """Give a file of an entry, checked: the user's own copy, the one in ``folder``, or a download.

    Args:
        entry: what the file belongs to.
        file: one of its files.
        folder: where downloads are kept, as ``folder / file.name``.
        command: the command to repeat, for messages.
        source: the user's own copy, or a folder that has it under its name.

    Raises:
        InputError: the file is not there and cannot be downloaded, or its checksum is wrong.
    """
    expected = file.checksum or noted(folder).get(file.name)
    path = folder / file.name
    if source is not None:
        path = source / file.name if source.is_dir() else source
        if not path.is_file():
            raise InputError(f"{path} is missing; put {file.name} there, or correct --from, and run again: {command}")
    if path.is_file():
        found = _checksum(path, expected)
        if expected not in (None, found):
            raise InputError(
                f"{path} has the checksum {found}, expected {expected}{_renewed(file, folder)}; it is damaged or "
                f"another file: move it away, then run: {command}"
            )
        return Fetched(file.name, path, found, expected is not None, downloaded=False)
    if not file.urls:
        raise InputError(
            f"{entry.title} cannot be downloaded without logging in; fetch {file.name} from {entry.page} in a browser, "
            f"put it at {path}, or name its folder with --from, then run: {command}"
        )
    found = _download(entry, file, path, expected, command)
    return Fetched(file.name, path, found, expected is not None, downloaded=True)


def noted(folder: Path) -> dict[str, str]:
    """Return the checksums noted in ``folder`` at first use, by the name of the file.

    Raises:
        InputError: the list of checksums is damaged.
    """
    path = folder / NOTED
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); delete it and run the same command again") from None
    if not isinstance(found, dict) or not all(re.fullmatch("sha256:[0-9a-f]{64}", str(it)) for it in found.values()):
        raise InputError(f"{path} is not a list of checksums by name; delete it and run the same command again")
    return found


def note(folder: Path, name: str, checksum: str) -> None:
    """Note the checksum of a file that has proved good."""
    write_json(folder / NOTED, noted(folder) | {name: checksum})


def _download(entry: Entry, file: RemoteFile, path: Path, expected: str | None, command: str) -> str:
    """Try the addresses in turn; return the checksum."""
    hosts: dict[str, list[str]] = {}  # By what was amiss there.
    for url in file.urls:
        try:
            return _from(url, entry, file, path, expected)
        except Unusable as reason:
            hosts.setdefault(str(reason), []).append(urlsplit(url).hostname or url)
    reasons = "; ".join(f"{', '.join(dict.fromkeys(names))}: {reason}" for reason, names in hosts.items())
    size = f", {readable(file.bytes)}," if file.bytes else ""
    raise InputError(
        f"cannot download {file.name} ({reasons}); try the same command again later, or fetch "
        f"{file.urls[0]}{size} on another machine (see also {entry.page}), put it at {path}, then run: {command}"
    )


def _from(url: str, entry: Entry, file: RemoteFile, path: Path, expected: str | None) -> str:
    """Download from one address; what was resumed and then has a wrong checksum is fetched once more from the start.

    The parts may have come from different addresses, or the file may have been renewed in between. Where no checksum
    would show that, no part of an earlier call is taken.
    """
    unpacked = (file.bytes or 0) if entry.unpacked is None else entry.unpacked
    part = path.with_name(f"{path.name}.part")
    if expected is None:
        part.unlink(missing_ok=True)
    while True:
        resumed = size_of(part) > 0
        download(url, file, part, unpacked)
        found = _checksum(part, expected)
        if expected in (None, found):
            part.replace(path)
            return found
        part.unlink()
        if not resumed:
            raise Unusable(f"what it sends has not the checksum {expected}{_renewed(file, path.parent)}")


def _renewed(file: RemoteFile, folder: Path) -> str:
    """What a wrong checksum may mean where it was not stated by anybody but noted at first use."""
    if file.checksum is not None:
        return ""
    again = f"if its publisher has renewed the file, take its line out of {folder / NOTED}"
    return f" that was noted at its first use ({again})"


def _checksum(path: Path, like: str | None) -> str:
    """Compute a checksum of the kind of another one, with a bar: for the archives of Cityscapes it takes a while."""
    algorithm = "sha256" if like is None else like.partition(":")[0]
    found, size = hashlib.new(algorithm), path.stat().st_size
    with (
        path.open("rb") as file,
        tqdm(desc=f"checking {path.name}", total=size, unit="B", unit_scale=True, delay=1.0, leave=False) as bar,
    ):
        while chunk := file.read(2**20):
            found.update(chunk)
            bar.update(len(chunk))
    return f"{algorithm}:{found.hexdigest()}"
