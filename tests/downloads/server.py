"""A small web server on this machine with all the faults that real ones have."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What the server has at an address, and how it misbehaves.

    Attributes:
        data: The file.
        kind: Its content type.
        status: Anything but 200 is an error.
        ranges: Whether it can send a part.
        breaks: After how many bytes each answer breaks off; one number an answer, then none does.
        waits: After how many bytes the answer stands still until ``Server.let_go`` is set.
        announced: Says this length in place of the true one.
        lengthless: Says no length at all.
        shifted: Sends another part than was asked for, and says so.
        first: Statuses of the first answers, before it gives the file.
        headers: Sent with every answer, such as where a redirect leads.
        pause: Seconds to wait after each byte.
    """

    data: bytes
    kind: str = "application/octet-stream"
    status: int = 200
    ranges: bool = True
    breaks: list[int] = field(default_factory=list)
    waits: int | None = None
    announced: int | None = None
    lengthless: bool = False
    shifted: bool = False
    first: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0


class Server(ThreadingHTTPServer):
    """Serves ``pages`` by path and keeps ``asked``: each request as path and range, if any."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.let_go = threading.Event()

    def put(self, name: str, page: Page | bytes) -> str:
        """Serves a page under a name and returns its address."""
        self.pages[f"/{name}"] = page if isinstance(page, Page) else Page(page)
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        page = self.server.pages.get(self.path)
        status = 404 if page is None else page.first.pop(0) if page.first else page.status
        if page is None or status != 200:
            self.send_response(status)
            for name, value in (page.headers if page else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = self.begin(page, wanted)
        if start is not None:
            self.send(page, start)

    def begin(self, page: Page, wanted: str | None) -> int | None:
        """Sends the head; returns where the body starts, None if there is none."""
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and page.ranges else 0
        if start and start >= len(page.data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(page.data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        if start and page.shifted:
            start -= 1
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", page.kind)
        total = len(page.data) if page.announced is None else page.announced
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        for name, value in page.headers.items():
            self.send_header(name, value)
        if not page.lengthless:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        return start

    def send(self, page: Page, start: int) -> None:
        body = page.data[start:]
        if page.breaks:
            body = body[: page.breaks.pop(0)]
        if page.waits is not None:
            self.wfile.write(body[: page.waits])
            self.wfile.flush()
            self.server.let_go.wait(60)
            body = body[page.waits :]
        # Whoever asked may have gone.
        with suppress(BrokenPipeError, ConnectionResetError):
            if page.pause:
                for i in range(len(body)):
                    self.wfile.write(body[i : i + 1])
                    if self.server.let_go.wait(page.pause):
                        break
            else:
                self.wfile.write(body)
        self.close_connection = True


@contextmanager
def running() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.let_go.set()
            server.shutdown()
            thread.join()


def first_byte(wanted: str | None) -> int:
    """The byte from which a request asked."""
    found = re.fullmatch(r"bytes=(\d+)-", wanted or "bytes=0-")
    assert found
    return int(found[1])
