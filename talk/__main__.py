"""Make the talk: ``python -m talk``, or ``make talk``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mmtutorial.errors import InputError
from talk.page import page
from talk.printing import write_pdf


def main() -> int:
    """Write ``talk.html`` and ``talk.pdf``; say where they are, or what is missing."""
    parser = argparse.ArgumentParser(prog="python -m talk", description="make the talk: one HTML file, and a PDF of it")
    parser.add_argument("--out", type=Path, default=Path("build/talk"), metavar="FOLDER", help="default: %(default)s")
    parser.add_argument("--no-pdf", action="store_true", help="the HTML file alone, which needs no browser")
    asked = parser.parse_args()
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
        written = asked.out / "talk.html"
        written.write_text(page(), encoding="utf-8")
        print(f"talk: {written} (open it in a browser; S opens the speaker's notes, F fills the screen)")
        if not asked.no_pdf:
            print(f"pdf: {write_pdf(written, asked.out / 'talk.pdf')}")
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
