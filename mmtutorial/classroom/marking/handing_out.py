"""The folder that a class gets: notebooks to fill in, no solutions, and how to begin."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from mmtutorial.classroom.notebooks import notebooks_folder
from mmtutorial.errors import InputError, unknown
from mmtutorial.files import write_bytes

READ_ME = "READ_ME.md"


@cache
def handed_out_sources(number: str) -> frozenset[str]:
    """Return the cells of a learner's notebook without white space, by which own ones are known."""
    return frozenset("".join("".join(cell["source"]).split()) for cell in _notebook(number)["cells"])


def _notebook(number: str) -> dict[str, list[dict[str, str]]]:
    path = notebook_paths()[number]
    found: dict[str, list[dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def notebook_paths() -> dict[str, Path]:
    """Return the learner's notebooks by their two digits."""
    return {path.name[:2]: path for path in sorted(notebooks_folder().glob("[0-9][0-9]_*.ipynb"))}


def chosen_notebooks(numbers: Sequence[str] | None) -> list[Path]:
    """Return the learner's notebooks of some numbers, each once; all for None.

    Raises:
        InputError: there is no such notebook.
    """
    known = notebook_paths()
    for number in numbers or ():
        if number not in known:
            raise unknown("notebook", number, known)
    return [known[number] for number in (known if numbers is None else dict.fromkeys(numbers))]


def refuse_standing(paths: Sequence[Path], *, force: bool) -> None:
    """Refuse to write over what is there, unless it is meant.

    Raises:
        InputError: one of the files is there.
    """
    standing = [path for path in paths if path.exists()]
    if standing and not force:
        raise InputError(f"{standing[0]} is there already; choose another --out, or write over it with --force")


def hand_out(folder: Path, numbers: Sequence[str] | None = None, name: str = "", *, force: bool = False) -> list[Path]:
    """Write a class's folder.

    Args:
        folder: new or empty, or one handed out earlier.
        numbers: two digits of each notebook; None: all.
        name: of the class, for its READ_ME.
        force: write over notebooks that are there.

    Returns:
        The notebooks written.

    Raises:
        InputError: there is no such notebook, or the folder holds other files of these names.
    """
    chosen = chosen_notebooks(numbers)
    targets = [folder / path.name for path in chosen]
    refuse_standing([*targets, folder / READ_ME], force=force)
    for path, target in zip(chosen, targets, strict=True):
        write_bytes(target, without_solutions(path))
    write_bytes(folder / READ_ME, _read_me(name, [path.name for path in targets]).encode())
    return targets


def without_solutions(path: Path) -> bytes:
    """Return a notebook without links to solutions, which the folder does not hold."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    link = f" | [with solutions](solutions/{path.name})"
    for cell in notebook["cells"]:
        cell["source"] = [line.replace(link, "") for line in cell["source"]] if isinstance(cell["source"], list) else (
            cell["source"].replace(link, "")
        )  # fmt: skip
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _read_me(name: str, notebooks: Sequence[str]) -> str:
    listed = "\n".join(f"- `{notebook}`" for notebook in notebooks)
    return f"""# {name or "Mix-and-Match tuning"}

{listed}

## To begin

```
python3 -m venv course && . course/bin/activate
pip install 'mmtutorial[lab]'
jupyter lab
```

Open the first notebook and run its cells from the top. A blank is `todo("...")`: write your code in its place, run the
cell, then the `check(...)` below it, as often as you like. It says what was tried, what came out and what was expected.

## To hand in

Save, and hand in the notebooks under their names, or with your name before it: `surname_{notebooks[0]}`. Your functions
keep the names that they have. They are marked with other inputs than those of the checks, and without this package's
own functions: write yourself what is asked for. Answers to questions go into text cells of your own.
"""
