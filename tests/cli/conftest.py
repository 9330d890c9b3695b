"""A command line in this process; a folder of images with lists."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmtutorial import cli
from tests.cli.calling import Call, Said
from tests.own_images import write_folder


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command line in this process."""

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["mmtutorial", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setenv("TERM", "dumb")
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A folder with lists."""
    root = write_folder(tmp_path / "data", 8)
    (root / "train.txt").write_text("\n".join(f"leaf_{i:02d}" for i in range(1, 7)))
    (root / "val.txt").write_text("leaf_00\n")
    (root / "test.txt").write_text("leaf_07\n")
    return root
