from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import TinyEncoder
from mmtutorial.proxies import PROXIES, BiGANStage
from mmtutorial.proxies.bigan import CODE, BiGAN, Scores, adversarial_losses, random_codes
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.engine import train
from tests.stepping import step_loss

BUDGET = ProxyBudget(Schedule(steps=5, images=3, lr=1e-3), crop=24, scale=(1.0, 1.0))


def bigan(seed: int = 0) -> BiGAN:
    with global_seed(seed, "weights"):
        return BiGAN(TinyEncoder(batch_norm=False))


def stage_on(images: SegmentationDataset, budget: ProxyBudget = BUDGET, seed: int = 0) -> BiGANStage:
    with global_seed(seed, "weights"):
        return BiGANStage(TinyEncoder(batch_norm=False), images, budget, seed=seed)


@pytest.fixture
def stage(dataset_of: Callable[..., SegmentationDataset]) -> BiGANStage:
    return stage_on(dataset_of([np.full((30, 26 + i), 255) for i in range(4)]))


def test_the_losses_agree_with_slow_ones() -> None:
    scores = Scores(*(torch.randn(5, generator=seeded(s)) for s in range(4)))
    own, others = adversarial_losses(scores)

    def say(score: Tensor, truth: float) -> float:
        p = 1 / (1 + math.exp(-float(score)))
        return -truth * math.log(p) - (1 - truth) * math.log(1 - p)

    expected = np.mean([say(s, 0.9) for s in scores.real]) + np.mean([say(s, 0) for s in scores.fake])
    assert float(own) == pytest.approx(expected, rel=1e-5)
    exchanged = np.mean([say(s, 0) for s in scores.real_frozen]) + np.mean([say(s, 1) for s in scores.fake_frozen])
    assert float(others) == pytest.approx(exchanged, rel=1e-5)


def gradients(loss: Tensor, network: BiGAN, parameters: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(loss, parameters, retain_graph=True))


def test_one_backward_pass_gives_each_side_its_own_gradient() -> None:
    # In evaluation mode, or spectral norm and batch norm would move on between the passes.
    network = bigan().eval()
    images, codes = torch.rand(6, 3, 32, 32, generator=seeded(0)), random_codes(6, seeded(1))
    own, others = adversarial_losses(network(images, codes))
    (own + others).backward()
    # The slow way: two games, each written down as in the paper, with all weights trainable.
    made, written = network.generator(codes), network.encode(images)
    real, fake = network.discriminator(images, written), network.discriminator(made, codes)
    slow_own = F.binary_cross_entropy_with_logits(real, torch.full((6,), 0.9))
    slow_own = slow_own + F.binary_cross_entropy_with_logits(fake, torch.zeros(6))
    slow_others = F.binary_cross_entropy_with_logits(real, torch.zeros(6))
    slow_others = slow_others + F.binary_cross_entropy_with_logits(fake, torch.ones(6))
    judges = list(network.discriminator.parameters())
    players = [*network.encoder.parameters(), *network.project.parameters(), *network.generator.parameters()]
    assert len(judges) + len(players) == len(list(network.parameters()))
    for parameters, loss in ((judges, slow_own), (players, slow_others)):
        for parameter, expected in zip(parameters, gradients(loss, network, parameters), strict=True):
            assert parameter.grad is not None
            assert bool(expected.any())
            torch.testing.assert_close(parameter.grad, expected, atol=1e-7, rtol=1e-3)
    torch.testing.assert_close(own + others, slow_own + slow_others)


def test_the_discriminator_looks_at_image_and_code() -> None:
    network = bigan().eval()
    images, codes = torch.rand(4, 3, 32, 32, generator=seeded(0)), random_codes(4, seeded(1))
    scores = network.discriminator(images, codes)
    assert scores.shape == (4,)
    assert not torch.allclose(scores, network.discriminator(images.roll(1, 0), codes), atol=1e-6)
    assert not torch.allclose(scores, network.discriminator(images, codes.roll(1, 0)), atol=1e-6)
    # Whether a code belongs to its image is more than how real either looks: the four scores do not add up.
    mixed = network.discriminator(images, codes.roll(1, 0)) + network.discriminator(images.roll(1, 0), codes)
    assert not torch.allclose(scores + scores.roll(1), mixed, atol=1e-5)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_shapes(batch_norm: bool) -> None:
    network = BiGAN(TinyEncoder(batch_norm=batch_norm))
    images, codes = torch.rand(2, 3, 32, 32), random_codes(2, seeded(0))
    assert network.side == 32
    assert network.encode(images).shape == codes.shape == (2, CODE)
    made = network.reconstruct(images).detach()
    assert made.shape == (2, 3, 32, 32)
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    assert all(scores.shape == (2,) for scores in network(images, codes))


def test_codes_are_uniform() -> None:
    codes = random_codes(4000, seeded(0))
    assert codes.shape == (4000, CODE)
    assert -1 <= float(codes.min()) < -0.99
    assert 0.99 < float(codes.max()) <= 1
    assert float(codes.var()) == pytest.approx(1 / 3, rel=0.02)


def test_windows_are_the_quarters_of_a_crop(stage: BiGANStage) -> None:
    crops = torch.randint(256, (3, 3, 64, 64), dtype=torch.uint8, generator=seeded(0))
    windows = stage.windows(crops)
    assert windows.shape == (12, 3, 32, 32)
    assert torch.equal(windows[5], crops[1, :, :32, 32:] / 255)
    assert torch.equal(windows[10], crops[2, :, 32:, :32] / 255)
    small = stage.windows(crops.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert float((small.mean((2, 3)) - windows.mean((2, 3))).abs().max()) < 0.02


def test_a_step_reaches_every_weight_and_is_settled_by_its_generator(stage: BiGANStage) -> None:
    loss, numbers = step_loss(stage, 0, generator_for(0, "step", 0))
    loss.backward()
    assert loss.item() == pytest.approx(numbers["discriminator_loss"] + numbers["encoder_generator_loss"], rel=1e-5)
    assert 0 <= numbers["discriminator_right"] <= 100
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in stage.module.parameters())
    stage.module.eval()
    before = torch.get_rng_state()
    losses = [step_loss(stage, 1, generator_for(0, "step", s))[0].item() for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_every_weight_is_in_one_group(stage: BiGANStage) -> None:
    found = [id(p) for group in stage.parameter_groups() for p in group["params"]]
    assert sorted(found) == sorted(id(p) for p in stage.module.parameters())


def test_reconstruction_errors_tell_a_perfect_network_from_a_blind_one(
    stage: BiGANStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.module, "reconstruct", lambda windows: windows)
    errors = stage.reconstruction_errors(stage.images, seeded(0))
    assert errors.own == 0 < errors.mean < errors.other
    windows = stage.windows(stage.held_out_crops(stage.images, seeded(0)))
    squares = [
        float((windows[4 * ((i - 1) % 4) + t] - windows[4 * i + t]).square().mean()) for i in range(4) for t in range(4)
    ]
    assert errors.other == pytest.approx(np.mean(squares), rel=1e-4)
    assert errors.mean == pytest.approx(float(windows.var(dim=0, correction=0).mean()), rel=1e-4)
    monkeypatch.setattr(stage.module, "reconstruct", lambda windows: torch.full_like(windows, 0.5))
    blind = stage.score(stage.images, seeded(0))
    assert blind.value == blind.trivial
    assert not blind.beats_trivial


def test_the_picture_shows_the_middle_and_what_comes_back(stage: BiGANStage) -> None:
    images = torch.randint(256, (2, 3, 64, 80), dtype=torch.uint8, generator=seeded(0))
    shown = stage.picture(images, seeded(0))
    assert torch.equal(shown.sees, images[:, :, 16:48, 24:56])
    assert torch.equal(shown.target, shown.sees)
    expected = (255 * stage.module.reconstruct(shown.sees / 255)).round().to(torch.uint8)
    assert int((shown.prediction.int() - expected.int()).abs().max()) <= 1


def test_a_run_cut_short_ends_with_the_same_weights(
    dataset_of: Callable[..., SegmentationDataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state that spectral norm keeps between steps is part of what is resumed."""
    images = dataset_of([np.full((24, 24), 255)] * 3)
    monkeypatch.setattr("mmtutorial.training.engine.SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    whole = stage_on(images)
    train(whole, seed=0, folder=tmp_path / "whole", machine=Machine("cpu"))
    broken = stage_on(images)
    draw = broken.draw

    def stop(step: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        if step == 3:
            raise KeyboardInterrupt
        return draw(step, generator)

    monkeypatch.setattr(broken, "draw", stop)
    with pytest.raises(KeyboardInterrupt):
        train(broken, seed=0, folder=tmp_path / "broken", machine=Machine("cpu"))
    resumed = stage_on(images)
    train(resumed, seed=0, folder=tmp_path / "broken", machine=Machine("cpu"))
    for name, tensor in whole.module.state_dict().items():
        assert torch.equal(tensor, resumed.module.state_dict()[name]), name


def test_what_was_asked_for_is_on_record(stage: BiGANStage) -> None:
    assert PROXIES["bigan"] is BiGANStage
    assert (stage.name, stage.input, stage.schedule.steps) == ("bigan", "rgb", 5)
