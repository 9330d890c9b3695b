from __future__ import annotations

from pathlib import Path

import pytest

from mmtutorial.datasets import SegmentationDataset, hold_out, open_dataset
from mmtutorial.errors import InputError
from mmtutorial.experiment.data import ExperimentData, Request, some
from mmtutorial.settings.overrides import override
from tests.own_images import write_camvid, write_folder
from tests.tiny_run import preset

SMALL = {"size": "64"}


def ids(images: SegmentationDataset) -> list[str]:
    return [images.image_id(i) for i in range(len(images))]


def test_scenes_have_a_split_for_each_role() -> None:
    data = ExperimentData(Request(), preset())
    assert (data.labeled.split, data.scored.split, data.unlabeled.split) == ("train", "test", "unlabeled")
    assert data.scored_on == "test"
    assert (len(data.labeled), len(data.scored), len(data.unlabeled)) == (8, 6, 8)
    assert len(data.classes) == 9
    choosing = ExperimentData(Request(validate=True), preset())
    assert (choosing.scored.split, choosing.scored_on) == ("val", "val")
    assert ids(choosing.labeled) == ids(data.labeled)


def test_the_command_line_goes_before_the_preset_and_the_preset_before_the_data_set() -> None:
    assert len(ExperimentData(Request(labeled=3), preset()).labeled) == 3
    assert len(ExperimentData(Request(), override(preset(), {"labeled": "none"})).labeled) == 100


def test_none_means_all() -> None:
    data = ExperimentData(Request(), override(preset(), {"evaluated": "none", "unlabeled": "none"}))
    assert (len(data.scored), len(data.unlabeled)) == (500, 2000)


def test_images_for_the_proxy_have_no_labels() -> None:
    data = ExperimentData(Request(), preset())
    assert all(bool((mask == 255).all()) for _, mask in data.unlabeled)


def test_some_are_spread_evenly() -> None:
    images = open_dataset("scenes", split="val")
    assert ids(some(images, 3)) == [f"scenes-val-{i:05d}" for i in (0, 124, 249)]
    assert ids(some(images, 250)) == ids(some(images, 999)) == ids(images)
    assert ids(some(images, 1)) == ["scenes-val-00000"]


@pytest.mark.parametrize(
    ("dataset", "root", "train", "report"), [("voc", "", "trainaug", "val"), ("camvid", "CamVid", "train", "test")]
)
def test_a_seeded_tenth_serves_for_choosing_and_is_never_trained_on(
    real_data: Path, dataset: str, root: str, train: str, report: str
) -> None:
    folder = str(real_data / root) if (real_data / root).is_dir() else str(real_data)
    tiny = override(preset(), SMALL | {"labeled": "none", "evaluated": "none"})
    reporting = ExperimentData(Request(dataset, folder), tiny)
    choosing = ExperimentData(Request(dataset, folder, validate=True), tiny)
    listed = open_dataset(dataset, folder, train, size=64)
    tenth = ids(hold_out(listed)[1])
    assert abs(len(tenth) - len(listed) / 10) <= 0.5
    assert ids(choosing.scored) == tenth
    assert choosing.scored_on == f"a tenth of {train}"
    assert reporting.scored_on == reporting.scored.split == report
    assert ids(reporting.labeled) == ids(choosing.labeled)
    assert not set(ids(reporting.labeled)) & set(tenth)
    assert sorted(ids(reporting.labeled) + tenth) == sorted(ids(listed))
    assert not set(ids(reporting.scored)) & set(ids(listed))
    some_labels = ExperimentData(Request(dataset, folder, labeled=10), tiny).labeled
    assert len(some_labels) == 10
    assert not set(ids(some_labels)) & set(tenth)


def test_classes_that_are_kept(real_data: Path) -> None:
    tiny = override(preset(), SMALL)
    data = ExperimentData(Request("voc", str(real_data), ("cat", "dog")), tiny)
    assert data.classes.names == ("background", "cat", "dog")
    assert data.scored.classes == data.unlabeled.classes == data.classes


def test_a_folder_of_your_own(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    data = ExperimentData(Request("folder", str(tmp_path)), preset())
    assert (data.labeled.split, data.scored.split) == ("train", "test")
    assert not set(ids(data.labeled)) & set(ids(data.scored))
    assert data.classes.names == ("background", "leaf")


def test_the_number_of_a_preset_is_the_most_that_it_takes(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    for most, taken in (("12", 12), ("99", 16)):
        data = ExperimentData(Request("folder", str(tmp_path)), override(preset(), {"labeled": most}))
        assert len(set(ids(data.labeled))) == taken
    write_camvid(tmp_path, 12)
    # One of the twelve is held out for choosing.
    data = ExperimentData(Request("camvid", str(tmp_path)), override(preset(), {"labeled": "99"}))
    assert len(set(ids(data.labeled))) == 11


def test_more_labels_than_there_are(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    with pytest.raises(InputError, match="asked for 17 labeled images, but folder train has 16"):
        ExperimentData(Request("folder", str(tmp_path), labeled=17), preset())
