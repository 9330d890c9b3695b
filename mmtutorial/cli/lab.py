"""Copies the notebooks to a folder of the learner's and opens them there in JupyterLab.

A copy, so that answers never stand in the way of an update of the repository. What the learner changed there is kept;
what is as it was copied is brought up to date.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from mmtutorial.classroom.notebooks import notebooks_folder
from mmtutorial.errors import InputError
from mmtutorial.words import listed

COPY = "mmtutorial-notebooks"
FIRST = "00_start.ipynb"
LOG = ".jupyterlab.log"
"""In the folder: what JupyterLab says of itself."""
RECORD = ".mmtutorial.json"
"""In the folder: the SHA-256 of each notebook as it was copied, by which a changed one is known."""


@dataclass(frozen=True)
class Copied:
    """What came of copying.

    Attributes:
        folder: where the notebooks are.
        new: those that were not there before.
        refreshed: those that were as copied earlier, and now are as today.
        kept: those that the learner changed, of which there is another version today.
    """

    folder: Path
    new: tuple[str, ...]
    refreshed: tuple[str, ...]
    kept: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"notebooks in {self.folder}"]
        if self.new:
            parts.append(f"{len(self.new)} copied")
        if self.refreshed:
            parts.append(f"brought up to date: {listed(self.refreshed)}")
        if self.kept:
            parts.append(
                f"yours kept, though there is another version (in another --folder you get it): {listed(self.kept)}"
            )
        return "; ".join(parts)


def start_lab(folder: Path | None = None, *, browser: bool = True, more: Sequence[str] = ()) -> int:
    """Runs JupyterLab until it is closed, and says where it is found.

    Args:
        folder: where to work. None: ``mmtutorial-notebooks`` in the home folder.
        browser: whether to open a browser window.
        more: options for JupyterLab.

    Returns:
        Its exit code.

    Raises:
        InputError: JupyterLab is not installed, the notebooks are nowhere to be found, or the folder cannot be
            written to.
    """
    missing = [module for module in ("jupyterlab", "ipywidgets") if importlib.util.find_spec(module) is None]
    if missing:
        raise InputError(
            f"{' and '.join(missing)} not installed in {sys.executable}; install what the notebooks need with: "
            f'"{sys.executable}" -m pip install jupyterlab ipywidgets'
        )
    copied = copy_notebooks(folder)
    typer.echo(copied)
    command, environment = lab_command(copied.folder, browser=browser, more=more), _environment(copied.folder)
    # Dozens of lines that would bury the address; whoever asks for them gets them.
    if any(word.startswith(("--debug", "--log-level", "--Application.log_level")) for word in more):
        return _serve(subprocess.Popen(command, env=environment), environment)
    log = copied.folder / LOG
    with log.open("wb") as file:
        code = _serve(subprocess.Popen(command, env=environment, stderr=file), environment)
    if code:
        typer.echo(f"JupyterLab ended with code {code}; the end of {log}:", err=True)
        typer.echo("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]), err=True)
    return code


def _serve(server: subprocess.Popen[bytes], environment: Mapping[str, str]) -> int:
    """Say where the server is found and wait for its end; it ends with this process, however that is ended."""
    try:
        if address := _address(server, environment):
            typer.echo(f"JupyterLab: {address}  (Ctrl-C ends it)")
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait()


def lab_command(folder: Path, *, browser: bool = True, more: Sequence[str] = ()) -> list[str]:
    """The command that starts JupyterLab in a folder; what the user adds comes last and so has the last word."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command.append(f"--LabApp.default_url=/lab/tree/{FIRST}")
    command.append("--JupyterApp.answer_yes=True")  # Ctrl-C ends it without a question.
    if not browser:
        command.append("--no-browser")
    # In a container one usually is root, and JupyterLab refuses to start without being told that this is meant.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return [*command, *more]


def copy_notebooks(folder: Path | None = None) -> Copied:
    """Copies the notebooks, and those with solutions into ``solutions`` below; overwrites nothing that was changed.

    Raises:
        InputError: the notebooks are nowhere to be found, or the folder cannot be written to.
    """
    source = notebooks_folder()
    target = _home_folder() if folder is None else folder.resolve()
    if target == source:
        raise InputError(f"{target} holds the originals, which an update overwrites; name another --folder")
    fates: dict[str, list[str]] = {fate: [] for fate in ("new", "same", "refreshed", "kept")}
    try:
        record = _record(target)
        for original in sorted([*source.glob("*.ipynb"), *source.glob("solutions/*.ipynb")]):
            name = original.relative_to(source).as_posix()
            fate, today = _copy(original, target / name, record.get(name)), _digest(original)
            if fate != "kept":
                record[name] = today
            if record.get(name) != today or fate != "kept":
                fates[fate].append(name)
        (target / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot copy the notebooks to {target} ({error}); name another with --folder") from None
    return Copied(target, *(tuple(fates[fate]) for fate in ("new", "refreshed", "kept")))


def _copy(original: Path, copy: Path, earlier: str | None) -> str:
    """Copies one notebook, unless the learner changed the copy; what became of it: new, same, refreshed or kept."""
    there = _digest(copy) if copy.exists() else None
    if there == _digest(original):
        return "same"
    if there not in (None, earlier):
        return "kept"
    part = copy.with_name(f".{copy.name}.part")  # A copy that a kill cut short would later count as the learner's.
    part.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(original, part)
    part.replace(copy)
    return "new" if there is None else "refreshed"


def _record(target: Path) -> dict[str, str]:
    """What was copied earlier. Without a record that can be read, whatever differs counts as the learner's."""
    try:
        found = json.loads((target / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return (
        {name: digest for name, digest in found.items() if isinstance(digest, str)} if isinstance(found, dict) else {}
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _home_folder() -> Path:
    """``mmtutorial-notebooks`` in the home folder.

    Raises:
        InputError: there is no home folder.
    """
    try:
        # An empty HOME would be taken for the root of the disk.
        home = Path() if os.environ.get("HOME") == "" else Path.home()
    except RuntimeError:
        home = Path()
    if not home.is_absolute() or not home.is_dir():
        raise InputError("there is no home folder (HOME names none); say with --folder where to work")
    return home / COPY


def _environment(folder: Path) -> Mapping[str, str]:
    """The environment for JupyterLab, whose own files come below the folder where there is no home for them."""
    home = os.environ.get("HOME", "")
    if os.name == "nt" or (home and os.access(home, os.W_OK)):
        return os.environ
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    own = {name: str(folder / ".jupyter" / name.lower()) for name in places}
    return {**own, "HOME": str(folder / ".jupyter"), **{k: v for k, v in os.environ.items() if k != "HOME"}}


def _address(server: subprocess.Popen[bytes], environment: Mapping[str, str]) -> str | None:
    """Where the server answers, once it does; None if it ended before."""
    from jupyter_server.serverapp import list_running_servers

    while server.poll() is None:
        for found in list_running_servers(environment.get("JUPYTER_RUNTIME_DIR")):
            if found["pid"] == server.pid and _takes_calls(found["port"]):
                token = f"?token={found['token']}" if found.get("token") else ""
                return f"{found['url']}lab/tree/{FIRST}{token}"
        time.sleep(0.2)
    return None


def _takes_calls(port: int) -> bool:
    """Whether somebody listens there: the server writes down its address a moment before it does."""
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return True
    except OSError:
        return False
