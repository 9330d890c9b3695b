from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmtutorial.errors import InputError
from mmtutorial.training.log import TrainingLog


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses to let files grow beyond a size, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def log_of(path: Path, *steps: int) -> TrainingLog:
    log = TrainingLog(path)
    log.keep_until(0)
    for epoch, step in enumerate(steps, 1):
        log.add(epoch=epoch, step=step, loss=1 / step)
    return log


def test_one_json_object_a_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    log = log_of(path, 5, 10)
    expected = [{"epoch": 1, "step": 5, "loss": 0.2}, {"epoch": 2, "step": 10, "loss": 0.1}]
    assert [json.loads(line) for line in path.read_text().splitlines()] == expected
    assert [json.loads(line) for line in log.lines] == expected


@pytest.mark.parametrize(
    ("step", "kept"), [(0, []), (4, []), (5, [5]), (12, [5, 10]), (15, [5, 10, 15]), (99, [5, 10, 15])]
)
def test_what_came_after_the_checkpoint_is_forgotten(tmp_path: Path, step: int, kept: list[int]) -> None:
    path = tmp_path / "log.jsonl"
    log_of(path, 5, 10, 15)
    log = TrainingLog(path)
    log.keep_until(step)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == kept
    assert [json.loads(line)["step"] for line in log.lines] == kept
    log.add(epoch=9, step=100)
    assert json.loads(path.read_text().splitlines()[-1]) == {"epoch": 9, "step": 100}
    assert len(path.read_text().splitlines()) == len(kept) + 1


@pytest.mark.parametrize(
    "garbage",
    [b'{"epoch": 2, "st', b"\0\0\0\0", b"\xff\xfe\x80", b"12", b"null", b'"text"', b"[1]", b'{"epoch": 2}', b"<html>"],
)
def test_garbage_at_the_end_is_dropped(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "log.jsonl"
    log_of(path, 5)
    whole = path.read_bytes()
    path.write_bytes(whole + garbage)
    TrainingLog(path).keep_until(10)
    assert path.read_bytes() == whole


def test_a_whole_line_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log_of(path, 5)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    TrainingLog(path).keep_until(10)
    assert path.read_bytes() == whole


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = log_of(path, 5)
    whole = path.read_bytes()
    with files_no_larger_than(len(whole) + 10), pytest.raises(InputError) as caught:
        log.add(epoch=2, step=10, loss=0.1)
    assert str(caught.value) == f"cannot write {path}: File too large; free space, then run again with --resume"
    assert path.read_bytes() != whole, "the kernel wrote what still had room"
    TrainingLog(path).keep_until(10)
    assert path.read_bytes() == whole


def test_a_disk_that_is_full_at_the_start_leaves_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log_of(path, 5, 10)
    whole = path.read_bytes()
    with files_no_larger_than(10), pytest.raises(InputError, match="cannot write"):
        TrainingLog(path).keep_until(5)
    assert path.read_bytes() == whole
