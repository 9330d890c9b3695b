"""Python imports this by itself when its folder is on the path: every connection but to this machine is refused.

Kernels talk to their client over the loopback, so that stays. An audit hook sees what C code does as well.
"""

from __future__ import annotations

import sys

_HERE = {None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1"}


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in _HERE:
        raise OSError(f"a notebook test may not use the network, but something asked for {host!r}")


sys.addaudithook(_refuse)
