"""What would preset ``paper`` cost, in hours and memory, on which card?

    python -m benchmarks.cost            # count, and write the table of docs/devices.md
    python -m benchmarks.cost --measure  # also time each stage on this processor

Nothing of this has run on a GPU (``benchmarks.throughput`` has). Operations are counted by torch's
``FlopCounterMode``, forward and backward, and kept activations by hooks, both on tensors without numbers (device
``meta``). Hours follow from published peak rates and a share of them that is assumed. What is measured is the
processor: one image of each stage, forward and backward.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.tables import in_page
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.proxies.colorization import Colorizer
from mmtutorial.results.origin import machine
from mmtutorial.settings.budgets import Schedule
from mmtutorial.settings.presets import NETWORKS, get_preset
from mmtutorial.tuning import Embedder

HERE = Path(__file__).resolve().parent
FOUND, PAGE = HERE / "cost.json", HERE.parent / "docs" / "devices.md"
COMMAND = "python -m benchmarks.cost"

WORDS = {"proxy": "colorization", "tuning": "tuning", "segmentation": "fine-tuning"}
NAMES = [(network, stage) for network in ("alexnet", "vgg16") for stage in WORDS]

SHARE = 0.3
"""Share of a card's peak rate that a training step is assumed to reach. ``benchmarks.throughput`` saw 0.02 to 0.27."""


@dataclass(frozen=True)
class Card:
    """A graphics card as its maker describes it; rates without "sparsity".

    Attributes:
        name: and how it is built in, where that changes the rates.
        single: peak of convolutions on 32-bit numbers, in 10^12 operations a second: TF32 where the card has it, which
            PyTorch uses for convolutions unless told otherwise, else FP32.
        half: peak on 16-bit numbers, summed up in 32 bits.
        memory: gigabytes.
    """

    name: str
    single: float
    half: float
    memory: int


CARDS = (
    Card("T4", 8.1, 65, 16),
    Card("V100 SXM2", 15.7, 125, 32),
    Card("RTX 3090", 35.6, 71, 24),
    Card("RTX 4090", 82.6, 165, 24),
    Card("A100 SXM", 156, 312, 80),
    Card("H100 SXM", 494.7, 989.4, 80),
)


@dataclass(frozen=True)
class Cost:
    """What a stage costs.

    Attributes:
        network: a name in :data:`mmtutorial.settings.presets.NETWORKS`.
        stage: ``proxy``, ``tuning`` or ``segmentation``.
        steps: gradient steps.
        batches: batches a step.
        items: images or patches of a batch.
        operations: of a batch, forward and backward, in 10^12: a multiplication and an addition are two.
        weights: of the stage, in millions.
        state: gigabytes of weights, gradients and the optimiser's moments.
        activations: gigabytes that one batch keeps for its backward pass, in single precision.
    """

    network: str
    stage: str
    steps: int
    batches: int
    items: int
    operations: float
    weights: float
    state: float
    activations: float

    @property
    def whole(self) -> float:
        """Operations of the whole stage, in 10^12."""
        return self.operations * self.batches * self.steps

    def hours(self, rate: float, share: float = SHARE) -> float:
        """Hours at a share of a peak rate in 10^12 operations a second."""
        return self.whole / (rate * share) / 3600


def counted(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[int, int]:
    """Operations of a forward and a backward pass, and bytes kept in between besides weights and inputs.

    Example:
        >>> layer, images = nn.Conv2d(3, 8, 3, bias=False, device="meta"), torch.empty(2, 3, 10, 10, device="meta")
        >>> counted(nn.Sequential(layer, nn.ReLU()), (images,))[0] == 2 * (2 * 2 * 8 * 64 * 27)
        True
    """
    known = {_storage(each) for each in (*module.parameters(), *module.buffers(), *inputs)}
    kept: dict[int, Tensor] = {}  # the tensors themselves, so that no other takes the number of a storage

    def keep(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in known:
            kept[_storage(tensor)] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        module(*inputs)
    with FlopCounterMode(display=False) as counter:
        _forward_and_backward(module, inputs)
    return counter.get_total_flops(), sum(each.untyped_storage().nbytes() for each in kept.values())


def _forward_and_backward(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    found = module(*inputs)
    parts = found if isinstance(found, tuple) else (found,)
    torch.stack([part.sum() for part in parts]).sum().backward()


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def stages(network: str, dataset: str = "voc", classes: int = 21) -> dict[str, tuple[nn.Module, Schedule, Any]]:
    """The stages of preset ``paper``: the module, its schedule, and a function of a number of images to its inputs."""
    preset = get_preset("paper", dataset, network)
    chosen = NETWORKS[network]
    colour, grey = (NetworkSpec(chosen.encoder, chosen.head, each, chosen.batch_norm) for each in ("rgb", "grey"))
    proxy, tuning, fine = preset.proxy, preset.tuning, preset.segmentation
    with torch.device("meta"):  # which makes no random weights, and so is quick
        made = (
            Colorizer(make_encoder(grey)),
            Embedder(make_encoder(colour), tuning.pooling),
            make_network(make_encoder(colour), colour, classes),
        )
    modules = [module.to("meta") for module in made]
    inputs: tuple[Callable[[int, str], tuple[Tensor, ...]], ...] = (
        lambda n, device: (_images(n, proxy.crop, device), _points(n, proxy.points, device)),
        lambda n, device: (_images(n, tuning.output_size, device),),
        lambda n, device: (
            _images(n, fine.crop, device),
            *([_points(n, fine.points, device)] if fine.points else []),
        ),
    )
    schedules = (proxy.schedule, tuning.schedule, fine.schedule)
    return dict(zip(WORDS, zip(modules, schedules, inputs, strict=True), strict=True))


def _images(count: int, side: int, device: str) -> Tensor:
    return torch.rand((count, 3, side, side), device=device)


def _points(count: int, points: int, device: str) -> Tensor:
    return 2 * torch.rand((count, points, 2), device=device) - 1


def cost(network: str, stage: str) -> Cost:
    """Count one stage of a network."""
    module, schedule, inputs = stages(network)[stage]
    items = schedule.images * (get_preset("paper", "voc", network).tuning.patches if stage == "tuning" else 1)
    operations, kept = counted(module, inputs(items, "meta"))
    weights = sum(each.numel() for each in module.parameters())
    copies = 4 if schedule.optimizer == "adamw" else 3  # weight, gradient, one moment or two
    return Cost(
        network,
        stage,
        schedule.steps,
        schedule.parts,
        items,
        operations / 1e12,
        weights / 1e6,
        4 * copies * weights / 1e9,
        kept / 1e9,
    )


def filled(module: nn.Module, device: str) -> nn.Module:
    """A module of :func:`stages` on a device, with small random weights."""
    module = module.to_empty(device=device)
    for each in module.parameters():
        nn.init.normal_(each, std=0.01)
    return module


def measured(network: str, stage: str, count: int = 1, *, half: bool = False, times: int = 2) -> float:
    """Seconds of processor time for each of ``count`` images, forward and backward; the best of some times.

    Args:
        network: its name.
        stage: its name.
        count: images or patches of a batch.
        half: whether layers compute in bf16, as with ``--precision bf16-mixed``.
        times: how often.
    """
    module, _, inputs = stages(network)[stage]
    module = filled(module, "cpu")
    batch, found = inputs(count, "cpu"), []
    for _ in range(times):
        begun = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            _forward_and_backward(module, batch)
        found.append((time.process_time() - begun) / count)
    return min(found)


def on_this_machine() -> dict[str, Any]:
    """Seconds an image of each stage; of AlexNet's fine-tuning also in bf16 and with four images at once."""
    seconds = {
        f"{network} {stage}": measured(network, stage, 8 if stage == "tuning" else 1) for network, stage in NAMES
    }
    network = "alexnet"
    more = {
        "bf16": measured(network, "segmentation", half=True),
        "bf16 tuning": measured(network, "tuning", 8, half=True),
        "four at once": measured(network, "segmentation", 4),
    }
    return {"machine": machine(), "seconds": {**seconds, **more}}


def table(rows: Iterable[Mapping[str, Any]], seconds: Mapping[str, float]) -> str:
    """Two Markdown tables: what each stage needs, and the hours of each card."""
    costs = [Cost(**row) for row in rows]
    lines = [
        "| network | stage | steps x batches x images | operations of a batch | weights, gradients, moments | "
        "activations of a batch | one core, measured |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for each in costs:
        days = seconds[f"{each.network} {each.stage}"] * each.items * each.batches * each.steps / 86400
        lines.append(
            f"| `{each.network}` | {WORDS[each.stage]} | {each.steps:,} x {each.batches} x {each.items} | "
            f"{each.operations:.2f} x 10^12 | {each.state:.2f} GB | {each.activations:.1f} GB | {days:,.0f} days |"
        )
    of = {(each.network, each.stage): each for each in costs}
    networks = list(dict.fromkeys(each.network for each in costs))
    head = [f"{network}: {WORDS[stage]}" for network in networks for stage in WORDS]
    lines += ["", f"| card | memory | {' | '.join(head)} |", "|---|--:|" + "--:|" * len(head)]
    for card in CARDS:
        needed = [of[network, stage] for network in networks for stage in WORDS]
        cells = [f"{_short(each.hours(card.single))} / {_short(each.hours(card.half))}" for each in needed]
        lines.append(f"| {card.name} | {card.memory} GB | {' | '.join(cells)} |")
    return "\n".join(lines)


def _short(hours: float) -> str:
    return "< 0.1" if hours < 0.05 else f"{hours:.1f}" if hours < 10 else f"{hours:,.0f}"


def main() -> None:
    """Count, measure if asked, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="time one image of each stage here (some minutes)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    record = on_this_machine() if options.measure else json.loads(FOUND.read_text(encoding="utf-8"))
    record["rows"] = [asdict(cost(*each)) for each in NAMES]
    FOUND.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    found = table(record["rows"], record["seconds"])
    print(found, json.dumps(record["seconds"], indent=1), sep="\n")
    PAGE.write_text(in_page(PAGE.read_text(encoding="utf-8"), found, COMMAND), encoding="utf-8")


if __name__ == "__main__":
    main()
