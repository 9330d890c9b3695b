from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import tv_tensors

from mmtutorial import segmentation
from mmtutorial.datasets import SegmentationDataset
from mmtutorial.networks import FCN, LinearSegmenter, TinyEncoder
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.segmentation import SegmentationStage, ensemble, predict, predict_probabilities
from mmtutorial.settings.budgets import Schedule, SegmentationBudget
from tests.stepping import step_loss

BUDGET = SegmentationBudget(Schedule(steps=5, images=3, lr=1e-3), crop=24)


def network(classes: int = 3, seed: int = 0) -> FCN:
    with global_seed(seed, "weights"):
        return FCN(TinyEncoder(), classes)


def stripes(height: int, width: int, ids: list[int]) -> np.ndarray:
    return np.broadcast_to(np.array(ids)[np.arange(width) * len(ids) // width], (height, width)).copy()


@pytest.fixture
def images(dataset_of: Callable) -> SegmentationDataset:
    return dataset_of([stripes(24, 32 + i, [0, 1, 255, 2]) for i in range(4)])


def one_step(stage: SegmentationStage, step: int = 0) -> Tensor:
    loss, numbers = step_loss(stage, step, generator_for(0, "step", step))
    assert numbers == {}
    return loss


def photos(*sizes: tuple[int, int], seed: int = 0) -> list[Tensor]:
    generator = seeded(seed)
    return [torch.randint(0, 256, (3, *size), generator=generator, dtype=torch.uint8) for size in sizes]


@pytest.mark.parametrize("jitter", [0.0, 0.3])
def test_the_loss_is_the_mean_cross_entropy_of_the_labelled_pixels(images: SegmentationDataset, jitter: float) -> None:
    stage = SegmentationStage(network(), images, replace(BUDGET, jitter=jitter), seed=0)
    stage.module.eval()
    seen: list[Tensor] = []
    stage.module.register_forward_hook(lambda _, args, out: seen.extend((args[0], out.detach())))
    found: list[Tensor] = []
    plain = F.cross_entropy

    def watched(scores: Tensor, masks: Tensor, **settings: object) -> Tensor:
        found.append(masks)
        return plain(scores, masks, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmentation.F, "cross_entropy", watched)
        loss = one_step(stage)
    inputs, scores = seen
    (masks,) = found
    assert inputs.shape == (3, 3, 24, 24)
    # The images of the fixture show their class: 30 + 60 k and noise of up to 39, void like class 0, padding black.
    if not jitter:
        inner = (masks == 2) & (inputs[:, 0] > 0)
        assert float(inputs[:, 0][inner].float().mean()) > 130
    terms = []
    for image, row, column in (masks != 255).nonzero().tolist():
        right = masks[image, row, column]
        terms.append(-float(scores[image, :, row, column].log_softmax(0)[right]))
    assert 0 < len(terms) < masks.numel()
    assert loss.item() == pytest.approx(np.mean(terms), rel=1e-4)


def test_random_pixels_come_from_inside_the_border(dataset_of: Callable) -> None:
    """The border has a class that the middle has not: with points away from it the loss sees one class alone."""
    mask = np.zeros((24, 24), dtype=int)
    mask[6:18, 6:18] = 1
    for border, classes in ((0.25, [1]), (0.0, [0, 1])):
        budget = replace(BUDGET, points=500, border=border, scale=(1.0, 1.0))
        stage = SegmentationStage(network(2), dataset_of([mask] * 3), budget, seed=0)
        seen: list[Tensor] = []

        def scored(images: Tensor, points: Tensor, seen: list[Tensor] = seen) -> Tensor:
            seen.append(points)
            return torch.zeros(len(images), 2, points.shape[1])

        stage.loss(PointsOnly(scored), stage.draw(0, seeded(0)), seeded(1))
        x = ((seen[0] + 1) * 24 - 1).div(2).round().long()
        inside = ((x >= 6) & (x < 18)).all(-1)
        assert inside.long().unique().tolist() == classes


class PointsOnly(nn.Module):
    """Stands in for a network that scores points, and keeps them."""

    def __init__(self, scored: Callable) -> None:
        super().__init__()
        self.weight, self.scored = nn.Parameter(torch.zeros(())), scored

    def forward(self, images: Tensor, points: Tensor) -> Tensor:
        found: Tensor = self.scored(images, points) + self.weight
        return found


def test_crops_without_a_label_give_a_finite_loss_and_a_working_backward(dataset_of: Callable) -> None:
    stage = SegmentationStage(network(), dataset_of([np.full((24, 24), 255)] * 2), BUDGET, seed=0)
    loss = one_step(stage)
    loss.backward()
    assert loss.item() == 0.0
    assert all(not bool(p.grad.any()) for p in stage.module.parameters())


def test_images_smaller_and_larger_than_the_crop(dataset_of: Callable) -> None:
    images = dataset_of([stripes(h, w, [0, 1, 2]) for h, w in ((5, 7), (24, 24), (90, 31))])
    loss = one_step(SegmentationStage(network(), images, BUDGET, seed=0))
    loss.backward()
    assert math.isfinite(loss.item())


def test_a_step_is_settled_by_its_number_and_generator(images: SegmentationDataset) -> None:
    stage = SegmentationStage(network(), images, replace(BUDGET, jitter=0.2), seed=0)
    stage.module.eval()
    before = torch.get_rng_state()
    losses = [one_step(stage, step).item() for step in (2, 2, 3)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_groups_hold_every_weight_once_and_the_encoder_has_its_own_rate(images: SegmentationDataset) -> None:
    stage = SegmentationStage(network(), images, replace(BUDGET, encoder_lr=0.1), seed=0)
    groups = stage.parameter_groups()
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in stage.module.parameters())
    scaled = [group for group in groups if group.get("lr_scale", 1.0) == 0.1]
    assert {id(p) for group in scaled for p in group["params"]} == {id(p) for p in stage.network.encoder.parameters()}


def test_what_was_asked_for_is_on_record(images: SegmentationDataset) -> None:
    longer = replace(BUDGET.schedule, steps=99)
    stage = SegmentationStage(network(), images, BUDGET, schedule=longer, seed=0, about={"arm": "x"})
    assert stage.name == "segmentation"
    assert stage.schedule.steps == stage.about["schedule"]["steps"] == 99
    assert SegmentationStage(network(), images, BUDGET, seed=0).schedule == BUDGET.schedule
    assert stage.about["classes"] == ["class 0", "class 1", "class 2"]
    assert stage.about["palette"][0] == [0, 0, 0]
    assert stage.about["arm"] == "x"


def test_a_checkpoint_of_an_earlier_version_is_still_its_own(images: SegmentationDataset) -> None:
    with_border = SegmentationStage(network(), images, replace(BUDGET, points=9, border=0.2), seed=0)
    assert with_border.about["budget"]["border"] == 0.2
    assert "border" not in SegmentationStage(network(), images, BUDGET, seed=0).about["budget"]


def test_it_learns(images: SegmentationDataset) -> None:
    stage = SegmentationStage(network(), images, BUDGET, seed=0)
    optimizer = torch.optim.Adam(stage.module.parameters(), lr=3e-3)
    losses: list[float] = []
    for step in range(25):
        loss = one_step(stage, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-3:]) < 0.7 * losses[0]


SIZES = [(16, 24), (24, 16), (16, 24), (9, 9), (16, 24)]


def test_images_of_many_sizes_come_back_in_their_order() -> None:
    model = network()
    images = photos(*SIZES)
    together = predict_probabilities(model, images)
    assert [tuple(p.shape) for p in together] == [(3, *size) for size in SIZES]
    model.eval()
    for image, probabilities in zip(images, together, strict=True):
        alone = model(image[None]).softmax(dim=1)[0].detach()
        torch.testing.assert_close(probabilities, alone, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(probabilities.sum(0), torch.ones(image.shape[1:]))
        assert not probabilities.requires_grad


def test_small_groups_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    images = photos(*SIZES)
    whole = predict_probabilities(network(), images)
    monkeypatch.setattr(segmentation, "_PIXELS_A_BATCH", 16 * 24 * 2)
    for first, second in zip(whole, predict_probabilities(network(), images), strict=True):
        torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-4)


def test_a_network_that_enlarges_images_gets_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its maps would take that many times more memory."""
    monkeypatch.setattr(segmentation, "_PIXELS_A_BATCH", 4 * 2 * 24 * 16)
    counts: list[int] = []
    for network in (FCN(TinyEncoder(), classes=3), LinearSegmenter(TinyEncoder(), classes=3)):
        network.register_forward_hook(lambda _, inputs, __: counts.append(len(inputs[0])))
        predict(network, [torch.zeros(3, 16, 24)] * 8)
    assert counts == [8, 2, 2, 2, 2]


@pytest.mark.parametrize("training", [True, False])
def test_prediction_leaves_the_network_as_it_was(training: bool) -> None:
    model = network().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    predict(model, photos((16, 16)))
    assert model.training == training
    assert model.encoder.training == training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_masks_are_the_likeliest_class() -> None:
    images = photos(*SIZES)
    masks = predict(network(), images)
    for mask, probabilities in zip(masks, predict_probabilities(network(), images), strict=True):
        assert mask.dtype == torch.uint8
        assert torch.equal(mask.long(), probabilities.argmax(dim=0))


def test_more_images_than_one_portion_and_none() -> None:
    images = photos(*[(8, 8), (8, 9)] * 35)
    masks = predict(network(), images)
    assert [tuple(m.shape) for m in masks] == [(8, 8), (8, 9)] * 35
    assert torch.equal(masks[69], predict(network(), images[69:])[0])
    assert predict(network(), []) == []


def test_images_of_a_data_set_and_floats_are_taken() -> None:
    (image,) = photos((16, 16))
    masks = predict(network(), [tv_tensors.Image(image), image.float() / 255, image])
    assert all(type(mask) is Tensor for mask in masks)
    (wrapped,) = predict(network(), [tv_tensors.Image(image)])
    assert torch.equal(wrapped, predict(network(), [image])[0])


class Fixed(nn.Module):
    """Gives the same scores everywhere."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.tensor(scores))

    def forward(self, images: Tensor) -> Tensor:
        return self.scores[None, :, None, None].expand(len(images), -1, *images.shape[-2:])


def test_an_ensemble_averages_probabilities_and_not_scores_or_votes() -> None:
    """Two lean to class 0, one is sure of class 1: votes would say 0."""
    leaning, sure = Fixed([0.1, 0.0, -9.0]), Fixed([0.0, 5.0, -9.0])
    (image,) = photos((4, 6))
    assert predict(leaning, [image])[0].unique().tolist() == [0]
    (mask,) = ensemble([leaning, leaning, sure], [image])
    assert mask.shape == (4, 6)
    assert mask.dtype == torch.uint8
    assert mask.unique().tolist() == [1]
    # Mean probabilities 0.5 / 0.26 / 0.24 against mean scores -20 / 0 / -0.1.
    far, near = Fixed([-80.0, 0.0, -0.1]), Fixed([40.0, 0.0, -0.1])
    assert ensemble([far, near], [image])[0].unique().tolist() == [0]


def test_an_ensemble_of_one_is_its_prediction() -> None:
    images = photos(*SIZES)
    for one, other in zip(ensemble([network()], images), predict(network(), images), strict=True):
        assert torch.equal(one, other)
