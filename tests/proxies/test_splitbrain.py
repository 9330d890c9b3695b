from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from skimage.color import rgb2lab
from torch import Tensor

from mmtutorial.datasets import SegmentationDataset, open_dataset
from mmtutorial.errors import InputError
from mmtutorial.networks import NetworkSpec, TinyEncoder, make_encoder
from mmtutorial.networks.lab_colours import from_lab, to_lab
from mmtutorial.networks.split import SplitEncoder
from mmtutorial.proxies import PROXIES, SplitBrainStage
from mmtutorial.proxies.ab_bins import ab_centres
from mmtutorial.proxies.splitbrain import LIGHTNESS_BINS, SplitBrain, lightness_bins
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.engine import train
from tests.stepping import step_loss

BUDGET = ProxyBudget(Schedule(steps=5, images=3, lr=1e-3), crop=24)


def split_encoder(*, batch_norm: bool = True) -> SplitEncoder:
    with global_seed(0, "weights"):
        encoder = make_encoder(NetworkSpec(input="split", batch_norm=batch_norm))
    assert isinstance(encoder, SplitEncoder)
    return encoder


def photos(count: int = 2, height: int = 24, width: int = 32) -> Tensor:
    generator = seeded(0)
    return torch.randint(0, 256, (count, 3, height, width), generator=generator, dtype=torch.uint8)


@pytest.fixture
def stage(dataset_of: Callable[..., SegmentationDataset]) -> SplitBrainStage:
    images = dataset_of([np.full((30, 26 + i), 255) for i in range(4)])
    return SplitBrainStage(split_encoder(), images, BUDGET, seed=0)


def test_bins_of_lightness() -> None:
    assert lightness_bins(torch.tensor([-0.001, 0.0, 3.99, 4.01, 50.0, 99.9, 100.0, 100.001])).tolist() == [
        *(0, 0, 0, 1, 12, 24, 24, 24),
    ]
    centres = SplitBrain(split_encoder()).lightness_centres
    assert centres.shape == (LIGHTNESS_BINS, 1)
    assert lightness_bins(centres[:, 0]).tolist() == list(range(LIGHTNESS_BINS))


@pytest.mark.parametrize("side", [16, 24, 33])
def test_scores_come_at_every_step_of_the_last_map(side: int) -> None:
    colour, lightness = SplitBrain(split_encoder()).eval()(photos(2, side, 2 * side))
    assert colour.shape == (2, -(-side // 8), -(-2 * side // 8), 261)
    assert lightness.shape == (*colour.shape[:3], LIGHTNESS_BINS)


def test_neither_half_sees_what_it_predicts() -> None:
    network = SplitBrain(split_encoder()).eval()
    lab = torch.tensor([50.0, 5.0, -5.0])[:, None, None] + torch.rand(1, 3, 16, 16) * 10
    with torch.no_grad():
        colour, lightness = network(from_lab(lab))
        other_colour, other_lightness = (from_lab(lab + torch.tensor(s)[:, None, None]) for s in ((0, 9, 9), (9, 0, 0)))
        torch.testing.assert_close(network(other_colour)[0], colour, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(network(other_lightness)[1], lightness, atol=1e-3, rtol=1e-3)
        assert not torch.allclose(network(other_colour)[1], lightness, atol=0.01)
        assert not torch.allclose(network(other_lightness)[0], colour, atol=0.01)


def test_targets_agree_with_scikit_image(stage: SplitBrainStage) -> None:
    """The mean L*, a* and b* of each part of the image, in bins."""
    colour, lightness = stage.targets(photos(), (3, 4))
    lab = rgb2lab(photos().numpy(), channel_axis=1)
    means = lab.reshape(2, 3, 3, 8, 4, 8).mean(axis=(3, 5))
    expected = np.floor(means[:, 0] / 4).astype(int).flatten()
    assert lightness.tolist() == expected.tolist()
    ab = means[:, 1:].transpose(0, 2, 3, 1).reshape(-1, 2)
    away = np.linalg.norm(ab[:, None] - ab_centres().numpy(), axis=2)
    assert np.allclose(away[np.arange(24), colour.numpy()], away.min(axis=1), atol=1e-3)


def test_the_loss_is_the_sum_of_both_cross_entropies(stage: SplitBrainStage) -> None:
    stage.module.eval()
    loss, parts = step_loss(stage, 0, generator_for(0, "step", 0))
    crops = stage.draw(0, generator_for(0, "step", 0))[0]
    slow = []
    for scores, bins in zip(stage.module(crops), stage.targets(crops, (3, 3)), strict=True):
        logs = scores.detach().flatten(0, 2).log_softmax(1)
        slow.append(-float(np.mean([float(logs[p, b]) for p, b in enumerate(bins.tolist())])))
    assert [parts["colour_loss"], parts["lightness_loss"]] == pytest.approx(slow, rel=1e-4)
    assert loss.item() == pytest.approx(sum(slow), rel=1e-4)


def test_a_step_needs_no_labels_and_reaches_every_weight(stage: SplitBrainStage) -> None:
    loss, _ = step_loss(stage, 0, generator_for(0, "step", 0))
    loss.backward()
    assert math.isfinite(loss.item())
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in stage.module.parameters())
    for half in (stage.encoder.lightness, stage.encoder.colour):
        assert bool(half.layers[0][0].weight.grad.any())


def test_a_step_is_settled_by_its_generator(stage: SplitBrainStage) -> None:
    before = torch.get_rng_state()
    stage.begin(generator_for(0, "begin"))
    losses = [step_loss(stage, 1, generator_for(0, "step", s), stage.module.eval())[0].item() for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_training_starts_from_the_frequencies(stage: SplitBrainStage) -> None:
    stage.begin(generator_for(0, "begin"))
    generator = generator_for(0, "begin")
    found = [stage.targets(stage.draw(step, generator)[0], (3, 3)) for step in range(5)]
    for head, bins in zip((stage.module.to_colour, stage.module.to_lightness), zip(*found, strict=True), strict=True):
        bias = head[-1].bias
        shares = torch.bincount(torch.cat(bins), minlength=len(bias)) / (5 * 3 * 9)
        torch.testing.assert_close(bias.softmax(0), 0.99 * shares + 0.01 / len(bias))


def test_the_trivial_score_is_the_entropy_of_the_bins(stage: SplitBrainStage) -> None:
    score = stage.score(stage.images, generator_for(0, "score"))
    bins = stage.targets(stage.held_out_crops(stage.images, generator_for(0, "score")), (3, 3))
    assert score.trivial == pytest.approx(sum(entropy(np.bincount(b.numpy())) for b in bins), rel=1e-5)
    assert score.value > score.trivial
    assert not score.higher_is_better


def test_a_picture_puts_both_halves_together(stage: SplitBrainStage) -> None:
    """A network sure of one colour and one lightness: each half of the picture has what was seen and what was said."""
    network, images = stage.module, (photos().float() / 8 + 110).to(torch.uint8)
    place = ab_centres().tolist().index([20.0, 30.0])
    for head, sure in ((network.to_colour, place), (network.to_lightness, 15)):
        torch.nn.init.zeros_(head[-1].weight)
        torch.nn.init.zeros_(head[-1].bias)
        head[-1].bias.data[sure] = 50.0
    picture = stage.picture(images, generator_for(0, "picture"))
    assert all(row.shape == images.shape for row in (picture.sees, picture.target, picture.prediction))
    assert all(row.dtype == torch.uint8 for row in (picture.sees, picture.target, picture.prediction))
    assert torch.equal(picture.target, images)
    sees, truth, said = (to_lab(row) for row in (picture.sees, images, picture.prediction))
    left, right = (..., slice(0, 16)), (..., slice(16, 32))
    torch.testing.assert_close(sees[:, :1][left], truth[:, :1][left], atol=1, rtol=0)
    assert float(sees[:, 1:][left].abs().max()) < 1
    torch.testing.assert_close(sees[:, 1:][right], truth[:, 1:][right], atol=2, rtol=0)
    assert float((sees[:, :1][right] - 65).abs().max()) < 1
    torch.testing.assert_close(said[:, :1][left], truth[:, :1][left], atol=1, rtol=0)
    assert float((said[:, 1:][left] - torch.tensor([20.0, 30.0])[:, None, None]).abs().max()) < 2
    torch.testing.assert_close(said[:, 1:][right], truth[:, 1:][right], atol=2, rtol=0)
    assert float((said[:, :1][right] - 62).abs().max()) < 1


def test_an_encoder_without_halves_is_refused(dataset_of: Callable[..., SegmentationDataset]) -> None:
    with pytest.raises(InputError, match="two halves; make it with input='split'"):
        SplitBrainStage(TinyEncoder(), dataset_of([np.zeros((24, 24))]), BUDGET, seed=0)


def test_what_was_asked_for_is_on_record(stage: SplitBrainStage) -> None:
    assert PROXIES["splitbrain"] is SplitBrainStage
    assert (stage.name, stage.input) == ("splitbrain", "split")
    assert stage.encoder.in_channels == 3


@pytest.mark.slow
def test_it_beats_the_trivial_predictor_on_scenes(tmp_path: Path) -> None:
    """By 0.10, 0.07 and 0.05 of 6.39 with seeds 0, 1 and 2; less than half of the least is asked for."""
    budget = ProxyBudget(Schedule(steps=150, images=24, lr=4e-3), crop=48)
    images = open_dataset("scenes", split="unlabeled").subset(range(1000))
    stage = SplitBrainStage(split_encoder(), images, budget, seed=0)
    train(stage, seed=0, folder=tmp_path, machine=Machine("cpu"))
    score = stage.score(open_dataset("scenes", split="val"), generator_for(0, "score"))
    assert score.beats_trivial
    assert score.trivial - score.value > 0.02
