"""How long does each explorer take to answer?

    python benchmarks/widgets.py
    python benchmarks/widgets.py --moves 200 --only GraphExplorer

Each explorer is opened as its notebook opens it, and walked through: from where it is, one control after the other is
set to a random one of its values, as a reader would. Timed is what stands between the move and the picture: the frame
and its PNG file. Prints milliseconds, the median, the 95th percentile and the most, with the control that took it.
A reader notices what takes longer than about 100 ms.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

from mmtutorial.artifacts import load_artifact
from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.results import read_reproduction
from mmtutorial.widgets import (
    CostCalculator,
    Explorer,
    GraphExplorer,
    LossSwitch,
    PatchExplorer,
    PipelineMap,
    TableExplorer,
    TripletExplorer,
    TsneExplorer,
)
from mmtutorial.widgets.toolkit.controls import valued

EXPLORERS: dict[str, Callable[[], Explorer]] = {
    "PipelineMap": PipelineMap,
    "ProxyExplorer": lambda: load_artifact("proxy-tasks").explorer(),
    "PatchExplorer": PatchExplorer,
    "GraphExplorer": GraphExplorer,
    "TripletExplorer": TripletExplorer,
    "TsneExplorer": lambda: TsneExplorer(load_artifact("tuning-frames")),
    "ResultBrowser": lambda: load_artifact("segmentation-results").browser({"first": range(3), "last": range(3, 6)}),
    "TableExplorer": lambda: TableExplorer(read_reproduction(FOLDER)),
    "CostCalculator": CostCalculator,
    "LossSwitch": LossSwitch,
}


def walk(explorer: Explorer, moves: int) -> list[tuple[float, str]]:
    """Milliseconds of each move, and the control that was moved."""
    dice, state, found = random.Random(0), explorer.state(), []
    for _ in range(moves):
        control = dice.choice(valued(explorer.controls))
        begun = time.perf_counter()
        state = explorer.state(**state.with_(**{control.name: dice.choice(control.samples(9))}))
        len(explorer.frame(state).png)
        found.append((1000 * (time.perf_counter() - begun), f"{control.name} to {state[control.name]!r}"))
    return found


def main() -> None:
    """Walk through the explorers and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--only", choices=EXPLORERS, help="one explorer")
    asked = parser.parse_args()
    print(f"{'':16s}{'median':>8s}{'95 %':>8s}{'most':>8s}  ms, {asked.moves} moves")
    for name in [asked.only] if asked.only else EXPLORERS:
        explorer = EXPLORERS[name]()
        explorer.frame(explorer.state())  # fonts and the like are loaded once
        found = walk(explorer, asked.moves)
        times = [each for each, _ in found]
        late = statistics.quantiles(times, n=20)[-1]
        slowest, where = max(found)
        print(f"{name:16s}{statistics.median(times):8.0f}{late:8.0f}{slowest:8.0f}  {where[:70]}")


if __name__ == "__main__":
    main()
