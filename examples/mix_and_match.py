"""Mix-and-Match tuning on one page: from images to mIoU, with nothing but public names of the package.

    python examples/mix_and_match.py

It trains one small network three times from the same random weights: plainly; plainly, but for as many steps more
as tuning costs (the fair control); and after tuning with the class-wise connected graph. All three see the same
labels. It takes under two minutes on two cores. One seed shows how it works, not how large the gain is: for that,
``mmtutorial run`` repeats it over seeds and gives intervals.
"""

import argparse
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import trange

from mmtutorial.datasets import VOID, SegmentationDataset, open_dataset
from mmtutorial.graph import connected_graph
from mmtutorial.metrics import confusion_matrix, mean_iou
from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.patches import sample_patches
from mmtutorial.randomness import seeded
from mmtutorial.segmentation import predict
from mmtutorial.triplet import triplet_loss

IMAGES, CROPS = 8, 4  # images in a step of tuning, and in a step of fine-tuning
PATCHES, SIDE, SIZE = 5, (24, 48), 32  # patches an image; their sides before and after resizing, in pixels


def descend(module: nn.Module, loss: Callable[[], Tensor], steps: int, rate: float, name: str) -> None:
    """Take gradient steps on whatever loss is given, with a rate that first rises and then falls."""
    optimiser = torch.optim.AdamW(module.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in trange(steps, desc=name, leave=False):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
        schedule.step()


def tune(encoder: nn.Module, data: SegmentationDataset, steps: int, generator: torch.Generator) -> None:
    """Mix, match and tune: what comes between pre-training and fine-tuning."""

    def loss() -> Tensor:
        chosen = [data[i] for i in torch.randperm(len(data), generator=generator)[:IMAGES].tolist()]
        images, masks = zip(*chosen, strict=True)
        # Mix: patches of many images; the label of each is the class of its centre pixel.
        batch = sample_patches(images, masks, per_image=PATCHES, side=SIDE, output_size=SIZE, generator=generator)
        # Match: each patch gets a positive of its class and a negative of another; each class hangs together.
        graph = connected_graph(batch.labels, generator=generator)
        # Tune: positives come nearer than negatives, by a margin. The maximum over positions asks what is there,
        # not where.
        return triplet_loss(encoder(batch.images).amax(dim=(2, 3)), graph.triplets, margin=0.3)

    descend(encoder, loss, steps, 4e-3, "tune")


def fine_tune(network: nn.Module, data: SegmentationDataset, steps: int, generator: torch.Generator) -> None:
    """Name the class of every pixel, from the same labels; void pixels ask for nothing."""

    def loss() -> Tensor:
        chosen = [data[i] for i in torch.randint(len(data), (CROPS,), generator=generator).tolist()]
        images, masks = (torch.stack(part).as_subclass(Tensor) for part in zip(*chosen, strict=True))
        if torch.rand((), generator=generator) < 0.5:
            images, masks = images.flip(-1), masks.flip(-1)
        return F.cross_entropy(network(images), masks.long(), ignore_index=VOID)

    descend(network, loss, steps, 3e-3, "fine-tune")


def run(data: SegmentationDataset, test: SegmentationDataset, tuning: int, steps: int, seed: int) -> float:
    """Train one arm from random weights; return its mIoU in percent."""
    torch.manual_seed(seed)  # layers take no generator: every arm starts from the same weights
    # Without batch norm, as the network whose row rises most on the slides.
    network = FCN(TinyEncoder(batch_norm=False), len(data.classes))
    if tuning:
        tune(network.encoder, data, tuning, seeded(seed))
    fine_tune(network, data, steps, seeded(seed + 1))
    images, truths = zip(*test, strict=True)
    return 100 * mean_iou(confusion_matrix(truths, predict(network, images), len(data.classes)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the mIoU of the plain run, of its fair control, and of the run with tuning."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labeled", type=int, default=100, help="labelled images, the same for all three")
    parser.add_argument("--tested", type=int, default=200, help="images of the test part")
    parser.add_argument("--tuning", type=int, default=400, help="steps of tuning")
    parser.add_argument("--steps", type=int, default=300, help="steps of fine-tuning")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    data = open_dataset("scenes", split="train", labeled=given.labeled)
    test = open_dataset("scenes", split="test").subset(range(given.tested))
    # Tuning's steps may see more pixels than those of fine-tuning: the control gets as many pixels as it.
    pixels = IMAGES * PATCHES * SIZE**2 / (CROPS * data[0][1].numel())
    more = round(given.tuning * max(1.0, pixels))
    for name, tuning, steps in (
        ("random", 0, given.steps),
        ("random+more", 0, given.steps + more),
        ("random+graph", given.tuning, given.steps),
    ):
        miou = run(data, test, tuning, steps, given.seed)
        print(f"{name:<13} {tuning:>4} steps of tuning, {steps:>4} of fine-tuning: mIoU {miou:5.1f} %")


if __name__ == "__main__":
    main()
