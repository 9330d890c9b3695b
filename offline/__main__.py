"""Make the archive: ``python -m offline``, or ``make offline``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mmtutorial.errors import InputError
from offline.packing import EXTRAS, pack


def main() -> int:
    """Write the archive and say where it is, or what went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m offline",
        description="make one archive that installs and runs without internet",
        epilog="Run it on a system of the kind that the room has. What follows -- goes to 'pip download', such as "
        "-- --python-version 3.12 for a room with another Python.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/offline"), metavar="FOLDER", help="default: %(default)s"
    )
    parser.add_argument("--extras", default=EXTRAS, help="of the package, with commas; default: %(default)s")
    parser.add_argument("pip", nargs="*", metavar="-- PIP OPTIONS", help="for 'pip download'")
    asked = parser.parse_args()
    try:
        archive = pack(asked.out, extras=asked.extras, options=asked.pip)
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"archive: {archive} ({archive.stat().st_size / 1e6:,.0f} MB)")
    print("in the room: unpack it and read START_HERE.txt, or run 'python3 install.py' in it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
