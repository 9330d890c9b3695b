"""A file is the program's own from when it was written until somebody changes it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmtutorial.errors import InputError
from mmtutorial.ownership import is_own, refuse_foreign, seal, write_own


def png(mode: str = "P") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


CONTENTS = {
    ".html": b"<!doctype html>\n<p>one</p>\n",
    ".json": (json.dumps({"schema": 1, "names": ["\u00e4", "}"]}, indent=1) + "\n").encode(),
    ".png": png(),
}


@pytest.mark.parametrize("suffix", CONTENTS)
def test_it_may_be_written_again_and_is_read_as_before(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    for _ in range(2):
        write_own(path, CONTENTS[suffix])
        assert is_own(path)
    assert seal(CONTENTS[suffix], suffix) == path.read_bytes()
    if suffix == ".json":
        read = json.loads(path.read_bytes())
        assert read.pop("seal").startswith("mmtutorial sha256=")
        assert read == json.loads(CONTENTS[suffix])
    if suffix == ".png":
        with Image.open(path) as picture, Image.open(io.BytesIO(CONTENTS[suffix])) as before:
            picture.load()  # Reads the text chunks at the end too, and checks their sums.
            assert picture.text["mmtutorial"].startswith("sha256=")  # type: ignore[attr-defined]
            assert np.array_equal(np.array(picture), np.array(before))


@pytest.mark.parametrize("suffix", CONTENTS)
def test_whatever_byte_is_changed_added_or_lost_makes_it_the_users(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    sealed = seal(CONTENTS[suffix], suffix)
    changed = [sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :] for i in range(len(sealed))]
    changed += [sealed + b"\n", sealed[:-1], b" " + sealed, sealed + sealed, sealed + CONTENTS[suffix], b""]
    for data in changed:
        path.write_bytes(data)
        assert not is_own(path)


@pytest.mark.parametrize("suffix", CONTENTS)
@pytest.mark.parametrize("kind", ["file", "folder", "dangling", "unreadable"])
def test_what_somebody_else_put_there_stays(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"file{suffix}"
    if kind == "folder":
        path.mkdir()
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.write_bytes(CONTENTS[suffix])
    if kind == "unreadable":
        path.chmod(0)
    with pytest.raises(InputError, match="it is left as it is: choose another --out, or overwrite with --force"):
        write_own(path, CONTENTS[suffix])
    if kind == "file":
        assert path.read_bytes() == CONTENTS[suffix]
        write_own(path, CONTENTS[suffix], force=True)
        assert is_own(path)


def test_a_picture_saved_by_another_program_is_no_longer_ours(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    write_own(path, CONTENTS[".png"])
    with Image.open(path) as picture:
        picture.load()
    picture.save(path, pnginfo=None)
    assert not is_own(path)


def test_all_that_would_be_lost_is_counted_before_anything_is_written(tmp_path: Path) -> None:
    write_own(tmp_path / "own.png", CONTENTS[".png"])
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(CONTENTS[".png"])
    refuse_foreign([tmp_path / "own.png", tmp_path / "new.png"])
    with pytest.raises(InputError, match=r"a\.png was not written by this program.*\(nor were 1 more\)"):
        refuse_foreign(sorted(tmp_path.iterdir()))


def test_content_of_another_kind_cannot_be_sealed() -> None:
    for suffix, data in ((".json", b"[]\n"), (".json", b'{"a": 1}'), (".png", b"GIF89a")):
        with pytest.raises(ValueError, match="does not end as"):
            seal(data, suffix)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_two_contents_have_two_seals(one: bytes, other: bytes) -> None:
    assert (seal(one, ".html") == seal(other, ".html")) == (one == other)
