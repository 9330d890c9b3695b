"""Installs mmtutorial from the wheels beside this file, without a network: ``python3 install.py [--into FOLDER]``.

It runs before anything is installed, so it uses nothing but Python itself.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Check the files, make an environment, install, look over the machine. Returns the exit code."""
    parser = argparse.ArgumentParser(description="install mmtutorial without a network")
    parser.add_argument("--into", type=Path, default=Path.home() / "mmtutorial-venv", metavar="FOLDER")
    folder = parser.parse_args().into.expanduser().absolute()
    about = json.loads((HERE / "about.json").read_text(encoding="utf-8"))
    problem = wrong_python(about["python"]) or damaged() or taken(folder)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"Installing into {folder} (two minutes)", flush=True)
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    wanted = f"mmtutorial[{about['extras']}]=={about['version']}"
    # Whatever the machine's settings say of indexes: none is asked.
    alone = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    words = [str(programs / "python"), "-m", "pip", "install", "-q", "--find-links", str(HERE / "wheels"), wanted]
    if subprocess.run(words, env=alone, check=False).returncode:
        print("pip could not install; its reason stands above. Was the archive made for this system?", file=sys.stderr)
        return 1
    looked = subprocess.run([str(programs / "mmtutorial"), "doctor"], check=False).returncode
    print(f"\nBegin with: {programs / 'mmtutorial'} lab")
    return looked


def wrong_python(wanted):
    """What to do where this Python is another than the wheels are for, or None."""
    here = ".".join(map(str, sys.version_info[:2]))
    if here == wanted:
        return None
    return (
        f"the wheels are for Python {wanted}, this is {here}: use python{wanted} install.py (Windows: py -{wanted} ...)"
    )


def damaged():
    """What to do where a file is missing or not as it was packed, or None."""
    for line in (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        expected, name = line.split("  ", 1)
        path = HERE / name
        if not path.is_file():
            return f"{path} is missing: unpack the whole archive again"
        found = hashlib.sha256()
        with path.open("rb") as opened:
            while part := opened.read(1 << 20):
                found.update(part)
        if found.hexdigest() != expected:
            return f"{path} is damaged: copy the archive again and unpack it anew"
    return None


def taken(folder):
    """What to do where the folder holds something else than an environment, or None."""
    if folder.exists() and not (folder / "pyvenv.cfg").is_file() and (not folder.is_dir() or any(folder.iterdir())):
        return f"{folder} holds something else: name another folder by --into"
    return None


if __name__ == "__main__":
    sys.exit(main())
