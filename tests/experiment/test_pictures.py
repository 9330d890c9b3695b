from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmtutorial.errors import InputError
from mmtutorial.experiment import ARMS, write_pictures
from mmtutorial.experiment.pictures import _best_median_worst
from mmtutorial.metrics import confusion_matrix, mean_iou
from mmtutorial.results import read_arrays
from mmtutorial.segmentation import predict
from tests.tiny_run import finish, runner

NAMES = ("random", "random+triplets", "random+graph")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    tiny = runner(folder, arms=",".join(NAMES))
    finish(tiny)
    write_pictures(tiny)
    return folder


def test_there_is_a_file_for_each_kind(out: Path) -> None:
    assert sorted(path.name for path in (out / "pictures").iterdir()) == [
        "embedding-random+graph.npz",
        "embedding-random+triplets.npz",
        "patches.npz",
        "predictions.npz",
    ]


def test_patches_and_graphs(out: Path) -> None:
    arrays = read_arrays(out / "pictures/patches.npz")
    assert arrays is not None
    count = len(arrays["labels"])
    assert arrays["patches"].shape == (count, 3, 16, 16)
    assert arrays["image"].shape == (3, 96, 96)
    assert arrays["boxes"].shape == (len(arrays["box_labels"]), 4)
    assert 255 not in arrays["labels"]
    for name in ("graph_triplets", "random_triplets"):
        anchor, positive, negative = arrays["labels"][arrays[name]].T
        assert (anchor == positive).all()
        assert (anchor != negative).all()


@pytest.mark.parametrize("name", ["random+graph", "random+triplets"])
def test_embeddings_before_and_after(out: Path, name: str) -> None:
    arrays = read_arrays(out / f"pictures/embedding-{name}.npz")
    assert arrays is not None
    count = len(arrays["labels"])
    for key in ("before_pca", "before_tsne", "after_pca", "after_tsne"):
        assert arrays[key].shape == (count, 2)
        assert np.isfinite(arrays[key]).all()
    assert not np.allclose(arrays["before_pca"], arrays["after_pca"])
    assert arrays["patches"].shape == (count, 3, 32, 32)
    assert 0 <= float(arrays["before_purity"]) <= 1


def test_predictions_are_the_networks_own(out: Path) -> None:
    arrays = read_arrays(out / "pictures/predictions.npz")
    assert arrays is not None
    assert arrays["arms"].tolist() == list(NAMES)
    assert arrays["kinds"].tolist() == ["best"] * 2 + ["median"] * 2 + ["worst"] * 2
    again = runner(out, arms=",".join(NAMES), resume=True)
    scored = {again.data.scored.image_id(i): again.data.scored[i] for i in range(6)}
    networks = [again.stages.network(ARMS[name], 0)[0] for name in NAMES]
    last = []
    for place, name in enumerate(arrays["ids"].tolist()):
        image, truth = scored[name]
        assert np.array_equal(arrays[f"image_{place}"], image.numpy())
        assert np.array_equal(arrays[f"truth_{place}"], truth.numpy())
        for arm, network in enumerate(networks):
            mask = predict(network, [image])[0]
            assert np.array_equal(arrays[f"prediction_{place}"][arm], mask.numpy())
            own = mean_iou(confusion_matrix([truth], [mask], 9))
            assert arrays[f"miou_{place}"][arm] == pytest.approx(own)
        last.append(float(arrays[f"miou_{place}"][-1]))
    assert last == sorted(last, reverse=True)


def test_best_median_and_worst_by_hand() -> None:
    scores = [0.5, 0.9, float("nan"), 0.1, 0.7, 0.3, 0.8, 0.2]
    kinds, chosen = _best_median_worst(scores)
    assert kinds == ["best"] * 2 + ["median"] * 2 + ["worst"] * 2
    assert chosen == [1, 6, 4, 0, 7, 3]
    assert _best_median_worst([0.5]) == (["best", "median", "worst"], [0, 0, 0])


def test_pictures_that_are_there_are_kept(out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (out / "pictures").iterdir()}
    write_pictures(runner(out, arms=",".join(NAMES), resume=True))
    assert {path: path.stat().st_mtime_ns for path in (out / "pictures").iterdir()} == before


def test_arms_added_later_are_in_the_predictions(tmp_path: Path) -> None:
    for arms in ("random", "random,random+more"):
        tiny = runner(tmp_path, arms=arms, resume=True)
        finish(tiny)
        write_pictures(tiny)
    arrays = read_arrays(tmp_path / "pictures/predictions.npz")
    assert arrays is not None
    assert arrays["arms"].tolist() == ["random", "random+more"]


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"PK\3\4 cut short")
    with pytest.raises(InputError, match=r"x\.npz"):
        read_arrays(tmp_path / "x.npz")
