"""Real processes of the command line that start at once: children forked from a parent that has imported everything.

Run as a script this is the parent. It reads one request a line and never uses a thread or computes anything
itself, so that its forks are clean.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, or minus the number of the signal; and what it wrote."""

    code: int
    stdout: str
    stderr: str


class WarmProcesses:
    """Starts processes, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONPATH": str(Path.cwd())}
        self._parent = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(
        self,
        *arguments: object,
        after: float | None = None,
        by: signal.Signals = signal.SIGKILL,
        most_bytes: int | None = None,
        between_checkpoints: float | None = None,
        report: bool = True,
    ) -> Ended:
        """Runs ``mmtutorial`` with some arguments.

        Args:
            arguments: the command line.
            after: seconds after which to send a signal, unless the process has ended by then.
            by: the signal.
            most_bytes: the kernel refuses to let any file grow beyond this.
            between_checkpoints: seconds between checkpoints.
            report: whether report.html is made, which takes longer than all the rest.
        """
        request = {
            "argv": ["mmtutorial", *map(str, arguments)],
            "after": after,
            "by": int(by),
            "most_bytes": most_bytes,
            "between_checkpoints": between_checkpoints,
            "report": report,
            "folder": str(self._folder),
        }
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(request) + "\n")
        self._parent.stdin.flush()
        code = int(self._parent.stdout.readline())
        return Ended(code, (self._folder / "stdout").read_text(), (self._folder / "stderr").read_text())

    def close(self) -> None:
        """Ends the parent."""
        self._parent.communicate(timeout=60)


def _serve() -> None:
    import mmtutorial.cli
    import mmtutorial.experiment
    import mmtutorial.reports.run
    import mmtutorial.tuning  # noqa: F401

    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_the_command(request)
        print(os.waitstatus_to_exitcode(_wait(child, request["after"], request["by"])), flush=True)


def _wait(child: int, after: float | None, by: int) -> int:
    deadline = None if after is None else time.monotonic() + after
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if deadline is not None and time.monotonic() > deadline:
            os.kill(child, by)
            deadline = None
        time.sleep(0.002)


def _be_the_command(request: dict[str, Any]) -> None:
    from mmtutorial import cli
    from mmtutorial.reports import run as report
    from mmtutorial.training import engine

    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(Path(request["folder"]) / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    if request["between_checkpoints"] is not None:
        engine.SECONDS_BETWEEN_CHECKPOINTS = request["between_checkpoints"]
    if not request["report"]:
        report.write_report = lambda out, **_: out / "report.html"
    if request["most_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["most_bytes"], request["most_bytes"]))
    sys.argv = request["argv"]
    code: Any = 1
    try:
        cli.main()
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
