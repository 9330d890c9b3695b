"""Table explorer, cost calculator and loss switch: their numbers by another way."""

from __future__ import annotations

import itertools

import pytest
import torch
from msgspec import structs

from mmtutorial.errors import InputError
from mmtutorial.results.reproduction import AblationScores, Point
from mmtutorial.settings.presets import get_preset
from mmtutorial.widgets import CostCalculator, LossSwitch, TableExplorer
from mmtutorial.widgets.cost_calculator import duration
from mmtutorial.widgets.loss_switch import CONTRAST, EVERY, LOSSES, NEW, ONE, STEPS, all_triplets
from mmtutorial.widgets.table_explorer import printed
from tests.widgets.explorers import explorer_of, reproduction


def test_rows_are_ours_beside_theirs() -> None:
    table = TableExplorer(reproduction())
    facts = table.facts(table.state(place="scenes, tiny"))
    rows = {row["arm"]: row for row in facts["rows"]}
    assert facts["stands_for"] == "VOC2012, AlexNet"
    # The slides print two values for AlexNet from random weights.
    assert rows["random"]["theirs"] == (23.5, 19.8)
    assert rows["random"]["interval"] is None
    assert rows["random+graph"]["theirs"] == (43.6,)
    assert rows["random+more"]["theirs"] == ()
    assert rows["colorization"]["interval"] == (24.5, 27.5)
    alt = table.static().alt
    assert (
        "random: ours 20.0, 1 seed, theirs 23.5 and 19.8; random+graph: ours 23.0 (95 % interval 21.5 to 24.5)" in alt
    )


def test_rows_can_be_chosen_and_ordered() -> None:
    table = TableExplorer(reproduction())
    facts = table.facts(table.state(place="streets, tiny-vgg", pretraining="random", order="by ours"))
    assert [row["arm"] for row in facts["rows"]] == ["random+more", "random+graph", "random"]
    assert facts["rows"][1]["theirs"] == (49.1,)


def test_figures_of_the_slides() -> None:
    assert printed("VOC2012", "VGG-16", "colorization") == (56.0, 60.2)
    assert printed("CityScapes", "VGG-16", "classification") == (67.9,)
    assert printed("VOC2012", "AlexNet", "no such arm") == ()


def test_a_reproduction_without_rows_is_refused() -> None:
    point = Point(value=1.0, arm="random", seeds=(0,), miou=(20.0,), mean=20.0)
    ablation = AblationScores(name="margin", benchmark="scenes", network="tiny", setting="margin", points=(point,))
    with pytest.raises(InputError, match="has no rows"):
        TableExplorer(structs.replace(reproduction(), rows=(), ablations=(ablation,)))


@pytest.mark.parametrize("preset", ["class", "paper"])
def test_hours_follow_from_steps_and_rates(preset: str) -> None:
    budget = get_preset(preset)
    calculator = CostCalculator()
    facts = calculator.facts(
        calculator.state(preset=preset, proxy_rate=100, patch_rate=400, image_rate=20, gpus=3, gain=50, runs=7)
    )
    assert facts["speed"] == 2
    proxy, tuned, segmented = budget.proxy.schedule, budget.tuning.schedule, budget.segmentation.schedule
    seconds = (
        proxy.steps * proxy.images_a_step / 200
        + tuned.steps * tuned.images_a_step * budget.tuning.patches / 800
        + segmented.steps * segmented.images_a_step / 40
    )
    assert facts["run_hours"] == pytest.approx(seconds / 3600)
    assert facts["total_hours"] == pytest.approx(7 * seconds / 3600)


def test_memory_is_weights_and_the_images_of_a_batch() -> None:
    calculator = CostCalculator()
    facts = calculator.facts(calculator.state(preset="paper", gpus=3, weights=100.0, activations=500))
    assert facts["images_per_gpu"] == 16
    assert facts["memory_gb"] == pytest.approx(100e6 * 16 / 1e9 + 16 * 0.5)
    assert (
        "Memory of each GPU while fine-tuning: 9.6 GB."
        in calculator.static(preset="paper", gpus=3, weights=100.0, activations=500).alt
    )


def test_times_are_written_in_the_unit_that_fits() -> None:
    assert [duration(h) for h in (0.001, 0.5, 5, 100)] == ["4 s", "30 min", "5.0 h", "4.2 days"]


def test_all_triplets_are_all_there_are() -> None:
    labels = [0, 1, 0, 2, 1, 1]
    wanted = {
        (a, p, n)
        for a, p, n in itertools.product(range(6), repeat=3)
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]
    }
    found = all_triplets(torch.tensor(labels)).tolist()
    assert {tuple(row) for row in found} == wanted
    assert len(found) == len(wanted)


def test_all_losses_start_alike_and_gather_classes() -> None:
    switch = explorer_of("loss")
    assert isinstance(switch, LossSwitch)
    for found in switch._courses:
        first = [found.places[loss][0] for loss in LOSSES]
        assert all(torch.equal(first[0], other) for other in first)
        for loss in (NEW, EVERY, CONTRAST):
            assert found.purity[loss][-1] > found.purity[loss][0]
        assert found.purity[NEW][-1] >= found.purity[ONE][-1]
        for places in found.places.values():
            torch.testing.assert_close(places.norm(dim=-1), torch.ones(places.shape[:2]))


def test_distances_of_the_loss_switch_are_those_of_its_points() -> None:
    switch = explorer_of("loss")
    assert isinstance(switch, LossSwitch)
    facts = switch.facts(switch.state(loss=EVERY, step=STEPS, seed=1))
    found = switch._courses[1]
    places, labels = found.places[EVERY][-1], found.labels.tolist()
    pairs = list(itertools.permutations(range(len(labels)), 2))
    within = [float((places[i] - places[j]).square().sum()) for i, j in pairs if labels[i] == labels[j]]
    between = [float((places[i] - places[j]).square().sum()) for i, j in pairs if labels[i] != labels[j]]
    assert facts["within"] == pytest.approx(sum(within) / len(within), abs=1e-5)
    assert facts["between"] == pytest.approx(sum(between) / len(between), rel=1e-4)
    assert facts["within"] < facts["between"]
    assert f"within a class {facts['within']:.2f}" in switch.static(loss=EVERY, step=STEPS, seed=1).alt
