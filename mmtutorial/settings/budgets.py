"""What a budget consists of: how many steps, images, patches and how fast to learn, for each stage."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from mmtutorial.errors import InputError
from mmtutorial.settings.bounds import Bounded, Within
from mmtutorial.settings.names import ENCODERS, TIMM, known_name

Count = Annotated[int, Within(1, 100_000_000)]
Few = Annotated[int, Within(1, 10_000)]
Side = Annotated[int, Within(8, 10_000)]
Rate = Annotated[float, Within(0, 1e30, above=True)]
Share = Annotated[float, Within(0, 1)]
Factor = Annotated[float, Within(0, 1000)]
Scales = Annotated[tuple[float, float], Within(0.05, 20)]

MOST_PIXELS = 2**27
"""Of the images of a batch: thirty times as many as any preset has; more would fill the memory of any machine."""

_MOST_IMAGES = 10**12
"""In all steps together: beyond that numbers of images lose their exactness."""


@dataclass(frozen=True)
class Schedule(Bounded):
    """How a stage is optimised.

    Attributes:
        steps: gradient steps; 0 for a task that computes its weights without any.
        images: images a batch, which a device sees at once.
        lr: highest learning rate.
        optimizer: ``"adamw"``, or ``"sgd"`` with momentum 0.9.
        weight_decay: of the optimiser.
        warmup: share of the steps over which the rate climbs to ``lr``.
        decay: ``"cosine"`` to zero, or ``"step"``: a tenth from each milestone on.
        milestones: shares of the steps at which ``"step"`` decays.
        parts: batches whose gradients are averaged in a step. Several devices share them: four devices with a batch
            each do the same as one with four after the other.
    """

    steps: Annotated[int, Within(0, 100_000_000)]
    images: Few
    lr: Rate
    optimizer: Literal["adamw", "sgd"] = "adamw"
    weight_decay: Share = 0.05
    warmup: Share = 0.05
    decay: Literal["cosine", "step"] = "cosine"
    milestones: Annotated[tuple[float, ...], Within(0, 1)] = ()
    parts: Few = 1

    @property
    def images_a_step(self) -> int:
        """Images of all batches of a step."""
        return self.images * self.parts

    def without_steps(self) -> NoSteps:
        """The same for a stage that computes its weights without a gradient."""
        return NoSteps(**{**vars(self), "steps": 0})


@dataclass(frozen=True)
class NoSteps(Schedule):
    """How many images a stage sees at once that takes no step."""

    steps: Annotated[int, Within(0, 0)]


@dataclass(frozen=True)
class ProxyBudget(Bounded):
    """Colorization: crops of the unlabelled images, points at which a colour is predicted.

    Images are never shrunk: the padding of a crop larger than its image would count as grey.
    """

    schedule: Schedule
    crop: Annotated[int, Within(16, 10_000)] = 96
    points: Few = 128
    scale: Scales = (1.0, 1.5)


@dataclass(frozen=True)
class TuningBudget(Bounded):
    """Mix-and-Match.

    Attributes:
        patches: patches an image (Mix).
        crop: side in pixels of a random crop of each image from which its patches come, as the authors do; None for
            the whole image.
        side: smallest and largest patch, as shares of the crop, or of the long side of the training images.
        output_size: pixels to which each patch is resized.
        graphs: graphs drawn over one batch's embeddings; their losses are averaged.
        loss: ``"triplet"``, or ``"contrastive"``, the modern comparison, which needs no graph.
        margin: alpha of the triplet loss.
        temperature: of the contrastive loss.
        pooling: how a patch's feature map becomes its embedding: ``"flatten"`` keeps the layout, as the
            authors do; ``"max"`` and ``"mean"`` pool over it.
        jitter: largest relative change of a patch's brightness and contrast; 0 for none.
        across_devices: whether one graph is drawn over the patches of all devices together; else each device draws
            its own over its own patches, as the authors do.
    """

    schedule: Schedule
    patches: Few = 10
    crop: Side | None = None
    side: Annotated[tuple[float, float], Within(0, 1, above=True)] = (1 / 8, 1 / 2)
    output_size: Side = 32
    background_share: Share = 0.1
    label_by: Literal["centre", "majority"] = "centre"
    graphs: Annotated[int, Within(1, 1000)] = 4
    loss: Literal["triplet", "contrastive"] = "triplet"
    margin: Factor = 2.1
    temperature: Annotated[float, Within(0.001, 1000)] = 0.1
    pooling: Literal["flatten", "max", "mean"] = "flatten"
    jitter: Share = 0.0
    across_devices: bool = False


@dataclass(frozen=True)
class SegmentationBudget(Bounded):
    """Fine-tuning: crops of the labelled images, flipped and scaled at random.

    Attributes:
        crop: side in pixels.
        scale: range of the random scale.
        jitter: largest relative change of an image's brightness and contrast; 0 for none.
        encoder_lr: learning rate of the encoder as a multiple of the head's.
        points: random pixels an image on which to train, as the hypercolumn head does; None for all.
        border: share of the crop, on each side, from which none of these pixels is drawn.
    """

    schedule: Schedule
    crop: Side = 96
    scale: Scales = (0.75, 1.5)
    jitter: Share = 0.0
    encoder_lr: Factor = 1.0
    points: Count | None = None
    border: Annotated[float, Within(0, 0.49)] = 0.0


def described(budget: TuningBudget | SegmentationBudget) -> dict[str, Any]:
    """Return a budget for the record, as earlier versions wrote it where nothing new is asked for."""
    later = ("across_devices", "border")
    return {name: value for name, value in asdict(budget).items() if value or name not in later}


@dataclass(frozen=True)
class Preset(Bounded):
    """One size of experiment.

    Attributes:
        encoder: ``tiny``, ``alexnet``, ``alexnet-tv``, ``vgg16``, ``lite0``, or ``timm:`` and timm's name of a network.
        head: ``fcn``, ``hypercolumn``, or ``multiscale``, which goes with ``lite0`` and ``timm:``, or
            ``linear``, which sees images enlarged.
        batch_norm: whether the encoder has it.
        labeled: labelled training images where the command line names no number; None for the data set's own.
        unlabeled: unlabelled images for the proxy; None for all.
        evaluated: images to report on; None for all.
        embedded: images whose patches the embedding pictures show.
        size: long side in pixels to which images are shrunk; None keeps their size.
        window: side in pixels of the overlapping squares in which larger images are segmented; None sees them whole.
        weights: file of weights from which the arms ``imagenet`` start; None for those that belong to the network.
        frozen: whether weights that others trained stay as they are up to the finest feature map.
    """

    name: str
    proxy: ProxyBudget
    tuning: TuningBudget
    segmentation: SegmentationBudget
    encoder: str = "tiny"
    head: Literal["fcn", "hypercolumn", "multiscale", "linear"] = "fcn"
    batch_norm: bool = True
    labeled: Count | None = None
    unlabeled: Count | None = None
    evaluated: Count | None = None
    embedded: Count = 100
    size: Side | None = None
    window: Side | None = None
    weights: str | None = None
    frozen: bool = False

    def check(self) -> None:
        """Refuse what the fields allow one by one and no machine can do.

        Raises:
            InputError: there is no such encoder, or a batch has too many pixels.
        """
        if not self.encoder.startswith(TIMM):
            known_name("value of encoder", self.encoder, ENCODERS)
        tuning, proxy, segmentation = self.tuning, self.proxy, self.segmentation
        patches = tuning.schedule.images * tuning.patches
        for name, budget, images, side in (
            ("proxy", proxy, proxy.schedule.images, proxy.crop),
            ("tuning", tuning, patches, tuning.output_size),
            ("tuning", tuning, tuning.schedule.images, tuning.crop or 1),
            ("segmentation", segmentation, segmentation.schedule.images, segmentation.crop),
        ):
            if images * side**2 > MOST_PIXELS:
                raise InputError(
                    f"a batch of {name} has {images} images of {side} x {side} pixels, {images * side**2:,} in all; "
                    f"set fewer images or smaller ones: at most {MOST_PIXELS:,} pixels"
                )
            if budget.schedule.images_a_step * budget.schedule.steps > _MOST_IMAGES:
                raise InputError(f"{name} goes through more than {_MOST_IMAGES:,} images; set fewer steps or images")
