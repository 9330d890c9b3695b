"""Archives unpacked so that none can do harm: files and folders only, none outside the folder given, not too many.

Each file is copied out under its checked path, without owners and rights. That is stricter than the filter ``data`` of
the module tarfile and pooch's processors, which let links inside the folder pass, clean paths up and unpack without
limit; and it is the same for zip.
"""

from __future__ import annotations

import errno
import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from tqdm.auto import tqdm

from mmtutorial.downloads.space import need_room, readable
from mmtutorial.errors import InputError

MOST_FILES = 500_000
"""Members of an archive at most. The largest of the catalogue has some 50,000."""

SMALL, RATIO = 100 * 10**6, 20
"""Bytes that any archive may unpack to, and for a larger one how many for each of its own. Photos hardly shrink."""


class Damaged(Exception):
    """An archive, or what is in it, cannot be used; ``str(error)`` says why, in a few words."""


@dataclass(frozen=True)
class Member:
    """A member of a tar or zip archive.

    Attributes:
        name: its path as the archive writes it.
        size: bytes, once unpacked.
        kind: ``file``, ``folder``, or ``other`` for links, devices and pipes.
        open: opens a file to read.
    """

    name: str
    size: int
    kind: str
    open: Callable[[], IO[bytes] | None]


def unpack(
    archive: Path,
    folder: Path,
    subtree: str,
    only: Iterable[str] = (),
    *,
    keep: Callable[[Path], bool] = lambda path: True,
    ratio: int = RATIO,
) -> None:
    """Copy the files below ``subtree`` of an archive into ``folder``.

    Args:
        archive: a zip file, or a tar file, compressed or not.
        folder: where ``subtree/x/y`` becomes ``x/y``.
        subtree: the folder of the archive that is wanted.
        only: names in ``subtree`` to take; by default all.
        keep: whether a file in ``subtree`` is taken, by its path there.
        ratio: bytes that it may unpack to for each of its own.

    Raises:
        Damaged: the archive is cut short or no archive, lacks what is wanted, is larger than any data set, names a path
            outside its folder, or has a link or a device where a file is expected.
        InputError: the disk has no room.
    """
    wanted = tuple(only)
    try:
        with _opened(archive, ratio) as members:
            bar = tqdm(members, desc=f"reading {archive.name}", unit="file", delay=1.0, leave=False)
            chosen = [(member, path) for member in bar if (path := _placed(member, subtree, wanted)) is not None]
            lacking = [name for name in wanted or ("",) if not any(name in ("", path.parts[0]) for _, path in chosen)]
            if lacking:
                raise Damaged(f"it has no {PurePosixPath(subtree, lacking[0])}")
            chosen = [(member, path) for member, path in chosen if keep(path)]
            need_room(folder, sum(member.size for member, _ in chosen), f"unpacking {archive.name}")
            for member, path in tqdm(chosen, desc=f"unpacking {archive.name}", unit="file", delay=1.0, leave=False):
                _copy_out(member, folder / path)
    except (Damaged, InputError):
        raise
    except Exception as error:
        # An error with a number is the disk's, but for a place that cannot be. Each format has errors of its own.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise Damaged(str(error) or type(error).__name__) from None


def _placed(member: Member, subtree: str, wanted: tuple[str, ...]) -> Path | None:
    """Return where a file goes, relative to the folder, or None for what is not wanted.

    Every path of the archive is checked, also of what is not wanted: an archive with such paths is not the right one.
    """
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or re.match("[A-Za-z]:", member.name):
        raise Damaged(f"it names a path outside its folder: {member.name!r}")
    if re.search(r"[\0-\x1f\x7f]", member.name) or any(len(part.encode(errors="replace")) > 255 for part in path.parts):
        raise Damaged(f"it has a name that no file should have: {member.name[:80]!r}")
    depth = len(PurePosixPath(subtree).parts)
    if member.kind == "folder" or path.parts[:depth] != PurePosixPath(subtree).parts or len(path.parts) <= depth:
        return None
    if wanted and path.parts[depth] not in wanted:
        return None
    if member.kind != "file":
        raise Damaged(f"it has a link or a device where a file is expected: {member.name!r}")
    return Path(*path.parts[depth:])


def _copy_out(member: Member, target: Path) -> None:
    source = member.open()
    assert source is not None  # Only a tar member that is no file gives None.
    with source:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            sink = target.open("wb")
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            raise Damaged(f"{member.name!r} is both a file and a folder") from None
        with sink:
            shutil.copyfileobj(source, sink, 2**20)
            if sink.tell() != member.size:
                raise Damaged(f"{member.name!r} is cut short")


@contextmanager
def _opened(archive: Path, ratio: int) -> Iterator[Iterator[Member]]:
    """Give the members of a zip or a tar file, as long as they are not too many or too large."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as bundle:
            yield _limited((_zipped(bundle, info) for info in bundle.infolist()), archive, ratio)
        return
    with tarfile.open(archive) as tar:
        yield _limited(_tarred(tar), archive, ratio)


def _limited(members: Iterator[Member], archive: Path, ratio: int) -> Iterator[Member]:
    """Give members, up to a number of them and of bytes that no data set has: a small archive can fill any disk."""
    most, size, count = max(SMALL, ratio * archive.stat().st_size), 0, 0
    for member in members:
        size += member.size
        count += bool(member.name)
        if count > MOST_FILES:
            raise Damaged(f"it has more than {MOST_FILES:,} files")
        if size > most:
            raise Damaged(f"its {readable(archive.stat().st_size)} would become more than {readable(most)}")
        yield member


def _zipped(bundle: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    # The upper half holds the Unix mode, if the archive was made there.
    mode = info.external_attr >> 16
    plain = stat.S_IFMT(mode) in (0, stat.S_IFREG)
    kind = "folder" if info.is_dir() else "file" if plain else "other"
    return Member(info.filename, info.file_size, kind, partial(bundle.open, info))


def _tarred(tar: tarfile.TarFile) -> Iterator[Member]:
    """Go through a tar file to its very end: the check sum that gzip keeps is compared only there.

    What stands behind the last member goes as members without a name, so that its size is limited too.
    """
    for info in tar:
        kind = "file" if info.isreg() else "folder" if info.isdir() else "other"
        yield Member(info.name, info.size, kind, partial(tar.extractfile, info))
    assert tar.fileobj is not None
    while rest := tar.fileobj.read(2**20):
        yield Member("", len(rest), "folder", lambda: None)
