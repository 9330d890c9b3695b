from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from torch import Tensor

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import TinyEncoder
from mmtutorial.proxies import PROXIES, ColorfulStage
from mmtutorial.proxies.ab_bins import ab_centres, nearest_bins, rebalancing_weights, soft_encode
from mmtutorial.proxies.colorful import ColorfulColorizer, best_constant, mean_colours, weighted_cross_entropy
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.engine import train
from tests.stepping import step_loss

BUDGET = ProxyBudget(Schedule(steps=5, images=3, lr=1e-3), crop=24)
BINS = 261


def grey_encoder() -> TinyEncoder:
    with global_seed(0, "weights"):
        return TinyEncoder(in_channels=1)


def photos(count: int = 2, height: int = 24, width: int = 32) -> Tensor:
    return torch.randint(0, 256, (count, 3, height, width), generator=seeded(0), dtype=torch.uint8)


def one_colour(dataset_of: Callable[..., SegmentationDataset], colour: tuple[int, int, int]) -> SegmentationDataset:
    images = dataset_of([np.zeros((24, 24))])
    images.arrays(0)[0][:] = np.array(colour, dtype=np.uint8)[:, None, None]
    return images


@pytest.fixture
def stage(dataset_of: Callable[..., SegmentationDataset]) -> ColorfulStage:
    return ColorfulStage(grey_encoder(), dataset_of([np.full((30, 26 + i), 255) for i in range(4)]), BUDGET, seed=0)


def random_targets(pixels: int = 7) -> tuple[Tensor, Tensor, Tensor]:
    """Bins, shares and weights; colours all over the ab plane."""
    bins, shares = soft_encode(120 * torch.rand(pixels, 2, generator=seeded(1)) - 60, ab_centres())
    return bins, shares, 5 * torch.rand(BINS, generator=seeded(2))


def test_colours_of_the_grid_agree_with_scikit_image() -> None:
    """Each is the colour of the mean of its pixels, rows first."""
    found = mean_colours(photos(), (3, 4))
    assert found.shape == (2 * 3 * 4, 2)
    means = photos().float().unflatten(3, (4, 8)).unflatten(2, (3, 8)).mean(dim=(3, 5)) / 255
    expected = rgb2lab(means.numpy(), channel_axis=1)[:, 1:].transpose(0, 2, 3, 1).reshape(-1, 2)
    assert np.abs(found.numpy() - expected).max() < 0.01


def test_the_loss_agrees_with_a_slow_one() -> None:
    bins, shares, weights = random_targets()
    scores = torch.randn(7, BINS, generator=seeded(0))
    terms = []
    for p in range(7):
        logs = scores[p].log_softmax(0)
        entropy = -sum(float(shares[p, k]) * float(logs[bins[p, k]]) for k in range(5))
        terms.append(float(weights[bins[p, 0]]) * entropy)
    assert float(weighted_cross_entropy(scores, bins, shares, weights)) == pytest.approx(np.mean(terms), rel=1e-5)


def test_no_constant_does_better_than_the_best() -> None:
    bins, shares, weights = random_targets(50)
    best = best_constant(bins, shares, weights)
    assert best.shape == (1, BINS)
    assert float(best.exp().sum()) == pytest.approx(1)
    least = float(weighted_cross_entropy(best, bins, shares, weights))
    for seed in range(20):
        other = best + 0.3 * torch.randn(1, BINS, generator=seeded(seed))
        assert float(weighted_cross_entropy(other, bins, shares, weights)) > least
    scores = torch.zeros(1, BINS, requires_grad=True)
    optimizer = torch.optim.Adam([scores], lr=0.3)
    for _ in range(200):
        optimizer.zero_grad()
        weighted_cross_entropy(scores, bins, shares, weights).backward()
        optimizer.step()
    assert float(weighted_cross_entropy(scores.detach(), bins, shares, weights)) == pytest.approx(least, rel=0.02)


def test_one_constant_serves_for_all_pixels() -> None:
    bins, shares, weights = random_targets()
    alone = torch.randn(1, BINS, generator=seeded(0))
    expected = weighted_cross_entropy(alone.repeat(7, 1), bins, shares, weights)
    torch.testing.assert_close(weighted_cross_entropy(alone, bins, shares, weights), expected)


@pytest.mark.parametrize("side", [16, 24, 33])
def test_scores_come_at_twice_the_resolution_of_the_last_map(side: int) -> None:
    network = ColorfulColorizer(grey_encoder()).eval()
    assert network(photos(2, side, 2 * side)).shape == (2, 2 * -(-side // 8), 2 * -(-2 * side // 8), BINS)


def test_the_network_cannot_see_the_colour_it_predicts() -> None:
    network = ColorfulColorizer(grey_encoder()).eval()
    torch.nn.init.normal_(network.classify.weight, generator=seeded(0))
    scores = network(photos())
    assert float(scores.detach().flatten(0, 2).std(dim=0).mean()) > 0.01
    for order in ([1, 2, 0], [0, 2, 1]):
        torch.testing.assert_close(network(photos()[:, order]), scores, atol=1e-3, rtol=1e-3)


def test_the_prior_is_that_of_the_training_images(dataset_of: Callable[..., SegmentationDataset]) -> None:
    colour = (220, 120, 20)
    stage = ColorfulStage(
        grey_encoder(), one_colour(dataset_of, colour), ProxyBudget(BUDGET.schedule, crop=24, scale=(1, 1)), seed=0
    )
    assert stage.module.prior.tolist() == pytest.approx([1 / BINS] * BINS)
    stage.begin(generator_for(0, "begin"))
    ab = torch.from_numpy(rgb2lab(np.array(colour, dtype=np.uint8)[None, None])[0, :, 1:]).float()
    (place,) = nearest_bins(ab, ab_centres()).tolist()
    assert float(stage.module.prior[place]) == pytest.approx(1)
    torch.testing.assert_close(stage.module.weights, rebalancing_weights(stage.module.prior, ab_centres()))
    assert int(stage.module.weights.argmin()) == place


def test_training_starts_from_a_constant_guess(stage: ColorfulStage) -> None:
    stage.begin(generator_for(0, "begin"))
    stage.module.eval()
    scores = stage.module(photos()).detach().flatten(0, 2)
    torch.testing.assert_close(scores, scores[:1].expand(len(scores), -1))
    expected = stage.module.weights * stage.module.prior
    torch.testing.assert_close(scores[0].softmax(0), 0.99 * expected / expected.sum() + 0.01 / BINS)


def test_checkpoints_hold_the_prior(stage: ColorfulStage) -> None:
    stage.begin(generator_for(0, "begin"))
    saved = stage.module.state_dict()
    assert {"prior", "weights"} <= set(saved)
    other = ColorfulColorizer(grey_encoder())
    other.load_state_dict(saved)
    assert torch.equal(other.prior, stage.module.prior)
    assert torch.equal(other.weights, stage.module.weights)


def test_a_step_needs_no_labels_and_reaches_every_weight(stage: ColorfulStage) -> None:
    torch.nn.init.normal_(stage.module.classify.weight, generator=seeded(0))
    loss, _ = step_loss(stage, 0, generator_for(0, "step", 0))
    loss.backward()
    assert math.isfinite(loss.item())
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in stage.module.parameters())
    assert bool(stage.encoder.layers[0][0].weight.grad.any())


def test_rare_colours_weigh_more(dataset_of: Callable[..., SegmentationDataset]) -> None:
    """The same wrong guess costs more where the colour is rare."""
    stage = ColorfulStage(grey_encoder(), one_colour(dataset_of, (90, 90, 90)), BUDGET, seed=0)
    stage.begin(generator_for(0, "begin"))
    scores, costs = torch.zeros(1, BINS), []
    for colour in ((90, 90, 90), (250, 20, 20)):
        images = torch.tensor(colour, dtype=torch.uint8)[None, :, None, None].expand(1, 3, 8, 8)
        costs.append(float(weighted_cross_entropy(scores, *stage.targets(images, (2, 2)), stage.module.weights)))
    assert costs[1] > 5 * costs[0]


def test_a_step_is_settled_by_its_generator(stage: ColorfulStage) -> None:
    before = torch.get_rng_state()
    stage.begin(generator_for(0, "begin"))
    losses = [step_loss(stage, 1, generator_for(0, "step", s), stage.module.eval())[0].item() for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_the_score_of_a_constant_guess_is_no_better_than_the_trivial_one(stage: ColorfulStage) -> None:
    stage.begin(generator_for(0, "begin"))
    score = stage.score(stage.images, generator_for(0, "score"))
    assert not score.higher_is_better
    assert score.value >= score.trivial > 0
    again = stage.score(stage.images, generator_for(0, "score"))
    assert again == score


def test_a_picture_has_its_lightness_and_the_predicted_colour(stage: ColorfulStage) -> None:
    """A network sure of one bin paints all in its colour."""
    place = ab_centres().tolist().index([20.0, 30.0])
    torch.nn.init.zeros_(stage.module.classify.bias)
    stage.module.classify.bias.data[place] = 50.0
    greyish = (photos().float() / 8 + 110).to(torch.uint8)
    picture = stage.picture(greyish, generator_for(0, "picture"))
    for row in (picture.sees, picture.target, picture.prediction):
        assert row.shape == greyish.shape
        assert row.dtype == torch.uint8
    assert torch.equal(picture.target, greyish)
    assert torch.equal(picture.sees[:, 0], picture.sees[:, 2])
    painted, truth = (rgb2lab(images.numpy(), channel_axis=1) for images in (picture.prediction, greyish))
    assert np.abs(painted[:, 0] - truth[:, 0]).max() < 1
    assert np.abs(painted[:, 1] - 20).max() < 2
    assert np.abs(painted[:, 2] - 30).max() < 2


def test_what_was_asked_for_is_on_record(stage: ColorfulStage) -> None:
    assert PROXIES["colorful"] is ColorfulStage
    assert (stage.name, stage.input) == ("colorful", "grey")
    assert stage.about["budget"]["crop"] == 24


def test_it_learns_what_lightness_tells(dataset_of: Callable[..., SegmentationDataset], tmp_path: Path) -> None:
    """A bright half in orange, a dark half in blue: who looks at the image knows the colour."""
    images = dataset_of([np.zeros((24, 24))])
    images.arrays(0)[0][:, :, :12] = np.array([240, 180, 120], dtype=np.uint8)[:, None, None]
    images.arrays(0)[0][:, :, 12:] = np.array([20, 30, 90], dtype=np.uint8)[:, None, None]
    budget = ProxyBudget(Schedule(steps=60, images=2, lr=1e-2), crop=24, scale=(1, 1))
    stage = ColorfulStage(grey_encoder(), images, budget, seed=0)
    train(stage, seed=0, folder=tmp_path, machine=Machine("cpu"))
    score = stage.score(images, generator_for(0, "score"))
    assert score.beats_trivial
    # No network can come below the entropy of the soft targets.
    crops = stage.held_out_crops(images, generator_for(0, "score"))
    bins, shares = stage.targets(crops, (6, 6))
    sure = torch.zeros(len(bins), BINS).scatter_(1, bins, shares).clamp(min=1e-12).log()
    least = float(weighted_cross_entropy(sure, bins, shares, stage.module.weights))
    assert score.value - least < 0.6 * (score.trivial - least)
