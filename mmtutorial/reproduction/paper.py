"""The tables of the slides as data, each figure tied to the arm of ours that stands for it.

Source: the slides of Zhan et al., "Mix-and-Match Tuning for Self-Supervised Semantic Segmentation", AAAI 2018.
All figures are mean IoU in percent.
"""

from __future__ import annotations

from dataclasses import dataclass

VOC, CITYSCAPES = "VOC2012", "CityScapes"
ALEXNET, VGG = "AlexNet", "VGG-16"
SPOKEN = {VOC: "VOC 2012", CITYSCAPES: "CityScapes"}
"""How a page writes the names of the benchmarks."""
ENSEMBLE = "classification&colorization+graph"


@dataclass(frozen=True)
class Printed:
    """One figure of the slides.

    Attributes:
        benchmark: ``VOC2012`` or ``CityScapes``.
        backbone: ``AlexNet`` or ``VGG-16``: the network that one of ours stands for.
        method: what the slides call it.
        arm: the arm of ours that stands for it.
        miou: percent.
    """

    benchmark: str
    backbone: str
    method: str
    arm: str
    miou: float


@dataclass(frozen=True)
class BenchmarkColumn:
    """One column of the slides' table of benchmarks: a pre-training with M&M and without.

    Attributes:
        benchmark: ``VOC2012`` or ``CityScapes``.
        backbone: ``AlexNet`` or ``VGG-16``.
        pretrain: what the slides call the pre-training.
        pretraining: the arm of ours that stands for it; with M&M it is ``pretraining+graph``.
        baseline: mIoU without M&M.
        mm: mIoU with M&M.
        imagenet: mIoU of ImageNet pre-training, which our ``classification`` stands for.
        mm_second: the figure in brackets after ``mm``, which the slides do not explain.
    """

    benchmark: str
    backbone: str
    pretrain: str
    pretraining: str
    baseline: float
    mm: float
    imagenet: float
    mm_second: float | None = None

    @property
    def tuned_arm(self) -> str:
        """The arm of ours that stands for the row M&M."""
        return f"{self.pretraining}+graph"


@dataclass(frozen=True)
class PerClass:
    """One row of the slides' per-class table, VGG-16 on VOC 2012.

    Attributes:
        method: what the slides call it.
        arm: the arm of ours that stands for it.
        iou: IoU of the 20 object classes in the order of :data:`VOC_OBJECTS`.
        miou: mean over 21 classes, background included.
    """

    method: str
    arm: str
    iou: tuple[float, ...]
    miou: float

    @property
    def background(self) -> float:
        """IoU of the background, which the slides leave out; it follows from the mean of 21 classes."""
        return 21 * self.miou - sum(self.iou)


@dataclass(frozen=True)
class RankTable:
    """Figures of one table whose order can be compared with ours: one benchmark, one backbone."""

    name: str
    benchmark: str
    backbone: str
    rows: tuple[Printed, ...]


METHODS: tuple[Printed, ...] = tuple(
    Printed(VOC, backbone, method, arm, miou)
    for backbone, method, arm, miou in (
        (VGG, "ImageNet", "classification", 64.2),
        (VGG, "Random", "random", 35.0),
        (VGG, "Larsson et al. 2016", "colorization-2016", 50.2),
        (VGG, "Larsson et al. 2017", "colorization", 56.0),
        (VGG, "M&M + Graph, colorization pre-trained", "colorization+graph", 64.5),
        (ALEXNET, "ImageNet", "classification", 48.0),
        (ALEXNET, "Random", "random", 23.5),
        (ALEXNET, "k-means, Krähenbühl et al. 2015", "kmeans", 32.6),
        (ALEXNET, "Pathak et al. 2016b", "inpainting", 29.7),
        (ALEXNET, "Donahue et al. 2016", "bigan", 35.2),
        (ALEXNET, "Zhang et al. 2016a", "colorful", 35.6),
        (ALEXNET, "Zhang et al. 2016b", "splitbrain", 36.0),
        (ALEXNET, "Noroozi and Favaro 2016", "jigsaw", 37.6),
        (ALEXNET, "Larsson et al. 2017", "colorization", 38.4),
        (ALEXNET, "M&M + Random Triplets, colorization pre-trained", "colorization+triplets", 40.9),
        (ALEXNET, "M&M + Graph, colorization pre-trained", "colorization+graph", 42.8),
        (ALEXNET, "M&M + Graph, randomly initialized", "random+graph", 43.6),
    )
)
"""The table of methods, VOC 2012 validation, in the order of the slides."""

BENCHMARKS: tuple[BenchmarkColumn, ...] = (
    BenchmarkColumn(VOC, ALEXNET, "Random", "random", 19.8, 43.6, 48.0),
    BenchmarkColumn(VOC, ALEXNET, "Jigsaw", "jigsaw", 36.5, 41.2, 48.0),
    BenchmarkColumn(VOC, ALEXNET, "Colorize", "colorization", 38.4, 42.8, 48.0),
    BenchmarkColumn(VOC, VGG, "Random", "random", 35.0, 56.7, 64.2),
    BenchmarkColumn(VOC, VGG, "Colorize", "colorization", 60.2, 64.5, 64.2, mm_second=64.3),
    BenchmarkColumn(CITYSCAPES, VGG, "Random", "random", 42.5, 49.1, 67.9),
    BenchmarkColumn(CITYSCAPES, VGG, "Colorize", "colorization", 57.5, 66.4, 67.9, mm_second=65.6),
)
"""The table of benchmarks: "full results with different baselines and datasets"."""

# fmt: off
VOC_OBJECTS = (
    "aero", "bike", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "table", "dog", "horse", "mbike", "person", "plant", "sheep", "sofa", "train", "tv",
)

PER_CLASS: tuple[PerClass, ...] = (
    PerClass("ImageNet", "classification",
             (81.7, 37.4, 73.3, 55.8, 59.6, 82.4, 74.7, 82.4, 30.8, 60.3,
              46.1, 71.4, 65.3, 72.6, 76.7, 49.7, 70.6, 34.2, 72.7, 60.2), 64.2),
    PerClass("Colorization", "colorization",
             (73.6, 28.5, 67.5, 55.5, 50.2, 78.3, 66.1, 78.3, 26.8, 60.8,
              50.6, 70.6, 64.9, 62.2, 73.5, 38.2, 66.8, 38.8, 68.1, 55.1), 60.2),
    PerClass("M&M", "colorization+graph",
             (83.1, 37.0, 69.6, 56.1, 62.9, 84.4, 76.4, 82.8, 33.4, 61.5,
              44.7, 67.3, 68.5, 68.0, 78.5, 42.2, 72.7, 37.2, 75.7, 58.6), 64.5),
    PerClass("Ensemble ImageNet+M&M", ENSEMBLE,
             (84.5, 39.4, 76.3, 60.3, 64.6, 85.4, 77.7, 84.1, 35.6, 63.6,
              50.4, 70.6, 72.0, 73.6, 80.1, 50.2, 73.7, 37.6, 77.8, 66.6), 67.4),
)
# fmt: on

NOTES: tuple[str, ...] = (
    "AlexNet from random weights reads 23.5 in the slides’ table of methods and 19.8 in their table of benchmarks.",
    "VGG-16 with colorization reads 56.0 in the table of methods (Larsson et al. 2017) and 60.2 in the other two.",
    "M&M after colorization on VGG-16 has a second figure in brackets, 64.3 beside 64.5 on VOC 2012 and 65.6 beside "
    "66.4 on CityScapes; the slides do not say what it is.",
    "The slides’ 8.2 % and 9.6 % are the gaps, before M&M, from ImageNet pre-training to the best self-supervised "
    "row: 64.2 less 56.0 (VGG-16) and 48.0 less 38.4 (AlexNet).",
    "The per-class rows list 20 object classes; the mean counts the background as well, which is not listed.",
)
"""What a reader of the slides' tables has to know."""


def benchmark_figures(benchmark: str, backbone: str) -> tuple[Printed, ...]:
    """The figures of the benchmark table for one benchmark and backbone, each once; ImageNet last."""
    columns = [c for c in BENCHMARKS if (c.benchmark, c.backbone) == (benchmark, backbone)]
    plain = [Printed(benchmark, backbone, c.pretrain, c.pretraining, c.baseline) for c in columns]
    tuned = [Printed(benchmark, backbone, f"{c.pretrain}, M&M", c.tuned_arm, c.mm) for c in columns]
    imagenet = [Printed(benchmark, backbone, "ImageNet", "classification", c.imagenet) for c in columns[:1]]
    return (*plain, *tuned, *imagenet)


def rank_tables() -> tuple[RankTable, ...]:
    """The slides' tables, cut into parts within which an order has a meaning."""
    methods = [
        RankTable("methods", VOC, backbone, tuple(row for row in METHODS if row.backbone == backbone))
        for backbone in (ALEXNET, VGG)
    ]
    places = dict.fromkeys((c.benchmark, c.backbone) for c in BENCHMARKS)
    benchmarks = [RankTable("benchmarks", *place, benchmark_figures(*place)) for place in places]
    per_class = tuple(Printed(VOC, VGG, row.method, row.arm, row.miou) for row in PER_CLASS)
    return (*methods, *benchmarks, RankTable("per-class means", VOC, VGG, per_class))
