"""Messages between two processes, and the beginning of what one of them prints. Neither waits longer than it may."""

from __future__ import annotations

import os
import selectors
import socket
import struct
import time

# An answer of the most values, as text, is smaller.
MOST = 2**26
_LENGTH = struct.Struct("!Q")
_PIECE = 2**16
# How often a waiting side looks up: the stop button may have reached another thread.
_LOOK_UP = 0.1


class Line:
    """Messages over a socket, each with its length before it.

    The other side may be anything: it may stop within a message, announce one without end, or be gone.
    """

    def __init__(self, connection: socket.socket, most: int = MOST) -> None:
        """Hold one end of a connection.

        Args:
            connection: to the other side.
            most: bytes of the longest message that is taken.
        """
        self._connection, self._read, self._most = connection, bytearray(), most

    def close(self) -> None:
        """Close this end."""
        self._connection.close()

    def send(self, message: bytes, end: float | None = None) -> None:
        """Send one message.

        Args:
            message: any bytes.
            end: on ``time.monotonic``; None waits for ever.

        Raises:
            TimeoutError: the other side does not take it in time.
            OSError: the other side is gone.
        """
        self._connection.settimeout(None if end is None else max(end - time.monotonic(), 1e-3))
        self._connection.sendall(_LENGTH.pack(len(message)) + message)

    def receive(self, end: float | None = None, printed: Printed | None = None) -> bytes:
        """Wait for one message.

        Args:
            end: on ``time.monotonic``; None waits for ever.
            printed: read meanwhile, so that who prints is never held up.

        Raises:
            TimeoutError: no message has come in time.
            EOFError: the other side is gone, or announces more than any message has.
            OSError: the other side is gone.
        """
        with selectors.DefaultSelector() as ready:
            ready.register(self._connection, selectors.EVENT_READ)
            if printed is not None and not printed.ended:
                ready.register(printed, selectors.EVENT_READ)
            message = self._complete()
            while message is None:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                for key, _ in ready.select(_LOOK_UP if left is None else min(left, _LOOK_UP)):
                    if key.fileobj is self._connection:
                        self._take()
                    elif printed is not None and not printed.take():
                        ready.unregister(printed)
                message = self._complete()
        return message

    def _take(self) -> None:
        self._connection.settimeout(None)
        piece = self._connection.recv(_PIECE)
        if not piece:
            raise EOFError
        self._read += piece

    def _complete(self) -> bytes | None:
        if len(self._read) < _LENGTH.size:
            return None
        [length] = _LENGTH.unpack_from(self._read)
        if length > self._most:
            raise EOFError
        if len(self._read) < _LENGTH.size + length:
            return None
        message = bytes(self._read[_LENGTH.size : _LENGTH.size + length])
        del self._read[: _LENGTH.size + length]
        return message


class Printed:
    """The beginning of what comes through a pipe. All of it is read, so that an endless print fills no memory."""

    def __init__(self, descriptor: int, longest: int) -> None:
        """Read from a pipe.

        Args:
            descriptor: of the end to read from.
            longest: bytes kept.
        """
        os.set_blocking(descriptor, False)
        self._descriptor, self._longest, self._kept = descriptor, longest, bytearray()
        self.ended = False

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._descriptor

    def take(self) -> bool:
        """Read one piece, and say whether there may be more."""
        try:
            piece = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            return False
        self._kept += piece[: max(self._longest - len(self._kept), 0)]
        self.ended = not piece
        return bool(piece)

    def collected(self) -> str:
        """Return the beginning of what was printed since the last call."""
        # What is in the pipe by now, and no more: who prints may go on for ever.
        for _ in range(2 * _PIECE // 4096):
            if self.ended or not self.take():
                break
        text = self._kept.decode(errors="replace")
        self._kept.clear()
        return text

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._descriptor)
