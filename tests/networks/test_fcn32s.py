from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmtutorial.networks import AlexNet, FCN32s, TinyEncoder
from mmtutorial.networks.hypercolumns import pixel_grid
from mmtutorial.randomness import global_seed, seeded


def network(*, hidden: int = 32, batch_norm: bool = True, in_channels: int = 3) -> FCN32s:
    with global_seed(0, "weights"):
        return FCN32s(AlexNet(batch_norm=batch_norm, in_channels=in_channels), classes=5, hidden=hidden)


def photos(height: int, width: int, count: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=seeded(0))


def test_full_size_has_the_papers_layers() -> None:
    """Built without memory: fc6 and fc7 hold 54 million weights."""
    with torch.device("meta"):
        head = FCN32s(AlexNet(), classes=21).head
    fc6, fc7, scores = (m for m in head.modules() if isinstance(m, nn.Conv2d))
    assert fc6.weight.shape == (4096, 256, 6, 6)
    assert fc7.weight.shape == (4096, 4096, 1, 1)
    assert sum(p.numel() for p in head.parameters()) == 4096 * 256 * 36 + 4096 * 4096 + 4096 * 21 + 21
    assert fc6.padding == (3, 3)
    kinds = [type(m).__name__ for m in head]
    assert kinds == ["Conv2d", "BatchNorm2d", "ReLU", "Dropout"] * 2 + ["Conv2d"]
    assert [m.p for m in head if isinstance(m, nn.Dropout)] == [0.5, 0.5]
    assert scores.out_channels == 21


@pytest.mark.parametrize(("height", "width"), [(128, 128), (512, 512), (65, 130), (29, 29)])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_scores_have_the_size_of_the_image(height: int, width: int, in_channels: int) -> None:
    with torch.no_grad():
        scores = network(in_channels=in_channels).eval()(photos(height, width))
    assert scores.shape == (1, 5, height, width)
    assert scores.dtype == torch.float32


def test_scores_are_the_heads_enlarged() -> None:
    segmenter = network().eval()
    with torch.no_grad():
        coarse = segmenter.head(segmenter.encoder(photos(128, 128)))
        # A kernel of 6 with padding 3: a map of 4 becomes one of 5.
        assert coarse.shape == (1, 5, 5, 5)
        expected = F.interpolate(coarse, (128, 128), mode="bilinear", align_corners=False)
        torch.testing.assert_close(segmenter(photos(128, 128)), expected)


def test_at_points_scores_are_those_of_the_pixels() -> None:
    segmenter = network().eval()
    with torch.no_grad():
        dense = segmenter(photos(64, 48, 2))
        sparse = segmenter(photos(64, 48, 2), pixel_grid(64, 48).expand(2, -1, -1))
    assert sparse.shape == (2, 5, 64 * 48)
    torch.testing.assert_close(sparse, dense.flatten(2), atol=1e-4, rtol=1e-4)


def test_the_head_has_batch_norm_even_where_the_encoder_has_none() -> None:
    segmenter = network(batch_norm=False)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in segmenter.encoder.modules())
    assert sum(isinstance(m, nn.BatchNorm2d) for m in segmenter.head.modules()) == 2


def test_dropout_in_training_only() -> None:
    segmenter = network()
    assert not torch.equal(segmenter(photos(64, 64, 2)), segmenter(photos(64, 64, 2)))
    segmenter.eval()
    assert torch.equal(segmenter(photos(64, 64, 2)), segmenter(photos(64, 64, 2)))


def test_initial_weights() -> None:
    """He's for fc6 and fc7; small ones for the scores, so that the first are no confident guesses."""
    fc6, fc7, scores = (m for m in network(hidden=256).head if isinstance(m, nn.Conv2d))
    assert float(fc6.weight.detach().std()) == pytest.approx((2 / (256 * 36)) ** 0.5, rel=0.05)
    assert float(fc7.weight.detach().std()) == pytest.approx((2 / 256) ** 0.5, rel=0.05)
    assert float(scores.weight.detach().std()) == pytest.approx(0.01, rel=0.1)
    assert scores.bias is not None
    assert not bool(scores.bias.any())


@pytest.mark.parametrize("encoder", [AlexNet, TinyEncoder])
def test_every_weight_learns(encoder: type[AlexNet] | type[TinyEncoder]) -> None:
    with global_seed(0, "weights"):
        segmenter = FCN32s(encoder(), classes=3, hidden=16)
        segmenter(photos(64, 64, 2))[:, 1].sum().backward()
    idle = [n for n, p in segmenter.encoder.named_parameters() if p.grad is None or not bool(p.grad.any())]
    assert idle == []
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in segmenter.head.parameters())


def test_half_precision() -> None:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = network()(photos(64, 64, 2))
    assert scores.dtype == torch.float32
    assert bool(scores.isfinite().all())
