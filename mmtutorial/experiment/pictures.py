"""What the report draws, saved as arrays, so that a report can be made again without data or training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.embedding import pca, tsne
from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import Arm
from mmtutorial.experiment.data import some
from mmtutorial.experiment.held_out import held_out_patches
from mmtutorial.experiment.runner import Runner
from mmtutorial.experiment.scoring import truths_and_masks
from mmtutorial.files import stored_arrays, write_arrays
from mmtutorial.graph import connected_graph, random_triplets
from mmtutorial.metrics import confusion_matrix, mean_iou
from mmtutorial.randomness import generator_for
from mmtutorial.segmentation import predict
from mmtutorial.tuning import draw_patches, patch_side

_EXAMPLES_OF_EACH_KIND = 2
_EXAMPLES_OF_PROXY = 6


def write_pictures(runner: Runner, wanted: Callable[[Arm], bool] = lambda arm: True) -> None:
    """Write ``OUT/pictures/*.npz``, of the first seed of each arm; files that are there are kept.

    Args:
        runner: of the finished plan. Arms that earlier commands finished in the folder are drawn with the plan's, where
            their networks are still there.
        wanted: which of all these arms are drawn.
    """
    folder = runner.folder
    seeds = {arm: seed for arm, seed in _first_seeds(runner).items() if wanted(arm)}
    _once(folder.patches, partial(_patches, runner))
    for arm, seed in seeds.items():
        if arm.tuned:
            _once(folder.embedding(arm.name), partial(_embedding, runner, arm, seed))
    for arm in {arm.pretraining: arm for arm in seeds if arm.is_learned}.values():
        _once(folder.proxy_picture(arm.pretraining), partial(_proxy, runner, arm, seeds[arm]))
    if _arms_of(folder.predictions) != [arm.name for arm in seeds]:
        folder.predictions.unlink(missing_ok=True)
    _once(folder.predictions, partial(_predictions, runner, seeds))


def _first_seeds(runner: Runner) -> dict[Arm, int]:
    """The arms of earlier commands, then this one's: by the scores of the last of them images are chosen."""
    first: dict[Arm, int] = {}
    for arm, seed in runner.earlier():
        if runner.stages.trained(arm, seed):
            first.setdefault(arm, seed)
    asked = dict.fromkeys(runner.plan.arms, runner.plan.seeds[0])
    return {arm: seed for arm, seed in first.items() if arm not in asked} | asked


def _arms_of(path: Path) -> list[str]:
    """The arms whose predictions a file holds; an earlier command may have had fewer."""
    with suppress(InputError), stored_arrays(path, "predictions") as stored:
        names: list[str] = stored["arms"].tolist()
        return names
    return []


def _once(path: Path, arrays: Callable[[], Mapping[str, Any]]) -> None:
    if not path.exists():
        write_arrays(path, arrays())


def _patches(runner: Runner) -> dict[str, Any]:
    """One training image with its patches, and one training batch with both graphs."""
    images, preset = runner.data.labeled, runner.plan.preset
    side = patch_side(images, preset.tuning)
    generator = generator_for(0, "pictures")
    batch = draw_patches(images, list(range(min(len(images), 16))), preset.tuning, side, generator)
    varied = _most_varied(batch.labels, batch.image_index)
    image, mask = images.arrays(varied)
    chosen = batch.image_index == varied
    return {
        "image": image,
        "mask": mask,
        "boxes": batch.boxes[chosen].numpy(),
        "box_labels": batch.labels[chosen].numpy(),
        "patches": batch.images.numpy(),
        "labels": batch.labels.numpy(),
        "image_index": batch.image_index.numpy(),
        "graph_triplets": connected_graph(batch.labels, generator=generator).triplets.numpy(),
        "random_triplets": random_triplets(batch.labels, generator=generator).triplets.numpy(),
    }


def _most_varied(labels: Tensor, image_index: Tensor) -> int:
    """The image whose patches have most classes."""
    return max(range(int(image_index.max()) + 1), key=lambda i: len(labels[image_index == i].unique()))


def _embedding(runner: Runner, arm: Arm, seed: int) -> dict[str, Any]:
    """Held-out patches before and after tuning; the second layout starts from the first."""
    patches = held_out_patches(runner.data)
    before, after = (runner.embeddings(arm, seed, tuned=tuned) for tuned in (False, True))
    layout = tsne(before)
    purity = runner.purity(arm, seed)
    return {
        "labels": patches.labels.numpy(),
        "groups": patches.image_index.numpy(),
        "before_pca": pca(before),
        "before_tsne": layout,
        "after_pca": pca(after),
        "after_tsne": tsne(after, start=layout),
        "before_purity": purity[0],
        "after_purity": purity[1],
        "patches": F.interpolate(patches.images.float(), 32).round().to(torch.uint8).numpy(),
    }


def _proxy(runner: Runner, arm: Arm, seed: int) -> dict[str, Any]:
    """What the proxy task's network sees, shall predict and predicts, for crops of a few held-out images."""
    proxy, _ = runner.stages.proxy(arm, seed)
    generator = generator_for(0, "proxy pictures")
    shown = proxy.show(some(runner.data.scored, _EXAMPLES_OF_PROXY), generator)
    return {
        "sees": shown.sees.numpy(),
        "target": shown.target.numpy(),
        "prediction": shown.prediction.numpy(),
        "captions": np.array(shown.captions),
        "shortcut": np.array(proxy.shortcut),
    }


def _predictions(runner: Runner, seeds: Mapping[Arm, int]) -> dict[str, Any]:
    """Best, median and worst images of the last arm, with every arm's prediction."""
    data, k = runner.data, len(runner.data.classes)
    networks = [runner.stages.predictor(arm, seed)[0] for arm, seed in seeds.items()]
    last = partial(predict, networks[-1])
    portions = truths_and_masks(data.scored, last)
    scores = [_image_miou(truth, mask, k) for both in portions for truth, mask in zip(*both, strict=True)]
    kinds, chosen = _best_median_worst(scores)
    arrays: dict[str, Any] = {
        "kinds": np.array(kinds),
        "ids": np.array([data.scored.image_id(i) for i in chosen]),
        "arms": np.array([arm.name for arm in seeds]),
    }
    for place, i in enumerate(chosen):
        image, truth = data.scored[i]
        masks = [predict(network, [image])[0] for network in networks]
        arrays[f"image_{place}"] = image.numpy()
        arrays[f"truth_{place}"] = truth.numpy()
        arrays[f"prediction_{place}"] = torch.stack(masks).numpy()
        arrays[f"miou_{place}"] = np.array([_image_miou(truth, mask, k) for mask in masks])
    return arrays


def _image_miou(truth: Tensor, mask: Tensor, classes: int) -> float:
    return mean_iou(confusion_matrix([truth], [mask], classes))


def _best_median_worst(scores: list[float]) -> tuple[list[str], list[int]]:
    """Kinds and indices of a few best, median and worst images; images without labels are passed over."""
    ranked = sorted((i for i, score in enumerate(scores) if not np.isnan(score)), key=lambda i: -scores[i])
    n = min(_EXAMPLES_OF_EACH_KIND, max(1, len(ranked) // 3))
    middle = max(0, (len(ranked) - n) // 2)
    groups = {"best": ranked[:n], "median": ranked[middle : middle + n], "worst": ranked[-n:]}
    pairs = [(kind, i) for kind, members in groups.items() for i in members]
    return [kind for kind, _ in pairs], [i for _, i in pairs]
