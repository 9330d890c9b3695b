from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.randomness import seeded


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 50), (8, 8), (5, 3)])
def test_scores_have_the_size_of_the_image(height: int, width: int, batch_norm: bool) -> None:
    network = FCN(TinyEncoder(batch_norm=batch_norm), classes=5)
    scores = network(torch.zeros(2, 3, height, width, dtype=torch.uint8))
    assert scores.shape == (2, 5, height, width)
    assert scores.dtype == torch.float32
    assert any(isinstance(m, nn.BatchNorm2d) for m in network.head.modules()) == batch_norm


def test_scores_are_the_heads_enlarged() -> None:
    network = FCN(TinyEncoder(), classes=4).eval()
    images = torch.rand(1, 3, 32, 32, generator=seeded(0))
    coarse = network.head(network.encoder(images))
    assert coarse.shape == (1, 4, 4, 4)
    expected = F.interpolate(coarse, scale_factor=8, mode="bilinear", align_corners=False)
    torch.testing.assert_close(network(images), expected)


def test_every_weight_learns() -> None:
    network = FCN(TinyEncoder(), classes=3)
    network(torch.rand(2, 3, 32, 32, generator=seeded(0)))[:, 1].sum().backward()
    idle = [n for n, p in network.named_parameters() if p.grad is None or not bool(p.grad.isfinite().all())]
    assert idle == []
    assert bool(network.encoder.layers[0][0].weight.grad.any())
