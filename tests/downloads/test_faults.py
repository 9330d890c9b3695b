"""What servers, proxies and disks do wrong: the next mirror's turn, or one line that names the cause."""

from __future__ import annotations

import errno
import gzip
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmtutorial.downloads import get, transfer
from mmtutorial.downloads.fetching import Fetched, fetch
from mmtutorial.downloads.registry import CATALOGUE, Entry, RemoteFile
from tests.downloads.conftest import Publish, Refused, left_in, sha256
from tests.downloads.server import Page, Server, first_byte
from tests.training.test_log import files_no_larger_than

DATA = np.random.default_rng(0).bytes(40_000)
NAME = "VOCtrainval_11-May-2012.tar"
PART = f"{NAME}.part"
Get = Callable[[Entry], Fetched]


@pytest.fixture
def fetched(tmp_path: Path) -> Get:
    return lambda entry: fetch(entry, entry.files[0], tmp_path, "mmtutorial data get voc")


def starts(server: Server) -> list[int]:
    """From which byte each request asked."""
    return [first_byte(wanted) for _, wanted in server.asked]


# Servers that are busy


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, publish: Publish, fetched: Get, status: int) -> None:
    fetched(publish("voc", DATA, Page(DATA, first=[status] * 3)))
    assert starts(server) == [0] * 4


@pytest.mark.parametrize("wait", ["0", "1000000", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_busy_server_is_waited_for_with_a_limit(
    publish: Publish, fetched: Get, monkeypatch: pytest.MonkeyPatch, wait: str
) -> None:
    monkeypatch.setattr(transfer, "PATIENCE", 0.01)
    fetched(publish("voc", DATA, Page(DATA, first=[503], headers={"Retry-After": wait})))


@pytest.mark.parametrize("status", [401, 403, 404, 407, 410, 416, 451])
def test_a_server_that_refuses_is_asked_once(
    server: Server, publish: Publish, fetched: Get, refused: Refused, tmp_path: Path, status: int
) -> None:
    assert f"the server answers {status}" in refused(fetched, publish("voc", DATA, Page(DATA, status=status)))
    assert starts(server) == [0]
    assert left_in(tmp_path) == []


def test_a_busy_server_that_names_no_time(publish: Publish, fetched: Get, refused: Refused) -> None:
    entry = publish("voc", DATA, Page(DATA, status=503, headers={"Retry-After": "soon"}))
    assert "cannot download" in refused(fetched, entry)


# Redirects


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("/self", "it redirects in a circle"),
        ("/login", "it sends a web page instead of the file"),
        ("file:///etc/passwd", "it redirects to an address that cannot be used"),
        ("http://[::1/", "it redirects to an address that cannot be used"),
        ("/gone", "the server answers 404"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_the_next_mirror_s_turn(
    server: Server, publish: Publish, fetched: Get, refused: Refused, tmp_path: Path, to: str, reason: str
) -> None:
    server.put("login", Page(b"<html>Sign in</html>", kind="text/html"))
    url = server.put("self", Page(b"", status=302, headers={"Location": to}))
    alone = replace(CATALOGUE["voc"], files=(RemoteFile(NAME, (url,), sha256(DATA), len(DATA)),))
    assert reason in refused(fetched, alone)
    assert left_in(tmp_path) == []
    assert fetched(publish("voc", DATA, before=(url,))).path.read_bytes() == DATA


def test_a_redirect_is_followed(server: Server, publish: Publish, fetched: Get) -> None:
    server.put("moved", DATA)
    fetched(publish("voc", DATA, Page(b"", status=301, headers={"Location": "/moved"})))


# Bodies that are too long, too short or too slow


@pytest.mark.parametrize("before", [0, 20_000])
def test_more_than_the_known_size_is_cut_off_and_the_next_mirror_goes_on(
    server: Server, publish: Publish, fetched: Get, refused: Refused, tmp_path: Path, before: int
) -> None:
    (tmp_path / PART).write_bytes(DATA[:before])
    endless = Page(DATA + bytes(10**7), lengthless=True, announced=40_000)
    assert "more than the 40000 bytes" in refused(fetched, publish("voc", DATA, endless))
    assert left_in(tmp_path) == ([PART] if before else [])
    assert not before or (tmp_path / PART).read_bytes() == DATA[:before], "what was good is kept"
    assert fetched(publish("voc", DATA, before=(server.put("endless", endless),))).path.read_bytes() == DATA


def test_a_body_without_end_where_nobody_knows_the_size(
    publish: Publish, fetched: Get, refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(transfer, "LARGEST", 10**6)
    entry = publish("voc", DATA, Page(DATA + bytes(10**7), lengthless=True), known=False, size=False)
    assert "more than the 1000000 bytes" in refused(fetched, entry)
    assert left_in(tmp_path) == []


def test_an_end_without_a_length_before_the_known_size_is_gone_on_from(
    server: Server, publish: Publish, fetched: Get
) -> None:
    assert fetched(publish("voc", DATA, Page(DATA, lengthless=True, breaks=[20_000]))).path.read_bytes() == DATA
    assert starts(server) == [0, 20_000]


def test_a_drip_is_the_next_mirror_s_turn(
    server: Server, publish: Publish, fetched: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "SPAN", 1.0)
    drip = server.put("drip", Page(DATA, pause=0.001))
    assert fetched(publish("voc", DATA, before=(drip,))).path.read_bytes() == DATA
    # Its few bytes were good ones. How many come in the span is the machine's affair.
    assert [path for path, _ in server.asked] == ["/drip", f"/{NAME}"]
    assert starts(server)[1] < 3000


def test_a_drip_alone_is_said(
    publish: Publish, fetched: Get, refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(transfer, "SPAN", 1.0)
    assert "less than 2 kB a second" in refused(fetched, publish("voc", DATA, Page(DATA, pause=0.001)))
    assert left_in(tmp_path) == [PART]


def test_a_connection_that_brings_a_byte_each_time_is_not_taken_up_for_ever(
    server: Server, publish: Publish, fetched: Get, refused: Refused
) -> None:
    assert "broke off" in refused(fetched, publish("voc", DATA, Page(DATA, breaks=[1] * 100)))
    assert starts(server) == [0]


def test_a_server_that_stands_still(
    publish: Publish, fetched: Get, refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(transfer, "TIMEOUT", (30.0, 0.2))
    assert "no answer in time" in refused(fetched, publish("voc", DATA, Page(DATA, waits=900)))
    assert (tmp_path / PART).read_bytes() == DATA[:900]


def test_an_archive_that_is_said_to_be_packed_for_the_transfer_comes_as_it_is(publish: Publish, fetched: Get) -> None:
    """Some servers call a .tgz gzip-encoded; unpacked on the way, it would not be the file any more."""
    packed = gzip.compress(DATA)
    entry = publish("sbd", packed, Page(packed, headers={"Content-Encoding": "gzip"}))
    assert fetched(entry).path.read_bytes() == packed


def test_without_a_checksum_no_part_of_an_earlier_call_is_taken(
    server: Server, publish: Publish, fetched: Get, tmp_path: Path
) -> None:
    """It may be of an older edition, and nobody would see it."""
    (tmp_path / PART).write_bytes(b"x" * 20_000)
    assert fetched(publish("voc", DATA, known=False)).path.read_bytes() == DATA
    assert starts(server) == [0]


# Disks


def test_a_full_disk_names_the_part_and_the_same_command_goes_on(
    server: Server, publish: Publish, refused: Refused, tmp_path: Path
) -> None:
    publish("voc", DATA)
    part = tmp_path / "archives" / PART
    with files_no_larger_than(20_500):
        said = refused(get, "voc", tmp_path)
    assert said.startswith(f"cannot write {part}: File too large; ")
    assert said.endswith(f"then run: mmtutorial data get voc --root {tmp_path}")
    assert part.read_bytes() == DATA[:20_500]
    assert "cannot use" in refused(get, "voc", tmp_path), "whole now, though no tar file"
    assert starts(server) == [0, 20_500]
    assert (tmp_path / "archives" / NAME).read_bytes() == DATA


def test_a_piece_of_which_the_disk_takes_a_part_is_written_on(tmp_path: Path) -> None:
    class Nearly:
        """A file that takes three bytes at a time, then none."""

        name, taken = "x.part", b""

        def write(self, piece: memoryview) -> int:
            if len(self.taken) > 8:
                raise OSError(errno.ENOSPC, "full")
            self.taken += piece[:3]
            return min(3, len(piece))

    sink = Nearly()
    transfer._put(sink, b"12345678")
    assert sink.taken == b"12345678"
    with pytest.raises(OSError, match=r"x\.part"):
        transfer._put(sink, b"more")


# Proxies and certificates, which the environment names


@pytest.fixture
def far(server: Server) -> Entry:
    """An entry whose one file lies on this machine under another name, so that a proxy would be asked."""
    url = f"http://localhost:{server.server_address[1]}/file"
    return replace(CATALOGUE["voc"], files=(RemoteFile(NAME, (url,), sha256(DATA), len(DATA)),))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("proxy", "shown", "reason"),
    [
        ("http://127.0.0.1:PORT", "http://127.0.0.1:PORT", "cannot be reached"),
        ("127.0.0.1:PORT", "127.0.0.1:PORT", "cannot be reached"),
        ("http://me:secret@127.0.0.1:PORT", "http://127.0.0.1:PORT", "cannot be reached"),
        ("http://127.0.0.1:port", "http://127.0.0.1:port", "is no address of a proxy"),
        ("http://", "http://", "is no address of a proxy"),
        ("nonsense://a:1", "nonsense://a:1", "is no address of a proxy"),
        ("socks5://127.0.0.1:PORT", "socks5://127.0.0.1:PORT", "SOCKS"),
    ],
)
def test_a_proxy_that_fails_is_named(
    far: Entry,
    fetched: Get,
    refused: Refused,
    dead_url: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    proxy: str,
    shown: str,
    reason: str,
) -> None:
    port = dead_url.split(":")[2].split("/")[0]
    monkeypatch.setenv(name, proxy.replace("PORT", port))
    said = refused(fetched, far)
    assert f"the proxy {shown.replace('PORT', port)} (from {name})" in said
    assert reason in said
    assert "secret" not in said


def test_a_proxy_that_refuses_to_pass_on(
    server: Server, fetched: Get, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For https the proxy opens a tunnel; this server knows no such request."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.server_address[1]}")
    entry = replace(CATALOGUE["voc"], files=(RemoteFile(NAME, ("https://nowhere.invalid/file",), sha256(DATA)),))
    said = refused(fetched, entry)
    assert "(from HTTPS_PROXY) answers 501" in said


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, b"", b"hello\n", b"\x00\xff" * 900, b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_bundle_of_certificates_that_cannot_be_read_is_named(
    server: Server,
    fetched: Get,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    content: bytes | None,
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    monkeypatch.setenv(name, str(bundle))
    url = f"https://127.0.0.1:{server.server_address[1]}/file"
    said = refused(fetched, replace(CATALOGUE["voc"], files=(RemoteFile(NAME, (url,), sha256(DATA)),)))
    assert f"127.0.0.1: {name}={bundle} is no file of certificates that can be read" in said
    assert "cannot write" not in said


def test_a_server_that_speaks_no_tls(server: Server, fetched: Get, refused: Refused) -> None:
    url = f"https://127.0.0.1:{server.server_address[1]}/file"
    said = refused(fetched, replace(CATALOGUE["voc"], files=(RemoteFile(NAME, (url,), sha256(DATA)),)))
    assert "it has no secure connection to offer" in said


def test_mirrors_that_fail_alike_share_one_reason(
    server: Server, fetched: Get, refused: Refused, dead_url: str
) -> None:
    elsewhere = dead_url.replace("127.0.0.1", "localhost")
    file = RemoteFile(NAME, (dead_url, elsewhere, f"{dead_url}/again"), sha256(DATA))
    assert "(127.0.0.1, localhost: no connection)" in refused(fetched, replace(CATALOGUE["voc"], files=(file,)))


def test_a_connection_cut_before_the_answer(server: Server, fetched: Get, refused: Refused) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/file"
        said = refused(fetched, replace(CATALOGUE["voc"], files=(RemoteFile(NAME, (url,), sha256(DATA)),)))
        thread.join()
    assert "the connection broke off" in said
