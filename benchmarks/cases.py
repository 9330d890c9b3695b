"""What is compared. Each case is made when its turn comes, so that they do not all lie in memory at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks import peers
from benchmarks.pairs import Case
from mmtutorial.datasets import open_dataset
from mmtutorial.embedding import tsne
from mmtutorial.graph import connected_graph
from mmtutorial.metrics import confusion_matrix
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.patches import crop_and_resize, sample_patches
from mmtutorial.randomness import global_seed, seeded
from mmtutorial.segmentation import SegmentationStage
from mmtutorial.settings.presets import get_preset
from mmtutorial.triplet import triplet_loss
from mmtutorial.tuning import TuningStage

CLASSES = 21


def photos(count: int = 40, side: int = 512) -> tuple[Tensor, Tensor]:
    """Smooth noise and blocks of classes: (count, 3, side, side) uint8 and (count, side, side) uint8."""
    random = seeded(0)
    coarse = torch.randint(256, (count, 3, side // 8, side // 8), generator=random).float()
    images = F.interpolate(coarse, (side, side), mode="bilinear").round().to(torch.uint8)
    blocks = torch.randint(CLASSES, (count, 1, 8, 8), generator=random).float()
    return images, F.interpolate(blocks, (side, side))[:, 0].to(torch.uint8)


def patches() -> Iterator[Case]:
    """400 patches of 64 to 256 pixels out of 40 photos."""
    images, masks = photos()
    as_cv2 = [np.ascontiguousarray(image.permute(1, 2, 0)) for image in images]
    drawn = sample_patches(images, masks, generator=seeded(0))
    pixels = int((drawn.boxes[:, 2] - drawn.boxes[:, 0]).square().float().mean().sqrt())
    as_many = torch.randint(256, (len(drawn), 3, pixels, pixels), dtype=torch.uint8)
    setting = "400 of 64 to 256 px"
    whole = {}
    if peers.installed("cv2"):
        whole["cv2 loop"] = lambda: peers.cv2_patches(as_cv2, list(masks.numpy()), 10, (64, 256), 128)
    yield Case("patches: drawn and cut", setting, lambda: sample_patches(images, masks, generator=seeded(0)), whole)
    yield Case(
        "patches: cut",
        setting,
        lambda: crop_and_resize(images, drawn.boxes, drawn.image_index, 128),
        {
            "roi_align on floats": lambda: peers.roi_align_patches(images, drawn.boxes, drawn.image_index, 128),
            "one resize of as many pixels": lambda: F.interpolate(as_many, (128, 128), mode="bilinear", antialias=True),
        },
    )


def graph() -> Iterator[Case]:
    """The connected graph over few and many nodes; loops only where they end."""
    for nodes in (100, 400, 10_000, 100_000, 1_000_000):
        labels = torch.randint(CLASSES, (nodes,), generator=seeded(0))
        others = {"a sort of as many numbers": lambda labels=labels: torch.rand(len(labels)).sort()}
        if nodes <= 400:
            others["the authors' way, a loop"] = lambda labels=labels: peers.looped_graph(labels.tolist())
        if nodes <= 10_000 and peers.installed("pytorch_metric_learning"):
            others["pytorch-metric-learning"] = lambda labels=labels: peers.pml_triplets(labels)
        random = seeded(1)
        yield Case(
            "graph",
            f"{nodes:,} nodes",
            lambda labels=labels, random=random: connected_graph(labels, generator=random),
            others,
        )


def loss() -> Iterator[Case]:
    """Loss and gradient of one graph over 400 patches."""
    labels = torch.randint(CLASSES, (400,), generator=seeded(0))
    triplets = connected_graph(labels, generator=seeded(1)).triplets
    for width in (64, 512, 2048, 8192):
        embeddings = torch.rand((400, width), generator=seeded(2), requires_grad=True)

        def grad(way: object, embeddings: Tensor = embeddings) -> object:
            return lambda: torch.autograd.grad(way(embeddings), embeddings)  # type: ignore[operator]

        ours = grad(lambda each: triplet_loss(each, triplets))
        others = {name: grad(way) for name, way in peers.losses(triplets, 2.1).items()}
        yield Case("loss and gradient", f"400 patches, D = {width:,}", ours, others)  # type: ignore[arg-type]


def evaluation() -> Iterator[Case]:
    """200 masks of 160 x 160 pixels against as many predictions."""
    truths, predictions = (torch.randint(CLASSES, (200, 160, 160), generator=seeded(i)) for i in (0, 1))
    truths = truths.to(torch.uint8)
    truths[:, :10] = 255
    arrays = list(truths.numpy()), list(predictions.numpy())
    others = {"numpy's bincount, nothing checked": lambda: peers.bincount_confusion(*arrays, CLASSES)}
    if peers.installed("sklearn"):
        from sklearn.metrics import confusion_matrix as sklearn_s

        known = truths != 255
        flat = truths[known].numpy(), predictions[known].numpy()
        others["scikit-learn, all in one array"] = lambda: sklearn_s(*flat, labels=range(CLASSES))
    yield Case(
        "evaluation", "200 masks of 160 x 160 px", lambda: confusion_matrix(truths, predictions, CLASSES), others
    )


def layout() -> Iterator[Case]:
    """t-SNE of 800 points round 21 centres."""
    random = seeded(0)
    centres = torch.rand((CLASSES, 64), generator=random)
    points = centres[torch.randint(CLASSES, (800,), generator=random)] + 0.1 * torch.rand((800, 64), generator=random)
    others = {}
    if peers.installed("openTSNE"):
        unit = F.normalize(points).numpy()
        others["openTSNE"] = lambda: peers.opentsne(unit, 30)
    yield Case("t-SNE", "800 points", lambda: tsne(points), others)


def class_stages() -> dict[str, TuningStage | SegmentationStage]:
    """Tuning and fine-tuning of preset ``class`` on scenes."""
    preset, images, spec = get_preset("class"), open_dataset("scenes"), NetworkSpec(batch_norm=False)
    with global_seed(0, "benchmark"):
        tuning = TuningStage(make_encoder(spec), images, preset.tuning, seed=0)
        network = make_network(make_encoder(spec), spec, len(images.classes))
    return {"tuning": tuning, "fine-tuning": SegmentationStage(network, images, preset.segmentation, seed=0)}


def whole_step(stage: TuningStage | SegmentationStage) -> Callable[[], None]:
    """A training step: drawing, loss, gradient, optimiser."""
    optimizer = torch.optim.AdamW(stage.module.parameters(), lr=1e-4)

    def work() -> None:
        random = seeded(0)
        optimizer.zero_grad()
        stage.loss(stage.module, stage.draw(0, random), random)[0].backward()  # type: ignore[arg-type]
        optimizer.step()

    return work


def images_of(stage: TuningStage | SegmentationStage) -> Tensor:
    """What the network of a stage sees in a step."""
    drawn = stage.draw(0, seeded(0))
    return drawn[0] if isinstance(drawn, tuple) else drawn.images


def step() -> Iterator[Case]:
    """A whole step of tuning and of fine-tuning beside the network alone, forward and backward, on as many pixels."""
    for name, stage in class_stages().items():
        ready, module = images_of(stage), stage.module

        def bare(ready: Tensor = ready, module: nn.Module = module) -> None:
            module.zero_grad()
            module(ready).sum().backward()

        yield Case(f"a {name} step", "class, scenes", whole_step(stage), {"its network alone": bare})


SUBJECTS = {each.__name__: each for each in (patches, graph, loss, evaluation, layout, step)}
