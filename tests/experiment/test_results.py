from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from mmtutorial.errors import InputError
from mmtutorial.experiment import write_results
from mmtutorial.experiment.runner import ArmRun, Runner
from mmtutorial.results import read_results
from tests.own_images import write_folder, write_pair
from tests.tiny_run import finish, runner

ARMS = ("random", "random+more", "random+graph", "colorization", "colorization+triplets")
SEEDS = (0, 1, 2)
MIOU = {
    "random": (30.0, 32.0, 37.0),
    "random+more": (31.0, 33.0, 35.0),
    "random+graph": (36.0, 35.0, 43.0),
    "colorization": (40.0, 41.0, 45.0),
    "colorization+triplets": (40.0, 40.0, 40.0),
}
T_2 = 4.30265273  # 97.5 % point of Student's t with two degrees of freedom, from a printed table.


def confusion_of(miou: float) -> torch.Tensor:
    """Two of nine classes occur, each with 10,000 pixels and this IoU."""
    iou = miou / 100
    wrong = 10_000 * (1 - iou) / (1 + iou)
    matrix = torch.zeros(9, 9, dtype=torch.long)
    matrix[0, 0] = matrix[1, 1] = round(10_000 - wrong)
    matrix[0, 1] = matrix[1, 0] = round(wrong)
    return matrix


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return runner(tmp_path_factory.mktemp("results"), arms=",".join(ARMS), seeds=SEEDS)


@pytest.fixture(scope="module")
def results(tiny: Runner) -> dict[str, Any]:
    finished = {
        (name, seed): ArmRun(
            confusion_of(MIOU[name][seed]),
            float(10 + seed),
            (0.3, 0.5 + seed / 10) if name in ("random+graph", "colorization+triplets") else None,
        )
        for name in ARMS
        for seed in SEEDS
    }
    written = write_results(tiny, finished)
    assert read_results(tiny.out) == written
    found: dict[str, Any] = json.loads((tiny.out / "results.json").read_text())
    return found


def test_the_schema(results: dict[str, Any]) -> None:
    assert results["schema"] == 2
    assert {"dataset", "preset", "classes", "versions", "command", "arms", "comparisons"} <= set(results)
    assert (results["dataset"], results["preset"]) == ("scenes", "smoke")
    assert results["command"] == "mmtutorial run"
    assert len(results["classes"]) == len(results["palette"]) == 9
    assert {"python", "torch", "mmtutorial"} <= set(results["versions"])
    assert (results["labeled"], results["images_evaluated"], results["evaluated_on"]) == (8, 6, "test")
    assert results["settings"]["preset"]["tuning"]["margin"] == 2.1
    for arm in results["arms"]:
        assert set(arm) >= {
            *("name", "pretraining", "tuning", "head", "seeds", "miou", "miou_mean", "miou_ci95"),
            *("per_class_iou", "steps", "seconds"),
        }
    assert all(set(c) == {"a", "b", "difference", "ci95", "per_seed", "paired_by"} for c in results["comparisons"])


def test_arms_say_what_they_are(results: dict[str, Any]) -> None:
    assert [(arm["name"], arm["pretraining"], arm["tuning"], arm["head"]) for arm in results["arms"]] == [
        ("random", "random", "none", "fcn"),
        ("random+more", "random", "none", "fcn"),
        ("random+graph", "random", "graph", "fcn"),
        ("colorization", "colorization", "none", "fcn"),
        ("colorization+triplets", "colorization", "random-triplets", "fcn"),
    ]
    # 12 steps of tuning see 1.25 times the pixels of as many steps of fine-tuning.
    assert [arm["steps"] for arm in results["arms"]] == [
        {"proxy": 0, "tuning": 0, "segmentation": 16},
        {"proxy": 0, "tuning": 0, "segmentation": 16 + 15},
        {"proxy": 0, "tuning": 12, "segmentation": 16},
        {"proxy": 12, "tuning": 0, "segmentation": 16},
        {"proxy": 12, "tuning": 12, "segmentation": 16},
    ]
    assert all(arm["seeds"] == [0, 1, 2] for arm in results["arms"])
    assert all(arm["seconds"] == [10, 11, 12] for arm in results["arms"])
    assert [arm["knn_purity"] for arm in results["arms"]] == [
        *(None, None, {"before": [0.3] * 3, "after": [0.5, 0.6, 0.7]}),
        *(None, {"before": [0.3] * 3, "after": [0.5, 0.6, 0.7]}),
    ]


def test_percent_and_intervals_by_hand(results: dict[str, Any]) -> None:
    for arm in results["arms"]:
        expected = MIOU[arm["name"]]
        assert arm["miou"] == pytest.approx(expected, abs=0.01)
        assert all(isinstance(value, float) and value > 1 for value in arm["miou"])
        mean = sum(expected) / 3
        spread = math.sqrt(sum((value - mean) ** 2 for value in expected) / 2)
        assert arm["miou_mean"] == pytest.approx(mean, abs=0.01)
        assert arm["miou_ci95"] == pytest.approx(
            [mean - T_2 * spread / math.sqrt(3), mean + T_2 * spread / math.sqrt(3)], abs=0.03
        )
        for seed in SEEDS:
            row = arm["per_class_iou"][seed]
            assert row[:2] == pytest.approx([expected[seed]] * 2, abs=0.01)
            assert row[2:] == [None] * 7, "classes that do not occur have no IoU"
        assert sum(map(sum, arm["confusion"])) == 60_000


def test_comparisons_are_paired(results: dict[str, Any]) -> None:
    pairs = {(c["a"], c["b"]): c for c in results["comparisons"]}
    assert set(pairs) == {
        ("random+more", "random"),
        ("random+graph", "random"),
        ("random+graph", "random+more"),
        ("colorization", "random"),
        ("colorization+triplets", "colorization"),
    }
    for (a, b), found in pairs.items():
        differences = [x - y for x, y in zip(MIOU[a], MIOU[b], strict=True)]
        mean = sum(differences) / 3
        half = T_2 * math.sqrt(sum((d - mean) ** 2 for d in differences) / 2) / math.sqrt(3)
        assert found["difference"] == pytest.approx(mean, abs=0.01)
        assert found["ci95"] == pytest.approx([mean - half, mean + half], abs=0.05)
        assert found["paired_by"] == "seed"


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    results = finish(runner(tmp_path, arms="random,random+graph"))
    assert [arm["miou_ci95"] for arm in results["arms"]] == [[None, None]] * 2
    (comparison,) = results["comparisons"]
    assert comparison["ci95"] == [None, None]
    a, b = results["arms"][1]["miou"][0], results["arms"][0]["miou"][0]
    assert comparison["difference"] == pytest.approx(a - b, abs=2e-4)
    assert "NaN" not in (tmp_path / "results.json").read_text()


def test_nothing_to_score_is_said_before_training(tmp_path: Path) -> None:
    """All masks of the test are void."""
    write_folder(tmp_path / "data", 20)
    stems = [f"leaf_{i:02d}" for i in range(20)]
    for name, part in {"train": stems[:12], "val": stems[12:16], "test": stems[16:]}.items():
        (tmp_path / "data" / f"{name}.txt").write_text("\n".join(part))
    for i in range(16, 20):
        suffix = "png" if i % 2 else "jpg"
        photo, mask = (tmp_path / "data" / part / f"leaf_{i}" for part in ("images", "masks"))
        write_pair(photo.with_suffix(f".{suffix}"), mask.with_suffix(".png"), i, ids=(255, 255))
    with pytest.raises(InputError, match=r"test of folder .*void"):
        finish(runner(tmp_path / "out", arms="random", dataset="folder", root=str(tmp_path / "data")))
    assert not (tmp_path / "out").exists()
