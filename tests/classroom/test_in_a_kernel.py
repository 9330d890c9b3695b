"""Checks in a real kernel: whatever an answer does, the notebook goes on, and shows what the check says, no more."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import KernelManager

from tests.conftest import REPOSITORY


class Notebook:
    """A kernel, cell by cell."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager()
        path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
        self.manager.start_kernel(env={**os.environ, "PYTHONPATH": path}, cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def start(self, code: str) -> str:
        """Run a cell without waiting for it."""
        return str(self.client.execute(code, allow_stdin=True))

    def finish(self, cell: str, seconds: float = 60) -> list[dict[str, Any]]:
        """What a cell shows: contents of its messages, of streams, pictures and errors."""
        shown, end = [], time.monotonic() + seconds
        while time.monotonic() < end and self.manager.is_alive():
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") == cell:
                if kind == "status" and content["execution_state"] == "idle":
                    return shown
                if kind not in ("status", "execute_input"):
                    shown.append({"kind": kind, **content})
        pytest.fail("the kernel does not answer any more")

    def run(self, code: str) -> str:
        """What a cell prints; it shows nothing else."""
        shown = self.finish(self.start(code))
        assert {part["kind"] for part in shown} <= {"stream"}, shown
        return "".join(part["text"] for part in shown)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A kernel that has computed something."""
    kernel = Notebook(tmp_path_factory.mktemp("notebooks"))
    kernel.run("import os, sys, logging\nfrom mmtutorial.classroom import check, todo\nx, calls = 17, []")
    yield kernel
    kernel.close()


def checked(notebook: Notebook, body: str) -> str:
    """What the check of an answer prints, in a notebook that lives on."""
    lines = "\n    ".join(body.splitlines())
    said = notebook.run(f"def answer(n):\n    {lines}\nprint(repr(check('03.random_mapping', answer, seconds=2)))")
    assert notebook.run("print(x, calls)") == "17 []\n"
    return said


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("exit()", "SystemExit: exit() ends Python (at the line: exit())"),
        ("quit()", "SystemExit: exit() ends Python (at the line: quit())"),
        ("exit(keep_kernel=True)", "ended Python, with exit()"),
        ("sys.exit(3)", "SystemExit: 3 (at the line: sys.exit(3))"),
        ("get_ipython().ask_exit()", "ended Python, with exit()"),
        ("os._exit(0)", "exit code 0"),
        ("os.kill(os.getpid(), 9)", "signal SIGKILL"),
        ("import ctypes\nctypes.string_at(0)", "signal SIGSEGV"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (at the line"),
        ("return input('n? ')", "input() waits for somebody to type"),
        ("import getpass\ngetpass.getpass()", "getpass() waits for somebody to type"),
        ("import pdb\npdb.set_trace()\nreturn n", "input() waits for somebody to type"),
        ("return 7 ** (7**9)", "no answer; stopped after 2 s"),
        ("while True: print('x' * 1000)", "no answer; stopped after 2 s"),
        ("while True: os.write(2, b'x' * 1000)", "no answer; stopped after 2 s"),
        ("return todo('03.random_mapping')", "not yet (the blank is not filled in)"),
        ("calls.append(n)\nraise ValueError(len(calls))", "ValueError: 1"),
        ("from IPython.display import display\ndisplay(n)\nreturn 0", "came out  0"),
        ("import ipywidgets\ndisplay(ipywidgets.IntSlider())\nreturn 0", "came out  0"),
        ("from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass\nreturn 0", "came out  0"),
        ("from matplotlib import pyplot\npyplot.plot([1, 2])\npyplot.show()\nreturn 0", "came out  0"),
        ("import asyncio\nasyncio.get_event_loop().call_soon(print, 1)\nreturn 0", "came out  0"),
        ("%timeit -n1 -r1 0\nreturn 0", "came out  0"),
        ("!echo from a shell\nreturn 0", "came out  0"),
    ],
    ids=lambda text: text[:30],
)
def test_the_notebook_goes_on(notebook: Notebook, body: str, told: str) -> None:
    assert told in checked(notebook, body)


def test_what_an_answer_prints_stands_in_the_result_alone(notebook: Notebook) -> None:
    body = "print('one')\nprint('two', file=sys.stderr)\nlogging.getLogger('a').warning('three')\nos.write(1, b'four')"
    said = checked(notebook, body + "\nos.system('echo five')\nreturn 0")
    assert said.endswith("  printed   one\ntwo\nthree\nfourfive\n")
    assert notebook.run("print('still here')") == "still here\n"


def test_a_logger_set_up_before_writes_nothing_into_the_page(notebook: Notebook) -> None:
    notebook.run("log = logging.Logger('early'); log.addHandler(logging.StreamHandler()); kept = sys.stdout")
    said = checked(notebook, "log.error('early')\nkept.write('kept')\nreturn 0")
    assert said.endswith("  printed   early\nkept\n")


def test_the_stop_button_stops_the_check_and_its_process(notebook: Notebook) -> None:
    cell = notebook.start("import time\ncheck('03.random_mapping', lambda n: time.sleep(1000), seconds=1000)")
    kernel = psutil.Process(notebook.manager.provisioner.process.pid)
    end = time.monotonic() + 30
    while not kernel.children() and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    notebook.manager.interrupt_kernel()
    [error] = [part for part in notebook.finish(cell) if part["kind"] == "error"]
    assert error["ename"] == "KeyboardInterrupt"
    assert not kernel.children()
    assert notebook.run("print(x)") == "17\n"


def test_plots_are_drawn_as_before_after_a_check(notebook: Notebook) -> None:
    checked(notebook, "from matplotlib import pyplot\npyplot.figure()\nreturn 0")
    shown = notebook.finish(notebook.start("from IPython.display import display\ndisplay('here')"))
    assert [part["kind"] for part in shown] == ["display_data"]


def test_a_notebook_keeps_what_was_passed_and_forgets_no_success(notebook: Notebook) -> None:
    notebook.run("import json, math\nfrom pathlib import Path\nkept = Path('progress/04.json')")
    notebook.run("wrong = check('04.half_quiet_margin', lambda p, n: 0.0)")
    assert (
        notebook.run("print(json.loads(kept.read_text()))") == "{'half_quiet_margin': {'passed': False, 'tries': 1}}\n"
    )
    notebook.run("assert check('04.half_quiet_margin', lambda p, n: (n - p).median())")
    notebook.run("again = check('04.half_quiet_margin', lambda p, n: 0.0)")
    assert (
        notebook.run("print(json.loads(kept.read_text()))") == "{'half_quiet_margin': {'passed': True, 'tries': 3}}\n"
    )
    notebook.run("blank = check('04.gradient', lambda a, p, n, margin: todo('04.gradient'))")
    assert notebook.run("print(list(json.loads(kept.read_text())))") == "['half_quiet_margin']\n", "a blank is no try"
    notebook.run("size = kept.write_text('spoiled')")
    assert notebook.run("print(bool(check('04.half_quiet_margin', lambda p, n: (n - p).median())))") == "True\n"
    assert notebook.run("print(kept.read_text())") == "spoiled\n", "a check does not touch what it cannot read"
