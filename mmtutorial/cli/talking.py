"""What the command line says around a command: while libraries load, of bad input, and what comes next."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from mmtutorial.errors import InputError, printable


class PlainGroup(TyperGroup):
    """Commands of which bad input is one line on stderr and exit code 2; ``--debug`` shows where it came from."""

    def __init__(self, **about: Any) -> None:
        """Give that option of the group to each command, so that it may stand at the end as well."""
        super().__init__(**about)
        [debug] = [option for option in self.params if option.name == "debug"]
        below: list[Any] = list(self.commands.values())
        while below:
            command = below.pop()
            command.params.append(debug)
            below += getattr(command, "commands", {}).values()

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (InputError, OSError) as error:
            # An OSError of a path that no system would take, say, or of a folder that may not be looked into.
            if isinstance(error, OSError) and isinstance(error.filename, str):
                error = InputError(f"cannot use {error.filename}: {error.strerror}; check it")
            if "debug" in ctx.meta or not isinstance(error, InputError):
                raise
            typer.echo(f"mmtutorial: {error}", err=True)
            ctx.exit(2)


def debugging(ctx: typer.Context, asked: bool) -> None:
    """Callback of ``--debug``."""
    if asked:
        ctx.meta["debug"] = True  # Nested commands share it.


def refuse_words(error: Any) -> NoReturn:
    """End as for other bad input: one line. Without any word, show the help instead."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        sys.exit(2)
    help_of = f"{error.ctx.command_path} --help" if getattr(error, "ctx", None) else "mmtutorial --help"
    message = " ".join(error.format_message().split()).rstrip(".")
    typer.echo(f"mmtutorial: {message}; see '{help_of}'", err=True)
    sys.exit(2)


def speak_plainly() -> None:
    """Let no character end a command: where a terminal's encoding lacks it, its number is written."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(line: str, *, err: bool = False) -> None:
    """Write one line. A file's name in it may hold anything: what would steer a terminal is escaped."""
    typer.echo(printable(line), err=err)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal what is being done where that takes seconds; wipe the line out afterwards."""
    told = f"{what} ..." if sys.stderr.isatty() else ""
    if told:
        sys.stderr.write(told)
        sys.stderr.flush()
    try:
        yield
    finally:
        if told:
            sys.stderr.write(f"\r{' ' * len(told)}\r")
            sys.stderr.flush()


def loading() -> AbstractContextManager[None]:
    """Say so while libraries are being loaded."""
    return nullcontext() if "torch" in sys.modules else working("loading PyTorch, which takes some seconds")


def last_lines(page: Path, weights: Path) -> list[str]:
    """What a run ends with: its page, the command that segments photos with what it trained, and the notebooks."""
    predict = [*program(), "predict", "--checkpoint", str(weights), "--images", "PHOTOS", "--out", "MASKS"]
    learn = ["make", "lab"] if _in_repository() else [*program(), "lab"]
    return [
        f"report:    {page.resolve()}",
        f"use it:    {shlex.join(predict)}",
        f"learn it:  {shlex.join(learn)}",
    ]


def program() -> list[str]:
    """How this program can be called again from here."""
    called = Path(sys.argv[0])
    if called.suffix == ".py":
        return [sys.executable, "-m", "mmtutorial.cli"]
    if shutil.which("mmtutorial") or not called.exists():
        return ["mmtutorial"]
    return [str(called)]


def _in_repository() -> bool:
    """Whether the working folder is a copy of the repository, whose Makefile has a target ``lab``."""
    makefile = Path("Makefile")
    return Path("notebooks/index.toml").is_file() and makefile.is_file() and "\nlab:" in makefile.read_text("utf-8")


def warn(warnings: Iterable[str]) -> None:
    """Say on stderr what to be wary of in the results."""
    for warning in warnings:
        say(f"mmtutorial: warning: {warning}", err=True)


def command_line() -> str:
    """The command as typed, without what does not change the numbers."""
    return shlex.join(
        ["mmtutorial", *(word for word in sys.argv[1:] if word not in ("--resume", "--force", "--debug"))]
    )
