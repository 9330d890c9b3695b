"""Right answers to the exercises, written otherwise than the references: in tensors, as the library does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import networkx
import torch
from scipy import stats
from torch import Tensor

from mmtutorial import embedding, graph, metrics, triplet
from mmtutorial.proxies.colorization import hue_and_chroma
from mmtutorial.results import statistics
from mmtutorial.widgets import loss_switch


def extra_steps(tuning_steps: int, tuning_pixels: int, pixels: int) -> int:
    # In whole numbers: -(-a // b) rounds up.
    return max(tuning_steps, -(-tuning_steps * tuning_pixels // pixels))


def gains(rows: list[dict[str, Any]], a: str, b: str) -> list[float]:
    found = {(row["arm"], row["seed"]): row["miou"] for row in rows}
    seeds = sorted({seed for _, seed in found})
    return [found[a, seed] - found[b, seed] for seed in seeds if (a, seed) in found and (b, seed) in found]


def permutations(candidates: Tensor, count: int) -> Tensor:
    shared = torch.zeros(len(candidates), dtype=torch.long)
    kept = [0]
    while len(kept) < count:
        shared += (candidates == candidates[kept[-1]]).sum(1)
        shared[kept] = 10**6
        kept.append(int(shared.argmin()))
    return candidates[kept]


def colour_bins(image: Tensor, bins: int) -> Tensor:
    hue, chroma = hue_and_chroma(image.double()[None])
    return (torch.cat((hue, chroma)) * bins).long().clamp(max=bins - 1)


def knn_purity(embeddings: Tensor, labels: Tensor, groups: Tensor, neighbours: int) -> float:
    return embedding.knn_purity(embeddings, labels, groups, neighbours=neighbours)


def centre_patches(
    mask: Tensor, count: int, side: tuple[int, int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    pool = torch.nonzero((mask != 0) & (mask != 255))
    y, x = pool[torch.randint(len(pool), (count,), generator=generator)].T
    sides = torch.randint(side[0], side[1] + 1, (count,), generator=generator)
    x0, y0 = x - sides // 2, y - sides // 2
    return torch.stack((x0, y0, x0 + sides, y0 + sides), dim=1), mask[y, x]


def label_noise(mask: Tensor, boxes: Tensor) -> Tensor:
    shares = []
    for box in boxes:
        x0, y0, x1, y1 = box.clamp(min=0).tolist()
        half = int(box[2] - box[0]) // 2
        inside = mask[y0:y1, x0:x1]
        centre = mask[int(box[1]) + half, int(box[0]) + half]
        shares.append((inside[inside != 255] != centre).float().mean())
    return torch.stack(shares).mean()


def expected_classes(shares: Tensor, patches: int) -> Tensor:
    return (1 - (1 - shares) ** patches).sum()


def connected_graph(labels: Tensor, generator: torch.Generator) -> Tensor:
    return graph.connected_graph(labels, generator=generator).triplets


def components(labels: Tensor, edges: Tensor) -> dict[int, int]:
    net = networkx.Graph(edges.tolist())
    net.add_nodes_from(range(len(labels)))
    found = dict.fromkeys(labels.tolist(), 0)
    for piece in networkx.connected_components(net):
        found[int(labels[min(piece)])] += 1
    return found


def random_mapping(n: int) -> float:
    term, total = n / (n - 1), 0.0
    for k in range(2, n + 1):
        term *= (n - k + 1) / (n - 1)
        total += term / k
    return total


def triplet_loss(embeddings: Tensor, triplets: Tensor, margin: float) -> Tensor:
    return triplet.triplet_loss(embeddings, triplets, margin=margin)


def gradient(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> tuple[Tensor, ...]:
    points = [point.clone().requires_grad_() for point in (anchor, positive, negative)]
    a, p, n = points
    loss = ((a - p).square().sum() - (a - n).square().sum() + margin).clamp(min=0)
    return torch.autograd.grad(loss, points)


def half_quiet_margin(positive: Tensor, negative: Tensor) -> Tensor:
    return (negative - positive).quantile(0.5)


def tuning_step(model: Any, optimizer: Any, patches: Tensor, triplets: Tensor, margin: float) -> float:
    loss = triplet.triplet_loss(model(patches), triplets, margin=margin)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def shuffled_labels(labels: Tensor, generator: torch.Generator) -> Tensor:
    return labels[torch.randperm(len(labels), generator=generator)]


def pixel_loss(scores: Tensor, mask: Tensor) -> Tensor:
    chances = scores.log_softmax(1).movedim(1, -1)[mask != 255]
    right = chances.gather(1, mask[mask != 255][:, None])
    return -right.sum() / max(len(right), 1)


def error_causes(truth: Tensor, prediction: Tensor, edge: Tensor) -> Tensor:
    kind = torch.where(edge, 0, torch.where(prediction == 0, 1, torch.where(truth == 0, 2, 3)))
    return torch.bincount(kind[(truth != prediction) & (truth != 255)], minlength=4)


def mean_iou(truths: list[Tensor], predictions: list[Tensor], classes: int) -> float:
    return metrics.mean_iou(metrics.confusion_matrix(truths, predictions, classes))


def ensemble(first: Tensor, second: Tensor) -> Tensor:
    return (first.softmax(0) + second.softmax(0)).argmax(0)


def paired_interval(a: dict[int, float], b: dict[int, float]) -> tuple[float, float, float]:
    value, (low, high) = statistics.paired_difference(*zip(*[(a[seed], b[seed]) for seed in a.keys() & b], strict=True))
    return value, math.nan if low is None else low, math.nan if high is None else high


def verdict(theirs: float, interval: tuple[float, float] | None) -> str:
    if interval is None or interval[0] <= 0 <= interval[1]:
        return "not shown"
    return "reproduced" if theirs * interval[0] > 0 else "contradicted"


def rank_correlation(theirs: list[float], ours: list[float]) -> float:
    return float(stats.kendalltau(theirs, ours).statistic)


def registration() -> dict[str, Any]:
    return {
        "question": "Is SupCon above the graph on the same patches?",
        "arms": ("random+supcon", "random+graph"),
        "seeds": range(100, 105),
        "measure": "kNN purity",
        "decision": lambda low, high: "yes" if low > 2 else "no" if high < 2 else "open",
    }


def all_triplets(labels: Tensor) -> Tensor:
    return loss_switch.all_triplets(labels)


def score_gradient(similarities: Tensor, positive: Tensor, temperature: float) -> Tensor:
    scores = similarities.detach().clone().requires_grad_()
    loss = -(scores / temperature).log_softmax(0)[positive].mean()
    return torch.autograd.grad(loss, scores)[0]


def hours(steps: int, images: int, rate: float, gpus: int, gain: float) -> float:
    return steps * images / (rate * (1 + (gpus - 1) * gain)) / 3600


def memory(weights: int, moments: int, activations: int, images: int) -> tuple[int, int]:
    return 4 * weights * (2 + moments), 4 * activations * images


def palette_mask(image: Tensor, colours: list[tuple[int, int, int]]) -> Tensor:
    ids = torch.full(image.shape[:2], 255)
    for label, colour in enumerate(colours):
        ids[(image == torch.tensor(colour)).all(-1)] = label
    return ids


def supcon(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    unit = embeddings / embeddings.norm(dim=1, keepdim=True)
    itself = torch.eye(len(unit), dtype=torch.bool)
    scores = (unit @ unit.T / temperature).masked_fill(itself, -math.inf)
    positive = (labels[:, None] == labels[None]) & ~itself
    each = -(scores.log_softmax(1).masked_fill(~positive, 0).sum(1) / positive.sum(1).clamp(min=1))
    anchors = positive.any(1)
    return each[anchors].sum() / anchors.sum().clamp(min=1)


ANSWERS: dict[str, Callable[..., Any]] = {
    "00.extra_steps": extra_steps,
    "00.gains": gains,
    "01.permutations": permutations,
    "01.colour_bins": colour_bins,
    "01.knn_purity": knn_purity,
    "02.centre_patches": centre_patches,
    "02.label_noise": label_noise,
    "02.expected_classes": expected_classes,
    "03.connected_graph": connected_graph,
    "03.components": components,
    "03.random_mapping": random_mapping,
    "04.triplet_loss": triplet_loss,
    "04.gradient": gradient,
    "04.half_quiet_margin": half_quiet_margin,
    "05.tuning_step": tuning_step,
    "05.shuffled_labels": shuffled_labels,
    "06.pixel_loss": pixel_loss,
    "06.mean_iou": mean_iou,
    "06.ensemble": ensemble,
    "06.error_causes": error_causes,
    "07.paired_interval": paired_interval,
    "07.verdict": verdict,
    "07.rank_correlation": rank_correlation,
    "07.registration": registration,
    "09.all_triplets": all_triplets,
    "08.hours": hours,
    "08.memory": memory,
    "08.palette_mask": palette_mask,
    "09.supcon": supcon,
    "09.score_gradient": score_gradient,
}
