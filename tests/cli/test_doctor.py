"""The doctor says what is wrong, and what to do, whatever is wrong."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
import tomllib
import warnings
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest
import torch
from packaging.requirements import Requirement

from mmtutorial.cli import doctor
from mmtutorial.cli.doctor import Check, check, format_checks

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {entry.name: entry for entry in checks}


def break_import(monkeypatch: pytest.MonkeyPatch, module: str, error: Exception) -> None:
    ordinary = importlib.import_module

    def broken(name: str, package: str | None = None) -> object:
        if name == module:
            raise error
        return ordinary(name, package)

    monkeypatch.setattr(importlib, "import_module", broken)


def test_this_machine_is_fit_and_nothing_is_left_behind(tmp_path: Path) -> None:
    checks = check(None)
    assert [entry for entry in checks if not entry.ok] == []
    assert doctor.failed(checks) == 0
    assert len(by_name(checks)) == len(checks)
    assert list(tmp_path.iterdir()) == []


def test_every_dependency_is_looked_at() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = {Requirement(line).name for line in project["dependencies"]}
    assert asked == set(doctor.minimum_versions())
    assert asked <= set(by_name(check(None)))
    assert set(doctor.PROOFS) <= asked
    assert project["requires-python"] == ">=" + ".".join(map(str, doctor.MINIMUM_PYTHON))


def test_minimums_come_from_the_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["torch>=2.4", "Pillow >= 10.3", 'ruff>=0.9; extra == "dev"']
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    assert doctor.minimum_versions() == {"torch": "2.4", "pillow": "10.3"}


def test_no_minimums_without_an_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    assert doctor.minimum_versions() == {}


def test_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    found = doctor.check_python()
    assert found.state == "FAIL"
    assert "3.11" in found.remedy


def test_absent_dependency(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = metadata.version

    def absent(name: str) -> str:
        if name == "safetensors":
            raise metadata.PackageNotFoundError(name)
        return ordinary(name)

    monkeypatch.setattr(metadata, "version", absent)
    found = by_name(check(None))["safetensors"]
    assert found == Check("safetensors", False, "not installed", "python -m pip install safetensors")


@pytest.mark.parametrize("error", [ImportError("no DLL"), OSError("libc too old"), RuntimeError("several\nlines")])
def test_dependency_that_does_not_import(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    break_import(monkeypatch, "networkx", error)
    found = doctor.check_dependency("networkx")
    assert found.state == "FAIL"
    assert " ".join(str(error).split()) in found.detail
    assert "networkx" in found.remedy


def test_torchvision_of_another_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def mismatched() -> None:
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(doctor, "_run_torchvision_operator", mismatched)
    found = doctor.check_dependency("torchvision")
    assert found.state == "FAIL"
    assert "nms does not exist" in found.detail
    assert "torch torchvision" in found.remedy


def test_without_torch_the_rest_is_still_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    break_import(monkeypatch, "torch", OSError("libtorch.so is missing"))
    found = by_name(check(None))
    assert not found["torch"].ok
    assert "devices" not in found
    assert found["disk"].ok


@pytest.mark.parametrize(
    ("version", "ok"),
    [("2.3.1", False), ("2.4", True), ("2.4.0+cpu", True), ("2.15.0", True), ("3.0.0a1", True)],
)
def test_versions_compare_as_numbers(monkeypatch: pytest.MonkeyPatch, version: str, ok: bool) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    found = doctor.check_dependency("torch", "2.4")
    assert found.ok is ok
    assert ok or found.remedy == "python -m pip install --upgrade torch"


def test_no_gpu_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    found = doctor.check_devices()
    assert found.state == "OK"
    assert "no GPU" in found.detail


def test_gpus_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = namedtuple("properties", "name total_memory")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties(f"GPU {index}", 24 * 2**30))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    found = doctor.check_devices()
    assert found.state == "OK"
    assert "cuda:0 GPU 0 (24 GiB); cuda:1 GPU 1 (24 GiB); mps" in found.detail


def test_gpu_with_an_old_driver_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable() -> bool:
        warnings.warn("CUDA initialization: the NVIDIA driver is too old", stacklevel=2)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", unusable)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    found = doctor.check_devices()
    assert found.state == "NOTE"
    assert "driver is too old" in found.detail


def test_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**12, 10**12, 3 * 10**8))
    found = doctor.check_disk(tmp_path)
    assert (found.state, found.detail) == ("FAIL", "0.3 GB free")
    assert found.remedy


def test_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(**arguments: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    found = doctor.check_folder(tmp_path)
    assert found.state == "FAIL"
    assert "Permission denied" in found.detail


def test_data_sets_are_found_under_root_and_data(tmp_path: Path) -> None:
    (tmp_path / "mine" / "VOCdevkit" / "VOC2012").mkdir(parents=True)
    (tmp_path / "data" / "CamVid").mkdir(parents=True)
    found = by_name(doctor.check_data(tmp_path / "mine"))
    assert found["data: scenes"].state == "OK"
    assert found["data: voc"].detail == str(tmp_path / "mine" / "VOCdevkit" / "VOC2012")
    assert found["data: camvid"].detail == str(Path("data", "CamVid"))


def test_absent_data_sets_are_notes_and_an_absent_root_fails(tmp_path: Path) -> None:
    found = by_name(doctor.check_data(tmp_path / "nowhere"))
    assert found["data: voc"].state == found["data: camvid"].state == "NOTE"
    assert found["data: root"].state == "FAIL"
    assert "data: root" not in by_name(doctor.check_data(None))


def test_real_photographs_are_found(real_data: Path) -> None:
    found = by_name(doctor.check_data(real_data))
    assert found["data: voc"].state == found["data: camvid"].state == "OK"


@pytest.mark.parametrize("absent", ["jupyterlab", "ipywidgets"])
def test_missing_lab_is_a_note(absent: str) -> None:
    found = doctor.check_lab(lambda module: None if module == absent else object())
    assert found.state == "NOTE"
    assert absent in found.detail
    assert "mmtutorial[lab]" in found.remedy


def test_present_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "4.4")
    assert doctor.check_lab(lambda module: object()) == Check("JupyterLab", True, "4.4")


def test_format() -> None:
    text = format_checks(
        [
            Check("torch", True, "2.15.0"),
            Check("lab", True, "absent", "pip install lab"),
            Check("disk", False, "0.1 GB free", "free some"),
        ]
    )
    assert text.splitlines() == [
        "[OK]   torch  2.15.0",
        "[NOTE] lab    absent",
        "              -> pip install lab",
        "[FAIL] disk   0.1 GB free",
        "              -> free some",
        "1 to mend before mmtutorial can run: see [FAIL].",
    ]


def test_format_when_all_is_well() -> None:
    assert format_checks([Check("torch", True, "2.15.0")]).splitlines()[-1] == "All is ready."
    assert format_checks([]) == "All is ready."
