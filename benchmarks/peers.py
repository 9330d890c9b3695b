"""The same work as others do it: plain loops, and calls of other packages where they are installed.

Each function answers what ours answers, or an answer of the same kind where chance is in it;
``tests/test_benchmarks.py`` compares them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import roi_align

from mmtutorial.triplet import unit_features


def installed(module: str) -> bool:
    """Whether a package is there to compare with."""
    return find_spec(module) is not None


def cv2_patches(images: list[Any], masks: list[Any], per_image: int, side: tuple[int, int], size: int) -> Any:
    """The loop that a student would write: a random labelled pixel, a crop with zeros round it, ``cv2.resize``.

    Images are (H, W, 3) uint8, as cv2 has them, the answer (P, 3, S, S), as a network has it; nobody looks whether
    patches lie on top of each other.
    """
    import cv2

    cv2.setNumThreads(1)
    patches, labels = [], []
    for image, mask in zip(images, masks, strict=True):
        places = np.flatnonzero(mask != 255)
        for _ in range(per_image):
            y, x = divmod(int(random.choice(places)), mask.shape[1])
            s = random.randint(*side)
            patches.append(cv2_crop(image, (x - s // 2, y - s // 2, x - s // 2 + s, y - s // 2 + s), size))
            labels.append(mask[y, x])
    return torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).contiguous(), np.array(labels)


def cv2_crop(image: Any, box: tuple[int, int, int, int], size: int) -> Any:
    """(size, size, 3): means of areas where the crop shrinks, bilinear where it grows."""
    import cv2

    x0, y0, x1, y1 = box
    height, width = image.shape[:2]
    crop = image[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    rest = (max(-y0, 0), max(y1 - height, 0), max(-x0, 0), max(x1 - width, 0))
    if any(rest):
        crop = cv2.copyMakeBorder(crop, *rest, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    return cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA if x1 - x0 > size else cv2.INTER_LINEAR)


def roi_align_patches(images: Tensor, boxes: Tensor, image_index: Tensor, size: int) -> Tensor:
    """All patches in one operation on a float canvas: what we did before, and do on a GPU."""
    rois = torch.cat((image_index[:, None], boxes), dim=1).float()
    return roi_align(images.float(), rois, size, sampling_ratio=-1, aligned=True).round().to(torch.uint8)


def looped_graph(labels: list[int]) -> list[tuple[int, int, int]]:
    """The class-wise connected graph as the authors' layer draws it: lists of those who came earlier, for each node."""
    order = random.sample(range(len(labels)), len(labels))
    triplets = []
    for place, anchor in enumerate(order):
        earlier = order[:place]
        same = [node for node in earlier if labels[node] == labels[anchor]]
        other = [node for node in earlier if labels[node] != labels[anchor]]
        same = same or [node for node in order if labels[node] == labels[anchor] and node != anchor] or [anchor]
        other = other or [node for node in order if labels[node] != labels[anchor]]
        triplets.append((anchor, random.choice(same), random.choice(other)))
    return triplets


def pml_triplets(labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A random triplet for each anchor, by pytorch-metric-learning; pieces of a class hang together by luck."""
    from pytorch_metric_learning.utils.loss_and_miner_utils import get_random_triplet_indices

    anchor, positive, negative = get_random_triplet_indices(labels, t_per_anchor=1)
    return anchor, positive, negative


def losses(triplets: Tensor, margin: float) -> dict[str, Callable[[Tensor], Tensor]]:
    """The triplet loss over squared distances of unit features in other ways, each a function of the embeddings."""
    anchor, positive, negative = triplets.unbind(1)

    def squared(a: Tensor, b: Tensor) -> Tensor:
        return (a - b).square().sum(1)

    torch_loss = nn.TripletMarginWithDistanceLoss(distance_function=squared, margin=margin)

    def torch_s(embeddings: Tensor) -> Tensor:
        unit = F.normalize(embeddings)
        return torch_loss(unit[anchor], unit[positive], unit[negative])

    def gram(embeddings: Tensor) -> Tensor:
        unit = unit_features(embeddings)
        cosine = unit @ unit.T
        return (2 * cosine[anchor, negative] - 2 * cosine[anchor, positive] + margin).clamp(min=0).mean()

    ways = {"torch's TripletMarginWithDistanceLoss": torch_s, "Gram matrix": gram}
    if installed("pytorch_metric_learning"):
        from pytorch_metric_learning.distances import LpDistance
        from pytorch_metric_learning.losses import TripletMarginLoss
        from pytorch_metric_learning.reducers import MeanReducer

        pml = TripletMarginLoss(margin=margin, distance=LpDistance(power=2), reducer=MeanReducer())
        nobody = torch.zeros(int(triplets.max()) + 1, dtype=torch.long)
        ways["pytorch-metric-learning"] = lambda embeddings: pml(
            embeddings, nobody[: len(embeddings)], indices_tuple=(anchor, positive, negative)
        )
    return ways


def bincount_confusion(truths: list[Any], predictions: list[Any], classes: int) -> Any:
    """Pairs of classes counted by numpy, image by image, nothing checked."""
    total = np.zeros(classes * classes, dtype=np.int64)
    for truth, prediction in zip(truths, predictions, strict=True):
        known = truth != 255
        pairs = truth[known].astype(np.int64) * classes + prediction[known]
        total += np.bincount(pairs, minlength=classes * classes)
    return total.reshape(classes, classes)


def opentsne(points: Any, perplexity: float) -> Any:
    """Two dimensions by openTSNE, with one thread and its own choice of method."""
    from openTSNE import TSNE

    return np.asarray(TSNE(perplexity=perplexity, n_jobs=1, random_state=0).fit(points))
