"""What is counted and fitted beside the timings: operations, memory, slopes, patches without an edge. No clock."""

from __future__ import annotations

import doctest
import importlib
import json
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks import across_devices, cost, growth, growth_page, shares, throughput
from benchmarks.__main__ import FIGURE, GROWN, tables_of
from benchmarks.__main__ import PAGE as SPEED
from benchmarks.divided import DEVICES, lonely, pieces
from benchmarks.tables import in_page
from mmtutorial.errors import InputError
from mmtutorial.graph import PatchGraph, connected_graph
from mmtutorial.randomness import seeded
from mmtutorial.settings.presets import get_preset

MODULES = ("across_devices", "cost", "divided", "growth_page", "pairs", "shares", "tables")


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"benchmarks.{name}"))
    assert found.attempted > 0
    assert found.failed == 0, "see the captured output for what came out"


def stored(path: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_pages_have_the_tables_that_were_measured() -> None:
    speed, devices = (path.read_text(encoding="utf-8") for path in (SPEED, cost.PAGE))
    for mark, found in tables_of(stored(GROWN)).items():
        assert speed == in_page(speed, found, mark)
    for mark, found in across_devices.tables(stored(across_devices.FOUND)).items():
        assert devices == in_page(devices, found, mark)
    record = stored(cost.FOUND)
    assert devices == in_page(devices, cost.table(record["rows"], record["seconds"]), cost.COMMAND)
    assert devices == in_page(devices, throughput.table(stored(throughput.FOUND)), throughput.COMMAND)


def test_the_figure_has_a_line_for_each_work() -> None:
    rows = growth_page.read(stored(GROWN)["growth"])
    picture = growth_page.figure(rows)
    assert FIGURE.is_file()
    for axes in picture.figure.axes:
        lines = [line.get_label() for line in axes.lines if not str(line.get_label()).startswith("_")]
        assert lines == [row.name for row in rows]
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert all(f"{row.name} {growth_page.slope(row.sizes, row.seconds):.2f}" in picture.alt for row in rows)


def test_a_system_that_does_not_tell_memory() -> None:
    row = growth_page.Grown("graph", "nodes", (1, 10), (0.1, 1.0), ())
    assert "| not known |  |" in growth_page.table([vars(row)])
    assert len(growth_page.figure([row]).figure.axes) == 2


def test_a_slope_is_that_of_the_power_law() -> None:
    sizes = [3.0, 30.0, 90.0]
    assert growth_page.slope(sizes, [5 * size**1.5 for size in sizes]) == pytest.approx(1.5)
    assert growth_page.slope(sizes, [7.0] * 3) == pytest.approx(0, abs=1e-12)


def test_long_work_is_called_twice_and_short_work_a_few_times() -> None:
    for seconds, calls in ((1.0, 2), (0.001, 6)):
        now, made = [0.0], []

        def work(seconds: float = seconds, now: list[float] = now, made: list[int] = made) -> None:
            made.append(1)
            now[0] += seconds

        assert growth.least_seconds(work, lambda now=now: now[0]) == pytest.approx(seconds)
        assert len(made) == calls


@pytest.mark.skipif(not growth._CLEAR.exists(), reason="only Linux tells the peak")
def test_memory_is_what_work_takes_at_its_peak() -> None:
    def work() -> None:
        torch.ones(64 * 2**20, dtype=torch.uint8)  # freed at once

    found = growth.memory(work)
    assert found is not None
    assert 60 < found < 80


def test_memory_of_work_that_fails_is_not_known(capfd: pytest.CaptureFixture[str]) -> None:
    assert growth.memory(lambda: 1 / 0) is None


@pytest.mark.parametrize("one", growth.GROWTHS, ids=lambda one: one.name)
def test_every_growth_has_ascending_sizes(one: growth.Growth) -> None:
    assert list(one.sizes) == sorted(set(one.sizes))
    assert len(one.sizes) >= 3


def test_operations_of_a_convolution() -> None:
    layer = nn.Conv2d(4, 8, 3, padding=1, bias=False, device="meta")
    images = torch.empty(2, 4, 10, 10, device="meta")
    once = 2 * (2 * 10 * 10 * 8 * 4 * 9)
    assert cost.counted(layer, (images,))[0] == 2 * once  # forward, and the gradient of the weights
    images.requires_grad_()
    assert cost.counted(layer, (images,))[0] == 3 * once


def test_kept_are_activations_and_neither_weights_nor_inputs() -> None:
    layers = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5)).to("meta")
    # The output of ReLU is kept for its own gradient and for that of the second layer: once.
    assert cost.counted(layers, (torch.empty(7, 10, device="meta"),))[1] == 7 * 20 * 4


def test_both_grow_with_the_batch_and_weights_do_not() -> None:
    module, _, inputs = cost.stages("alexnet")["tuning"]
    (few, little), (many, much) = (cost.counted(module, inputs(count, "meta")) for count in (2, 6))
    assert many == 3 * few
    assert much == pytest.approx(3 * little, rel=0.01)


@pytest.mark.parametrize("network", ["alexnet", "vgg16"])
def test_stages_are_those_of_preset_paper(network: str) -> None:
    preset = get_preset("paper", "voc", network)
    found = cost.cost(network, "segmentation")
    assert (found.steps, found.batches, found.items) == (42_000, preset.segmentation.schedule.parts, found.items)
    assert found.items * found.batches == preset.segmentation.schedule.images_a_step
    weights = sum(each.numel() for each in cost.stages(network)["segmentation"][0].parameters())
    assert found.state == pytest.approx(12 * weights / 1e9)
    assert cost.cost(network, "tuning").items == preset.tuning.schedule.images * preset.tuning.patches


def test_the_stored_counts_are_those_of_the_code() -> None:
    for row in stored(cost.FOUND)["rows"]:
        assert vars(cost.cost(row["network"], row["stage"])) == pytest.approx(row)


def test_hours_are_operations_over_a_share_of_the_peak() -> None:
    one = cost.Cost("n", "tuning", steps=100, batches=2, items=1, operations=3.6, weights=1, state=1, activations=1)
    assert one.hours(10, share=0.5) == pytest.approx(100 * 2 * 3.6 / 5 / 3600)
    assert one.hours(10) == pytest.approx(one.hours(20) * 2)


def test_faster_cards_are_quicker_in_half_precision() -> None:
    for card in cost.CARDS:
        assert card.half > card.single > 0
        assert card.memory > 0


def test_the_rate_is_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a layer that takes a second, all its operations."""
    monkeypatch.setattr(shares, "LAYERS", ((1, 2, 4), (1, 4, 4)))
    monkeypatch.setattr(shares, "least_seconds", lambda work: work() or 1.0)
    assert shares.rate() == pytest.approx(3 * 2 * 16 * 16 * 9 / 1e9)


@pytest.mark.parametrize("devices", DEVICES)
def test_lonely_patches_are_those_without_an_edge_in_the_graphs(devices: int) -> None:
    labels = torch.randint(9, (40,), generator=seeded(1))
    graphs = [connected_graph(share, generator=seeded(2)) for share in labels.view(devices, -1)]
    assert lonely(labels, devices).tolist() == [alone for graph in graphs for alone in without_edge(graph)]
    whole = sum(sum(graph.components().values()) for graph in graphs)
    assert pieces(labels, devices) == pytest.approx(whole / len(labels.unique()))


def without_edge(graph: PatchGraph) -> list[bool]:
    ends: Tensor = graph.edges.flatten().bincount(minlength=len(graph.labels))
    if len(graph.triplets) == 0:  # One class alone has no negatives, and so no triplets.
        return [len(graph.labels) == 1] * len(graph.labels)
    return (ends == 0).tolist()


def test_more_devices_leave_more_alone() -> None:
    labels = torch.randint(9, (80,), generator=seeded(0))
    counts = [int(lonely(labels, devices).sum()) for devices in DEVICES]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


@pytest.mark.parametrize("devices", [0, -1, 3])
def test_devices_that_cannot_share_evenly(devices: int) -> None:
    with pytest.raises(InputError, match="give a divisor"):
        lonely(torch.zeros(8), devices)


def test_what_notebook_and_changelog_say_was_measured() -> None:
    record = stored(across_devices.FOUND)
    found = record["difference"]["miou"]
    points, low, high = (f"{number:.1f}" for number in (found["mean"], *found["ci95"]))
    own, together = (
        f"{100 * row['without']:.0f} %"
        for devices in (2, 1)
        for row in record["divided"]
        if (row["images"], row["patches"], row["devices"]) == (8, 2, devices)
    )
    root = SPEED.parent.parent
    notebook = (root / "notebooks" / "src" / "08_scale_up.py").read_text(encoding="utf-8")
    assert f"{points} points of mIoU more (95 % interval {low} to {high})" in notebook
    assert f"each, {own} of the patches had nobody" in notebook
    assert f"over both {together}." in notebook
    assert f"{points} points of mIoU ({low} to {high})" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_difference_is_paired_by_seed() -> None:
    found = across_devices.differences({"miou": [10.0, 20.0, 30.0]}, {"miou": [11.0, 21.5, 30.5]})["miou"]
    assert found["mean"] == pytest.approx(1.0)
    low, high = found["ci95"]  # type: ignore[misc]
    assert math.isclose(low + high, 2.0)
    assert 0 < high - 1 < 2  # seeds differ by twenty, differences by one half


def test_both_ways_differ_in_one_word() -> None:
    own, together = (across_devices.command("0-7", way).split() for way in ("own", "together"))
    [(a, b)] = [pair for pair in zip(own, together, strict=True) if pair[0] != pair[1]]
    assert {a, b} == {"tuning.across_devices=false", "tuning.across_devices=true"}
