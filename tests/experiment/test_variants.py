from __future__ import annotations

from dataclasses import asdict

import pytest

from mmtutorial.experiment.variants import VARIANTS
from mmtutorial.matching import MATCHINGS
from mmtutorial.settings.presets import PRESETS


def test_the_method_changes_nothing() -> None:
    graph = VARIANTS["graph"]
    assert (graph.matching, graph.shuffled) == ("graph", False)
    assert all(graph.adapt(preset.tuning) == preset.tuning for preset in PRESETS.values())


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "graph"])
@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_other_changes_one_thing(name: str, preset) -> None:
    variant = VARIANTS[name]
    before, after = asdict(preset.tuning), asdict(variant.adapt(preset.tuning))
    changed = [key for key in before if before[key] != after[key]]
    changed += ["matching"] if variant.matching != "graph" else []
    changed += ["shuffled"] if variant.shuffled else []
    assert len(changed) == 1
    assert after["schedule"] == before["schedule"]


def test_names_and_matchings_are_known() -> None:
    assert {variant.matching for variant in VARIANTS.values()} == set(MATCHINGS)
    assert len({variant.tuning for variant in VARIANTS.values()}) == len(VARIANTS)
    assert all(variant.question for variant in VARIANTS.values())


def test_one_size_is_the_middle() -> None:
    low, high = VARIANTS["one-size"].adapt(PRESETS["class"].tuning).side
    assert low == high == pytest.approx((1 / 4 + 1 / 2) / 2)
