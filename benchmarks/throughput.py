"""How many images a second does a GPU train, and which share of its own matrix rate is that?

    python -m benchmarks.throughput           # measure on this machine's GPU, and write the table of docs/devices.md
    python -m benchmarks.throughput --table   # write the table again from what was measured

A step is forward, backward and the optimiser, on images that lie on the card: what a network costs, without reading
photos. The stages are those of preset ``paper``; EfficientNet-Lite0 has 64 crops of 96 pixels.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.cost import WORDS, cost, counted, filled, stages
from benchmarks.tables import in_page
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.results.origin import machine

HERE = Path(__file__).resolve().parent
FOUND, PAGE = HERE / "throughput.json", HERE.parent / "docs" / "devices.md"
COMMAND = "python -m benchmarks.throughput"

WAYS = ("single precision", "bf16", "bf16, channels last", "bf16, channels last, compiled")
CASES = (("alexnet", "tuning"), ("alexnet", "segmentation"), ("vgg16", "tuning"), ("vgg16", "segmentation"))


@dataclass(frozen=True)
class Throughput:
    """What a network reaches in one way.

    Attributes:
        network: its name.
        stage: its name in the documents.
        items: images or patches of a batch.
        way: one of :data:`WAYS`.
        rate: images or patches a second, forward, backward and optimiser.
        share: of the card's rate of matrix products in that precision.
        memory: most of the card's memory that was taken, in gigabytes.
    """

    network: str
    stage: str
    items: int
    way: str
    rate: float
    share: float
    memory: float


def timed(work: Callable[[], object], seconds: float = 0.7) -> float:
    """Seconds of one call on the card: the mean over as many as fit, after three."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    begun, calls = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        for _ in range(5):
            work()
        torch.cuda.synchronize()
        calls += 5
    return (time.perf_counter() - begun) / calls


def matrix_rates(side: int = 8192) -> dict[str, float]:
    """Operations a second of a product of square random matrices: TF32, as convolutions use it, and bf16."""
    rates = {}
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    for name, kind in (("single", torch.float32), ("bf16", torch.bfloat16)):
        a, b = (torch.randn((side, side), device="cuda", dtype=kind) for _ in range(2))
        rates[name] = 2 * side**3 / timed(partial(torch.matmul, a, b))
    torch.backends.cuda.matmul.allow_tf32 = before
    return rates


def case(network: str, stage: str) -> tuple[nn.Module, tuple[Tensor, ...], float, int]:
    """A module and inputs on the card, operations of a step, and images of a batch."""
    if network == "lite0":
        spec = NetworkSpec("lite0", "linear", "rgb", True)
        module: nn.Module = make_network(make_encoder(spec), spec, 21).cuda()
        inputs: tuple[Tensor, ...] = (torch.rand((64, 3, 96, 96), device="cuda"),)
        return module, inputs, counted(module, inputs)[0], len(inputs[0])
    known, (module, _, make) = cost(network, stage), stages(network)[stage]
    return filled(module, "cuda"), make(known.items, "cuda"), known.operations * 1e12, known.items


def measured(network: str, stage: str, rates: Mapping[str, float], ways: Iterable[str] = WAYS) -> list[Throughput]:
    """A network in each way."""
    module, inputs, operations, items = case(network, stage)
    found = []
    for way in ways:
        if "channels last" in way:
            module = module.to(memory_format=torch.channels_last)
            inputs = tuple(each.to(memory_format=torch.channels_last) if each.dim() == 4 else each for each in inputs)
        called = torch.compile(module) if "compiled" in way else module
        optimizer = torch.optim.SGD(module.parameters(), lr=0.0, momentum=0.9)
        half = "bf16" in way
        torch.cuda.reset_peak_memory_stats()
        seconds = timed(partial(step, called, optimizer, inputs, half))
        rate = rates["bf16" if half else "single"]
        memory = torch.cuda.max_memory_allocated() / 1e9
        share = operations / seconds / rate
        found.append(Throughput(network, WORDS[stage], items, way, items / seconds, share, memory))
        print(found[-1], flush=True)
    return found


def step(module: Any, optimizer: torch.optim.Optimizer, inputs: tuple[Tensor, ...], half: bool) -> None:
    """Forward, backward and the optimiser."""
    optimizer.zero_grad()
    with torch.autocast("cuda", torch.bfloat16, enabled=half):
        scores = module(*inputs)
    parts = scores if isinstance(scores, tuple) else (scores,)
    torch.stack([part.float().mean() for part in parts]).sum().backward()
    optimizer.step()


def table(record: Mapping[str, Any]) -> str:
    """What was measured, as a Markdown table."""
    lines = [
        "| network | stage | images of a batch | way | images a second | share | memory |",
        "|---|---|--:|---|--:|--:|--:|",
    ]
    for row in record["rows"]:
        one = Throughput(**row)
        lines.append(
            f"| `{one.network}` | {one.stage} | {one.items} | {one.way} | {one.rate:,.0f} | {100 * one.share:.0f} % | "
            f"{one.memory:.1f} GB |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, or read what was measured; write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="measure nothing")
    parser.add_argument("--out", type=Path, default=FOUND, help="file for what is measured")
    options = parser.parse_args()
    if not options.table:
        rates = matrix_rates()
        print(rates, flush=True)
        rows: list[Throughput] = []
        for network, stage in (("lite0", "segmentation"), *CASES):
            rows += measured(network, stage, rates, WAYS if stage == "tuning" or network == "lite0" else WAYS[:-1])
            record = {
                "machine": machine(),
                "torch": torch.__version__,
                "matrix_rates": rates,
                "rows": [asdict(each) for each in rows],
            }
            options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if options.out == FOUND:
        found = table(json.loads(FOUND.read_text(encoding="utf-8")))
        PAGE.write_text(in_page(PAGE.read_text(encoding="utf-8"), found, COMMAND), encoding="utf-8")


if __name__ == "__main__":
    main()
