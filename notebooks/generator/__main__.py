"""``python -m notebooks.generator``: make what is out of date, or say what is."""

from __future__ import annotations

import argparse
import sys

from notebooks.generator.catalogue import FOLDER, Catalogue, Entry, read_catalogue
from notebooks.generator.comparing import differences, is_stale, with_outputs_of
from notebooks.generator.executing import execute
from notebooks.generator.making import make, path_of, text_of
from notebooks.generator.table import with_table
from notebooks.generator.timings import read_timings, write_timings


def main() -> int:
    """Returns the exit code."""
    options = _options()
    if options.check:
        found = differences()
        print("\n".join(found) or "all notebooks are what their masters make")
        return 1 if found else 0
    catalogue = read_catalogue()
    chosen = [catalogue.entry(name) for name in options.names] or list(catalogue.entries)
    for entry in chosen:
        _write_solution(catalogue, entry, again=options.execute)
        learner = path_of(entry, "learner")
        learner.write_text(text_of(make(catalogue, entry, "learner")), encoding="utf-8")
        print(f"{entry.file}: {learner.stat().st_size // 1000} kB for learners")
    readme = FOLDER.parent / "README.md"
    old = readme.read_text(encoding="utf-8")
    if (new := with_table(old, catalogue)) != old:
        readme.write_text(new, encoding="utf-8")
    return 0


def _write_solution(catalogue: Catalogue, entry: Entry, *, again: bool) -> None:
    """Executes a notebook with solutions, where it is out of date, at both presets."""
    path = path_of(entry, "solution")
    made = make(catalogue, entry, "solution")
    if not again and not is_stale(path, made):
        return
    if not again and (done := with_outputs_of(made, path)):
        path.write_text(text_of(done), encoding="utf-8")
        print(f"{entry.file}: the code is as it was, its outputs are kept")
        return
    print(f"{entry.file}: executing at smoke and class ...", flush=True)
    path.parent.mkdir(exist_ok=True)
    done, timing = execute(made, path.parent)
    write_timings(FOLDER, {**read_timings(FOLDER), entry.file: timing})
    # The head tells the time, which is known only now.
    done.cells[0].source = make(catalogue, entry, "solution").cells[0].source
    path.write_text(text_of(done), encoding="utf-8")
    print(f"{entry.file}: {timing}, {path.stat().st_size // 1000} kB with solutions")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m notebooks.generator", description=__doc__)
    parser.add_argument("names", nargs="*", help="notebooks by name or number, such as 03; default: all")
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if anything is out of date")
    parser.add_argument("--execute", action="store_true", help="execute solutions even where they are up to date")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
