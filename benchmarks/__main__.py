"""Ours beside others: time each in turn and write the table of ``docs/speed.md``.

    make bench                                          # all, into benchmarks/speed.json and docs/speed.md
    python -m benchmarks --only graph,loss --rounds 15  # shown, not written

One thread, processor time. A peer that is not installed (extra ``bench``) is left out.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: afterwards it is not looked at

import argparse
import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import torch
from tqdm.auto import tqdm

from benchmarks.cases import SUBJECTS
from benchmarks.pairs import compare, table
from benchmarks.peers import installed
from mmtutorial.results.origin import machine

HERE = Path(__file__).resolve().parent
FOUND, PAGE = HERE / "speed.json", HERE.parent / "docs" / "speed.md"
BEGIN, END = "<!-- table: make bench -->", "<!-- end of table -->"
PEERS = {"cv2": "opencv-python-headless", "pytorch_metric_learning": "pytorch-metric-learning", "openTSNE": "openTSNE"}


def in_page(page: str, found: str) -> str:
    """The page with a new table between its two marks."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{found}\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Measure, show, and write if everything was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", help=f"some of {','.join(SUBJECTS)}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = options.only.split(",") if options.only else list(SUBJECTS)
    rows = []
    for name in tqdm(chosen, desc="bench"):
        for case in SUBJECTS[name]():
            rows += [asdict(row) for row in compare(case, options.rounds)]
    print(table(rows))
    if not options.only:
        packages = [
            "torch",
            "torchvision",
            "numpy",
            "scikit-learn",
            *(PEERS[each] for each in PEERS if installed(each)),
        ]
        about = {"python": platform.python_version(), **{name: version(name) for name in packages}, **machine()}
        about |= {"threads": torch.get_num_threads(), "rounds": options.rounds}
        FOUND.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(in_page(PAGE.read_text(encoding="utf-8"), table(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
