"""The archive for a room without internet: what is in it, and an installer that needs no network and names its faults.

pip is not asked to fetch anything here: a tiny wheel stands for the package and all that it needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")

from mmtutorial import __version__
from mmtutorial.errors import InputError
from offline import packing

REPOSITORY = Path(__file__).resolve().parents[2]
NO_NETWORK = REPOSITORY / "tests" / "notebooks" / "no_network"
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def tiny_wheel(folder: Path, *_: object) -> None:
    """A wheel of the package's name and version, whose command says that it looked."""
    folder.mkdir()
    about = f"mmtutorial-{__version__}.dist-info"
    held = {
        "tiny.py": "def main():\n    print('looked')\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: mmtutorial\nVersion: {__version__}\nProvides-Extra: lab\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\nmmtutorial = tiny:main\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"mmtutorial-{__version__}-py3-none-any.whl", "w") as wheel:
        for name, text in held.items():
            wheel.writestr(name, text)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, made with a tiny wheel, a short talk and a book of one page, and unpacked again."""
    place = tmp_path_factory.mktemp("offline")
    (place / "book").mkdir()
    (place / "book" / "index.html").write_text("a book")
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(packing, "fetch_wheels", tiny_wheel)
        changed.setattr(packing, "page", lambda: "<title>a talk</title>")
        changed.setattr(packing, "write_pdf", lambda talk, pdf: pdf.write_bytes(b"%PDF"))
        changed.setattr(packing, "BOOK", place / "book")
        archive = packing.pack(place / "out", extras="lab")
    assert [path.name for path in (place / "out").iterdir()] == [archive.name]
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place / "room")
    (folder,) = (place / "room").iterdir()
    return folder


def install(folder: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Runs the installer as a learner does, with every connection refused and pip's settings of the worst kind."""
    return subprocess.run(
        [sys.executable, folder / "install.py", "--into", into],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(NO_NETWORK), "PIP_INDEX_URL": "http://nowhere.invalid/"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_holds_all_that_a_room_needs(unpacked: Path) -> None:
    assert unpacked.name == f"mmtutorial-offline-{__version__}"
    for name in ("START_HERE.txt", "install.py", "talk/talk.html", "talk/talk.pdf", "book/index.html", "LICENSE"):
        assert (unpacked / name).is_file(), name
    learners = {path.name for path in (REPOSITORY / "notebooks").glob("*.ipynb")}
    assert {path.name for path in (unpacked / "notebooks").glob("*.ipynb")} == learners
    assert {path.name for path in (unpacked / "notebooks" / "solutions").iterdir()} == learners


def test_the_instructions_name_what_is_there(unpacked: Path) -> None:
    text = (unpacked / "START_HERE.txt").read_text(encoding="utf-8")
    assert [part for part in ("wheels/", "notebooks/", "talk/", "book/") if f"  {part}" not in text] == []
    assert f"Python {HERE}" in text
    assert '--find-links wheels "mmtutorial[lab]"' in text


def test_without_a_book_none_is_promised(tmp_path: Path) -> None:
    assert "book/" not in packing.start_here(["wheels", "notebooks"], version="1", extras="lab", python="3.11")


def test_every_file_has_its_checksum(unpacked: Path) -> None:
    listed = dict(line.split("  ")[::-1] for line in (unpacked / "SHA256SUMS").read_text().splitlines())
    found = {path.relative_to(unpacked).as_posix(): path for path in unpacked.rglob("*") if path.is_file()}
    assert set(found) - {"SHA256SUMS"} == set(listed)
    assert all(hashlib.sha256(found[name].read_bytes()).hexdigest() == told for name, told in listed.items())


def test_it_installs_without_a_network_and_looks_over_the_machine(unpacked: Path, tmp_path: Path) -> None:
    done = install(unpacked, tmp_path / "mine")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "looked" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Begin with: {tmp_path / 'mine' / PROGRAMS / 'mmtutorial'} lab"


def test_a_damaged_or_missing_file_is_named(unpacked: Path, tmp_path: Path) -> None:
    talk = unpacked / "talk" / "talk.html"
    kept = talk.read_bytes()
    try:
        talk.write_bytes(kept + b" ")
        done = install(unpacked, tmp_path / "mine")
        assert (done.returncode, "talk.html is damaged: copy the archive again" in done.stderr) == (2, True)
        talk.unlink()
        done = install(unpacked, tmp_path / "mine")
        assert (done.returncode, "talk.html is missing: unpack the whole archive" in done.stderr) == (2, True)
    finally:
        talk.write_bytes(kept)
    assert not (tmp_path / "mine").exists()


def test_another_python_is_told_which_one_is_needed(unpacked: Path, tmp_path: Path) -> None:
    about = unpacked / "about.json"
    kept = about.read_text()
    try:
        about.write_text(json.dumps({**json.loads(kept), "python": "3.99"}))
        done = install(unpacked, tmp_path / "mine")
    finally:
        about.write_text(kept)
    assert done.returncode == 2
    assert f"the wheels are for Python 3.99, this is {HERE}: use python3.99 install.py" in done.stderr


def test_a_folder_with_something_else_is_left_alone(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = install(unpacked, tmp_path)
    assert done.returncode == 2
    assert "holds something else: name another folder by --into" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("options", "python"),
    [
        ((), HERE),
        (("--no-cache-dir", "--python-version", "3.13"), "3.13"),
        (("--python-version=3.12",), "3.12"),
    ],
)
def test_wheels_are_fetched_for_the_first_release_of_the_python_of_the_room(
    options: tuple[str, ...], python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def pip(*words: str) -> None:
        asked.append(words)
        (tmp_path / "wheels" / "mmtutorial-1-py3-none-any.whl").touch()

    monkeypatch.setattr(packing, "_pip", pip)
    packing.fetch_wheels(tmp_path / "wheels", "lab,photos", options)
    built, fetched = asked
    assert built[:2] == ("wheel", "--no-deps")
    place = fetched.index("--python-version")
    assert fetched[place : place + 3] == ("--python-version", python, "--only-binary=:all:")
    assert fetched[-1].endswith("mmtutorial-1-py3-none-any.whl[lab,photos]")


def test_what_pip_says_last_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(InputError, match=r"^pip download failed: ERROR: No matching distribution found for nowhere"):
        packing._pip("download", "--dest", str(tmp_path), "nowhere-to-be-found")
