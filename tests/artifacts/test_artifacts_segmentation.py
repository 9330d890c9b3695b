"""Predictions that ship for notebook 06: those of the shipped reproduction, and made again from a run's weights."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from mmtutorial.artifacts import SegmentationResults, load_artifact, make, segmentation_making
from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.artifacts.segmentation_results import DATASET, SPLIT
from mmtutorial.datasets import SegmentationDataset, open_dataset
from mmtutorial.errors import InputError
from mmtutorial.files import write_json, write_tensors
from mmtutorial.metrics import confusion_matrix, mean_iou, per_class_iou
from mmtutorial.networks import FCN, NetworkSpec, TinyEncoder
from mmtutorial.results import read_reproduction
from mmtutorial.segmentation import predict

IMAGES = 4
SPEC = NetworkSpec("tiny", "fcn", "rgb", False)


@pytest.fixture(scope="module")
def shipped() -> SegmentationResults:
    results: SegmentationResults = load_artifact("segmentation-results")
    return results


def test_each_arm_has_the_miou_and_class_iou_of_the_shipped_reproduction(shipped: SegmentationResults) -> None:
    reproduction = read_reproduction(FOLDER)
    for arm in shipped.names:
        row = reproduction.row(DATASET, "tiny", arm)
        assert row is not None
        counts = shipped.confusion(arm)
        assert 100 * mean_iou(counts) == pytest.approx(row.by_seed[shipped.seed], abs=0.005)
        expected = row.class_iou[row.seeds.index(shipped.seed)]
        assert 100 * per_class_iou(counts).numpy() == pytest.approx(expected, abs=0.01)


def test_truths_are_the_masks_of_the_drawn_test_images(shipped: SegmentationResults) -> None:
    test = open_dataset(DATASET, split=SPLIT)
    assert len(shipped.truths) == len(test)
    for i in range(0, len(test), 50):
        # An outline may fall a pixel otherwise on another processor.
        assert (shipped.truths[i] != test.arrays(i)[1]).mean() < 0.002


def test_scores_say_what_the_arm_predicts(shipped: SegmentationResults) -> None:
    for arm in shipped.scored:
        scores = shipped.scores(arm)
        assert scores.shape == (segmentation_making.IMAGES_SCORED, 9, *shipped.truths.shape[1:])
        if arm not in shipped.names:
            continue
        same = scores.argmax(1) == torch.stack(shipped.masks(arm)[: len(scores)])
        assert same.float().mean() > 0.999  # kept in 16 bits


def test_tuned_weights_fit_the_encoder_and_are_not_its_first_ones(shipped: SegmentationResults) -> None:
    encoder = TinyEncoder(batch_norm=False)
    before = encoder.state_dict()["layers.0.0.weight"].clone()
    encoder.load_state_dict(shipped.tuned_weights())
    assert not torch.allclose(encoder.state_dict()["layers.0.0.weight"], before, atol=1e-2)


def test_scores_of_images_are_those_of_their_masks(shipped: SegmentationResults) -> None:
    found = shipped.image_miou("random+graph")
    assert found.shape == (len(shipped.truths),)
    i = int(found.argmin())
    pair = [shipped.true_masks()[i]], [shipped.masks("random+graph")[i]]
    assert float(found[i]) == pytest.approx(mean_iou(confusion_matrix(*pair, 9)))


def test_the_browser_shows_the_images_asked_for(shipped: SegmentationResults) -> None:
    browser = shipped.browser({"worst": [3], "best": [499, 0]})
    state = browser.state(kind="best", image=1, arm="random+graph")
    facts = browser.facts(state)
    assert (facts["id"], facts["kind"]) == (open_dataset(DATASET, split=SPLIT).image_id(0), "best")
    assert facts["miou"] == pytest.approx([100 * float(shipped.image_miou(arm)[0]) for arm in shipped.names])
    assert facts["mean"] == pytest.approx(100 * mean_iou(shipped.confusion("random+graph")))
    here = confusion_matrix(shipped.true_masks()[:1], shipped.masks("random+graph")[:1], 9)
    assert facts["image_iou"] == pytest.approx((100 * per_class_iou(here)).tolist(), nan_ok=True)
    assert "random" in browser.static(kind="worst", arm="random").alt


def test_unknown_arms_are_refused_with_the_nearest_one(shipped: SegmentationResults) -> None:
    for ask in (shipped.masks, shipped.scores, shipped.confusion, shipped.image_miou):
        with pytest.raises(InputError, match=r"did you mean 'random\+graph'"):
            ask("random+grap")
    with pytest.raises(InputError, match="unknown arm 'random'"):
        shipped.scores("random")  # predictions are kept, scores are not


def test_results_come_back_as_they_were_saved(shipped: SegmentationResults, tmp_path: Path) -> None:
    shipped.save(tmp_path / "results.npz")
    again = SegmentationResults.load(tmp_path / "results.npz")
    for field in dataclasses.fields(shipped):
        was, now = getattr(shipped, field.name), getattr(again, field.name)
        if field.name == "weights":
            assert was.keys() == now.keys()
            assert all(np.array_equal(was[key], now[key]) for key in was)
        else:
            assert np.array_equal(was, now)


@pytest.mark.parametrize("data", [b"", b"no archive"])
def test_what_is_no_results_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "results.npz").write_bytes(data)
    with pytest.raises(InputError, match="cannot read segmentation results"):
        SegmentationResults.load(tmp_path / "results.npz")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's folder with networks of random weights, and what they predict on the first few test images."""
    few = open_dataset(DATASET, split=SPLIT).subset(range(IMAGES))
    monkeypatch.setattr(segmentation_making, "open_dataset", lambda *_, **__: few)
    place, rows = tmp_path / "scenes-tiny" / "seed3", []
    for seed, arm in enumerate(("classification", *segmentation_making.ARMS)):
        torch.manual_seed(seed)
        network = FCN(TinyEncoder(batch_norm=False), len(few.classes)).eval()
        about = {
            "stage": "segmentation",
            "network": asdict(SPEC),
            "classes": few.classes.names,
            "palette": few.classes.palette,
        }
        write_tensors(place / "segmentation" / arm / "model.safetensors", network.state_dict(), about)
        rows.append(_row(arm, network, few))
    encoder = {f"encoder.{name}": value for name, value in network.encoder.state_dict().items()}
    write_tensors(place / "tuning" / "random+graph" / "model.safetensors", encoder, {"stage": "tuning"})
    benchmark = {"name": "scenes", "stands_for": "VOC2012", "classes": few.classes.names}
    networks = {"tiny": {"stands_for": "AlexNet"}}
    write_json(
        tmp_path / "reproduction.json", {"schema": 1, "benchmarks": [benchmark], "networks": networks, "rows": rows}
    )
    return tmp_path


def _row(arm: str, network: FCN, few: SegmentationDataset) -> dict[str, object]:
    images, truths = zip(*few, strict=True)
    miou = 100 * mean_iou(confusion_matrix(truths, predict(network, images), len(few.classes)))
    about = {"benchmark": "scenes", "network": "tiny", "arm": arm, "pretraining": "random", "tuning": "none"}
    return {**about, "seeds": [3], "miou": [round(miou, 4)], "miou_mean": round(miou, 4)}


def test_the_command_makes_it_from_the_weights_of_a_run(run: Path) -> None:
    assert make.main(["segmentation-results", "--run", str(run), "--seed", "3", "--out", str(run / "made")]) == 0
    made: SegmentationResults = load_artifact("segmentation-results", run / "made")
    assert made.names == segmentation_making.ARMS
    assert made.predictions.shape == (len(made.names), IMAGES, 96, 96)
    assert made.seed == 3
    TinyEncoder(batch_norm=False).load_state_dict(made.tuned_weights())
    about = json.loads((run / "made" / "segmentation-results.json").read_text())
    assert about["settings"] == {"run": str(run), "seed": 3}


def test_weights_of_another_training_are_refused(run: Path) -> None:
    record = json.loads((run / "reproduction.json").read_text())
    record["rows"][-1]["miou"] = [record["rows"][-1]["miou"][0] + 0.01]
    write_json(run / "reproduction.json", record)
    with pytest.raises(InputError, match=r"random\+graph with seed 3 predicts with mIoU .* give the folder"):
        segmentation_making.make_segmentation(run, 3)


def test_a_seed_that_the_run_has_no_record_of_is_refused(run: Path) -> None:
    (run / "scenes-tiny" / "seed3").rename(run / "scenes-tiny" / "seed4")
    with pytest.raises(InputError, match="has none; give the folder"):
        segmentation_making.make_segmentation(run, 4)
    with pytest.raises(InputError, match="no weights at"):
        segmentation_making.make_segmentation(run, 5)
