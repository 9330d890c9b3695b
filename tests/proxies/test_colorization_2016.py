from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import TinyEncoder
from mmtutorial.networks.hypercolumns import pixel_grid, random_points
from mmtutorial.proxies import PROXIES, Colorization2016Stage
from mmtutorial.proxies.colorization import BINS, Colorizer, histogram, hue_and_chroma, windows
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from tests.stepping import step_loss

BUDGET = ProxyBudget(Schedule(steps=5, images=3, lr=1e-3), crop=24, points=16)


def grey_encoder() -> TinyEncoder:
    with global_seed(0, "weights"):
        return TinyEncoder(in_channels=1)


def photos() -> Tensor:
    return torch.randint(0, 256, (2, 3, 10, 14), generator=seeded(0), dtype=torch.uint8)


@pytest.fixture
def stage(dataset_of: Callable[..., SegmentationDataset]) -> Colorization2016Stage:
    images = dataset_of([np.full((30, 26 + i), 255) for i in range(4)])
    return Colorization2016Stage(grey_encoder(), images, BUDGET, seed=0)


def test_windows_agree_with_a_slow_version() -> None:
    """All pixels, those of the border as well, where the nearest pixel inside is taken."""
    found = windows(photos(), pixel_grid(10, 14).expand(2, -1, -1))
    assert found.shape == (2, 3, 140, 49)
    for n in range(2):
        for row in range(10):
            for column in range(14):
                inside = [
                    photos()[n, :, min(max(row + i, 0), 9), min(max(column + j, 0), 13)]
                    for i in range(-3, 4)
                    for j in range(-3, 4)
                ]
                assert torch.equal(found[n, :, row * 14 + column], torch.stack(inside, dim=1))


def test_the_middle_of_a_window_is_the_pixel() -> None:
    points, pixels = random_points(photos(), 50, seeded(1))
    assert torch.equal(windows(photos(), points)[..., 24], pixels[:, :, 0])


def test_histograms_agree_with_numpy() -> None:
    values, amounts = torch.rand(2, 3, 49, generator=seeded(0)), torch.rand(2, 3, 49, generator=seeded(1))
    found = histogram(values, amounts)
    assert found.shape == (2, 3, BINS)
    for n in range(2):
        for p in range(3):
            counts, _ = np.histogram(values[n, p].numpy(), bins=BINS, range=(0, 1), weights=amounts[n, p].numpy())
            assert np.allclose(found[n, p], counts / counts.sum(), atol=1e-5)


def test_a_histogram_of_nothing_is_zero() -> None:
    found = histogram(torch.rand(1, 2, 49, generator=seeded(0)), torch.zeros(1, 2, 49))
    assert bool(found.isfinite().all())
    assert not bool(found.any())


def test_targets_of_two_colours(stage: Colorization2016Stage) -> None:
    """Left of an edge red, right of it grey: half the window has a hue, and it is red."""
    image = torch.full((1, 3, 9, 12), 100, dtype=torch.uint8)
    image[:, 0, :, :6] = 200
    places = pixel_grid(9, 12).view(1, 9, 12, 2)[:, 4, [5, 9]]
    pixels = image[:, :, 4, [5, 9]][:, :, None]
    hues, chromas, at_point = stage.targets(image, places, pixels)
    assert hues[0, 0].tolist() == [1.0] + [0.0] * (BINS - 1)
    red = int(100 / 255 * BINS)
    # The window of column 5 reaches from 2 to 8: four columns of red, three of grey.
    assert chromas[0, 0, [0, red]].tolist() == pytest.approx([3 / 7, 4 / 7])
    assert at_point[0].tolist() == pytest.approx([100 / 255, 0])
    # The window of column 9 begins at column 6: all grey, no hue, no weight.
    assert not bool(hues[0, 1].any())
    assert chromas[0, 1].tolist() == [1.0] + [0.0] * (BINS - 1)


def slow_divergence(target: Tensor, scores: Tensor) -> float:
    predicted = scores.double().softmax(0)
    return sum(float(t) * math.log(float(t) / float(p)) for t, p in zip(target, predicted, strict=True) if t > 0)


def test_the_loss_agrees_with_a_slow_one(stage: Colorization2016Stage) -> None:
    points, pixels = random_points(photos(), 6, seeded(1))
    targets = stage.targets(photos(), points, pixels)
    scores = [torch.randn(2, 6, BINS, generator=seeded(s)) for s in (0, 1)]
    loss, parts = stage.points_loss(*scores, *targets)
    chroma = hue_and_chroma(pixels)[1][:, 0]
    hue_terms, chroma_terms = [], []
    for n in range(2):
        for p in range(6):
            hue_terms.append(5 * float(chroma[n, p]) * slow_divergence(targets[0][n, p], scores[0][n, p]))
            chroma_terms.append(slow_divergence(targets[1][n, p], scores[1][n, p]))
    assert parts["hue_loss"] == pytest.approx(np.mean(hue_terms), rel=1e-4)
    assert parts["chroma_loss"] == pytest.approx(np.mean(chroma_terms), rel=1e-4)
    assert float(loss) == pytest.approx(np.mean(hue_terms) + np.mean(chroma_terms), rel=1e-4)


def test_a_perfect_prediction_costs_nothing(stage: Colorization2016Stage) -> None:
    points, pixels = random_points(photos(), 6, seeded(1))
    hues, chromas, at_point = stage.targets(photos(), points, pixels)
    perfect = [target.clamp(min=1e-12).log() for target in (hues, chromas)]
    assert float(stage.points_loss(*perfect, hues, chromas, at_point)[0]) == pytest.approx(0, abs=1e-4)


def test_grey_images_teach_no_hue(stage: Colorization2016Stage) -> None:
    grey = torch.full((1, 3, 9, 9), 77, dtype=torch.uint8)
    points, pixels = random_points(grey, 4, seeded(0))
    scores = [torch.zeros(1, 4, BINS, requires_grad=True) for _ in range(2)]
    loss, parts = stage.points_loss(*scores, *stage.targets(grey, points, pixels))
    loss.backward()
    assert parts["hue_loss"] == 0
    assert parts["chroma_loss"] == pytest.approx(math.log(BINS))
    assert scores[0].grad is not None
    assert not bool(scores[0].grad.any())


def test_no_constant_does_better_than_the_best(stage: Colorization2016Stage) -> None:
    points, pixels = random_points(photos(), 60, seeded(1))
    targets = stage.targets(photos(), points, pixels)
    best = [shares.clamp(min=1e-12).log().float() for shares in stage.best_constant(*targets)]
    assert [float(b.exp().sum()) for b in best] == pytest.approx([1, 1])

    def cost(hue: Tensor, chroma: Tensor) -> float:
        return float(stage.points_loss(hue.expand(2, 60, -1), chroma.expand(2, 60, -1), *targets)[0])

    least = cost(best[0], best[1])
    for seed in range(20):
        noise = 0.3 * torch.randn(2, BINS, generator=seeded(seed))
        assert cost(best[0] + noise[0], best[1]) > least
        assert cost(best[0], best[1] + noise[1]) > least


def test_a_step_needs_no_labels_and_reaches_every_weight(stage: Colorization2016Stage) -> None:
    assert isinstance(stage.module, Colorizer)
    loss, numbers = step_loss(stage, 0, generator_for(0, "step", 0))
    loss.backward()
    assert loss.item() == pytest.approx(numbers["hue_loss"] + numbers["chroma_loss"], rel=1e-5)
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in stage.module.parameters())


def test_a_step_is_settled_by_its_generator(stage: Colorization2016Stage) -> None:
    stage.module.eval()
    before = torch.get_rng_state()
    losses = [step_loss(stage, 1, generator_for(0, "step", s))[0].item() for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_scores_are_of_its_own_loss(stage: Colorization2016Stage) -> None:
    score = stage.score(stage.images, generator_for(0, "score"))
    assert score.measure == "divergence of hue and chroma"
    assert not score.higher_is_better
    assert score.value > score.trivial > 0


def test_it_learns_what_lightness_tells(dataset_of: Callable[..., SegmentationDataset]) -> None:
    """A bright half in orange, a dark half in blue, and windows that have both: the trivial guess is far behind."""
    images = dataset_of([np.zeros((24, 24))])
    images.arrays(0)[0][:, :, :12] = np.array([240, 180, 120], dtype=np.uint8)[:, None, None]
    images.arrays(0)[0][:, :, 12:] = np.array([20, 30, 90], dtype=np.uint8)[:, None, None]
    stage = Colorization2016Stage(
        grey_encoder(), images, ProxyBudget(BUDGET.schedule, crop=24, points=16, scale=(1, 1)), seed=0
    )
    optimizer = torch.optim.Adam(stage.module.parameters(), lr=1e-2)
    for step in range(80):
        optimizer.zero_grad()
        step_loss(stage, step, generator_for(0, "step", step))[0].backward()
        optimizer.step()
    score = stage.score(images, generator_for(0, "score"))
    assert score.value < 0.5 * score.trivial


def test_what_was_asked_for_is_on_record(stage: Colorization2016Stage) -> None:
    assert PROXIES["colorization-2016"] is Colorization2016Stage
    assert (stage.name, stage.input) == ("colorization-2016", "grey")
