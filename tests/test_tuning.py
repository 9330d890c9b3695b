from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmtutorial.contrastive import supervised_contrastive_loss
from mmtutorial.datasets import SegmentationDataset, open_dataset
from mmtutorial.graph import connected_graph, random_triplets
from mmtutorial.networks import TinyEncoder
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import generator_for, global_seed, seeded
from mmtutorial.settings.budgets import Schedule, TuningBudget
from mmtutorial.training.batches import batch_indices, flip_some
from mmtutorial.tuning import Embedder, TuningStage, draw_patches, patch_side
from tests.stepping import step_loss

BUDGET = TuningBudget(Schedule(steps=5, images=3, lr=1e-3), patches=6, output_size=16, graphs=2)


def encoder(batch_norm: bool = True) -> TinyEncoder:
    with global_seed(0, "weights"):
        return TinyEncoder(batch_norm=batch_norm)


def stripes(height: int, width: int, ids: list[int]) -> np.ndarray:
    return np.broadcast_to(np.array(ids)[np.arange(width) * len(ids) // width], (height, width)).copy()


@pytest.fixture
def images(dataset_of: Callable) -> SegmentationDataset:
    return dataset_of([stripes(24, 32 + i, [0, 1, 255, 2]) for i in range(4)])


def one_step(stage: TuningStage, step: int = 0) -> tuple[torch.Tensor, dict[str, float]]:
    return step_loss(stage, step, generator_for(0, "step", step))


@pytest.mark.parametrize(
    ("pooling", "pool"),
    [
        ("flatten", lambda f: f.flatten(1)),
        ("max", lambda f: f.flatten(2).max(dim=2).values),
        ("mean", lambda f: f.flatten(2).mean(dim=2)),
    ],
)
def test_embeddings_are_the_encoders_features_pooled(pooling: str, pool: Callable) -> None:
    network = encoder().eval()
    patches = torch.rand(3, 3, 16, 16, generator=seeded(0))
    embeddings = Embedder(network, pooling)(patches)
    torch.testing.assert_close(embeddings, pool(network(patches)))
    assert embeddings.shape == (3, 4 * network.width if pooling == "flatten" else network.width)


def test_the_embedder_adds_no_weights() -> None:
    network = encoder()
    names = {name.removeprefix("encoder.") for name in Embedder(network, "flatten").state_dict()}
    assert names == set(network.state_dict())


@pytest.mark.parametrize("pooling", ["flatten", "max", "mean"])
@pytest.mark.parametrize("matching", ["graph", "triplets"])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_step(images: SegmentationDataset, matching: str, pooling: str, batch_norm: bool) -> None:
    stage = TuningStage(encoder(batch_norm), images, replace(BUDGET, pooling=pooling), matching=matching, seed=0)
    loss, numbers = one_step(stage)
    loss.backward()
    assert set(numbers) == {"positive_distance", "negative_distance", "active_share", "triplets"}
    # 3 images of 6 patches; two graphs of 18 triplets, or two rounds of at most 6.
    assert numbers["triplets"] == 36 if matching == "graph" else 0 < numbers["triplets"] <= 12
    # Features behind a ReLU: at the original margin of 2.1 no hinge closes, and the loss is linear.
    assert numbers["active_share"] == 1.0
    assert numbers["negative_distance"] <= 2
    assert loss.item() == pytest.approx(numbers["positive_distance"] - numbers["negative_distance"] + 2.1, abs=1e-5)
    gradients = [p.grad for p in stage.module.parameters()]
    assert all(bool(g.isfinite().all()) for g in gradients)
    assert bool(gradients[0].any())


def test_a_step_is_patches_then_encoder_then_graph_then_loss(images: SegmentationDataset) -> None:
    """The same draws in the same order, written out with a loop over triplets."""
    stage = TuningStage(encoder(), images, replace(BUDGET, margin=0.3), matching="graph", seed=0)
    stage.module.eval()
    loss, numbers = one_step(stage)
    generator = generator_for(0, "step", 0)
    indices = batch_indices(4, 3, 0, seed=0, name="tuning")
    batch = draw_patches(images, indices, stage.budget, stage.draw.side, generator)
    embeddings = stage.module(flip_some(batch.images, generator)).detach()
    embeddings = embeddings / embeddings.norm(dim=1, keepdim=True)
    terms = []
    for _ in range(2):
        for a, p, n in connected_graph(batch.labels, generator=generator).triplets.tolist():
            near = (embeddings[a] - embeddings[p]).square().sum()
            far = (embeddings[a] - embeddings[n]).square().sum()
            terms.append(max(0.0, float(near - far) + 0.3))
    assert loss.item() == pytest.approx(np.mean(terms), abs=1e-5)
    assert numbers["active_share"] == pytest.approx(np.mean([term > 0 for term in terms]))


@pytest.mark.parametrize("matching", ["graph", "triplets"])
def test_one_class_gives_a_finite_zero_loss_and_a_working_backward(dataset_of: Callable, matching: str) -> None:
    images = dataset_of([np.full((20, 20), 1), stripes(20, 20, [1, 255])])
    stage = TuningStage(encoder(), images, BUDGET, matching=matching, seed=0)
    loss, numbers = one_step(stage)
    loss.backward()
    assert loss.item() == 0.0
    assert numbers == {"positive_distance": 0.0, "negative_distance": 0.0, "active_share": 0.0, "triplets": 0.0}
    assert all(not bool(p.grad.any()) for p in stage.module.parameters())


def test_dead_features_give_finite_gradients(images: SegmentationDataset) -> None:
    """All features zero, as after a collapse: the loss is the margin and nothing is NaN."""
    network = encoder(batch_norm=False)
    torch.nn.init.constant_(network.layers[-1][0].bias, -1e4)
    stage = TuningStage(network, images, BUDGET, matching="graph", seed=0)
    loss, numbers = one_step(stage)
    loss.backward()
    assert loss.item() == pytest.approx(2.1)
    assert numbers["positive_distance"] == numbers["negative_distance"] == 0
    assert all(bool(p.grad.isfinite().all()) for p in stage.module.parameters())


def test_a_step_is_settled_by_its_number_and_generator(images: SegmentationDataset) -> None:
    stage = TuningStage(encoder(), images, replace(BUDGET, jitter=0.3), matching="graph", seed=0)
    stage.module.eval()
    before = torch.get_rng_state()
    first, again, other = one_step(stage, 3), one_step(stage, 3), one_step(stage, 4)
    assert first[0].item() == again[0].item() != other[0].item()
    assert first[1] == again[1]
    assert torch.equal(before, torch.get_rng_state())


def test_the_two_ways_see_the_same_patches_and_differ_in_triplets_alone(images: SegmentationDataset) -> None:
    seen = []
    labels = torch.tensor([0, 0, 1, 1])
    batch = PatchBatch(torch.zeros(4, 3, 1, 1), labels, torch.zeros(4, 4), torch.arange(4))
    for matching, draw in (("graph", connected_graph), ("triplets", random_triplets)):
        stage = TuningStage(encoder(), images, replace(BUDGET, graphs=1), matching=matching, seed=0)
        inputs: list[torch.Tensor] = []
        stage.module.register_forward_hook(lambda _, args, __, into=inputs: into.append(args[0]))
        one_step(stage)
        seen.append(inputs[0])
        assert stage.match(batch, seeded(0)).triplets.tolist() == (
            draw(batch.labels, generator=seeded(0)).triplets.tolist()
        )
    assert torch.equal(*seen)


def test_patches_are_a_share_of_the_median_long_side(dataset_of: Callable) -> None:
    images = dataset_of([np.zeros((height, 64)) for height in (10, 80, 160)])
    assert patch_side(images, replace(BUDGET, side=(1 / 8, 1 / 2))) == (10, 40)
    assert patch_side(images, replace(BUDGET, side=(0.001, 0.001))) == (1, 1)


def test_patches_as_the_budget_and_the_table_have_them(dataset_of: Callable) -> None:
    masks = [stripes(30, 40, [0, 1, 2])] * 2
    budget = replace(BUDGET, patches=20, background_share=0.25)
    generator = seeded(0)
    batch = draw_patches(dataset_of(masks), [1, 0, 1], budget, (4, 9), generator)
    assert batch.images.shape == (60, 3, 16, 16)
    assert int((batch.labels == 0).sum()) == 15
    streets = draw_patches(dataset_of(masks, background_ids=()), [0] * 20, budget, (4, 9), generator)
    assert float((streets.labels == 0).float().mean()) == pytest.approx(1 / 3, abs=0.08)
    other = draw_patches(dataset_of(masks, background_ids=(2,)), [0], budget, (4, 9), generator)
    assert int((other.labels == 2).sum()) == 5


def test_what_was_asked_for_is_on_record(images: SegmentationDataset) -> None:
    stage = TuningStage(encoder(), images, BUDGET, matching="triplets", seed=0, about={"arm": "x"})
    assert stage.name == "tuning"
    assert stage.about["matching"] == "triplets"
    assert stage.about["arm"] == "x"
    assert stage.about["budget"]["margin"] == 2.1
    assert stage.epoch_steps == 1
    (group,) = stage.parameter_groups()
    assert {id(p) for p in group["params"]} == {id(p) for p in stage.module.encoder.parameters()}


def trained(stage: TuningStage, steps: int) -> list[dict[str, float]]:
    optimizer = torch.optim.Adam(stage.module.parameters(), lr=1e-3)
    log = []
    for step in range(steps):
        loss, numbers = one_step(stage, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        log.append({"loss": loss.item(), **numbers})
    return log


@pytest.mark.parametrize("matching", ["graph", "triplets"])
def test_classes_gather_and_part(images: SegmentationDataset, matching: str) -> None:
    stage = TuningStage(encoder(), images, replace(BUDGET, pooling="mean"), matching=matching, seed=0)
    log = trained(stage, 25)
    gaps = [numbers["negative_distance"] - numbers["positive_distance"] for numbers in log]
    assert np.mean(gaps[-5:]) > np.mean(gaps[:5]) + 0.1


def test_tuning_on_real_photos(real_data: Path) -> None:
    photos = open_dataset("voc", real_data, split="trainaug", labeled=6, size=128)
    stage = TuningStage(encoder(), photos, BUDGET, matching="graph", seed=0)
    assert stage.draw.side == (16, 64)
    for numbers in trained(stage, 4):
        assert all(math.isfinite(value) for value in numbers.values())
        assert 0.1 <= numbers["loss"] <= 4.1
        assert numbers["triplets"] == 36


def test_shuffled_labels_are_the_batchs_own_in_another_order(images: SegmentationDataset) -> None:
    seen: dict[bool, list[list[int]]] = {False: [], True: []}
    for shuffled, labels in seen.items():
        stage = TuningStage(encoder(), images, replace(BUDGET, graphs=1), shuffled=shuffled, seed=0)
        match = stage.match

        def watched(batch: PatchBatch, generator: torch.Generator, labels=labels, match=match) -> object:
            labels.append(batch.labels.tolist())
            return match(batch, generator)

        stage.match = watched
        for step in range(3):
            one_step(stage, step)
        assert stage.about["shuffled"] == shuffled
    assert all(sorted(a) == sorted(b) for a, b in zip(*seen.values(), strict=True))
    assert all(a != b for a, b in zip(*seen.values(), strict=True))


def test_shuffled_labels_follow_the_generator_of_the_step(images: SegmentationDataset) -> None:
    """The same generator, the same order, whatever else draws numbers; another one, another order."""
    stage = TuningStage(encoder(), images, replace(BUDGET, graphs=1), shuffled=True, seed=0)
    batch, seen, match = stage.draw(0, generator_for(0, "draw")), [], stage.match

    def watched(batch: PatchBatch, generator: torch.Generator) -> object:
        seen.append(batch.labels.tolist())
        return match(batch, generator)

    stage.match = watched
    for seed in (1, 1, 2):
        torch.manual_seed(len(seen))
        stage.loss(stage.module, batch, generator_for(seed, "step"))
    assert seen[0] == seen[1] != seen[2]
    assert seen[0] != batch.labels.tolist()


def test_the_contrastive_loss_is_that_of_the_same_patches(images: SegmentationDataset) -> None:
    budget = replace(BUDGET, loss="contrastive", temperature=0.5)
    stage = TuningStage(encoder(), images, budget, seed=0)
    seen: list[torch.Tensor] = []
    stage.module.register_forward_hook(lambda _, __, output: seen.append(output))
    loss, numbers = one_step(stage)
    labels = draw_patches(
        images, batch_indices(4, 3, 0, seed=0, name="tuning"), budget, stage.draw.side, generator_for(0, "step", 0)
    ).labels
    torch.testing.assert_close(loss, supervised_contrastive_loss(seen[0], labels, temperature=0.5))
    assert numbers == {}


def test_patches_come_from_a_crop_and_their_side_is_a_share_of_it(dataset_of: Callable) -> None:
    images = dataset_of([stripes(200, 300, [0, 1, 2])] * 3)
    budget = TuningBudget(Schedule(5, images=3, lr=1e-3), patches=20, crop=40, side=(0.25, 0.5), output_size=8)
    assert patch_side(images, budget) == (10, 20)
    batch = draw_patches(images, [0, 1, 2], budget, (10, 20), generator_for(0))
    middles = (batch.boxes[:, :2] + batch.boxes[:, 2:]) / 2
    assert bool(((middles >= 0) & (middles <= 40)).all())
    assert len(batch) == 60


def test_a_crop_smaller_images_are_put_into_has_void_round_them(dataset_of: Callable) -> None:
    images = dataset_of([stripes(20, 20, [0, 1])])
    budget = TuningBudget(Schedule(5, images=1, lr=1e-3), patches=50, crop=60, side=(0.1, 0.2), output_size=8)
    batch = draw_patches(images, [0], budget, patch_side(images, budget), generator_for(0))
    spread = (batch.boxes[:, :2] + batch.boxes[:, 2:]) / 2
    assert float((spread.amax(0) - spread.amin(0)).max()) <= 20
    assert set(batch.labels.tolist()) == {0, 1}


def test_where_labels_are_rare_a_crop_that_has_some_is_looked_for(dataset_of: Callable) -> None:
    mask = np.full((400, 400), 255)
    mask[:2, :2] = 1
    images = dataset_of([mask])
    budget = TuningBudget(Schedule(5, images=1, lr=1e-3), patches=5, crop=32, output_size=8)
    for seed in range(5):
        batch = draw_patches(images, [0], budget, patch_side(images, budget), generator_for(seed))
        assert batch.labels.tolist() == [1] * 5


def test_ten_crops_are_tried_before_the_whole_image_is_taken(dataset_of: Callable) -> None:
    mask = np.full((64, 64), 255)
    mask[:, :4] = 1
    images = dataset_of([mask])
    budget = TuningBudget(Schedule(5, images=1, lr=1e-3), patches=20, crop=32, side=(0.1, 0.2), output_size=8)
    whole = 0
    for seed in range(200):
        boxes = draw_patches(images, [0], budget, (3, 6), generator_for(seed)).boxes
        whole += bool(((boxes[:, 1] + boxes[:, 3]) / 2 > 32).any())
    # A crop begins at one of 33 columns, and has a label if it begins at one of the first four.
    share = (29 / 33) ** 10
    assert abs(whole / 200 - share) < 4 * math.sqrt(share * (1 - share) / 200)
