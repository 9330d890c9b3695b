"""From sources to pages."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from pathlib import Path

from book.checking import faults
from book.finishing import finish
from book.sources import REPOSITORY, gather
from mmtutorial.errors import InputError

ABOUT = Path(__file__).parent
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def build(out: Path, repository: Path = REPOSITORY) -> list[str]:
    """Make the book.

    Args:
        out: Folder for the pages; an earlier book there is replaced.
        repository: Where the sources are.

    Returns:
        What is wrong with it, a line each; an empty list for nothing.

    Raises:
        InputError: Sphinx is not installed, a notebook is broken, or ``out`` holds something else.
    """
    try:
        from sphinx.application import Sphinx
    except ImportError:
        raise InputError("the book needs Sphinx; install it with: pip install -e '.[book]'") from None
    if out.exists() and any(out.iterdir()) and not (out / "objects.inv").exists():
        raise InputError(f"{out} holds something that is no book; choose another --out")
    with tempfile.TemporaryDirectory() as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "made")
        source.mkdir()
        gather(source, repository)
        said = io.StringIO()
        app = Sphinx(source, ABOUT, made, Path(scratch, "doctrees"), "html", status=None, warning=said)
        app.build()
        warned = [line.replace(f"{source}/", "") for line in _ANSI.sub("", said.getvalue()).splitlines() if line]
        finish(made)
        wrong = [*warned, *faults(made)]
        if not wrong:
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(made, out, ignore=shutil.ignore_patterns(".buildinfo*", ".doctrees"))
        return wrong
