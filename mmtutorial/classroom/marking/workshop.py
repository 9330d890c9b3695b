"""Processes in which learners' code is tried, and lines to them; this side alone knows the right answers.

What a learner's process may see is put together here: Python and its packages without this one, and a copy of the few
modules of this package that hold no answers.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import mmtutorial
from mmtutorial.classroom.calling import LONGEST_PRINT
from mmtutorial.classroom.in_process import ProcessCaller
from mmtutorial.classroom.line import Line, Printed
from mmtutorial.classroom.marking.inside.jail import Limits
from mmtutorial.errors import InputError

OPEN = (
    "errors.py",
    "randomness.py",
    "classroom/answering.py",
    "classroom/blanks.py",
    "classroom/calling.py",
    "classroom/exits.py",
    "classroom/in_process.py",
    "classroom/line.py",
    "classroom/plain.py",
    "classroom/setting.py",
    "classroom/exercises/walking.py",
    "classroom/marking/__init__.py",
    "classroom/marking/inside",
)
"""What of this package everybody's answer may see."""

_SOURCE = Path(mmtutorial.__file__).parent
_STAND_IN = "classroom/marking/inside/classroom.py"
_EMPTY = ("__init__.py", "classroom/exercises/__init__.py")
_START = 120.0
# Bytes of an answer, or of what a cell shows: no exercise asks for more, and to read more takes memory here.
_LONGEST = 2**22
_BOOT = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path[:] = given['path']; "
    "from mmtutorial.classroom.marking.inside.serve import main; main(given['control'])"
)
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# Known to a learner's notebook as well: the smallest budget, and pictures into files.
_VARIABLES = {**_THREADS, "MMTUTORIAL_PRESET": "smoke", "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}


class JailedCaller(ProcessCaller):
    """Calls in a place of its own. Use it as a context manager."""

    def __enter__(self) -> JailedCaller:
        return self

    def end(self, grace: float = 0.0) -> str:
        """End the place and everything in it, and say how it ended.

        Args:
            grace: seconds in which it may end by itself; not needed here.
        """
        if self._how is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            self._how = "it is gone"
        return self._how

    def order(self, order: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send an order and wait for what was found.

        Raises:
            TimeoutError: there is no answer in time.
            EOFError: the process has ended, or answers what cannot be read.
        """
        end = time.monotonic() + seconds
        try:
            self.tell(json.dumps(order).encode(), end)
            found = json.loads(self.hear(end))
        except TimeoutError:
            self.end()
            raise
        except (OSError, ValueError, RecursionError):
            raise EOFError from None
        if not isinstance(found, dict):
            raise EOFError
        return found

    def tell(self, message: bytes, end: float) -> None:
        """Send a message; see :meth:`Line.send`."""
        self._line.send(message, end)

    def hear(self, end: float) -> bytes:
        """Wait for a message; see :meth:`Line.receive`."""
        return self._line.receive(end, self._printed)


class Workshop:
    """Gives learners' code places to run in. Use it as a context manager."""

    def __init__(self, *, jailed: bool = True, limits: Limits | None = None) -> None:
        """Prepare; nothing is started yet.

        Args:
            jailed: each in a place of its own; otherwise the code may read and write whatever the user may.
            limits: of each process.
        """
        given = limits or Limits()
        self.limits = given if jailed else Limits(given.memory, given.seconds, 0, given.file)
        self.jailed = jailed
        self._folder: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Workshop:
        if sys.platform != "linux":
            raise InputError(
                "marking starts processes as Linux alone can: use a Linux machine or a container (Docker, WSL)"
            )
        self._folder = Path(tempfile.mkdtemp(prefix="mmtutorial-open-"))
        try:
            self._path = _open_library(self._folder / "library", _python_path())
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        given = json.dumps({"path": self._path, "control": theirs.fileno()})
        self._server = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _BOOT, given],
            pass_fds=(theirs.fileno(),),
            env={"PATH": "/usr/bin:/bin", "HOME": str(self._folder), **_VARIABLES},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the one who marks; this one ends with its socket.
        )
        theirs.close()
        self._control = ours
        ours.settimeout(_START)
        if ours.recv(100) != b"ready":
            raise InputError("the process for marking ended at its start; see above")

    def open(self, library: Sequence[str] = (), *, whole: bool = False) -> JailedCaller:
        """Start a process for one learner's code.

        Args:
            library: modules of this package that it may use beside those that are open to all.
            whole: the whole package but exercises and solutions; for running a notebook, not for its answers.

        Raises:
            InputError: this system gives no such place.
        """
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        more, all_of_it = self._more_library(library), self._whole_library() if whole else ""
        request = {
            "limits": asdict(self.limits),
            "place": _place([*self._path, more, all_of_it]) if self.jailed else None,
            "more": more,
            "whole": all_of_it,
            "variables": _VARIABLES,
        }
        assert self._control is not None
        socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno(), write])
        theirs.close()
        os.close(write)
        said = json.loads(self._control.recv(2**16) or b"{}")
        caller = JailedCaller(said.get("process", 0), Line(ours, _LONGEST), Printed(read, LONGEST_PRINT))
        if "process" not in said:
            caller._how = "never started"
            caller.__exit__()
            raise InputError(
                f"this system gives no place of its own to a learner's code ({said.get('error', 'no answer')}): mark "
                "in a container made for it, or with --unsafe, where what is marked may read and change what you may"
            )
        caller.wait_until_ready(_START)
        return caller

    def _more_library(self, library: Sequence[str]) -> str:
        """A folder with modules beside the open ones; empty without any."""
        assert self._folder is not None
        tree = self._folder / "-".join(["more", *library])
        if library and not tree.exists():
            (tree / "mmtutorial").mkdir(parents=True)
            for module in library:
                shutil.copyfile(_SOURCE / f"{module}.py", tree / "mmtutorial" / f"{module}.py")
        return str(tree) if library else ""

    def _whole_library(self) -> str:
        """A folder with all of the package but exercises, and how they are marked."""
        assert self._folder is not None
        tree = self._folder / "whole"
        if not tree.exists():
            no = shutil.ignore_patterns("__pycache__", "exercises", "marking")
            shutil.copytree(_SOURCE, tree / "mmtutorial", ignore=no)
            shutil.copyfile(_SOURCE / _STAND_IN, tree / "mmtutorial/classroom/__init__.py")
        return str(tree)


def _python_path() -> list[str]:
    """Where Python and installed packages are; neither the working folder nor anybody's source."""
    ours = [prefix.rstrip("/") + "/" for prefix in (sys.prefix, sys.base_prefix)]
    return [
        path
        for path in sys.path
        if Path(path).exists()
        and (path.startswith(tuple(ours)) or Path(path).name in ("site-packages", "dist-packages"))
    ]


def _open_library(tree: Path, path: Sequence[str]) -> list[str]:
    """Copy what is open; return the path with the copy at its head."""
    target = tree / "mmtutorial"
    for name in OPEN:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (_SOURCE / name).is_dir():
            shutil.copytree(_SOURCE / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(_SOURCE / name, target / name)
    for name in _EMPTY:
        (target / name).write_text('"""Open to answers that are being marked."""\n__version__ = "marking"\n')
    shutil.copyfile(_SOURCE / _STAND_IN, target / "classroom/__init__.py")
    return [str(tree), *path]


def _place(path: Sequence[str]) -> dict[str, list[str]]:
    """What a learner's process may see."""
    executable = os.path.realpath(sys.executable)
    shown = [*path, sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(executable))]
    kept: list[str] = []
    for folder in sorted({os.path.abspath(folder) for folder in shown if folder}):
        if folder != "/" and not any(folder == other or folder.startswith(f"{other}/") for other in kept):
            kept.append(folder)
    hidden = [f"{folder}/mmtutorial" for folder in path if "site-packages" in folder or "dist-packages" in folder]
    hidden += [f"{prefix}/share/mmtutorial" for prefix in {sys.prefix, sys.base_prefix}]
    return {"shown": kept, "hidden": hidden}
