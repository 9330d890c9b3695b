"""A server on this machine, and a catalogue that points to it."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmtutorial.downloads import space, transfer
from mmtutorial.downloads.registry import CATALOGUE, Entry, RemoteFile
from mmtutorial.errors import InputError
from tests.downloads.server import Page, Server, running

Refused = Callable[..., str]
Publish = Callable[..., Entry]


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    # A proxy that the surroundings name has no way to this machine; the real network is not asked at all.
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(transfer, "TIMEOUT", (30.0, 30.0))
    monkeypatch.setattr(transfer, "CHUNK", 1000)
    monkeypatch.setattr(transfer, "RETRY", transfer.RETRY.new(backoff_factor=0))
    monkeypatch.setattr(space, "RESERVE", 0)
    with running() as found:
        yield found


@pytest.fixture
def dead_url() -> str:
    """An address at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}/file"


@pytest.fixture
def publish(server: Server, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Puts an archive on the server, and makes an entry of the catalogue point to it and to nothing else."""

    def put(
        name: str,
        archive: Path | bytes,
        page: Page | None = None,
        *,
        before: tuple[str, ...] = (),
        known: bool = True,
        size: bool = True,
    ) -> Entry:
        data = archive if isinstance(archive, bytes) else archive.read_bytes()
        entry = CATALOGUE[name]
        file = RemoteFile(
            entry.files[0].name,
            (*before, server.put(entry.files[0].name, page or data)),
            sha256(data) if known else None,
            len(data) if size else None,
        )
        changed = replace(entry, files=(file,), unpacked=None)
        monkeypatch.setitem(CATALOGUE, name, changed)
        return changed

    return put


@pytest.fixture
def refused() -> Refused:
    """Calls a function that has to refuse, and returns its one line."""

    def call(function: Callable[..., object], *words: object, **options: object) -> str:
        with pytest.raises(InputError) as caught:
            function(*words, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return call


def left_in(folder: Path) -> list[str]:
    """All files below a folder, by their paths."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
