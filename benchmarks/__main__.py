"""Ours beside others: time each in turn and write the table of ``docs/speed.md``.

    make bench                                          # all, into benchmarks/*.json and docs/speed.md
    python -m benchmarks --only graph,loss --rounds 15  # shown, not written
    python -m benchmarks --only growth                  # written by itself

One thread, processor time. A peer that is not installed (extra ``bench``) is left out.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: afterwards it is not looked at

import argparse
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm

from benchmarks import growth_page, shares
from benchmarks.cases import SUBJECTS
from benchmarks.growth import GROWTHS, measure
from benchmarks.pairs import compare, table
from benchmarks.peers import installed
from benchmarks.tables import in_page
from mmtutorial.results.origin import machine

HERE = Path(__file__).resolve().parent
FOUND, GROWN = HERE / "speed.json", HERE / "growth.json"
PAGE, FIGURE = HERE.parent / "docs" / "speed.md", HERE.parent / "docs" / "images" / "growth.png"
COMMAND = "make bench"
PEERS = {"cv2": "opencv-python-headless", "pytorch_metric_learning": "pytorch-metric-learning", "openTSNE": "openTSNE"}


def main() -> None:
    """Measure, show, and write if everything was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", help=f"some of {','.join((*SUBJECTS, 'growth'))}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = options.only.split(",") if options.only else [*SUBJECTS, "growth"]
    rows = []
    for name in tqdm([name for name in chosen if name != "growth"], desc="bench"):
        for case in SUBJECTS[name]():
            rows += [asdict(row) for row in compare(case, options.rounds)]
    if rows:
        print(table(rows))
    if not options.only:
        _write(FOUND, {"about": about(options.rounds), "rows": rows}, {COMMAND: table(rows)})
    if "growth" in chosen:
        record = growth_and_shares()
        tables = tables_of(record)
        print("\n\n".join(tables.values()))
        _write(GROWN, {"about": about(), **record}, tables)
        FIGURE.write_bytes(growth_page.figure(growth_page.read(record["growth"])).png())


def growth_and_shares() -> dict[str, Any]:
    """How each work grows, and what share of the machine's rate a training step reaches."""
    grown = [asdict(measure(growth)) for growth in tqdm(GROWTHS, desc="growth")]
    of = shares.rate()
    return {"growth": grown, "rate": of, "shares": [asdict(share) for share in shares.shares(of)]}


def tables_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The tables of ``growth.json``, each by the mark of its place."""
    found = growth_page.table(record["growth"])
    return {f"{COMMAND}, growth": found, f"{COMMAND}, shares": shares.table(record["shares"], record["rate"])}


def about(rounds: int | None = None) -> dict[str, Any]:
    """Versions and machine."""
    packages = ["torch", "torchvision", "numpy", "scikit-learn", *(PEERS[each] for each in PEERS if installed(each))]
    versions = {"python": platform.python_version(), **{name: version(name) for name in packages}}
    return {**versions, **machine(), "threads": torch.get_num_threads(), **({"rounds": rounds} if rounds else {})}


def _write(file: Path, record: Mapping[str, Any], tables: Mapping[str, str]) -> None:
    """The record, and its tables into the page."""
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    for mark, found in tables.items():
        page = in_page(page, found, mark)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
