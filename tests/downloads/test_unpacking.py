"""Archives: the good ones come out byte by byte, and no bad one writes outside its folder or leaves half a data set."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import shutil
import stat
import tarfile
import zipfile
from collections import namedtuple
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mmtutorial.downloads import unpacking
from mmtutorial.downloads.unpacking import Damaged, unpack
from mmtutorial.errors import InputError
from tests.miniatures import pack

FILES = {"top/a.txt": b"first", "top/deep/er/b.bin": bytes(range(256)) * 40, "top/empty": b"", "beside/c.txt": b"not"}
KINDS = (".zip", ".tar", ".tgz")


def write(archive: Path, files: dict[str, bytes]) -> Path:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as bundle:
            for name, data in files.items():
                bundle.writestr(zipfile.ZipInfo(name), data)
        return archive
    with tarfile.open(archive, "w" if archive.suffix == ".tar" else "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return archive


def with_special(archive: Path, name: str, kind: bytes) -> Path:
    """An archive with a link or a device beside a good file."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(write(archive, FILES), "a") as bundle:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            bundle.writestr(info, "/etc/passwd")
        return archive
    with tarfile.open(archive, "w" if archive.suffix == ".tar" else "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("top/a.txt"))
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "a.txt"
        tar.addfile(info)
    return archive


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_subtree_comes_out_as_it_went_in(tmp_path: Path, kind: str) -> None:
    unpack(write(tmp_path / f"x{kind}", FILES), tmp_path / "out", "top")
    inside = {name.removeprefix("top/"): data for name, data in FILES.items() if name.startswith("top/")}
    assert contents(tmp_path / "out") == inside


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_wanted(tmp_path: Path, kind: str) -> None:
    archive = write(tmp_path / f"x{kind}", FILES)
    unpack(archive, tmp_path / "out", "top", only=("deep", "empty"))
    assert contents(tmp_path / "out") == {"deep/er/b.bin": FILES["top/deep/er/b.bin"], "empty": b""}
    with pytest.raises(Damaged, match="it has no top/missing"):
        unpack(archive, tmp_path / "no", "top", only=("deep", "missing"))
    with pytest.raises(Damaged, match="it has no other/tree"):
        unpack(archive, tmp_path / "no", "other/tree")
    assert not (tmp_path / "no").exists()


def test_folders_and_dotted_paths_are_usual(tmp_path: Path) -> None:
    (tmp_path / "in" / "empty").mkdir(parents=True)
    (tmp_path / "in" / "a").write_bytes(b"1")
    for kind in KINDS:
        unpack(pack(tmp_path / "in", tmp_path / f"x{kind}", top="top"), tmp_path / f"out{kind}", "top")
        assert contents(tmp_path / f"out{kind}") == {"a": b"1"}
    unpack(write(tmp_path / "dotted.tar", {"./top/./a": b"2"}), tmp_path / "dotted", "top")
    assert contents(tmp_path / "dotted") == {"a": b"2"}


OUTSIDE = ["../evil", "top/../../evil", "/evil", "top/..", "top\\..\\..\\evil", "\\evil", "C:/evil", "c:evil"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_outside_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    archive = write(folder / f"x{kind}", {"top/a.txt": b"good", name: b"evil"})
    with pytest.raises(Damaged, match="a path outside its folder"):
        unpack(archive, folder / "out", "top")
    assert contents(tmp_path) == {f"work/x{kind}": archive.read_bytes()}
    assert not Path("/evil").exists()


PARTS = st.sampled_from(["a", "b", "..", ".", "/", "\\", "C:", " ", "top", "good"])
NAMES = st.lists(PARTS, min_size=1, max_size=6).map("".join)


@given(name=NAMES, kind=st.sampled_from(KINDS))
def test_whatever_the_path_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, name: str, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    archive = write(folder / f"x{kind}", {"top/good": b"1", f"top/{name}": b"2"})
    before = archive.read_bytes()
    # OSError: a file and a folder of one name.
    with contextlib.suppress(Damaged, OSError):
        unpack(archive, folder / "out" / "here", "top")
    found = contents(folder)
    assert found.pop(archive.name) == before
    assert all(path.startswith("out/here/") for path in found)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("archive", "kind"),
    [
        *((kind, special) for kind in (".tar", ".tgz") for special in (tarfile.SYMTYPE, tarfile.LNKTYPE)),
        (".tar", tarfile.CHRTYPE),
        (".tar", tarfile.BLKTYPE),
        (".tar", tarfile.FIFOTYPE),
        (".zip", b""),
    ],
)
def test_links_and_devices_are_refused(tmp_path: Path, archive: str, kind: bytes) -> None:
    bad = with_special(tmp_path / f"x{archive}", "top/special", kind)
    with pytest.raises(Damaged, match="a link or a device"):
        unpack(bad, tmp_path / "out", "top")
    assert not (tmp_path / "out").exists()
    # Where nothing is wanted of it, it does no harm.
    unpack(with_special(tmp_path / f"y{archive}", "beside/special", kind), tmp_path / "out", "top")
    assert "special" not in str(list((tmp_path / "out").rglob("*")))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9])
def test_a_truncated_archive_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    noise = {f"top/{i}": np.random.default_rng(i).bytes(4000) for i in range(6)}
    archive = write(tmp_path / f"x{kind}", noise)
    data = archive.read_bytes()
    # A tar file ends with a long stretch of zeros: a share of what comes before them.
    archive.write_bytes(data.rstrip(b"\0")[: int(share * len(data.rstrip(b"\0")))])
    with pytest.raises(Damaged):
        unpack(archive, tmp_path / "out", "top")


@pytest.mark.parametrize("kind", [".zip", ".tgz"])
def test_a_changed_byte_is_seen(tmp_path: Path, kind: str) -> None:
    archive = write(tmp_path / f"x{kind}", {"top/a": np.random.default_rng(0).bytes(9000)})
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 255
    archive.write_bytes(data)
    with pytest.raises(Damaged):
        unpack(archive, tmp_path / "out", "top")


def test_no_archive_at_all(tmp_path: Path) -> None:
    (tmp_path / "x.tgz").write_bytes(b"\x1f\x8b" + b"no gzip" * 99)
    (tmp_path / "x.tar").write_bytes(b"no tar" * 999)
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 no zip")
    for archive in ("x.tgz", "x.tar", "x.zip"):
        with pytest.raises(Damaged):
            unpack(tmp_path / archive, tmp_path / "out", "top")


def test_room_is_asked_for_before_the_first_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**12, 0, 10**9))
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("top/small", b"1")
        bundle.writestr("top/large", bytes(20_000_000))
    monkeypatch.setattr("mmtutorial.downloads.space.RESERVE", 10**9 - 20_000_000)
    with pytest.raises(InputError, match=r"unpacking bomb.zip needs 20 MB below .* 1.0 GB are free"):
        unpack(archive, tmp_path / "out", "top")
    assert not (tmp_path / "out").exists()


def in_pax(archive: Path, name: str) -> Path:
    """A tar whose extended header names a file: it can hold what the ordinary one cannot."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("top/short")
        info.pax_headers = {"path": name}
        tar.addfile(info)
    return archive


@pytest.mark.parametrize(
    "name", ["top/a\0b", "top/\x1b[2Ja", "top/a\nb", "top/\x7f", "top/" + "x" * 256, "top/" + "é" * 128]
)
def test_a_name_that_no_file_should_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(Damaged, match="a name that no file should have") as caught:
        unpack(in_pax(tmp_path / "x.tar", name), tmp_path / "out", "top")
    assert str(caught.value).isprintable()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("names", [("top/a", "top/a/b"), ("top/a/b", "top/a")])
@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_is_both_file_and_folder(tmp_path: Path, kind: str, names: tuple[str, str]) -> None:
    archive = write(tmp_path / f"x{kind}", dict.fromkeys(names, b"1"))
    with pytest.raises(Damaged, match="both a file and a folder"):
        unpack(archive, tmp_path / "out", "top")


def bomb(path: Path, where: str) -> Path:
    """A small archive of 150 MB of zeros: as a file that is wanted, or not, or behind the end of the tar."""
    zeros = bytes(150_000_000)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
            bundle.writestr("top/a", b"good")
            bundle.writestr(f"{where}/zeros", zeros)
        return path
    inner = write(path.with_suffix(".tar"), {"top/a": b"good"} | ({} if where == "end" else {f"{where}/zeros": zeros}))
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(inner.read_bytes() + (zeros if where == "end" else b""))
    inner.unlink()
    return path


@pytest.mark.parametrize(
    ("name", "where"), [("x.zip", "top"), ("x.zip", "beside"), ("x.tgz", "top"), ("x.tgz", "beside"), ("x.tgz", "end")]
)
def test_a_small_archive_of_a_large_file(tmp_path: Path, name: str, where: str) -> None:
    archive = bomb(tmp_path / name, where)
    assert archive.stat().st_size < 1_000_000
    with pytest.raises(Damaged, match="kB would become more than 100 MB"):
        unpack(archive, tmp_path / "out", "top")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    archive = write(tmp_path / f"x{kind}", FILES)
    monkeypatch.setattr(unpacking, "MOST_FILES", len(FILES))
    unpack(archive, tmp_path / "out", "top")
    monkeypatch.setattr(unpacking, "MOST_FILES", len(FILES) - 1)
    with pytest.raises(Damaged, match="more than 3 files"):
        unpack(archive, tmp_path / "more", "top")


@pytest.mark.parametrize("packer", [gzip, bz2, lzma])
def test_packed_twice_or_cut_short(tmp_path: Path, packer: ModuleType) -> None:
    data = packer.compress(write(tmp_path / "x.tar", FILES).read_bytes())
    for number, bad in enumerate((packer.compress(data), data[:-9], data[: len(data) // 2], packer.compress(b""))):
        (tmp_path / f"{number}.tgz").write_bytes(bad)
        with pytest.raises(Damaged):
            unpack(tmp_path / f"{number}.tgz", tmp_path / "out", "top")


@pytest.mark.parametrize("kind", KINDS)
@given(changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=4))
@example(changes=[(397, 22)])
@settings(max_examples=60, deadline=None)
def test_whatever_byte_is_wrong_the_archive_is_good_or_damaged(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    archive = write(folder / f"x{kind}", {"top/a": b"first", "top/b/c": bytes(range(200))})
    data = bytearray(archive.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    archive.write_bytes(data)
    with contextlib.suppress(Damaged):
        unpack(archive, folder / "out", "top")
    assert {path.name for path in folder.iterdir()} <= {archive.name, "out"}
    shutil.rmtree(folder)
