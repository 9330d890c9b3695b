"""Proxy tasks: what a network can learn from images without labels. One file a task."""

from mmtutorial.proxies.colorization import ColorizationStage

PROXIES = {"colorization": ColorizationStage}

__all__ = ["PROXIES", "ColorizationStage"]
