"""Patch explorer, proxy explorer, result browser and pipeline map: what they write agrees with what they were given."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec import structs

from mmtutorial.errors import InputError
from mmtutorial.widgets import (
    Labelled,
    PatchExplorer,
    PipelineMap,
    ProxyExample,
    ProxyExplorer,
    ResultBrowser,
    StageCard,
)
from tests.widgets.explorers import TABLE, explorer_of, proxy_tasks, run_of


def test_the_histogram_counts_the_patches() -> None:
    explorer = explorer_of("patch")
    assert isinstance(explorer, PatchExplorer)
    state = explorer.state(per_image=7, image=2, label_by="majority of pixels")
    facts = explorer.facts(state)
    batch = facts["batch"]
    assert facts["patches"] == len(batch) == 7 * len(explorer.images.images)
    counted = Counter(batch.labels.tolist())
    assert {c: n for c, n in enumerate(facts["counts"]) if n} == dict(counted)
    assert facts["classes"] == len(counted)
    own = Counter(batch.labels[batch.image_index == 2].tolist())
    assert {c: n for c, n in enumerate(facts["own_counts"]) if n} == dict(own)
    for box, label, image in zip(batch.boxes, batch.labels, batch.image_index, strict=True):
        x0, y0, x1, y1 = (max(0, int(v)) for v in box)
        inside = explorer.images.masks[int(image)][y0:y1, x0:x1].flatten()
        assert int(label) == int(torch.bincount(inside[inside != 255].long()).argmax())


def test_disagreement_of_the_labels_is_counted_the_same_from_both_sides() -> None:
    explorer = explorer_of("patch")
    centre = explorer.facts(explorer.state(label_by="centre pixel"))
    majority = explorer.facts(explorer.state(label_by="majority of pixels"))
    torch.testing.assert_close(centre["batch"].boxes, majority["batch"].boxes)
    differ = int((centre["batch"].labels != majority["batch"].labels).sum())
    assert centre["differ"] == majority["differ"] == differ > 0
    assert f"differ for {differ}." in explorer.static().alt


def test_sides_stay_in_order() -> None:
    explorer = explorer_of("patch")
    assert explorer.state(smallest=50, largest=20)["largest"] == 50


def test_images_of_your_own() -> None:
    images = tuple(torch.full((3, 40, 60), 90, dtype=torch.uint8) for _ in range(2))
    mask = torch.zeros(40, 60, dtype=torch.uint8)
    mask[10:20, 10:20] = 2
    explorer = PatchExplorer(Labelled(images, (mask, mask), TABLE))
    facts = explorer.facts(explorer.state(per_image=10, background=0.1))
    assert facts["counts"] == [2, 0, 18]
    assert "Batch of 2 images, 20 patches: 2 background and 18 dog." in explorer.static(per_image=10).alt


def test_a_proxy_picture_file_is_read_back(tmp_path: Path) -> None:
    task = proxy_tasks()[1]
    arrays = {"sees": task.sees, "target": task.target, "prediction": task.prediction}
    np.savez(tmp_path / "proxy-jigsaw.npz", captions=np.array(task.captions), shortcut=np.array("gaps"), **arrays)
    again = ProxyExample.load(tmp_path / "proxy-jigsaw.npz")
    assert (again.name, again.captions, again.shortcut) == ("jigsaw", task.captions, "gaps")
    np.testing.assert_array_equal(again.prediction, task.prediction)
    with pytest.raises(InputError, match="cannot read proxy pictures"):
        ProxyExample.load(tmp_path / "none.npz")


def test_the_proxy_explorer_tells_task_and_purity() -> None:
    explorer = explorer_of("proxy")
    alt = explorer.static(task="colour", image=3, colour_by="position").alt
    assert "Proxy task colour, image 3 of 4. It sees: grey. Target: its colours. Prediction: a guess." in alt
    assert "kNN purity by class 0.50, colour 0.40 and position 0.30." in alt
    assert explorer.state(task="jigsaw", image=3)["image"] == 1
    task = proxy_tasks()[0]
    apart = np.abs(task.prediction[1].astype(int) - task.target[1].astype(int)).mean()
    assert explorer.facts(explorer.state(image=1))["difference"] == pytest.approx(apart)
    with pytest.raises(InputError, match="each with its own name"):
        ProxyExplorer([task, task])
    with pytest.raises(InputError, match="three rows of equal length"):
        ProxyExample("a", task.sees, task.target[:1], task.prediction, ("", "", ""), "")


def slow_iou(truth: np.ndarray, mask: np.ndarray, label: int) -> float:
    known = truth != 255
    either = ((truth == label) | (mask == label)) & known
    both = (truth == label) & (mask == label)
    return 100 * both.sum() / either.sum() if (truth == label).any() else float("nan")


def test_the_scores_of_an_image_are_those_of_its_pixels() -> None:
    predictions, results = run_of()
    browser = ResultBrowser(predictions, results)
    for place in range(4):
        for arm, row in enumerate(results.arms):
            facts = browser.facts(browser.state(image=place, arm=row.arm))
            truth, mask = predictions[f"truth_{place}"], predictions[f"prediction_{place}"][arm]
            wanted = [slow_iou(truth, mask, c) for c in range(3)]
            np.testing.assert_allclose(facts["image_iou"], wanted)
            np.testing.assert_allclose(facts["miou"], 100 * predictions[f"miou_{place}"])
            first, second = row.class_iou
            np.testing.assert_allclose(facts["class_iou"][:2], [(first[c] + second[c]) / 2 for c in range(2)])
            assert np.isnan(facts["class_iou"][2])
            np.testing.assert_allclose(np.nansum(facts["confusion"][:2], axis=1), 100)
            assert np.isnan(facts["confusion"][2]).all()


def test_kinds_choose_images() -> None:
    browser = ResultBrowser(*run_of())
    worst = browser.static(kind="worst", image=3)
    assert worst.alt.startswith("Image image-3, one of the worst, with truth (")
    assert browser.facts(browser.state(kind="best", image=1))["id"] == "image-1"
    assert browser.state(kind="median", image=2)["image"] == 0


def test_results_of_another_run_are_refused() -> None:
    predictions, results = run_of()
    with pytest.raises(InputError, match=r"give predictions\.npz and results\.json of one run"):
        ResultBrowser(predictions, structs.replace(results, arms=results.arms[1:]))
    with pytest.raises(InputError, match="the results lack 'truth_2'"):
        ResultBrowser({k: v for k, v in predictions.items() if k != "truth_2"}, results)


def test_the_map_goes_round() -> None:
    explorer = explorer_of("pipeline")
    assert isinstance(explorer, PipelineMap)
    state, seen = explorer.state(), []
    for _ in explorer.stages:
        seen.append(state["stage"])
        state = explorer.press("next", state)
    assert seen == ["Proxy task", "Mix", "Match", "Tune", "Segment"]
    assert state == explorer.state()
    assert explorer.press("back", state)["stage"] == "Segment"
    assert explorer.static(stage="Match").alt.startswith("Stage 3 of 5, Match. In: patches. Out: a graph.")


def test_stages_of_your_own() -> None:
    picture = np.zeros((3, 10, 20), dtype=np.uint8)
    stage = StageCard("one", "this", "that", "It turns this into that.", picture, picture)
    assert PipelineMap([stage]).static().alt == "Stage 1 of 1, one. In: this. Out: that. It turns this into that."
    for wrong in ([], [stage, stage]):
        with pytest.raises(InputError, match="give each its own name"):
            PipelineMap(wrong)
