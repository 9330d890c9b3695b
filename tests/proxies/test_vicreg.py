from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mmtutorial.datasets import open_dataset
from mmtutorial.networks import TinyEncoder
from mmtutorial.proxies import PROXIES, VICRegStage
from mmtutorial.proxies.vicreg import PARTS, VICReg, covariance, deviations, invariance, variance, vicreg_loss
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.engine import train
from tests.stepping import step_loss

BUDGET = ProxyBudget(Schedule(steps=5, images=3, lr=1e-3), crop=48)
ROWS = st.integers(1, 7)
SEEDS = st.integers(0, 10_000)


def encoder(*, batch_norm: bool = True) -> TinyEncoder:
    with global_seed(0, "weights"):
        return TinyEncoder(batch_norm=batch_norm)


def make_stage(dataset_of: Callable, budget: ProxyBudget = BUDGET, **how: bool) -> VICRegStage:
    images = dataset_of([np.full((50, 52 + i), 1) for i in range(4)])
    with global_seed(0, "head"):
        return VICRegStage(encoder(**how), images, budget, seed=0)


@pytest.fixture
def stage(dataset_of: Callable) -> VICRegStage:
    return make_stage(dataset_of)


def two(seed: int, rows: int, numbers: int = 4) -> tuple[Tensor, Tensor]:
    first, second = 2 * torch.randn((2, rows, numbers), generator=seeded(seed), dtype=torch.float64)
    return first, second


def slow_loss(first: list[list[float]], second: list[list[float]]) -> float:
    """Equations 1 to 6 of the paper with the weights of its code, number by number."""
    n, d = len(first), len(first[0])
    apart = sum((a - b) ** 2 for x, y in zip(first, second, strict=True) for a, b in zip(x, y, strict=True)) / (n * d)
    total = 25 * apart
    for rows in (first, second):
        means = [sum(row[k] for row in rows) / n for k in range(d)]
        table = [
            [sum((r[j] - means[j]) * (r[k] - means[k]) for r in rows) / max(1, n - 1) for k in range(d)]
            for j in range(d)
        ]
        short = sum(max(0.0, 1 - math.sqrt(table[k][k] + 1e-4)) for k in range(d)) / d
        together = sum(table[j][k] ** 2 for j in range(d) for k in range(d) if j != k) / d
        total += 25 * short / 2 + together
    return total


@settings(deadline=None, max_examples=40)
@given(SEEDS, ROWS)
def test_the_loss_is_that_of_the_paper(seed: int, rows: int) -> None:
    first, second = two(seed, rows)
    assert vicreg_loss(first, second).item() == pytest.approx(slow_loss(first.tolist(), second.tolist()), rel=1e-6)


@settings(deadline=None, max_examples=30)
@given(SEEDS, ROWS)
def test_neither_view_comes_first_and_no_part_and_no_number_either(seed: int, rows: int) -> None:
    first, second = two(seed, rows)
    expected = pytest.approx(vicreg_loss(first, second).item())
    order, numbers = torch.randperm(rows, generator=seeded(seed)), torch.randperm(4, generator=seeded(seed))
    assert vicreg_loss(second, first).item() == expected
    assert vicreg_loss(first[order], second[order]).item() == expected
    assert vicreg_loss(first[:, numbers], second[:, numbers]).item() == expected
    # What all embeddings have in common means nothing.
    assert vicreg_loss(first + 3, second + 3).item() == expected


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(2, 7))
def test_collapse_costs_all_that_variance_weighs_and_is_left_downhill(seed: int, rows: int) -> None:
    noise, _ = two(seed, rows)
    collapsed = torch.ones_like(noise) + 1e-6 * noise
    loss = vicreg_loss(collapsed, collapsed)
    assert loss.item() == pytest.approx(25 * (1 - 0.01), rel=1e-3)
    assert deviations(collapsed).mean().item() == pytest.approx(0.01, rel=0.01)
    # Any way out of it is a way down, if both views go it together.
    apart = collapsed + 0.1 * noise
    assert vicreg_loss(apart, apart) < loss


def test_each_term_is_blind_to_what_the_others_see() -> None:
    rows = torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    assert invariance(rows, rows) == variance(rows) == covariance(rows) == 0
    assert invariance(rows, rows + 1) == 1
    assert covariance(rows[:2]) == pytest.approx(4)
    assert variance(rows / 4).item() == pytest.approx(1 - deviations(rows / 4)[0].item())


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_step_reaches_every_weight(dataset_of: Callable, images: int, batch_norm: bool) -> None:
    budget = ProxyBudget(Schedule(steps=5, images=images, lr=1e-3), crop=48)
    stage = make_stage(dataset_of, budget, batch_norm=batch_norm)
    loss, numbers = step_loss(stage, 0, generator_for(0, "step", 0))
    loss.backward()
    assert math.isfinite(loss.item())
    assert numbers["apart"] >= 0
    assert numbers["spread"] > 0
    assert all(bool(p.grad.isfinite().all()) and bool(p.grad.any()) for p in stage.module.parameters())
    (group,) = stage.parameter_groups()
    assert {id(p) for p in group["params"]} == {id(p) for p in stage.module.parameters()}


def test_images_of_one_colour_have_a_finite_loss_and_show_collapse(stage: VICRegStage) -> None:
    """Nothing to tell parts by but their light; in evaluation, without it, they are one."""
    blank = torch.full((3, 3, 48, 48), 128, dtype=torch.uint8)
    loss, _ = stage.loss(stage.module, (blank, blank[:, 0]), seeded(0))
    loss.backward()
    assert math.isfinite(loss.item())
    assert all(bool(p.grad.isfinite().all()) for p in stage.module.parameters())
    stage.module.eval()
    same = stage.module(torch.full((8, 3, 16, 16), 0.5))
    assert deviations(same).max().item() == pytest.approx(0.01, rel=0.01)
    assert variance(same).item() == pytest.approx(0.99, rel=0.01)


def test_a_step_is_settled_by_its_generator(stage: VICRegStage) -> None:
    stage.module.eval()
    before = torch.get_rng_state()
    losses = [step_loss(stage, 1, generator_for(0, "step", s))[0].item() for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_the_network_is_given_two_views_of_every_part(stage: VICRegStage, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def spy(views: Tensor) -> Tensor:
        given.append(views)
        return torch.zeros(len(views), 2, requires_grad=True)

    monkeypatch.setattr(stage.module, "forward", spy)
    step_loss(stage, 0, generator_for(0, "step", 0))
    [views] = given
    assert views.shape == (2 * 3 * PARTS, 3, 16, 16)
    assert 0 <= views.min() <= views.max() <= 1


def test_both_views_are_of_one_part_and_parts_of_one_image_stand_together(stage: VICRegStage) -> None:
    """Each image is of one grey, which light changes by less than lies between them."""
    images = torch.tensor([10, 80, 250], dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 48, 48)
    shade = stage.views(images, 4, seeded(0)).mean(dim=(1, 2, 3)).view(2, 3, 4)
    assert shade[:, 0].max() < shade[:, 1].min() < shade[:, 1].max() < shade[:, 2].min()


class Oracle(nn.Module):
    """Tells parts by their mean shade, which is one for each image below; or by nothing."""

    def __init__(self, *, blind: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.blind = blind

    def forward(self, views: Tensor) -> Tensor:
        shade = views.mean(dim=(1, 2, 3))
        angle = 0 * shade if self.blind else 3 * shade
        return torch.stack((angle.cos(), angle.sin()), dim=1)


@pytest.mark.parametrize(("blind", "value"), [(False, 100.0), (True, 100 / 3)])
def test_the_score_of_an_oracle_and_of_one_who_does_not_look(
    dataset_of: Callable, monkeypatch: pytest.MonkeyPatch, blind: bool, value: float
) -> None:
    stage = make_stage(dataset_of)
    stage.module = Oracle(blind=blind)
    crops = torch.tensor([10, 80, 250], dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 48, 48)
    monkeypatch.setattr(stage, "held_out_crops", lambda images, generator: crops)
    score = stage.score(stage.images, seeded(0))
    assert score.value == pytest.approx(value)
    assert score.trivial == pytest.approx(100 / 3)
    assert score.higher_is_better
    assert score.beats_trivial is not blind


def test_a_single_image_is_always_found(dataset_of: Callable) -> None:
    score = make_stage(dataset_of).score(dataset_of([np.ones((50, 50))]), seeded(0))
    assert (score.value, score.trivial, score.beats_trivial) == (100, 100, False)


def test_an_oracles_picture_shows_the_right_image_again(stage: VICRegStage) -> None:
    images = torch.tensor([10, 80, 250], dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 60, 50).contiguous()
    stage.module = Oracle()
    picture = stage.picture(images, seeded(0))
    assert picture.sees.shape == picture.target.shape == picture.prediction.shape == (3, 3, 16, 16)
    assert {row.dtype for row in (picture.sees, picture.target, picture.prediction)} == {torch.uint8}
    shades = [row.float().mean(dim=(1, 2, 3)) for row in (picture.target, picture.prediction)]
    assert (shades[0].argsort() == shades[1].argsort()).all()
    assert (shades[0] - shades[1]).abs().max() < 60


@pytest.mark.parametrize("size", [(48, 48), (70, 61), (30, 90)])
def test_a_picture_of_images_of_any_size(stage: VICRegStage, size: tuple[int, int]) -> None:
    images = torch.randint(256, (2, 3, *size), generator=seeded(0), dtype=torch.uint8)
    assert stage.picture(images, seeded(0)).sees.shape == (2, 3, 16, 16)


@pytest.mark.parametrize("collapses", [False, True])
def test_it_learns_without_collapse_and_without_its_two_terms_it_collapses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collapses: bool
) -> None:
    if collapses:
        monkeypatch.setattr("mmtutorial.proxies.vicreg.VARIANCE", 0.0)
        monkeypatch.setattr("mmtutorial.proxies.vicreg.COVARIANCE", 0.0)
    images = open_dataset("scenes", split="unlabeled").subset(range(24))
    with global_seed(0, "weights"):
        stage = VICRegStage(TinyEncoder(batch_norm=False), images, ProxyBudget(Schedule(40, 8, 2e-3)), seed=0)
    views = stage.views(torch.stack([images[i][0] for i in range(24)]), 1, seeded(0))

    def seen() -> tuple[float, float]:
        """The whole loss, and how far the embeddings of the views are spread."""
        with torch.no_grad():
            first, second = stage.module.train()(views).chunk(2)
        whole = slow_loss(first.double().tolist(), second.double().tolist())
        return whole, deviations(first).mean().item()

    before = seen()
    train(stage, seed=0, folder=tmp_path, machine=Machine("cpu"))
    after = seen()
    if collapses:
        assert after[1] < before[1] / 3
        assert after[0] > before[0]
    else:
        assert after[1] > 0.8 * before[1]
        assert after[0] < before[0] - 1


def test_the_encoder_is_the_one_given_and_the_expander_is_left_behind() -> None:
    one = encoder()
    network = VICReg(one)
    assert network.encoder is one
    assert {name.split(".")[0] for name in network.state_dict()} == {"encoder", "expander"}


def test_what_was_asked_for_is_on_record(stage: VICRegStage) -> None:
    assert PROXIES["vicreg"] is VICRegStage
    assert (stage.name, stage.input) == ("vicreg", "rgb")
    assert stage.about["budget"]["crop"] == 48
    assert VICRegStage.shortcut
