"""Classification: say which classes an image holds. The supervised rival that "ImageNet" stands for.

The tables compare self-supervised pre-training with a network pre-trained on image-level labels of *other*
photos than those with masks. This stage does the same with the data at hand: from the mask of a crop it keeps
no more than the list of classes that occur, and learns to predict that list.

Several classes may occur in one image, so each has a yes-or-no score and a binary cross-entropy of its own, as
in the classification task of PASCAL VOC (Everingham et al., 2010, section 2.1), not one softmax as on ImageNet.
"""

from __future__ import annotations

import torch
from sklearn.metrics import average_precision_score
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.datasets import VOID, VOID_COLOUR, ClassTable, SegmentationDataset, apply, training_transform
from mmtutorial.errors import InputError
from mmtutorial.networks import Encoder
from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage

LEAST_SHARE = 0.01
"""A class with a smaller share of a crop's labelled pixels counts as absent: a sliver at the edge names nothing."""


class Classifier(nn.Module):
    """Encoder, maximum over the last map, one linear score a class.

    The maximum, not the mean: an object fills a small part of a crop, and in the mean the ground drowns it.
    """

    def __init__(self, encoder: Encoder, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return (N, classes) scores before the sigmoid of images (N, 3, H, W), uint8 or float 0..1."""
        scores: Tensor = self.head(self.encoder(images).amax(dim=(2, 3)))
        return scores.float()


class ClassificationStage(ProxyStage):
    """Multi-label classification as a stage for the training loop. :attr:`module` is a :class:`Classifier`."""

    name = "classification"
    needs_tags = True
    shortcut = (
        "The ground is in nearly every image and would be a right answer without a look: background classes are not "
        "asked for. A class must cover 1 % of a crop, so that nothing has to be named that can hardly be seen."
    )

    def network(self, encoder: Encoder) -> nn.Module:
        """Return the encoder with one score for each class asked for."""
        return Classifier(encoder, len(self.class_ids))

    @property
    def class_ids(self) -> tuple[int, ...]:
        """Ids of the classes asked for: all but the background, or all where there is nothing else."""
        return class_ids(self.images.classes)

    def begin(self, generator: torch.Generator) -> None:
        """Make sure that there is something to learn from.

        Raises:
            InputError: not one pixel of the images has a label.
        """
        if not any(bool((self.images.arrays(i)[1] != VOID).any()) for i in range(len(self.images))):
            raise InputError(
                f"classification learns from labels, but the {len(self.images)} masks of {self.images.name}, split "
                f"{self.images.split}, are void all over; give it a split with masks, or choose another proxy task"
            )

    def loss(
        self, module: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Return mean binary cross-entropy of all classes; for the log, the average precision within the batch."""
        images, masks = batch
        targets, known = present_classes(masks, self.class_ids)
        device = next(module.parameters()).device
        scores = module(images.to(device))
        numbers = {"average_precision": _average_precision(scores.detach().cpu()[known], targets[known])}
        return presence_loss(scores, targets.to(device), known.to(device)), numbers

    @torch.no_grad()
    def score(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyScore:
        """Loss on held-out images with masks, beside that of the classes' frequencies there.

        The frequencies are counted on the held-out images themselves: no constant guess can do better.

        Raises:
            InputError: the held-out masks are void all over.
        """
        self.module.eval()
        transform = training_transform(self.budget.crop, scale=(1.0, 1.0), flip=False)
        pairs = [apply(transform, *images[i], generator) for i in range(len(images))]
        targets, known = present_classes(torch.stack([m.as_subclass(Tensor) for _, m in pairs]), self.class_ids)
        if not bool(known.any()):
            raise InputError(
                f"the masks of {images.name}, split {images.split}, are void all over; score on images with labels"
            )
        crops = torch.stack([image.as_subclass(Tensor) for image, _ in pairs])
        value = presence_loss(self._scores(crops), targets, known)
        frequencies = targets[known].mean(dim=0).clamp(1e-6, 1 - 1e-6).logit().expand(len(targets), -1)
        trivial = presence_loss(frequencies, targets, known)
        return ProxyScore("loss of the classes present", float(value), float(trivial), higher_is_better=False)

    def show(self, images: SegmentationDataset, generator: torch.Generator) -> ProxyPicture:
        """Return the picture of held-out images, with their true classes."""
        crops, masks = self.held_out_samples(images, generator)
        return self.picture(crops, generator, masks)

    @torch.no_grad()
    def picture(self, images: Tensor, generator: torch.Generator, masks: Tensor | None = None) -> ProxyPicture:
        """Images, and below each one bar a class: full for a class that is there, as long as its probability.

        Args:
            images: (N, 3, H, W) uint8.
            generator: not used.
            masks: (N, H, W) of the images. Without them the true classes are not known, and the middle row is
                a key instead: every class with a full bar in its colour.
        """
        self.module.eval()
        probability = self._scores(images).sigmoid()
        if masks is None:
            target, caption = torch.ones_like(probability), "key: a bar a class"
        else:
            target, caption = present_classes(masks, self.class_ids)[0], "target: classes present"
        classes, size = self.images.classes, (images.shape[-2], images.shape[-1])
        captions = ("sees: image", caption, "predicted probability")
        return ProxyPicture(images, bars(target, classes, size), bars(probability, classes, size), captions)

    def _scores(self, images: Tensor) -> Tensor:
        """Return (N, classes) scores, on the CPU, in portions that fit in memory."""
        device = next(self.module.parameters()).device
        return torch.cat([self.module(part.to(device)).cpu() for part in images.split(64)])


def class_ids(classes: ClassTable) -> tuple[int, ...]:
    """Ids of the classes to ask for: all but the background, or all where there is nothing else."""
    return classes.object_ids or tuple(range(len(classes)))


def present_classes(masks: Tensor, ids: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return which classes occur in masks (N, H, W).

    Returns:
        (N, classes) float, 1 where a class covers at least 1 % of the labelled pixels; (N,) bool, whether a
        mask has labelled pixels at all.
    """
    labelled = (masks != VOID).sum(dim=(1, 2))
    pixels = torch.stack([(masks == i).sum(dim=(1, 2)) for i in ids], dim=1)
    present = (pixels > 0) & (pixels >= LEAST_SHARE * labelled[:, None])
    return present.float(), labelled > 0


def presence_loss(scores: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Return mean binary cross-entropy of scores (N, classes) over the images that are known (N,); 0 if none is."""
    losses = F.binary_cross_entropy_with_logits(scores, targets, reduction="none").mean(dim=1)
    return (losses * known).sum() / known.sum().clamp(min=1)


def _average_precision(scores: Tensor, targets: Tensor) -> float:
    """Over all pairs of an image and a class, most certain first; 0 where no class is present."""
    if not bool(targets.any()):
        return 0.0
    return float(average_precision_score(targets.flatten().numpy(), scores.flatten().numpy()))


def bars(values: Tensor, classes: ClassTable, size: tuple[int, int]) -> Tensor:
    """Return (N, 3, H, W) uint8 pictures with one bar for each of the classes asked for, the first one at the top.

    Args:
        values: (N, classes) lengths, 0 to 1 for the width of the picture.
        classes: gives the colours.
        size: height and width in pixels.
    """
    height, width = size
    palette = torch.tensor([classes.palette[i] for i in class_ids(classes)], dtype=torch.uint8)
    rows = torch.arange(height) * len(palette) // height
    filled = (torch.arange(width) + 0.5) / width < values[:, rows, None]
    ground = torch.tensor(VOID_COLOUR, dtype=torch.uint8)[None, :, None, None]
    return torch.where(filled[:, None], palette[rows].T[None, :, :, None], ground)
