"""``mmtutorial data get`` as people meet it, in this process and, to be stopped, in one of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmtutorial import cli
from mmtutorial.datasets import open_dataset
from mmtutorial.downloads import get
from tests.downloads.conftest import Publish, Refused, left_in, sha256
from tests.downloads.server import Page, Server, first_byte
from tests.miniatures import camvid_archive, voc_archive

DRIVER = """
import sys
from dataclasses import replace
from mmtutorial.downloads import transfer
from mmtutorial.downloads.registry import CATALOGUE, RemoteFile
from mmtutorial import cli

url, checksum, size, *words = sys.argv[1:]
transfer.CHUNK = 1000
[file] = CATALOGUE["voc"].files
CATALOGUE["voc"] = replace(CATALOGUE["voc"], files=(RemoteFile(file.name, (url,), checksum, int(size)),))
sys.argv = ["mmtutorial", *words]
cli.main()
"""


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["mmtutorial", *map(str, words)])
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_get_and_open(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    publish("camvid", camvid_archive(tmp_path / "work"), known=False)
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "data", "get", "camvid") == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "data" / "CamVid")
    assert "next: mmtutorial run --dataset camvid --root data\n" in said.err
    assert len(open_dataset("camvid", tmp_path / "data")) == 4
    assert call(monkeypatch, "data", "get", "camvid") == 0
    assert "nothing to do" in capsys.readouterr().err


def test_a_refusal_is_one_line(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    publish("voc", b"archive", Page(b"<html>Sign in</html>"))
    assert call(monkeypatch, "data", "get", "voc", "--root", tmp_path / "my data") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("mmtutorial: cannot download")
    assert said.err.count("\n") == 1
    # The command can be copied as it stands.
    assert f"mmtutorial data get voc --root '{tmp_path / 'my data'}'\n" in said.err


def getting(url: str, data: bytes, root: Path) -> subprocess.Popen[str]:
    """``mmtutorial data get voc`` in a process of its own."""
    words = [url, sha256(data), str(len(data)), "data", "get", "voc", "--root", str(root)]
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", DRIVER, *words], stdout=pipe, stderr=pipe, text=True)


def wait_for(part: Path, size: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not part.exists() or part.stat().st_size < size:
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_stops_a_slow_download_and_the_next_call_goes_on(
    server: Server, publish: Publish, tmp_path: Path
) -> None:
    archive = voc_archive(tmp_path / "work")
    data = archive.read_bytes()
    half = len(data) // 2000 * 1000
    [file] = publish("voc", archive, Page(data, waits=half)).files
    root = tmp_path / "data"
    part = root / "archives" / f"{archive.name}.part"
    with getting(*file.urls, data, root) as process:
        wait_for(part, half, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.endswith("mmtutorial: stopped; the same command goes on from here\n")
    assert "Traceback" not in said
    assert left_in(root) == [f"archives/{archive.name}.part"]
    assert part.read_bytes() == data[:half]

    server.let_go.set()
    get("voc", root)
    assert [first_byte(wanted) for _, wanted in server.asked] == [0, half]
    assert len(open_dataset("voc", root, "train")) == 6
    assert left_in(root / "archives") == [archive.name]


def test_of_two_at_once_one_is_refused_and_the_other_succeeds(
    server: Server, publish: Publish, refused: Refused, tmp_path: Path
) -> None:
    archive = voc_archive(tmp_path / "work")
    data = archive.read_bytes()
    [file] = publish("voc", archive, Page(data, waits=5000)).files
    camvid = camvid_archive(tmp_path / "work")
    publish("camvid", camvid)
    root = tmp_path / "data"
    with getting(*file.urls, data, root) as process:
        wait_for(root / "archives" / f"{archive.name}.part", 5000, process)
        who = f"pid {process.pid} on {socket.gethostname()}"
        assert refused(get, "voc", root) == f"another process ({who}) works in {root}; wait for it or stop it"
        assert get("camvid", root).place == root / "CamVid", "another entry is no matter"
        server.let_go.set()
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.strip() == str(root / "VOCdevkit" / "VOC2012")
    assert "nothing to do" in get("voc", root).notes[0]
    assert len(server.asked) == 2
    assert sorted(path.name for path in root.iterdir()) == ["CamVid", "VOCdevkit", "archives"]


def test_what_a_killed_process_fetched_is_kept(server: Server, publish: Publish, tmp_path: Path) -> None:
    archive = voc_archive(tmp_path / "work")
    data = archive.read_bytes()
    [file] = publish("voc", archive, Page(data, waits=5000)).files
    root = tmp_path / "data"
    with getting(*file.urls, data, root) as process:
        wait_for(root / "archives" / f"{archive.name}.part", 5000, process)
        process.kill()
        process.communicate()
    server.let_go.set()
    get("voc", root)
    assert [first_byte(wanted) for _, wanted in server.asked] == [0, 5000]
    assert left_in(root / "archives") == [archive.name]
    assert not [path for path in left_in(root) if "lock" in path]


def test_a_data_set_that_is_ready_needs_no_lock(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A teacher's folder that learners can only read."""

    def refuse(*words: object) -> None:
        raise AssertionError

    publish("camvid", camvid_archive(tmp_path / "work"))
    get("camvid", tmp_path / "data")
    monkeypatch.setattr("mmtutorial.downloads.getting.exclusive", refuse)
    get("camvid", tmp_path / "data")


def test_a_wrong_name_is_answered_before_torch_is_imported() -> None:
    words = [sys.executable, "-X", "importtime", "-m", "mmtutorial.cli", "data", "get", "vok"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time" in line}
    assert "mmtutorial.downloads.registry" in imported
    assert not imported & {"torch", "requests"}
    assert "unknown download 'vok'; did you mean 'voc'?" in done.stderr
