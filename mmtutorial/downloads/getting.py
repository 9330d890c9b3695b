"""``get``: one entry of the catalogue, from its address to the layout that ``open_dataset`` reads."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from mmtutorial.downloads.fetching import NOTED, Fetched, fetch, note
from mmtutorial.downloads.placing import is_ready, made_beside, write_note
from mmtutorial.downloads.recipes import RECIPES, Recipe, adopt
from mmtutorial.downloads.registry import Entry, look_up
from mmtutorial.downloads.unpacking import Damaged
from mmtutorial.errors import InputError
from mmtutorial.locks import exclusive

ARCHIVES = "archives"
"""Folder of the root that keeps what was downloaded."""

ROOT = Path("data")
"""Where data sets go if no root is given; ``mmtutorial doctor`` looks there too."""


@dataclass(frozen=True)
class Got:
    """What came of a call.

    Attributes:
        place: the folder of the data set, or the file of weights.
        notes: what a person should know, a line each.
    """

    place: Path
    notes: tuple[str, ...]


def get(name: str, root: str | Path | None = None, source: str | Path | None = None) -> Got:
    """Fetch an entry of the catalogue and lay it out. A second call finds it done and asks no server.

    Args:
        name: name in the catalogue.
        root: folder for data sets; the data set then opens as ``open_dataset(name, root)``. By default ``data``.
            Weights go where torch looks for them.
        source: the user's own download: a file, or a folder with the files under their names.

    Raises:
        InputError: it cannot be had, or another process is getting it; the message says what to do, by hand if need be.
    """
    entry = look_up(name)
    words = ["mmtutorial", "data", "get", name]
    words += [] if root is None else ["--root", str(root)]
    words += [] if source is None else ["--from", str(source)]
    source = None if source is None else Path(source).expanduser()
    if source is not None and not source.exists():
        raise InputError(f"--from {source} does not exist; give your download, or the folder that holds it")
    if source is not None and source.is_file() and len(entry.files) > 1:
        raise InputError(f"{entry.title} has {len(entry.files)} files, and --from {source} is one; give their folder")
    command = shlex.join(words)
    try:
        if name not in RECIPES:
            return _get_weights(entry, root, command, source)
        return _get_data(entry, RECIPES[name], Path(root or ROOT).expanduser(), command, source)
    except OSError as error:
        at = error.filename or root or ROOT
        raise InputError(f"cannot write {at}: {error.strerror or error}; see to it, then run: {command}") from error


def _get_data(entry: Entry, recipe: Recipe, root: Path, command: str, source: Path | None) -> Got:
    """A data set: archives, then its folder, then what is left to do."""
    target = recipe.target(root)
    notes = []
    if is_ready(target, entry, command):
        notes.append(f"{entry.title} is ready at {target}; nothing to do")
    else:
        with exclusive(root, entry.name, f"see to it, then run: {command}"):
            # Whoever held it before may have got it.
            if not is_ready(target, entry, command):
                notes += _make(entry, recipe, target, root, command, source)
    notes.append(recipe.finish(target))
    notes.append(f"next: {entry.then.format(root=shlex.quote(str(root)))}")
    return Got(target, tuple(note for note in notes if note))


def _make(entry: Entry, recipe: Recipe, target: Path, root: Path, command: str, source: Path | None) -> list[str]:
    """Make the folder, of the user's own folders or of archives; return notes."""
    if source is not None and recipe.unpacked and all((source / part).is_dir() for part in recipe.unpacked):
        recipe.check(source)
        with made_beside(target) as folder:
            adopt(source, recipe.unpacked, folder)
            write_note(folder, entry, {})
        return []
    kept = root / ARCHIVES
    archives = [fetch(entry, file, kept, command, source) for file in entry.files]
    _build(entry, recipe, archives, target, root, command)
    notes = []
    for archive in archives:
        if not archive.known:
            note(kept, archive.name, archive.checksum)
            notes.append(
                f"nobody states a checksum of {archive.name}; {archive.checksum} is noted in {kept / NOTED}, "
                "and later copies have to have it too"
            )
    return notes + [f"{it.path} is kept; delete it if you need the room" for it in archives if it.downloaded]


def _build(entry: Entry, recipe: Recipe, archives: list[Fetched], target: Path, root: Path, command: str) -> None:
    """Unpack into the folder. A download that proves bad, and whose checksum nobody stated, is removed."""
    try:
        with made_beside(target) as folder:
            recipe.build([archive.path for archive in archives], folder, root)
            try:
                recipe.check(folder)
            except InputError as error:
                raise Damaged(str(error)) from None
            write_note(folder, entry, {archive.name: archive.checksum for archive in archives})
    except Damaged as reason:
        unproved = [archive for archive in archives if archive.downloaded and not archive.known]
        for archive in unproved:
            archive.path.unlink()
        what = "it was removed: run again" if unproved else "move it away and fetch it anew: run"
        names = ", ".join(str(archive.path) for archive in archives)
        raise InputError(f"cannot use {names}: {reason}; {what}: {command}") from None


def _get_weights(entry: Entry, root: str | Path | None, command: str, source: Path | None) -> Got:
    """A file of weights, put where torch looks for it."""
    import torch

    folder = Path(torch.hub.get_dir(), "checkpoints")
    if root is not None:
        raise InputError(f"weights go to {folder}, where torch looks for them; leave --root out, or set TORCH_HOME")
    [file] = entry.files
    place = folder / file.name
    if place.exists():
        fetch(entry, file, folder, command)
        return Got(place, (f"{entry.title} is ready at {place}; nothing to do", f"next: {entry.then}"))
    with exclusive(folder, entry.name, f"see to it, then run: {command}"):
        found = fetch(entry, file, folder, command, source)
        if found.path != place:
            part = place.with_name(f"{place.name}.copy")
            try:
                shutil.copyfile(found.path, part)
                os.replace(part, place)
            finally:
                part.unlink(missing_ok=True)
    return Got(place, (f"next: {entry.then}",))
