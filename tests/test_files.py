from __future__ import annotations

import errno
import json
import math
import os
import random
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from mmtutorial import files
from mmtutorial.errors import InputError
from mmtutorial.files import read_json, read_tensors, remove, sweep, write_bytes, write_json, write_tensors
from mmtutorial.networks import TinyEncoder
from tests.training.test_log import files_no_larger_than


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_are_written_with_their_folders(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "file", b"one")
    write_bytes(tmp_path / "a" / "b" / "file", b"two")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"two"
    assert names(tmp_path / "a" / "b") == ["file"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with files_no_larger_than(1000), pytest.raises(InputError) as caught:
        write_bytes(path, b"new" * 1000)
    message = str(caught.value)
    assert message.startswith(f"cannot write {path}: File too large; ")
    assert "free space or choose another --out" in message
    assert "--resume" in message
    assert "\n" not in message
    assert isinstance(caught.value.__cause__, OSError)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_full_disk_leaves_no_part_of_a_new_file(tmp_path: Path) -> None:
    with files_no_larger_than(1000), pytest.raises(InputError):
        write_tensors(tmp_path / "file", {"a": torch.zeros(1000)}, {})
    assert names(tmp_path) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_the_name_is_given_only_to_what_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Where flushing or renaming fails, the name still has the old file, and what it gets is whole."""
    path = tmp_path / "file"
    write_bytes(path, b"old")
    order: list[str] = []

    def fsync(descriptor: int) -> None:
        assert path.read_bytes() == b"old"
        assert os.fstat(descriptor).st_size == 3
        order.append("fsync")
        if call == "fsync":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def replace(part: Path, target: Path) -> None:
        assert part.read_bytes() == b"new"
        assert part.parent == target.parent == tmp_path
        assert target.read_bytes() == b"old"
        order.append("replace")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(InputError, match="No space left on device"):
        write_bytes(path, b"new")
    assert order == ["fsync", "replace"][: 1 if call == "fsync" else 2]
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_place_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(InputError, match=f"cannot write {tmp_path / 'file' / 'deep' / 'x'}: "):
        write_bytes(tmp_path / "file" / "deep" / "x", b"")
    assert (tmp_path / "file").read_text() == "precious"


def test_a_name_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        write_bytes(tmp_path / "x", b"1")
    assert names(tmp_path) == ["x"]


def test_json_there_and_back(tmp_path: Path) -> None:
    value = {"a": [1, 2.5, None], "b": "é"}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value
    assert (tmp_path / "x.json").read_text().endswith("}\n")


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", math.nan)
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [None, b"", b'{"a": ', b"\xff\xfe", b"<html>"])
def test_unreadable_json(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_json(path)
    assert str(caught.value).startswith(f"cannot read {path}: ")
    assert str(caught.value).endswith("delete it and run again with --resume")
    assert "\n" not in str(caught.value)


def test_tensors_there_and_back(tmp_path: Path) -> None:
    tensors = {
        "float": torch.randn(3, 4, requires_grad=True),
        "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "counter": torch.tensor(7),
        "half": torch.randn(3).bfloat16(),
        "empty": torch.zeros(0, 2),
    }
    about = {"stage": "tuning", "nested": {"seed": 0, "side": [0.125, 0.5]}, "none": None}
    write_tensors(tmp_path / "x.safetensors", tensors, about)
    found, described = read_tensors(tmp_path / "x.safetensors")
    assert described == about
    assert set(found) == set(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    a, b = torch.randn(3), torch.randn(4)
    write_tensors(tmp_path / "x", {"a": a, "b": b}, {"one": 1, "two": 2})
    write_tensors(tmp_path / "y", {"b": b, "a": a}, {"two": 2, "one": 1})
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


@pytest.mark.parametrize("keep", [0, 7, 8, 100, -1])
def test_truncated_tensors(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.randn(100)}, {"stage": "x"})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError) as caught:
        read_tensors(path)
    assert str(caught.value).startswith(f"{path} is damaged")
    assert "delete it and run again with --resume" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_tensors_of_others(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "bare.safetensors")
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors", metadata={"format": "pt"})
    save_file({"a": torch.zeros(2)}, tmp_path / "broken.safetensors", metadata={"about": "{"})
    torch.save({"a": torch.zeros(2)}, tmp_path / "pickle.pt")
    for path in tmp_path.iterdir():
        with pytest.raises(InputError, match=f"{path.name} is damaged or not written by mmtutorial"):
            read_tensors(path)


def test_no_tensors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no weights at .*nowhere; check the path"):
        read_tensors(tmp_path / "nowhere")
    with pytest.raises(InputError, match=str(tmp_path)):
        read_tensors(tmp_path)


def test_json_is_readable_to_people(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": 1, "b": 2})
    assert len((tmp_path / "x.json").read_text().splitlines()) == 4
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 1, "b": 2}


def test_remove_takes_the_rest_of_an_interrupted_write_along(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    write_bytes(path, b"whole")
    (tmp_path / ".checkpoint.safetensors.part").write_bytes(b"who")
    remove(path)
    remove(path)
    assert list(tmp_path.iterdir()) == []


def bits(data: bytes, count: int) -> list[int]:
    """Places of bits: many of the header, so that all kinds of entries are met, and some of the rest."""
    header = 8 * (8 + int.from_bytes(data[:8], "little"))
    chance = random.Random(2018)
    return sorted(chance.sample(range(header), 300) + chance.sample(range(header, 8 * len(data)), count))


@pytest.mark.parametrize("name", ["model", "checkpoint"])
def test_a_single_bit_that_changes_is_noticed(tmp_path: Path, name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    network = TinyEncoder()
    tensors = dict(network.state_dict())
    about: dict[str, object] = {"stage": "tuning", "lr": 1e-05, "classes": ["é", "b"], "colours": [[0, 128, 255]]}
    if name == "checkpoint":
        tensors |= {f"optimizer.0.{key}": torch.rand(3, generator=generator) for key in ("exp_avg", "exp_avg_sq")}
        about["step"] = 7
    path = tmp_path / "x.safetensors"
    write_tensors(path, tensors, about)
    whole = path.read_bytes()
    unnoticed = []
    for place in bits(whole, 100):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(damaged))
        try:
            read_tensors(path)
        except InputError:
            continue
        unnoticed.append((place, bytes(damaged[place // 8 - 20 : place // 8 + 20])))
    assert unnoticed == []


def test_a_description_or_tensors_of_another_file_are_noticed(tmp_path: Path) -> None:
    write_tensors(tmp_path / "a", {"x": torch.zeros(2)}, {"step": 1})
    write_tensors(tmp_path / "b", {"x": torch.ones(2)}, {"step": 2})
    with safe_open(tmp_path / "a", framework="pt") as file:
        header = file.metadata()
    save_file({"x": torch.ones(2)}, tmp_path / "c", metadata=header)
    with pytest.raises(InputError, match="its checksum is another"):
        read_tensors(tmp_path / "c")


def test_files_of_earlier_versions_are_read(tmp_path: Path) -> None:
    save_file({"x": torch.ones(2)}, tmp_path / "old", metadata={"about": '{"stage": "tuning", "seed": 0}'})
    tensors, about = read_tensors(tmp_path / "old")
    assert about == {"stage": "tuning", "seed": 0}
    assert torch.equal(tensors["x"], torch.ones(2))


@pytest.mark.parametrize("about", ["[]", "null", "7", '{"a": NaN}', "[" * 100_000, '{"a": 1e999}', '{"format": 2}'])
def test_a_description_of_the_wrong_shape(tmp_path: Path, about: str) -> None:
    save_file({"x": torch.ones(2)}, tmp_path / "x", metadata={"about": about})
    with pytest.raises(InputError, match="is damaged or not written by mmtutorial"):
        read_tensors(tmp_path / "x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04pickle",
        (2**60).to_bytes(8, "little") + b"{}",
        (99_999_999).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"\xff\xfe{}",
    ],
)
def test_what_is_no_file_of_tensors(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputError, match=f"{tmp_path / 'x'} is damaged"):
        read_tensors(tmp_path / "x")


def test_two_writers_never_share_a_part_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: set[Path] = set()
    replace = Path.replace

    def noting(part: Path, target: Path) -> Path:
        parts.add(part)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", noting)
    for _ in range(5):
        write_bytes(tmp_path / "x", b"1")
    assert len(parts) == 5
    assert all(part.name.startswith(".x.") and part.suffix == ".part" for part in parts)


def test_sweeping_takes_what_kills_left_and_nothing_of_others(tmp_path: Path) -> None:
    ours = [".run.json.part", "seed0/.model.safetensors.0a1b2c3d.part", "pictures/.a+b.npz.00000000.part"]
    others = [".film.part", "film.mp4.part", ".hidden", "seed0/.model.safetensors.0a1b2c3d.part.txt"]
    for name in [*ours, *others]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    sweep(tmp_path)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(others)


def test_an_interrupted_write_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "x", b"1")
    assert names(tmp_path) == []
