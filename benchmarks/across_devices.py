"""Does one graph over the patches of all devices make better networks than a graph a device?

    python -m benchmarks.across_devices --out runs/across

Two runs of ``mmtutorial`` over the same seeds, each tuned by two processes on the processor: with a graph a device and
with one over both. A device has few patches, so that many of them have nobody of their class beside them. Scored on
the images kept for choosing. Writes ``benchmarks/across_devices.json``: the commands, mIoU and kNN purity seed by seed,
their paired differences with 95 % intervals, and how many patches have no positive edge (:mod:`benchmarks.divided`).
About half an hour of one core; ``--resume`` goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import divided
from benchmarks.tables import in_page
from mmtutorial.results.origin import machine, versions
from mmtutorial.results.reading import read_results
from mmtutorial.results.statistics import paired_difference

HERE = Path(__file__).resolve().parent
FOUND, PAGE = HERE / "across_devices.json", HERE.parent / "docs" / "devices.md"
MARK = "python -m benchmarks.across_devices"
SHOWN = {"miou": ("mIoU, %", 1), "purity": ("kNN purity after tuning, %", 100)}
"""Names for readers, and what makes a percentage of them."""

COMMAND = (
    "run --preset class --arms random+graph --validate --accelerator cpu --devices 2 --set embedded=20 "
    "--set tuning.schedule.parts=2 --set tuning.schedule.images=4 --set tuning.patches=2 "
    "--set segmentation.schedule.parts=2 --set segmentation.schedule.images=2"
)
"""Two batches of four images a step, two patches an image: eight patches a device. In fine-tuning as many images a step
as in preset ``class``, dealt out to two devices."""

WAYS = {"own": "false", "together": "true"}


def command(seeds: str, way: str) -> str:
    """What is asked of ``mmtutorial``, without the place of its files."""
    return f"{COMMAND} --seeds {seeds} --set tuning.across_devices={WAYS[way]}"


def scores(folder: Path) -> dict[str, list[float]]:
    """The mIoU in percent and the kNN purity after tuning of a finished run, seed by seed."""
    [arm] = read_results(folder).arms
    purity = arm.knn_purity.after if arm.knn_purity else ()
    return {"miou": list(arm.miou), "purity": [value for value in purity if value is not None]}


def differences(own: dict[str, list[float]], together: dict[str, list[float]]) -> dict[str, dict[str, object]]:
    """What one graph over both devices has more of, seed by seed, with the 95 % interval of the mean.

    Example:
        >>> differences({"miou": [10.0, 12.0]}, {"miou": [11.0, 13.0]})
        {'miou': {'mean': 1.0, 'ci95': [1.0, 1.0]}}
    """
    found = {}
    for name, values in own.items():
        mean, ends = paired_difference(together[name], values)
        found[name] = {"mean": mean, "ci95": ends}
    return found


def table(record: Mapping[str, Any]) -> str:
    """Both ways and their difference, as a Markdown table.

    Example:
        >>> ways = {"own": {"miou": [10.0, 12.0]}, "together": {"miou": [11.0, 14.0]}}
        >>> print(table({**ways, "difference": differences(ways["own"], ways["together"])}))
        | 2 seeds | a graph a device | one graph over both | difference, 95 % interval |
        |---|--:|--:|--:|
        | mIoU, % | 11.0 | 12.5 | **+1.5** (-4.9 to +7.9) |
    """
    seeds = len(record["own"]["miou"])
    lines = [f"| {seeds} seeds | a graph a device | one graph over both | difference, 95 % interval |"]
    lines.append("|---|--:|--:|--:|")
    for name, (words, times) in SHOWN.items():
        if name not in record["difference"]:
            continue
        own, together = (times * statistics.fmean(record[way][name]) for way in WAYS)
        found = record["difference"][name]
        low, high = (times * end for end in found["ci95"])
        lines.append(
            f"| {words} | {own:.1f} | {together:.1f} | **{times * found['mean']:+.1f}** ({low:+.1f} to {high:+.1f}) |"
        )
    return "\n".join(lines)


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """What stands in ``docs/devices.md``, by the mark of its place."""
    return {MARK: table(record), f"{MARK}, divided": divided.table(record["divided"])}


def main() -> None:
    """Count, run both, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the two runs")
    parser.add_argument("--seeds", default="0-7")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    ways: dict[str, dict[str, list[float]]] = {}
    for way in WAYS:
        folder = options.out / way
        asked = [*command(options.seeds, way).split(), "--out", str(folder)]
        again = ["--resume"] if options.resume and folder.exists() else []
        program = [sys.executable, "-c", "from mmtutorial.cli.commands import main; main()", *asked, *again]
        subprocess.run(program, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        ways[way] = scores(folder)
    record = {
        "commands": [f"mmtutorial {command(options.seeds, way)}" for way in WAYS],
        "about": {**versions(), **machine()},
        **ways,
        "difference": differences(ways["own"], ways["together"]),
        "divided": [asdict(one) for one in divided.count()],
    }
    FOUND.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    for mark, found in tables(record).items():
        print(found)
        page = in_page(page, found, mark)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
