"""Gathers what a room without internet needs into a folder, and packs it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmtutorial import __version__
from mmtutorial.errors import InputError
from offline.text import start_here
from talk.page import page
from talk.printing import write_pdf

REPOSITORY = Path(__file__).resolve().parent.parent
BOOK = REPOSITORY / "build" / "book"
EXTRAS = "lab,photos"
SUMS = "SHA256SUMS"
ABOUT = "about.json"
SOURCES = ("mmtutorial", "notebooks", "pyproject.toml", "README.md", "LICENSE", "LICENSE-CONTENT")
"""What the wheel is built from."""


def pack(out: Path, *, extras: str = EXTRAS, options: Sequence[str] = ()) -> Path:
    """Make the archive.

    Args:
        out: Folder for it; one of the same name there is replaced.
        extras: Of the package, whose wheels come along.
        options: More options for ``pip download``.

    Returns:
        The archive, a zip file.

    Raises:
        InputError: pip could not build or fetch something; its last line is quoted.
    """
    name = f"mmtutorial-offline-{__version__}"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        fetch_wheels(folder / "wheels", extras, options)
        parts = ["wheels", *_materials(folder)]
        about = {"version": __version__, "extras": extras, "python": _python(options)}
        (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        (folder / "START_HERE.txt").write_text(start_here(parts, **about), encoding="utf-8")
        shutil.copy(Path(__file__).with_name("install.py"), folder)
        (folder / SUMS).write_text("".join(_sums(folder)), encoding="utf-8")
        return _zipped(folder, out / f"{name}.zip")


def fetch_wheels(folder: Path, extras: str, options: Sequence[str] = ()) -> None:
    """Build the package's wheel and fetch those of everything that it needs.

    Raises:
        InputError: pip failed.
    """
    folder.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "source"
        copy.mkdir()
        for name in SOURCES:
            if (REPOSITORY / name).is_dir():
                shutil.copytree(
                    REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
                )
            else:
                shutil.copy(REPOSITORY / name, copy)
        _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(copy))
    (own,) = folder.glob("mmtutorial-*.whl")
    # For the first release of that Python, not for the one that runs here: a package may ask for a later one.
    first = ("--python-version", _python(options), "--only-binary=:all:")
    _pip("download", "--dest", str(folder), *first, *options, f"{own}[{extras}]")


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, stderr=subprocess.PIPE, stdout=sys.stderr, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        told = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["it said nothing"]
        raise InputError(f"pip {words[0]} failed: {told[-1]}; what it said before stands above")


def _materials(folder: Path) -> list[str]:
    """Copy or make all but the wheels; returns what is there."""
    for part in ("", "solutions"):
        (folder / "notebooks" / part).mkdir(parents=True)
        for path in sorted((REPOSITORY / "notebooks" / part).glob("*.ipynb")):
            shutil.copy(path, folder / "notebooks" / part)
    (folder / "talk").mkdir()
    written = folder / "talk" / "talk.html"
    written.write_text(page(), encoding="utf-8")
    found = ["notebooks", "talk"]
    try:
        write_pdf(written, folder / "talk" / "talk.pdf")
    except InputError as error:
        print(error, file=sys.stderr)
    if BOOK.is_dir():
        shutil.copytree(BOOK, folder / "book")
        found.append("book")
    for name in ("LICENSE", "LICENSE-CONTENT"):
        shutil.copy(REPOSITORY / name, folder)
    return found


def _python(options: Sequence[str]) -> str:
    """The Python that the wheels are for, such as ``3.13``."""
    words = [word for option in options for word in option.split("=", 1)]
    if "--python-version" in words[:-1]:
        return words[words.index("--python-version") + 1]
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _sums(folder: Path) -> Iterator[str]:
    """A line a file, as ``sha256sum --check`` reads them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as opened:
                yield f"{hashlib.file_digest(opened, 'sha256').hexdigest()}  {path.relative_to(folder).as_posix()}\n"


def _zipped(folder: Path, archive: Path) -> Path:
    """Pack without compressing: nearly all is wheels, which are compressed. Whole or not at all."""
    unfinished = archive.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as opened:
        for path in sorted(folder.rglob("*")):
            opened.write(path, path.relative_to(folder.parent))
    return unfinished.replace(archive)
