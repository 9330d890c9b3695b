"""Encoders (what is pre-trained, tuned and fine-tuned) and heads (what turns features into an answer)."""

from mmtutorial.networks.fcn import FCN
from mmtutorial.networks.tiny import TinyEncoder

__all__ = ["FCN", "TinyEncoder"]
