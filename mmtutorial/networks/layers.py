"""What the larger encoders share: initial weights, and the smallest image that their pools leave anything of."""

from __future__ import annotations

from torch import Tensor, nn

from mmtutorial.errors import InputError


def he_initial(module: nn.Module) -> None:
    """He et al. (2015): weights drawn so that a signal keeps its scale from ReLU to ReLU; biases zero.

    The authors' files draw all weights of AlexNet with spread 0.01 instead. Batch norm makes the two alike;
    without it, signals drawn so would fade layer by layer.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()


def require_size(inputs: Tensor, least: int, network: str) -> None:
    """Refuse inputs (N, C, H, W) of which pooling would leave nothing.

    Raises:
        InputError: they are lower or narrower than ``least`` pixels.
    """
    height, width = inputs.shape[-2:]
    if min(height, width) < least:
        raise InputError(
            f"{network} needs images of at least {least} x {least} pixels, got {width} x {height}; "
            "enlarge them, or use the encoder tiny"
        )
