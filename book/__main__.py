"""Make the book: ``python -m book``, or ``make book``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from book.building import build
from mmtutorial.errors import InputError


def main() -> int:
    """Write the pages; say where they are, or what is amiss, a line each."""
    parser = argparse.ArgumentParser(prog="python -m book", description="make the book: pages to read in a browser")
    parser.add_argument("--out", type=Path, default=Path("build/book"), metavar="FOLDER", help="default: %(default)s")
    asked = parser.parse_args()
    try:
        faults = build(asked.out)
    except (InputError, OSError) as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        return 1
    size = sum(path.stat().st_size for path in asked.out.rglob("*") if path.is_file())
    print(f"book: {asked.out / 'index.html'} ({size / 1e6:.0f} MB; open it in a browser, no server is needed)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
