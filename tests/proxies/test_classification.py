from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from mmtutorial.datasets import VOID_COLOUR, ClassTable, SegmentationDataset, open_dataset
from mmtutorial.errors import InputError
from mmtutorial.networks import TinyEncoder
from mmtutorial.proxies import PROXIES
from mmtutorial.proxies.classification import (
    ClassificationStage,
    Classifier,
    bars,
    class_ids,
    presence_loss,
    present_classes,
)
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import ProxyBudget, Schedule
from mmtutorial.settings.machine import Machine
from mmtutorial.training.engine import train
from tests.stepping import step_loss

BUDGET = ProxyBudget(Schedule(steps=5, images=3, lr=1e-3), crop=24, scale=(1.0, 1.0))
TABLE = ClassTable(("ground", "red", "green", "blue"), ((9, 9, 9), (255, 0, 0), (0, 255, 0), (0, 0, 255)))


def encoder(seed: int = 0) -> TinyEncoder:
    with global_seed(seed, "weights"):
        return TinyEncoder(batch_norm=False)


def stage_on(images: SegmentationDataset, budget: ProxyBudget = BUDGET, seed: int = 0) -> ClassificationStage:
    with global_seed(seed, "head"):
        return ClassificationStage(encoder(seed), images, budget, seed=seed)


def halves(left: int, right: int) -> np.ndarray:
    mask = np.full((24, 24), left)
    mask[:, 12:] = right
    return mask


@given(st.lists(st.sampled_from([0, 1, 2, 3, 255]), min_size=36, max_size=36), st.sampled_from([(1, 2, 3), (0, 2)]))
def test_present_classes_agree_with_counting(pixels: list[int], ids: tuple[int, ...]) -> None:
    targets, known = present_classes(torch.tensor(pixels).view(1, 6, 6), ids)
    assert targets.tolist() == [[float(i in pixels) for i in ids]]
    assert known.tolist() == [any(p != 255 for p in pixels)]


def test_a_class_has_to_cover_one_per_cent_of_what_is_labelled() -> None:
    mask = torch.zeros(1, 20, 20, dtype=torch.uint8)
    mask[0, 0, :3], mask[0, 1, :4] = 1, 2
    assert present_classes(mask, (1, 2))[0].tolist() == [[0.0, 1.0]]
    mask[0, 2:13] = 255  # 180 pixels are left, so that 3 of them are more than one in a hundred
    assert present_classes(mask, (1, 2))[0].tolist() == [[1.0, 1.0]]


def test_the_background_is_asked_for_only_where_there_is_nothing_else() -> None:
    assert class_ids(TABLE) == (1, 2, 3)
    assert class_ids(ClassTable(TABLE.names, TABLE.palette, ())) == (0, 1, 2, 3)
    assert class_ids(ClassTable(("ground",), ((0, 0, 0),))) == (0,)


def test_the_loss_agrees_with_a_slow_one_and_passes_over_void_images() -> None:
    given = torch.randn(3, 4, generator=seeded(0))
    scores = given.clone().requires_grad_()
    targets = torch.tensor([[1.0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 1, 0]])
    found = presence_loss(scores, targets, torch.tensor([True, False, True]))
    terms = []
    for n in (0, 2):
        for k in range(4):
            probability = 1 / (1 + math.exp(-float(given[n, k])))
            terms.append(-math.log(probability if targets[n, k] else 1 - probability))
    assert found.item() == pytest.approx(sum(terms) / len(terms), rel=1e-5)
    found.backward()
    assert scores.grad is not None
    assert not bool(scores.grad[1].any())
    assert presence_loss(given, targets, torch.zeros(3, dtype=torch.bool)).item() == 0


def test_the_score_is_that_of_the_strongest_place() -> None:
    network = Classifier(encoder(), 5).eval()
    images = torch.rand(2, 3, 48, 64, generator=seeded(0))
    features = network.encoder(images)
    for i in range(2):
        strongest = torch.stack([max(channel.flatten()) for channel in features[i]])
        torch.testing.assert_close(network(images)[i], network.head(strongest), atol=1e-5, rtol=1e-4)


def test_a_step_asks_for_the_classes_of_the_crop(dataset_of: Callable[..., SegmentationDataset]) -> None:
    stage = stage_on(dataset_of([halves(1, 2), halves(0, 0), halves(255, 2)]))
    images, masks = stage.draw(0, generator_for(0, "step", 0))
    loss, numbers = step_loss(stage, 0, generator_for(0, "step", 0))
    targets = torch.tensor([[float((m == i).any()) for i in (1, 2)] for m in masks])
    assert targets.sum() == 3
    expected = F.binary_cross_entropy_with_logits(stage.module(images), targets)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert 0 < numbers["average_precision"] <= 1
    loss.backward()
    assert all(bool(p.grad.isfinite().all()) for p in stage.module.parameters() if p.grad is not None)
    assert all(p.grad is not None for p in stage.module.parameters())


def test_a_step_without_labels_or_objects_is_harmless(dataset_of: Callable[..., SegmentationDataset]) -> None:
    for mask in (halves(255, 255), halves(0, 0)):
        loss, numbers = step_loss(stage_on(dataset_of([mask])), 0, generator_for(0))
        assert math.isfinite(loss.item())
        assert numbers["average_precision"] == 0


def test_a_step_is_settled_by_its_generator(dataset_of: Callable[..., SegmentationDataset]) -> None:
    masks = [np.full((40, 40), 1), np.full((40, 40), 2)]
    stage = stage_on(dataset_of(masks))
    before = torch.get_rng_state()
    losses = [step_loss(stage, 1, generator_for(0, "step", s))[0].item() for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(before, torch.get_rng_state())


def test_images_without_any_label_are_refused(dataset_of: Callable[..., SegmentationDataset]) -> None:
    void = dataset_of([halves(255, 255), halves(255, 255)])
    with pytest.raises(InputError, match="void all over; give it a split with masks"):
        stage_on(void).begin(generator_for(0))
    with pytest.raises(InputError, match="score on images with labels"):
        stage_on(dataset_of([halves(0, 1)])).score(void, generator_for(0))
    stage_on(dataset_of([halves(255, 255), halves(255, 0)])).begin(generator_for(0))


def test_no_constant_guess_beats_the_trivial_one(dataset_of: Callable[..., SegmentationDataset]) -> None:
    masks = [halves(1, 2), halves(0, 1), halves(1, 1), halves(0, 0), halves(255, 255)]
    images = dataset_of(masks, classes=4)
    trivial = stage_on(images).score(images, generator_for(0)).trivial
    targets, known = present_classes(torch.tensor(np.stack(masks)), (1, 2, 3))
    assert targets[known].mean(0).tolist() == [0.75, 0.25, 0]
    guesses = torch.rand(500, 3, generator=seeded(0)).logit(1e-6)
    best = min(float(presence_loss(guess.expand(5, -1), targets, known)) for guess in guesses)
    assert trivial < best < trivial + 0.2
    entropy = 2 * -(0.75 * math.log(0.75) + 0.25 * math.log(0.25)) / 3
    assert trivial == pytest.approx(entropy, abs=1e-4)


def test_the_picture_shows_the_classes_there_and_the_probabilities(
    dataset_of: Callable[..., SegmentationDataset],
) -> None:
    stage = stage_on(dataset_of([halves(1, 2)], classes=4))
    images = torch.randint(256, (2, 3, 32, 48), dtype=torch.uint8)
    masks = torch.tensor([[1], [3]])[:, :, None].expand(2, 32, 48)
    shown = stage.picture(images, generator_for(0), masks)
    for row in (shown.sees, shown.target, shown.prediction):
        assert row.shape == (2, 3, 32, 48)
        assert row.dtype == torch.uint8
    palette = torch.tensor(stage.images.classes.palette, dtype=torch.uint8)
    assert torch.equal(shown.target[0, :, 0, 47], palette[1])
    assert torch.equal(shown.target[1, :, 31, 47], palette[3])
    assert shown.target[1, :, 0, 0].tolist() == list(VOID_COLOUR)
    probability = stage.module(images).sigmoid()
    lengths = (shown.prediction[:, :, [0, 16, 31]] == palette[1:].T[None, :, :, None]).all(1).float().mean(-1)
    torch.testing.assert_close(lengths, probability.detach(), atol=0.5 / 48, rtol=0)
    assert "key" in stage.picture(images, generator_for(0)).captions[1]


def test_bars() -> None:
    drawn = bars(torch.tensor([[0.0, 0.5, 1.0]]), TABLE, (6, 4))
    assert (drawn[0, 0] == 255).sum() == 0
    assert (drawn[0, 1, 2:4] == 255).tolist() == [[True, True, False, False]] * 2
    assert (drawn[0, 2, 4:] == 255).all()


def test_what_was_asked_for_is_on_record(dataset_of: Callable[..., SegmentationDataset]) -> None:
    assert PROXIES["classification"] is ClassificationStage
    stage = stage_on(dataset_of([halves(0, 1)] * 7))
    assert (stage.name, stage.input, stage.schedule.steps, stage.epoch_steps) == ("classification", "rgb", 5, 2)
    assert stage.about["budget"]["crop"] == 24


def test_a_short_training_beats_the_class_frequencies_on_held_out_scenes(tmp_path: Path) -> None:
    """Measured: better than the frequencies by 0.038 and 0.082 with seeds 0 and 1."""
    images = open_dataset("scenes", split="train", labeled=300)
    budget = ProxyBudget(Schedule(steps=320, images=8, lr=5e-3), scale=(1.0, 1.0))
    with global_seed(0, "weights"):
        stage = ClassificationStage(TinyEncoder(), images, budget, seed=0)
    train(stage, seed=0, folder=tmp_path, machine=Machine("cpu"))
    score = stage.score(open_dataset("scenes", split="val").subset(range(100)), generator_for(0, "s"))
    assert score.beats_trivial
    assert score.value < score.trivial - 0.01
