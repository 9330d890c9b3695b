"""One file from a server with every fault: it ends right, or as one clear line with nothing but a part left."""

from __future__ import annotations

import hashlib
import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmtutorial.downloads import fetching
from mmtutorial.downloads.fetching import Fetched, fetch
from mmtutorial.downloads.registry import CATALOGUE, Entry, RemoteFile
from tests.downloads.conftest import Publish, Refused, left_in, sha256
from tests.downloads.server import Page, Server, first_byte

DATA = np.random.default_rng(0).bytes(40_000)
NAME = "VOCtrainval_11-May-2012.tar"
Get = Callable[[Entry], Fetched]


@pytest.fixture
def get(tmp_path: Path) -> Get:
    return lambda entry: fetch(entry, entry.files[0], tmp_path, "mmtutorial data get voc")


def test_a_file_is_fetched_once(server: Server, publish: Publish, get: Get, tmp_path: Path) -> None:
    entry = publish("voc", DATA)
    found = get(entry)
    assert found == Fetched(NAME, tmp_path / NAME, sha256(DATA), known=True, downloaded=True)
    assert found.path.read_bytes() == DATA
    assert left_in(tmp_path) == [NAME]
    again = get(entry)
    assert (again.checksum, again.downloaded) == (found.checksum, False)
    assert len(server.asked) == 1


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("size", [True, False])
def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    server: Server, publish: Publish, get: Get, tmp_path: Path, known: bool, size: bool
) -> None:
    found = get(publish("voc", DATA, Page(DATA, breaks=[20_000, 7_500]), known=known, size=size))
    assert found.path.read_bytes() == DATA
    assert (found.checksum, found.known) == (sha256(DATA), known)
    assert [first_byte(wanted) for _, wanted in server.asked] == [0, 20_000, 27_500]
    assert left_in(tmp_path) == [NAME]


def test_what_a_failed_call_brought_is_kept_for_the_next(
    server: Server, publish: Publish, get: Get, refused: Refused, tmp_path: Path
) -> None:
    broken = Page(DATA, breaks=[20_000, 0])
    entry = publish("voc", DATA, broken)
    assert "the connection broke off" in refused(get, entry)
    assert left_in(tmp_path) == [f"{NAME}.part"]
    assert (tmp_path / f"{NAME}.part").read_bytes() == DATA[:20_000]
    assert get(entry).path.read_bytes() == DATA
    assert first_byte(server.asked[-1][1]) == 20_000
    assert left_in(tmp_path) == [NAME]


def test_a_server_without_ranges_sends_all_again(server: Server, publish: Publish, get: Get, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(DATA[:20_000])
    assert get(publish("voc", DATA, Page(DATA, ranges=False))).path.read_bytes() == DATA
    assert first_byte(server.asked[0][1]) == 20_000


def test_a_server_without_ranges_that_always_breaks_off_is_given_up(
    server: Server, publish: Publish, get: Get, refused: Refused, tmp_path: Path
) -> None:
    entry = publish("voc", DATA, Page(DATA, ranges=False, breaks=[20_000] * 9))
    assert "the connection broke off" in refused(get, entry)
    assert len(server.asked) == 2
    assert left_in(tmp_path) == [f"{NAME}.part"]


def test_a_whole_part_is_not_asked_for(server: Server, publish: Publish, get: Get, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(DATA)
    assert get(publish("voc", DATA)).path.read_bytes() == DATA
    assert server.asked == []


@pytest.mark.parametrize(("more", "requests"), [(b"", 1), (b"of another file", 2)])
def test_a_part_that_reaches_the_end(
    server: Server, publish: Publish, get: Get, tmp_path: Path, more: bytes, requests: int
) -> None:
    """Status 416: with the size unknown, only the server can say whether a part is whole or too long."""
    (tmp_path / f"{NAME}.part").write_bytes(DATA + more)
    assert get(publish("voc", DATA, size=False)).path.read_bytes() == DATA
    assert len(server.asked) == requests


def test_a_part_of_another_file_is_thrown_away(server: Server, publish: Publish, get: Get, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 20_000)
    assert get(publish("voc", DATA)).path.read_bytes() == DATA
    assert [first_byte(wanted) for _, wanted in server.asked] == [20_000, 0]
    assert left_in(tmp_path) == [NAME]


def test_a_wrong_checksum(publish: Publish, get: Get, refused: Refused, tmp_path: Path) -> None:
    message = refused(get, publish("voc", DATA, Page(DATA[:-1] + b"?")))
    assert f"has not the checksum {sha256(DATA)}" in message
    assert left_in(tmp_path) == []


PAGES = {
    "says so": Page(b"quota exceeded", kind="text/html; charset=utf-8"),
    "does not say so": Page(b"\xef\xbb\xbf \n<!DOCTYPE HTML><title>Sign in</title>"),
    "old": Page(b"<html><body>Moved</body></html>"),
}


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("start", [0, 20_000])
def test_a_web_page_in_place_of_the_file(
    publish: Publish, get: Get, refused: Refused, tmp_path: Path, kind: str, start: int
) -> None:
    part = tmp_path / f"{NAME}.part"
    if start:
        part.write_bytes(DATA[:start])
    page = Page(PAGES[kind].data, PAGES[kind].kind, ranges=False)
    assert "a web page instead of the file" in refused(get, publish("voc", DATA, page, size=False))
    # What was fetched before is still good.
    assert left_in(tmp_path) == ([part.name] if start else [])
    assert not start or part.read_bytes() == DATA[:start]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(DATA, status=503), "the server answers 503"),
        (Page(DATA, status=403), "the server answers 403"),
        (Page(DATA, announced=39_999), "has 39999 bytes, not 40000"),
        (Page(b"", lengthless=True), "sends an empty file"),
    ],
)
def test_other_faults(publish: Publish, get: Get, refused: Refused, tmp_path: Path, page: Page, reason: str) -> None:
    assert reason in refused(get, publish("voc", DATA, page))
    assert left_in(tmp_path) == []


def test_a_server_that_sends_another_part(publish: Publish, get: Get, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(DATA[:20_000])
    assert "another part of the file" in refused(get, publish("voc", DATA, Page(DATA, shifted=True)))
    assert (tmp_path / f"{NAME}.part").read_bytes() == DATA[:20_000]


def test_a_file_of_another_type(publish: Publish, get: Get, refused: Refused, tmp_path: Path) -> None:
    entry = publish("sbd", DATA, known=False, size=False)
    assert "is no .tgz file" in refused(get, entry)
    assert left_in(tmp_path) == []


def test_mirrors_are_tried_in_turn(server: Server, publish: Publish, get: Get, dead_url: str, tmp_path: Path) -> None:
    gone = server.put("gone", Page(DATA, status=404))
    damaged = server.put("damaged", DATA[::-1])
    halting = server.put("halting", Page(DATA, breaks=[20_000, 0]))
    entry = publish("voc", DATA, before=(dead_url, gone, damaged, halting))
    assert get(entry).path.read_bytes() == DATA
    assert [path for path, _ in server.asked] == ["/gone", "/damaged", "/halting", "/halting", f"/{NAME}"]
    # The last mirror goes on where the one before it stopped.
    assert first_byte(server.asked[-1][1]) == 20_000
    assert left_in(tmp_path) == [NAME]


def test_without_a_network_the_message_says_what_to_do_by_hand(
    get: Get, refused: Refused, dead_url: str, server: Server, tmp_path: Path
) -> None:
    file = RemoteFile(NAME, (dead_url, f"{dead_url}/mirror"), sha256(DATA), len(DATA))
    message = refused(get, replace(CATALOGUE["voc"], files=(file,)))
    assert "127.0.0.1: no connection" in message
    assert f"fetch {dead_url}, 40 kB," in message
    assert f"put it at {tmp_path / NAME}, then run: mmtutorial data get voc" in message
    assert CATALOGUE["voc"].page in message
    assert server.asked == []


def test_what_was_put_there_by_hand_is_taken(server: Server, publish: Publish, get: Get, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(DATA)
    assert get(publish("voc", DATA)).downloaded is False
    assert server.asked == []


def test_a_wrong_file_put_there_by_hand_is_left_to_the_person(
    server: Server, publish: Publish, get: Get, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / NAME).write_bytes(DATA[:-1])
    message = refused(get, publish("voc", DATA))
    assert f"{tmp_path / NAME} has the checksum {sha256(DATA[:-1])}, expected {sha256(DATA)}" in message
    assert "another file: move it away, then run: mmtutorial data get voc" in message
    assert (tmp_path / NAME).read_bytes() == DATA[:-1]
    assert server.asked == []


def test_md5_serves_as_well(server: Server, get: Get, refused: Refused, tmp_path: Path) -> None:
    url = server.put("file", DATA)
    good = RemoteFile(NAME, (url,), f"md5:{hashlib.md5(DATA).hexdigest()}")
    entry = replace(CATALOGUE["voc"], files=(good,))
    assert get(entry).checksum == good.checksum
    (tmp_path / NAME).write_bytes(b"")
    assert "expected md5:" in refused(get, entry)


@pytest.mark.parametrize(("free", "fits"), [(79_999, False), (80_000, True)])
def test_the_disk_is_asked_before_the_first_byte(
    publish: Publish,
    get: Get,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    free: int,
    fits: bool,
) -> None:
    """The file and, where nothing is known of it, as much again for what is made of it."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 0, free))
    entry = publish("voc", DATA)
    if fits:
        assert get(entry).path.read_bytes() == DATA
        return
    message = refused(get, entry)
    assert f"{NAME} needs 80 kB below {tmp_path}, where 80 kB are free; free some space" in message
    assert left_in(tmp_path) == []


def test_less_room_is_asked_for_what_is_there_already(
    publish: Publish, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 0, 60_000))
    (tmp_path / f"{NAME}.part").write_bytes(DATA[:20_000])
    assert get(publish("voc", DATA)).path.read_bytes() == DATA


def test_a_stop_while_the_checksum_is_computed_loses_nothing(
    server: Server, publish: Publish, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop(*words: object, **options: object) -> None:
        raise KeyboardInterrupt

    entry = publish("voc", DATA)
    with monkeypatch.context() as patch:
        patch.setattr(fetching, "_checksum", stop)
        with pytest.raises(KeyboardInterrupt):
            get(entry)
    assert left_in(tmp_path) == [f"{NAME}.part"]
    assert get(entry).path.read_bytes() == DATA
    assert len(server.asked) == 1


def test_nothing_is_said(publish: Publish, get: Get, capfd: pytest.CaptureFixture[str]) -> None:
    get(publish("voc", DATA, known=False))
    assert capfd.readouterr() == ("", "")
