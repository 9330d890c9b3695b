"""Submissions that cheat, break out or never end: marked by the real command, beside honest ones."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

import mmtutorial
from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.marking.examining import Marking, _Listening
from tests.classroom.marking.handed_in import NOTEBOOKS, answered, solution
from tests.classroom.marking.harm import HARM

SECRET = "the-secret-of-the-one-who-marks"


class Class:
    """A class that was marked: its folder, marks, and what the machine that marks noticed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.submissions, self.marks = folder, folder / "in", folder / "in-marks"
        self.calls: list[bytes] = []
        for name in ("in", "home"):
            (folder / name).mkdir()
        (folder / "home" / "secret.txt").write_text(SECRET)
        (self.submissions / "0_notes.txt").write_text(SECRET)

    def hand_in(self, port: int) -> None:
        values = {
            "TARGETS": repr([str(self.submissions), str(self.folder), str(Path.home())]),
            "PACKAGE": repr(str(Path(mmtutorial.__file__).parents[1])),
            "NOTEBOOKS": repr(str(NOTEBOOKS)),
            "PORT": str(port),
        }
        for name, body in HARM.items():
            for word, value in values.items():
                body = body.replace(word, value)
            (self.submissions / f"{name}_03_match.ipynb").write_bytes(answered({"03.components": body}))
        learned = learned_by_heart()
        (self.submissions / "learned_by_heart_03_match.ipynb").write_bytes(answered({"03.components": learned}))
        for name in ("honest", "zz_honest"):
            (self.submissions / f"{name}_03_match.ipynb").write_bytes(answered())

    def mark(self) -> None:
        environment = {**os.environ, "HOME": str(self.folder / "home"), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-m", "mmtutorial.cli", "mark", str(self.submissions), "--seconds", "0"]
        command += ["--per-answer", "3"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        self.said = done.stdout + done.stderr

    def rows(self) -> dict[str, dict[str, str]]:
        with (self.marks / "marks.csv").open() as file:
            return {row["student"]: row for row in csv.DictReader(file)}


def learned_by_heart() -> str:
    """An answer that knows every question of the check in the notebook, and no other."""
    space: dict[str, Any] = {}
    exec(f"import torch\nfrom collections import Counter\n{solution('03.components')}", space)
    table = {}

    class Learning(_Listening):
        def call(self, arguments: tuple[Any, ...], seconds: float, number: int = 0) -> Any:
            labels, edges = arguments
            table[str((labels.tolist(), edges.tolist()))] = space["components"](labels, edges)
            return super().call(arguments, seconds, number)

    asking = Marking(Learning(), EXERCISES["03.components"], 0, frozenset())
    asking.variant = None
    EXERCISES["03.components"].examine(asking)
    assert len(table) > 30
    known = "table.get(str((labels.tolist(), edges.tolist())), {})"
    return f"table = {table!r}\ndef components(labels, edges):\n    return {known}\n"


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Class:
    found = Class(tmp_path_factory.mktemp("class"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    line, _ = server.accept()
                except TimeoutError:
                    continue
                found.calls.append(line.recv(100))
                line.close()

        listening = threading.Thread(target=listen)
        listening.start()
        found.hand_in(server.getsockname()[1])
        before = {path: path.read_bytes() for path in found.submissions.iterdir()}
        found.mark()
        stop.set()
        listening.join()
    assert {path: path.read_bytes() for path in found.submissions.iterdir()} == before
    return found


@pytest.mark.slow
def test_cheating_and_harm_earn_nothing_and_harm_nobody(marked: Class) -> None:
    """One test, as the class is marked once: two minutes."""
    rows = marked.rows()
    earned = {name: float(rows[name]["03.components"]) for name in (*HARM, "learned_by_heart")}
    assert earned == dict.fromkeys(earned, 0.0)
    for name, row in rows.items():
        others = [float(row[f"03.{exercise}"]) for exercise in ("connected_graph", "random_mapping")]
        assert others == [1.0, 1.0], name
    for name in ("honest", "zz_honest"):
        assert float(rows[name]["03.components"]) == 1.0
    _nothing_left_the_place(marked)
    assert not [process for process in psutil.process_iter(["cmdline"]) if _of_marking(process)]


def _nothing_left_the_place(marked: Class) -> None:
    assert marked.calls == []
    assert (marked.folder / "home" / "secret.txt").read_text() == SECRET
    for path in marked.marks.rglob("*"):
        if path.is_file():
            assert SECRET not in path.read_text(), path
    assert SECRET not in marked.said


def _of_marking(process: psutil.Process) -> bool:
    words = process.info["cmdline"] or []
    return any("marking.inside.serve" in word for word in words) and process.ppid() == 1
