"""A warm process: torch is imported once, then each learner's code gets a copy of it, in a place of its own.

It never runs a learner's code itself, and holds no right answers that a copy could find.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from typing import Any, NoReturn

from mmtutorial.classroom.in_process import compute_alone, print_into
from mmtutorial.classroom.line import Line
from mmtutorial.classroom.marking.inside import jail
from mmtutorial.classroom.marking.inside.answers import work

# What may stand in one request: folders, and limits.
_MOST = 2**16


def main(control: int) -> None:
    """Serve until the other side is gone.

    Args:
        control: descriptor of a socket. Each request brings two more: a learner's line, and where it prints.
    """
    jail.die_with_parent()
    _warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for the copies.
    connection = socket.socket(fileno=control)
    connection.send(b"ready")
    while True:
        request, descriptors, _, _ = socket.recv_fds(connection, _MOST, 2)
        if not request:
            return
        line, printed = descriptors
        answer = _start(json.loads(request), line, printed, control)
        os.close(line)
        os.close(printed)
        connection.send(json.dumps(answer).encode())


def _warm_up() -> None:
    import matplotlib as mpl
    import scipy.stats
    import torch

    mpl.use("Agg")
    import matplotlib.pyplot

    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0).step()  # Its first use imports a great deal.
    _ = (scipy.stats.t, matplotlib.pyplot.figure)


def _start(request: dict[str, Any], line: int, printed: int, control: int) -> dict[str, Any]:
    """Start a copy; say which process ends it and all it has started, or why there is none."""
    ours, theirs = os.pipe()
    if os.fork() == 0:
        try:
            os.close(ours)
            os.close(control)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            jail.die_with_parent()
            _open_place(request, line, printed, theirs)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(theirs, json.dumps({"error": str(error)}).encode())
        finally:
            os._exit(70)
    os.close(theirs)
    with os.fdopen(ours, "rb") as told:
        said = told.read()
    return dict(json.loads(said)) if said else {"error": "the process that was to be marked in ended at once"}


def _open_place(request: dict[str, Any], line: int, printed: int, told: int) -> NoReturn:
    """Enter a place and start its first process there."""
    limits, place = jail.Limits(**request["limits"]), request["place"]
    now = jail.memory_of_this_process()
    if place is not None:
        jail.enter(jail.Place(tuple(place["shown"]), tuple(place["hidden"])), limits)
    first = os.fork()
    if first:
        os.write(told, json.dumps({"process": first}).encode())
        os.close(told)
        os.close(line)
        os.close(printed)
        os.waitpid(first, 0)
        os._exit(0)
    os.close(told)
    jail.die_with_parent()
    os.setsid()
    if place is not None:
        jail.close_the_door()
    child = os.fork()
    if child:
        os.close(line)
        os.close(printed)
        jail.guard(child, now + 2 * limits.memory if place is None else 2 * limits.memory)
    _run(request, line, printed, limits, now)


def _run(request: dict[str, Any], line: int, printed: int, limits: jail.Limits, now: int) -> NoReturn:
    """Run a learner's code: the only process that does."""
    try:
        connection, output = socket.socket(fileno=os.dup2(line, 100)), os.dup2(printed, 101)
        os.closerange(3, 100)
        os.closerange(102, 1024)
        _settle(request, limits, now)
        jail.die_with_parent()
        print_into(output)
        compute_alone()
        with contextlib.suppress(EOFError, OSError):  # The other side is gone.
            work(Line(connection))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(70)


def _settle(request: dict[str, Any], limits: jail.Limits, now: int) -> None:
    home = jail.HOME
    if request["place"] is not None:
        jail.give_up_rights(limits, now)
    else:
        home = tempfile.mkdtemp(prefix="marked-")
        jail.limit(limits, now)
        os.chdir(home)
    os.environ.clear()
    os.environ.update(
        {"HOME": home, "USER": "student", "PATH": "/usr/bin:/bin", "TMPDIR": home, **request["variables"]}
    )
    sys.argv = ["notebook"]
    if request["whole"]:
        # What was imported of the open modules stays in use here; the notebook imports all of the package anew.
        for name in [name for name in sys.modules if name.partition(".")[0] == "mmtutorial"]:
            del sys.modules[name]
        sys.path[0] = request["whole"]
    elif request["more"]:
        sys.modules["mmtutorial"].__path__.append(f"{request['more']}/mmtutorial")
