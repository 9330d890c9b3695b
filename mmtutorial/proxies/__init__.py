"""Proxy tasks: what a network can learn from images without labels. One file a task."""

from mmtutorial.proxies.base import ProxyPicture, ProxyScore, ProxyStage
from mmtutorial.proxies.colorization import ColorizationStage

PROXIES: dict[str, type[ProxyStage]] = {stage.name: stage for stage in (ColorizationStage,)}

__all__ = ["PROXIES", "ColorizationStage", "ProxyPicture", "ProxyScore", "ProxyStage"]
