"""What START_HERE.txt says."""

from __future__ import annotations

from collections.abc import Sequence

HOLDS = {
    "wheels": "all that gets installed",
    "notebooks": "the ten notebooks, and the same with solutions; the installation brings them too",
    "talk": "talk.html: open it in a browser, S shows the speaker's notes",
    "book": "index.html or its folder of pages: open it in a browser",
}


def start_here(parts: Sequence[str], *, version: str, extras: str, python: str) -> str:
    """The instructions.

    Args:
        parts: The folders of the archive.
        version: Of the package.
        extras: Whose wheels are there.
        python: For which Python they are.
    """
    listed = "\n".join(f"  {name + '/':<12}{HOLDS[name]}" for name in parts)
    return f"""mmtutorial {version}, for a room without internet
================================================

{listed}

One needs Python {python} on the same kind of system as the one that made this archive, and nothing else.


Install (each learner, once; two minutes)
-----------------------------------------

  Linux, macOS:   python3 install.py
  Windows:        py -{python} install.py

It checks the files against SHA256SUMS, makes an environment in the folder mmtutorial-venv in your home folder, installs
from wheels/ without a network, and looks over the machine. Another folder: python3 install.py --into FOLDER

By hand it is the same as:

  python3 -m venv mmtutorial-venv
  mmtutorial-venv/bin/python -m pip install --no-index --find-links wheels "mmtutorial[{extras}]"


Begin
-----

  Linux, macOS:   ~/mmtutorial-venv/bin/mmtutorial lab
  Windows:        %USERPROFILE%\\mmtutorial-venv\\Scripts\\mmtutorial lab

This copies the notebooks to the folder mmtutorial-notebooks in your home folder and opens the first in a browser.


Many learners, one copy
-----------------------

The archive goes round on a stick, or one machine serves it to the room's own network: in this folder

  python3 -m http.server 8000

and each learner, with that machine's address:

  python3 -m venv mmtutorial-venv
  mmtutorial-venv/bin/python -m pip install --no-index --trusted-host ADDRESS \\
      --find-links http://ADDRESS:8000/wheels/ "mmtutorial[{extras}]"
"""
