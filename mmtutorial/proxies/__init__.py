"""Proxy tasks: what a network can learn from images without labels. One file a task."""

from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage
from mmtutorial.proxies.bigan import BiGANStage
from mmtutorial.proxies.classification import ClassificationStage
from mmtutorial.proxies.colorful import ColorfulStage
from mmtutorial.proxies.colorization import Colorization2016Stage, ColorizationStage
from mmtutorial.proxies.inpainting import InpaintingStage
from mmtutorial.proxies.jigsaw import JigsawStage
from mmtutorial.proxies.kmeans import KMeansStage
from mmtutorial.proxies.splitbrain import SplitBrainStage
from mmtutorial.proxies.vicreg import VICRegStage

PROXIES: dict[str, type[ProxyStage]] = {
    stage.name: stage
    for stage in (
        ColorizationStage,
        Colorization2016Stage,
        ColorfulStage,
        SplitBrainStage,
        JigsawStage,
        InpaintingStage,
        BiGANStage,
        KMeansStage,
        VICRegStage,
        ClassificationStage,
    )
}

__all__ = [
    "PROXIES",
    "BiGANStage",
    "ClassificationStage",
    "ColorfulStage",
    "Colorization2016Stage",
    "ColorizationStage",
    "InpaintingStage",
    "JigsawStage",
    "KMeansStage",
    "ProxyPicture",
    "ProxyScore",
    "ProxyStage",
    "SplitBrainStage",
    "VICRegStage",
]
