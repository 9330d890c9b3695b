from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from mmtutorial.networks import VGG16, AlexNet, Encoder, HypercolumnSegmenter, NetworkSpec, TinyEncoder, make_encoder
from mmtutorial.networks import hypercolumn_head as module
from mmtutorial.networks.context import PaperContext, SmallContext
from mmtutorial.networks.hypercolumns import pixel_grid, random_points
from mmtutorial.networks.inputs import prepare
from mmtutorial.randomness import global_seed, seeded


def tiny(*, in_channels: int = 3, batch_norm: bool = True, hidden: int = 24) -> HypercolumnSegmenter:
    with global_seed(0, "weights"):
        return HypercolumnSegmenter(TinyEncoder(in_channels=in_channels, batch_norm=batch_norm), 5, hidden=hidden)


def like_the_paper(encoder: Encoder) -> HypercolumnSegmenter:
    with global_seed(0, "weights"):
        return HypercolumnSegmenter(encoder, 5, context=PaperContext(encoder, hidden=8, added=6), hidden=16)


def photos(height: int = 32, width: int = 40, count: int = 2) -> Tensor:
    return torch.rand(count, 3, height, width, generator=seeded(0))


def slowly(segmenter: HypercolumnSegmenter, images: Tensor) -> Tensor:
    """Every map enlarged to the image, put side by side, then the two layers: what the head means."""
    inputs = prepare(images, segmenter.encoder.in_channels)
    maps = [inputs, *segmenter.head.context(segmenter.encoder.feature_maps(images))]
    size = images.shape[-2:]
    columns = torch.cat([F.interpolate(m, size, mode="bilinear", align_corners=False) for m in maps], dim=1)
    hidden = segmenter.head.hidden(columns.permute(0, 2, 3, 1)).relu()
    return segmenter.head.scores(hidden).permute(0, 3, 1, 2)


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_dense_is_the_slow_version(in_channels: int, batch_norm: bool) -> None:
    segmenter = tiny(in_channels=in_channels, batch_norm=batch_norm).eval()
    with torch.no_grad():
        scores = segmenter(photos())
        assert scores.shape == (2, 5, 32, 40)
        assert scores.dtype == torch.float32
        torch.testing.assert_close(scores, slowly(segmenter, photos()), atol=1e-4, rtol=1e-4)


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(1, 40))
def test_sparse_is_dense_at_the_centres_of_pixels(height: int, width: int) -> None:
    segmenter = tiny().eval()
    with torch.no_grad():
        dense = segmenter(photos(height, width))
        sparse = segmenter(photos(height, width), pixel_grid(height, width).expand(2, -1, -1))
    assert sparse.shape == (2, 5, height * width)
    torch.testing.assert_close(sparse, dense.flatten(2), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("encoder", ["alexnet", "vgg16"])
def test_sparse_is_dense_with_the_papers_layers(encoder: str) -> None:
    segmenter = like_the_paper(make_encoder(NetworkSpec(encoder=encoder))).eval()
    points, _ = random_points(torch.zeros(1, 1, 64, 80), 50, seeded(3))
    x = ((points[0, :, 0] + 1) * 80 - 1).round().long() // 2
    y = ((points[0, :, 1] + 1) * 64 - 1).round().long() // 2
    with torch.no_grad():
        dense, sparse = segmenter(photos(64, 80, 1)), segmenter(photos(64, 80, 1), points)
    torch.testing.assert_close(sparse[0], dense[0][:, y, x], atol=1e-4, rtol=1e-4)


def test_memory_is_bounded_and_portions_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = tiny(hidden=50).eval()
    sizes = []
    original = module.HypercolumnHead._hidden_units

    def watched(self: module.HypercolumnHead, columns: list[Tensor], units: slice) -> Tensor:
        found = original(self, columns, units)
        sizes.append(found.numel())
        return found

    monkeypatch.setattr(module.HypercolumnHead, "_hidden_units", watched)
    with torch.no_grad():
        whole = segmenter(photos(32, 40, 3))
        assert sizes == [3 * 50 * 32 * 40]
        for at_once, least, most in ((2**17, 1, 2 * 50 * 32 * 40), (2**14, 1, 2**14), (1, 7, 7 * 32 * 40)):
            sizes.clear()
            monkeypatch.setattr(module, "_NUMBERS_AT_ONCE", at_once)
            monkeypatch.setattr(module, "_LEAST_UNITS", least)
            torch.testing.assert_close(segmenter(photos(32, 40, 3)), whole, atol=1e-4, rtol=1e-4)
            assert sum(sizes) == 3 * 50 * 32 * 40
            assert max(sizes) <= most


def test_a_column_begins_with_the_prepared_image() -> None:
    segmenter = tiny(hidden=3).eval()
    nn.init.zeros_(segmenter.head.hidden.weight)
    with torch.no_grad():
        segmenter.head.hidden.weight[:, :3] = torch.eye(3)
        segmenter.head.hidden.bias.zero_()
        hidden = segmenter.head._hidden_units([prepare(photos(), 3), *_context(segmenter)], slice(0, 3))
    torch.testing.assert_close(hidden, prepare(photos(), 3).relu())


def _context(segmenter: HypercolumnSegmenter) -> list[Tensor]:
    found: list[Tensor] = segmenter.head.context(segmenter.encoder.feature_maps(photos()))
    return found


def test_the_classrooms_columns() -> None:
    segmenter = tiny()
    assert segmenter.head.widths == (3, 16, 32, 64, 96, 96, 64, 64)
    assert [m.shape[1] for m in _context(segmenter)] == list(segmenter.head.widths[1:])
    assert [m.shape[-1] for m in segmenter.head.context(segmenter.encoder.feature_maps(photos(96, 96)))][-2:] == [6, 3]
    assert tiny(in_channels=1).head.widths[0] == 1
    norms = [isinstance(m, nn.BatchNorm2d) for m in SmallContext(TinyEncoder(batch_norm=False)).modules()]
    assert not any(norms)


def test_the_papers_columns() -> None:
    """Sizes as in the authors' file, on the meta device: the head has 180 million weights."""
    encoder = VGG16().to("meta")
    with torch.device("meta"):
        segmenter = HypercolumnSegmenter(encoder, 21, context=PaperContext(encoder), hidden=1024)
    images = torch.empty(1, 3, 512, 512, device="meta")
    maps = segmenter.head.context(encoder.feature_maps(images))
    scales = [512 // m.shape[-1] for m in maps]
    assert scales == [1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 64, 128]
    column = 3 + 2 * 64 + 2 * 128 + 3 * 256 + 6 * 512 + 2 * 4096 + 2 * 1024
    assert sum(segmenter.head.widths) == column == 14_467
    weights = {
        "fc6": 4096 * 512 * 49 + 4096,
        "fc7": 4096 * 4096 + 4096,
        "add1": 1024 * 4096 * 9 + 1024,
        "add2": 1024 * 1024 * 9 + 1024,
        "hidden": 1024 * column + 1024,
        "scores": 21 * 1024 + 21,
    }
    assert sum(p.numel() for p in segmenter.head.parameters()) == sum(weights.values())
    assert segmenter(images, torch.empty(1, 256, 2, device="meta")).shape == (1, 21, 256)


def test_the_papers_context_by_hand() -> None:
    encoder = AlexNet()
    context = PaperContext(encoder, hidden=8, added=6).eval()
    with torch.no_grad():
        maps = encoder.eval().feature_maps(photos(96, 96, 1))
        fc6 = F.conv2d(maps[-1], context.fc6[0].weight, context.fc6[0].bias, padding=3).relu()
        fc7 = F.conv2d(fc6, context.fc7[0].weight, context.fc7[0].bias).relu()
        expected = [*maps[:-1], fc6, fc7]
        x = fc7
        for added in (context.add1, context.add2):
            x = F.max_pool2d(F.conv2d(x, added[0].weight, added[0].bias, padding=1).relu(), 2, ceil_mode=True)
            expected.append(x)
        found = context(maps)
    assert [m.shape[-1] for m in found[-4:]] == [3, 3, 2, 1]
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)


def test_the_papers_context_has_dropout_and_no_batch_norm() -> None:
    context = PaperContext(AlexNet(), hidden=8, added=6)
    assert [m.p for m in context.modules() if isinstance(m, nn.Dropout)] == [0.5, 0.5]
    assert not any(isinstance(m, nn.BatchNorm2d) for m in context.modules())


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("paper", [True, False])
def test_every_weight_learns(paper: bool, sparse: bool) -> None:
    segmenter = like_the_paper(AlexNet()) if paper else tiny()
    points = 2 * torch.rand(2, 30, 2, generator=seeded(1)) - 1
    with global_seed(0, "dropout"):
        scores = segmenter(photos(64, 64), points if sparse else None)
    (scores[:, 0] - scores[:, 1]).square().sum().backward()
    assert [n for n, p in segmenter.encoder.named_parameters() if p.grad is None or not bool(p.grad.any())] == []
    idle = [n for n, p in segmenter.head.named_parameters() if p.grad is None or not bool(p.grad.isfinite().all())]
    assert idle == []


def test_a_step_on_points_has_the_gradient_of_the_dense_step() -> None:
    gradients = []
    for sparse in (True, False):
        segmenter = tiny(batch_norm=False)
        points = pixel_grid(16, 16).expand(2, -1, -1) if sparse else None
        segmenter(photos(16, 16), points).flatten(2).logsumexp(dim=1).sum().backward()
        gradients.append([p.grad for p in segmenter.parameters()])
    for a, b in zip(*gradients, strict=True):
        assert a is not None
        torch.testing.assert_close(a, b, atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize("sparse", [True, False])
def test_half_precision(sparse: bool) -> None:
    segmenter = tiny().eval()
    points = pixel_grid(32, 40).expand(2, -1, -1) if sparse else None
    with torch.no_grad():
        exact = segmenter(photos(), points)
        with torch.autocast("cpu", torch.bfloat16):
            scores = segmenter(photos(), points)
    assert scores.dtype == torch.float32
    assert float((scores - exact).abs().mean()) < 0.05 * float(exact.abs().mean())


def test_half_precision_rounds_no_places() -> None:
    """In half precision the places of 512 pixels in -1..1 would be rounded by up to half a pixel."""
    segmenter = tiny().eval()
    images = photos(8, 512, 1)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        sparse, dense = segmenter(images, pixel_grid(8, 512)), segmenter(images).flatten(2)
    difference = float((sparse - dense).abs().mean() / dense.abs().mean())
    assert difference < 0.01


def test_a_split_network_will_do() -> None:
    with global_seed(0, "weights"):
        segmenter = HypercolumnSegmenter(make_encoder(NetworkSpec(input="split")), 5).eval()
    with torch.no_grad():
        torch.testing.assert_close(segmenter(photos()), slowly(segmenter, photos()), atol=1e-4, rtol=1e-4)
