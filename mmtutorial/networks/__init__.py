"""Encoders (what is pre-trained, tuned and fine-tuned) and heads (what turns features into an answer)."""

from mmtutorial.networks.encoder import Encoder, Segmenter
from mmtutorial.networks.fcn import FCN
from mmtutorial.networks.spec import NetworkSpec, make_encoder, make_network
from mmtutorial.networks.tiny import TinyEncoder

__all__ = ["FCN", "Encoder", "NetworkSpec", "Segmenter", "TinyEncoder", "make_encoder", "make_network"]
