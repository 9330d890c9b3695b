from __future__ import annotations

import colorsys
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2hsv
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.networks import TinyEncoder
from mmtutorial.networks.hypercolumns import hypercolumns, random_points
from mmtutorial.proxies import PROXIES, ColorizationStage
from mmtutorial.proxies.colorization import (
    BINS,
    Colorizer,
    colour_loss,
    hue_and_chroma,
    to_bins,
)
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from tests.stepping import step_loss

BUDGET = ProxyBudget(Schedule(steps=5, images=3, lr=1e-3), crop=24, points=16)


def grey_encoder() -> TinyEncoder:
    with global_seed(0, "weights"):
        return TinyEncoder(in_channels=1)


@pytest.fixture
def stage(dataset_of: Callable) -> ColorizationStage:
    return ColorizationStage(grey_encoder(), dataset_of([np.full((30, 26 + i), 255) for i in range(4)]), BUDGET, seed=0)


@given(pixel=st.tuples(*[st.integers(0, 255)] * 3))
def test_hue_and_chroma_agree_with_the_standard_library(pixel: tuple[int, int, int]) -> None:
    hue, chroma = hue_and_chroma(torch.tensor(pixel, dtype=torch.uint8).reshape(1, 3, 1, 1))
    red, green, blue = (value / 255 for value in pixel)
    away = abs(float(hue) - colorsys.rgb_to_hsv(red, green, blue)[0])
    assert min(away, 1 - away) < 1e-5
    assert 0 <= float(hue) <= 1
    assert float(chroma) == pytest.approx(max(red, green, blue) - min(red, green, blue), abs=1e-6)


def test_hue_agrees_with_scikit_image_on_a_picture() -> None:
    image = torch.rand(2, 3, 20, 30, generator=seeded(0))
    hue, chroma = hue_and_chroma(image)
    assert hue.shape == chroma.shape == (2, 20, 30)
    hsv = rgb2hsv(image.numpy(), channel_axis=1)
    assert np.abs(hue.numpy() - hsv[:, 0]).max() < 1e-4
    assert np.allclose(chroma.numpy(), hsv[:, 1] * hsv[:, 2], atol=1e-5)


def test_grey_pixels_have_no_hue() -> None:
    hue, chroma = hue_and_chroma(
        torch.tensor([0, 7, 128, 255], dtype=torch.uint8).reshape(4, 1, 1, 1).expand(4, 3, 1, 1)
    )
    assert not bool(hue.any())
    assert not bool(chroma.any())


def test_bins() -> None:
    assert to_bins(torch.tensor([0.0, 0.031, 0.0313, 0.5, 0.99, 1.0])).tolist() == [0, 0, 1, 16, 31, 31]
    assert to_bins((torch.arange(BINS) + 0.5) / BINS).tolist() == list(range(BINS))


def slow_bilinear(values: np.ndarray, x: float, y: float) -> np.ndarray:
    """Channels of (C, H, W) at a place in -1..1, corner to corner; past the outermost value the border is repeated."""
    _, height, width = values.shape
    column = min(max((x + 1) * width / 2 - 0.5, 0), width - 1)
    row = min(max((y + 1) * height / 2 - 0.5, 0), height - 1)
    total = np.zeros(len(values))
    for i in (math.floor(row), math.floor(row) + 1):
        for j in (math.floor(column), math.floor(column) + 1):
            if 0 <= i < height and 0 <= j < width:
                total += (1 - abs(row - i)) * (1 - abs(column - j)) * values[:, i, j]
    return total


def test_hypercolumns_agree_with_a_slow_version() -> None:
    maps = [torch.randn(2, c, h, w, generator=seeded(c)) for c, h, w in ((3, 12, 16), (5, 6, 8), (2, 3, 4))]
    points = 2 * torch.rand(2, 9, 2, generator=seeded(0)) - 1
    found = hypercolumns(maps, points)
    assert found.shape == (2, 9, 10)
    for image in range(2):
        for point, (x, y) in enumerate(points[image].tolist()):
            expected = np.concatenate([slow_bilinear(m[image].double().numpy(), x, y) for m in maps])
            assert np.allclose(found[image, point], expected, atol=1e-5)


def test_hypercolumns_inside_agree_with_dense_enlarged_maps() -> None:
    """The dense way: enlarge every map to the image and read off the pixels; away from the border."""
    maps = grey_encoder().eval().feature_maps(torch.rand(1, 3, 32, 48, generator=seeded(0)))
    dense = torch.cat([F.interpolate(m, (32, 48), mode="bilinear", align_corners=False) for m in maps], dim=1)
    x, y = torch.tensor([8, 20, 39, 24]), torch.tensor([8, 11, 23, 16])
    points = torch.stack(((2 * x + 1) / 48 - 1, (2 * y + 1) / 32 - 1), dim=-1)[None]
    torch.testing.assert_close(hypercolumns(maps, points)[0], dense[0][:, y, x].T, atol=1e-4, rtol=1e-4)


def testrandom_points_name_the_pixels_whose_colours_they_come_with() -> None:
    images = torch.rand(3, 3, 10, 14, generator=seeded(0))
    points, colours = random_points(images, 200, seeded(1))
    assert points.shape == (3, 200, 2)
    assert colours.shape == (3, 3, 1, 200)
    torch.testing.assert_close(hypercolumns([images], points).transpose(1, 2)[:, :, None], colours, atol=1e-4, rtol=0)
    # All pixels come, the first and last rows and columns too.
    x, y = ((points[..., 0] + 1) * 7 - 0.5).round(), ((points[..., 1] + 1) * 5 - 0.5).round()
    assert set(x.flatten().int().tolist()) == set(range(14))
    assert set(y.flatten().int().tolist()) == set(range(10))


def test_the_loss_agrees_with_a_slow_one() -> None:
    hue_scores, chroma_scores = (torch.randn(2, 5, BINS, generator=seeded(s)) for s in (0, 1))
    hue, chroma = (torch.rand(2, 5, generator=seeded(s)) for s in (2, 3))
    chroma[0, 0] = 0
    loss, parts = colour_loss(hue_scores, chroma_scores, hue, chroma)
    hue_terms, chroma_terms = [], []
    for n in range(2):
        for p in range(5):
            weight = 5 * float(chroma[n, p])
            hue_terms.append(-weight * float(hue_scores[n, p].log_softmax(0)[int(32 * hue[n, p])]))
            chroma_terms.append(-float(chroma_scores[n, p].log_softmax(0)[int(32 * chroma[n, p])]))
    assert parts["hue_loss"] == pytest.approx(np.mean(hue_terms), rel=1e-5)
    assert parts["chroma_loss"] == pytest.approx(np.mean(chroma_terms), rel=1e-5)
    assert float(loss) == pytest.approx(np.mean(hue_terms) + np.mean(chroma_terms), rel=1e-5)


def test_grey_pixels_teach_no_hue() -> None:
    hue_scores = torch.zeros(1, 3, BINS, requires_grad=True)
    chroma_scores = torch.zeros(1, 3, BINS, requires_grad=True)
    loss, parts = colour_loss(hue_scores, chroma_scores, torch.rand(1, 3), torch.zeros(1, 3))
    loss.backward()
    assert parts["hue_loss"] == 0
    assert parts["chroma_loss"] == pytest.approx(math.log(BINS))
    assert not bool(hue_scores.grad.any())
    assert bool(chroma_scores.grad.any())


def test_the_network_cannot_see_the_colour_it_predicts() -> None:
    network = Colorizer(grey_encoder()).eval()
    images = torch.rand(2, 3, 16, 24, generator=seeded(0))
    points = 2 * torch.rand(2, 7, 2, generator=seeded(1)) - 1
    hue, chroma = network(images, points)
    assert hue.shape == chroma.shape == (2, 7, BINS)
    assert not torch.equal(hue, chroma)
    for order in ([1, 2, 0], [0, 2, 1]):
        turned = network(images[:, order], points)
        torch.testing.assert_close(turned[0], hue, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(turned[1], chroma, atol=1e-4, rtol=1e-4)


def test_a_step_needs_no_labels_and_reaches_every_weight(stage: ColorizationStage) -> None:
    loss, numbers = step_loss(stage, 0, generator_for(0, "step", 0))
    loss.backward()
    assert math.isfinite(loss.item())
    assert set(numbers) == {"hue_loss", "chroma_loss"}
    assert loss.item() == pytest.approx(numbers["hue_loss"] + numbers["chroma_loss"], rel=1e-5)
    assert all(bool(p.grad.isfinite().all()) for p in stage.module.parameters())
    (group,) = stage.parameter_groups()
    assert {id(p) for p in group["params"]} == {id(p) for p in stage.module.parameters()}


def test_a_step_is_settled_by_its_generator(stage: ColorizationStage) -> None:
    stage.module.eval()
    before = torch.get_rng_state()
    losses = [step_loss(stage, 1, generator_for(0, "step", s))[0].item() for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_it_learns_one_colour(dataset_of: Callable) -> None:
    """Images of one shade of orange: hue and chroma are soon known."""
    images = dataset_of([np.zeros((24, 24))])
    images.arrays(0)[0][:] = np.array([220, 120, 20], dtype=np.uint8)[:, None, None]
    budget = ProxyBudget(BUDGET.schedule, crop=24, points=16, scale=(1, 1))
    stage = ColorizationStage(grey_encoder(), images, budget, seed=0)
    optimizer = torch.optim.Adam(stage.module.parameters(), lr=1e-2)
    losses: list[float] = []
    for step in range(25):
        loss, _ = step_loss(stage, step, generator_for(0, "step", step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 5
    assert losses[-1] < 0.1


def test_what_was_asked_for_is_on_record(stage: ColorizationStage) -> None:
    assert PROXIES["colorization"] is ColorizationStage
    assert stage.name == "colorization"
    assert stage.about["budget"]["points"] == 16
    assert stage.epoch_steps == 1


def hue_of(image: Tensor) -> Tensor:
    return hue_and_chroma(image)[0]


def test_turning_the_colours_turns_the_hue() -> None:
    image = torch.rand(1, 3, 5, 5, generator=seeded(0))
    turned = (hue_of(image[:, [2, 0, 1]]) - hue_of(image)) % 1
    torch.testing.assert_close(turned, torch.full_like(turned, 1 / 3), atol=1e-4, rtol=0)
