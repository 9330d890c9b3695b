"""Clusters that are not there, and options that do not go together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmtutorial.reproduction import on_dask
from tests.cli.calling import Call, assert_refused
from tests.tiny_run import arguments

REPRODUCE = (
    "reproduce",
    *arguments(),
    "--networks",
    "tiny",
    "--parts",
    "margin",
    "--seeds",
    "0",
    "--accelerator",
    "cpu",
)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("--scheduler tcp://127.0.0.1:1", ["no Dask scheduler answers at tcp://127.0.0.1:1", "dask scheduler"]),
        ("--scheduler nowhere://x", ["no Dask scheduler answers at nowhere://x"]),
        ("--slurm", ["there is no SLURM here"]),
        ("--slurm --scheduler tcp://127.0.0.1:1", ["choose one"]),
        ("--workers 2 --scheduler tcp://127.0.0.1:1", ["--workers is of no use with --scheduler"]),
        ("--slurm-minutes 5", ["--slurm-partition and the like are of use with --slurm alone"]),
        ("--slurm --slurm-cluster lokal", ["unknown cluster 'lokal'; did you mean 'local'"]),
    ],
)
def test_clusters_that_are_not_there(
    words: str, parts: list[str], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_dask, "_PATIENCE", "1s")
    assert_refused(call(*REPRODUCE, "--out", tmp_path / "out", *words.split()), *parts)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "module", "extra"), [("--scheduler tcp://h:1", "distributed", "dask"), ("--slurm", "submitit", "slurm")]
)
def test_an_extra_that_is_not_installed(
    words: str, module: str, extra: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    said = call(*REPRODUCE, "--out", tmp_path / "out", *words.split())
    assert_refused(said, f"pip install 'mmtutorial[{extra}]'")
    assert not (tmp_path / "out").exists()
