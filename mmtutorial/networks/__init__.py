"""Encoders (what is pre-trained, tuned and fine-tuned) and heads (what turns features into an answer)."""

from mmtutorial.networks.alexnet import AlexNet
from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.fcn import FCN
from mmtutorial.networks.fcn32s import FCN32s
from mmtutorial.networks.hypercolumn_head import HypercolumnSegmenter
from mmtutorial.networks.linear import LinearSegmenter
from mmtutorial.networks.multiscale import MultiScaleSegmenter
from mmtutorial.networks.spec import NetworkSpec, make_encoder, make_network
from mmtutorial.networks.timm_encoder import TimmEncoder
from mmtutorial.networks.timm_weights import load_pretrained
from mmtutorial.networks.tiny import TinyEncoder
from mmtutorial.networks.torchvision_encoder import VGG16, TorchvisionAlexNet
from mmtutorial.networks.weights import imagenet_encoder, load_imagenet

__all__ = [
    "FCN",
    "VGG16",
    "AlexNet",
    "Encoder",
    "FCN32s",
    "HypercolumnSegmenter",
    "LinearSegmenter",
    "MultiScaleSegmenter",
    "NetworkSpec",
    "Segmenter",
    "TimmEncoder",
    "TinyEncoder",
    "TorchvisionAlexNet",
    "imagenet_encoder",
    "load_imagenet",
    "load_pretrained",
    "make_encoder",
    "make_network",
]
