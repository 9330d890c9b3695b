"""A folder for one process at a time.

The lock is the operating system's own (``flock``, on Windows ``msvcrt.locking``): it ends with its holder, even one
that is killed, so that nothing has to be cleared away by hand. The file that bears it says who holds it. Some network
file systems have no locks; there that note alone decides, which is good enough for two people but not for a race.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from mmtutorial.errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PATIENCE = 20.0
"""Seconds to wait where the holder is dead: what it started may hold its lock until it sees that."""

_BEYOND = 2**30
"""Windows locks bytes, which then cannot be read either: one far behind the note is taken."""


@contextlib.contextmanager
def exclusive(
    folder: Path, name: str = "mmtutorial", remedy: str = "choose a folder that can be written"
) -> Iterator[None]:
    """Hold a folder, made if need be, for as long as the block runs.

    The lock's file is removed at the end, and so are folders made for it that are still empty.

    Args:
        folder: what is held.
        name: works of different names go on side by side in one folder.
        remedy: what to do where the folder cannot be written, for the message.

    Raises:
        InputError: another process holds it; or the folder cannot be written.
    """
    path = folder / f".{name}.lock"
    made = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _taken(path)
    except OSError as error:
        _remove_empty(made)
        raise InputError(f"cannot write {folder}: {error.strerror or error}; {remedy}") from error
    except BaseException:
        _remove_empty(made)
        raise
    try:
        yield
    finally:
        _release(path, file)
        _remove_empty(made)


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: a process of a host; ``started`` tells it from a later one of the same number."""

    pid: int
    host: str
    started: str

    @classmethod
    def here(cls) -> Holder:
        """This process."""
        return cls(os.getpid(), socket.gethostname(), _started(os.getpid()))

    @property
    def dead(self) -> bool:
        """Whether it is known to have ended; of another host nothing is known."""
        # On Windows os.kill(pid, 0) would send Ctrl-C, and the lock of a dead process is always free.
        if self.host != socket.gethostname() or sys.platform == "win32":
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:  # It lives, and is somebody else's.
            pass
        return _started(self.pid) != self.started


def _taken(path: Path) -> BinaryIO:
    """Open and lock the file, and write down who holds it now."""
    deadline = time.monotonic() + PATIENCE
    while True:
        file = path.open("a+b")
        try:
            locked, holder = _lock(file), _read(file)
            # Where there are no locks, the note decides.
            free = (holder is None or holder.dead) if locked is None else locked
            # Its last holder may have removed the file after it was opened here.
            if free and _is_at(file, path):
                _write(file)
                return file
            if not free and not (holder and holder.dead and time.monotonic() < deadline):
                raise _refusal(path, holder, noted_only=locked is None)
        except BaseException:
            file.close()
            raise
        file.close()
        time.sleep(0.05)


def _lock(file: BinaryIO) -> bool | None:
    """Try to take the system's lock; None where the file system has none."""
    try:
        if sys.platform == "win32":
            file.seek(_BEYOND)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def _read(file: BinaryIO) -> Holder | None:
    """Read who wrote the note; None for an empty one, or one cut short."""
    file.seek(0)
    try:
        return Holder(**json.loads(file.read()))
    except (ValueError, TypeError):
        return None


def _write(file: BinaryIO) -> None:
    file.truncate(0)
    file.write(json.dumps(asdict(Holder.here())).encode())
    file.flush()


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Say whether the open file still bears its name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _refusal(path: Path, holder: Holder | None, noted_only: bool) -> InputError:
    who, hint = "another process", ""
    if holder is not None:
        known = f"pid {holder.pid} on {holder.host}"
        who = f"what a dead process ({known}) started" if holder.dead else f"another process ({known})"
        # Of a process elsewhere only a person can say that it is dead.
        if noted_only and holder.host != socket.gethostname():
            hint = f"; if it has ended, delete {path}"
    return InputError(f"{who} works in {path.parent}; wait for it or stop it{hint}")


def _release(path: Path, file: BinaryIO) -> None:
    """Remove the file before the lock goes; Windows removes no open file, and none that the next one has opened."""
    if sys.platform == "win32":
        file.close()
    with contextlib.suppress(OSError):
        path.unlink()
    file.close()


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders, the innermost first, up to one that is not empty."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _started(pid: int) -> str:
    """When a process started, in ticks of the system; empty where the system does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
