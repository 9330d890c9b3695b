"""Archives unpacked so that no archive can do harm: files and folders only, none outside the folder given.

Each file is copied out under its checked path, without owners and rights. That is stricter than the filter ``data`` of
the module tarfile, which lets links inside the folder pass and cleans paths up, and it is the same for zip.
"""

from __future__ import annotations

import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from tqdm.auto import tqdm

from mmtutorial.downloads.space import need_room


class Damaged(Exception):
    """An archive, or what is in it, cannot be used; ``str(error)`` says why, in a few words."""


@dataclass(frozen=True)
class Member:
    """A member of a tar or zip archive.

    Attributes:
        name: Its path as the archive writes it.
        size: Bytes, once unpacked.
        kind: ``file``, ``folder``, or ``other`` for links, devices and pipes.
        open: Opens a file to read.
    """

    name: str
    size: int
    kind: str
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, folder: Path, subtree: str, only: Iterable[str] = ()) -> None:
    """Copies the files below ``subtree`` of an archive into ``folder``.

    Args:
        archive: A zip file, or a tar file, compressed or not.
        folder: Where ``subtree/x/y`` becomes ``x/y``.
        subtree: The folder of the archive that is wanted.
        only: Names in ``subtree`` to take; by default all.

    Raises:
        Damaged: The archive is cut short or no archive, lacks what is wanted, names a path outside its folder, or has
            a link or a device where a file is expected.
        InputError: The disk has no room.
    """
    wanted = tuple(only)
    try:
        with _opened(archive) as members:
            bar = tqdm(members, desc=f"reading {archive.name}", unit="file", delay=1.0, leave=False)
            chosen = [(member, path) for member in bar if (path := _placed(member, subtree, wanted)) is not None]
            lacking = [name for name in wanted or ("",) if not any(name in ("", path.parts[0]) for _, path in chosen)]
            if lacking:
                raise Damaged(f"it has no {PurePosixPath(subtree, lacking[0])}")
            need_room(folder, sum(member.size for member, _ in chosen), f"unpacking {archive.name}")
            for member, path in tqdm(chosen, desc=f"unpacking {archive.name}", unit="file", delay=1.0, leave=False):
                _copy_out(member, folder / path)
    # RuntimeError: what zipfile makes of a password or an unknown compression.
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise Damaged(str(error) or type(error).__name__) from None


def _placed(member: Member, subtree: str, wanted: tuple[str, ...]) -> Path | None:
    """Returns where a file goes, relative to the folder, or None for what is not wanted.

    Every path of the archive is checked, also of what is not wanted: an archive with such paths is not the right one.
    """
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or re.match("[A-Za-z]:", member.name):
        raise Damaged(f"it names a path outside its folder: {member.name!r}")
    depth = len(PurePosixPath(subtree).parts)
    if member.kind == "folder" or path.parts[:depth] != PurePosixPath(subtree).parts or len(path.parts) <= depth:
        return None
    if wanted and path.parts[depth] not in wanted:
        return None
    if member.kind != "file":
        raise Damaged(f"it has a link or a device where a file is expected: {member.name!r}")
    return Path(*path.parts[depth:])


def _copy_out(member: Member, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = member.open()
    assert source is not None  # Only a tar member that is no file gives None.
    with source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 2**20)
        if sink.tell() != member.size:
            raise Damaged(f"{member.name!r} is cut short")


@contextmanager
def _opened(archive: Path) -> Iterator[Iterator[Member]]:
    """Gives the members of a zip or a tar file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as bundle:
            yield (_zipped(bundle, info) for info in bundle.infolist())
        return
    try:
        with tarfile.open(archive) as tar:
            yield _tarred_all(tar)
    except OSError as error:
        # What the gzip module makes of bytes that are no gzip; other errors have a number and are the system's.
        if error.errno is None:
            raise Damaged(str(error)) from None
        raise


def _zipped(bundle: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    # The upper half holds the Unix mode, if the archive was made there.
    mode = info.external_attr >> 16
    plain = stat.S_IFMT(mode) in (0, stat.S_IFREG)
    kind = "folder" if info.is_dir() else "file" if plain else "other"
    return Member(info.filename, info.file_size, kind, lambda: bundle.open(info))


def _tarred_all(tar: tarfile.TarFile) -> Iterator[Member]:
    """Goes through a tar file to its very end: the check sum that gzip keeps is compared only there."""
    for info in tar:
        yield _tarred(tar, info)
    assert tar.fileobj is not None
    while tar.fileobj.read(2**20):
        pass


def _tarred(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    kind = "file" if info.isreg() else "folder" if info.isdir() else "other"
    return Member(info.name, info.size, kind, lambda: tar.extractfile(info))
