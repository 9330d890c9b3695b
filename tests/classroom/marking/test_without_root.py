"""Marking by somebody who is not root: the places are made by a namespace of users."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classroom.marking.handed_in import answered

REPOSITORY = Path(__file__).resolve().parents[3]
SOMEBODY = "54321"
LOOKS = """
import os
def components(labels, edges):
    raise ValueError(f"{sorted(os.listdir('/'))} {os.getuid()} {len([n for n in os.listdir('/proc') if n.isdigit()])}")
"""
CALLS = """
def components(labels, edges):
    import socket
    socket.create_connection(("127.0.0.1", 1), 1)
"""
FORKS = """
def components(labels, edges):
    import os
    while True:
        os.fork()
"""


def readable(path: str) -> bool:
    """Whether anybody may go to a folder and read in it."""
    return all(folder.stat().st_mode & 0o5 == 0o5 for folder in (Path(path), *Path(path).parents))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that belongs to somebody."""
    folder = Path(tempfile.mkdtemp(prefix="mmtutorial-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_somebody_marks_and_harm_earns_nothing(open_folder: Path) -> None:
    packages = sysconfig.get_paths()["purelib"]
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("only root can become somebody else, by unshare and setpriv")
    if not (readable(packages) and readable(str(REPOSITORY))):
        pytest.skip(f"others may not read {packages} and {REPOSITORY}")
    handed_in, python, marks = (open_folder / name for name in ("class", "python", "marks"))
    for folder in (handed_in, python, marks):
        folder.mkdir()
    os.chown(marks, int(SOMEBODY), int(SOMEBODY))
    for student, answer in (("ada", None), ("bob", LOOKS), ("cy", CALLS), ("dan", FORKS)):
        path = handed_in / f"{student}_03_match.ipynb"
        path.write_bytes(answered({"03.components": answer} if answer else None))
    # Python may lie where others may not read: it is shown at another place, to this command alone.
    script = (
        f'mount --bind "{sys.base_prefix}" "{python}" && exec setpriv --reuid {SOMEBODY} --regid {SOMEBODY} '
        f'--clear-groups "{python}/bin/python3" -m mmtutorial.cli mark "{handed_in}" --out "{marks}/of" --seconds 0'
    )
    variables = {"PATH": os.environ["PATH"], "HOME": str(marks), "OMP_NUM_THREADS": "1"}
    variables["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), packages])
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], cwd=open_folder, env=variables, capture_output=True, text=True
    )
    if "mount" in done.stderr and done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    with (marks / "of" / "files.csv").open(newline="") as file:
        points = {row["student"]: float(row["points"]) for row in csv.DictReader(file)}
    assert points == {"ada": 3, "bob": 2, "cy": 2, "dan": 2}
    page = (marks / "of" / "students" / "bob.html").read_text()
    assert f" {SOMEBODY} 2" in page, "it sees itself and the first process of its place"
    assert "&#39;root&#39;" not in page
    assert "&#39;home&#39;" not in page
