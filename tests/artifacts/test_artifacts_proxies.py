"""The shipped proxy tasks: whole, consistent with themselves, and made from a run that is only read."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmtutorial.artifacts import about_artifact, load_artifact, make, proxy_making
from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.artifacts.proxy_making import PATCHES_AN_IMAGE, TASKS, cells, inside_patches, make_proxies
from mmtutorial.artifacts.proxy_tasks import KNOWN, ProxyTasks
from mmtutorial.datasets import open_dataset
from mmtutorial.embedding import knn_purity
from mmtutorial.errors import InputError
from mmtutorial.experiment import ExperimentData, Plan, Request, parse_arms
from mmtutorial.experiment.data import some
from mmtutorial.experiment.stages import Stages
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.presets import get_preset
from mmtutorial.widgets.embedding_frames import GREY

SMALL = ("colorization", "jigsaw")


@pytest.fixture(scope="module")
def tasks() -> ProxyTasks:
    found: ProxyTasks = load_artifact("proxy-tasks")
    return found


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `mmtutorial reproduce` leaves it, with two proxy tasks and seeds 3 and 4."""
    folder = tmp_path_factory.mktemp("run")
    plan = Plan(Request("scenes"), get_preset("smoke", "scenes", "tiny"), tuple(parse_arms(",".join(SMALL))), (3, 4))
    stages = Stages(plan, ExperimentData(plan.request, plan.preset), folder / "scenes-tiny", Machine("cpu"))
    for arm in plan.arms:
        for seed in plan.seeds:
            stages.proxy(arm, seed)
    (folder / "run.json").write_text(json.dumps({"settings": {"preset": "smoke", "settings": []}}))
    return folder


def test_every_array_has_the_shape_that_is_promised(tasks: ProxyTasks) -> None:
    t, u, s, p = len(tasks.names), len(tasks.controls), len(tasks.seeds), len(tasks.labels)
    assert tasks.names == TASKS
    assert set(tasks.controls) == {"random-rgb", "random-grey", "random-split"}
    wanted = {
        "scores": (t, s),
        "trivial": (t, s),
        "higher": (t,),
        "purity": (t + u, s, len(KNOWN)),
        "colour_bins": (p,),
        "positions": (p,),
        "groups": (p,),
        "mean_colours": (p, 3),
        "layouts": (t + u, p, 2),
        "captions": (t, 3),
    }
    assert {name: getattr(tasks, name).shape for name in wanted} == wanted
    assert tasks.features.shape[:2] == (t + u, p)
    assert np.bincount(tasks.groups).max() == PATCHES_AN_IMAGE
    assert tasks.colour_bins.max() <= GREY
    assert set(tasks.positions) == set(range(9))
    assert len(tasks.sheets) == tasks.sheet_sizes.sum()
    assert str(list(map(int, tasks.seeds)))[1:-1] in repr(tasks)


def test_it_is_small_and_names_run_and_seeds(tasks: ProxyTasks) -> None:
    assert (FOLDER / "proxy-tasks.npz").stat().st_size < 1_500_000
    seeds = ",".join(map(str, tasks.seeds))
    assert about_artifact("proxy-tasks")["settings"] == {"run": "runs/reproduction-class", "seeds": seeds}


@pytest.mark.parametrize("place", range(len(TASKS) + 3))
def test_stored_features_have_the_stored_purity(tasks: ProxyTasks, place: int) -> None:
    name = (*tasks.names, *tasks.controls)[place]
    groups = torch.from_numpy(tasks.groups)
    for known, labels in zip(KNOWN, (tasks.labels, tasks.colour_bins, tasks.positions), strict=True):
        found = knn_purity(tasks.embeddings(name), torch.from_numpy(labels), groups)
        # Kept in 8 bits: a neighbour or two may change places.
        assert found == pytest.approx(tasks.purity_of(name, known)[0], abs=0.015)


def test_untrained_encoders_cannot_know_where_a_patch_was(tasks: ProxyTasks) -> None:
    for control in tasks.controls:
        assert tasks.purity_of(control, "position").mean() < 0.14


@pytest.mark.parametrize("task", TASKS)
def test_pictures_are_of_images_kept_for_choosing(tasks: ProxyTasks, task: str) -> None:
    sees, target, prediction = tasks.pictures(task).astype(float)
    assert sees.shape == target.shape == prediction.shape
    assert sees.shape[0] == proxy_making.IMAGES_SHOWN
    assert np.abs(prediction - target).mean() > 1
    kept = some(open_dataset("scenes", split="val"), len(sees))
    if task in ("colorization", "colorful", "splitbrain", "inpainting"):
        # JPEG loses a little.
        assert all(np.abs(target[i] - kept.arrays(i)[0]).mean() < 6 for i in range(len(sees)))
    if task in ("colorization", "colorful"):
        assert np.ptp(sees, axis=1).mean() < 1


def test_the_explorer_shows_trained_and_random_weights_and_cuts_no_title(tasks: ProxyTasks) -> None:
    explorer = tasks.explorer()
    for weights, name in (("trained", "jigsaw"), ("random", "random-rgb")):
        state = explorer.state(task="jigsaw", colour_by="position", weights=weights)
        purity = explorer.facts(state)["purity"]
        assert list(purity.values()) == pytest.approx([tasks.purity_of(name, known)[0] for known in KNOWN])
        assert not any("…" in text.text for text in explorer.frame(state).texts)
    first, second = (explorer.static(task="jigsaw", weights=weights) for weights in ("trained", "random"))
    assert first.png != second.png
    assert "Random features coloured by class" in second.alt


def test_unknown_names_are_refused_with_the_nearest_one(tasks: ProxyTasks) -> None:
    with pytest.raises(InputError, match="did you mean 'jigsaw'"):
        tasks.pictures("jigsaws")
    with pytest.raises(InputError, match="did you mean 'random-grey'"):
        tasks.embeddings("random-gray")
    with pytest.raises(InputError, match="did you mean 'colour'"):
        tasks.purity_of("jigsaw", "color")


@pytest.mark.parametrize("data", [b"", b"no archive"])
def test_what_is_no_file_of_proxy_tasks_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "tasks.npz").write_bytes(data)
    with pytest.raises(InputError, match="cannot read proxy tasks"):
        ProxyTasks.load(tmp_path / "tasks.npz")


def test_patches_lie_inside_their_images() -> None:
    data = ExperimentData(Request("scenes", validate=True), get_preset("smoke", "scenes", "tiny"))
    patches = inside_patches(data)
    # Scenes are grainy, so a black row of pixels lies outside.
    edges = (patches.images[..., 0, :], patches.images[..., -1, :], patches.images[..., 0], patches.images[..., -1])
    assert all(bool((edge.amax(dim=(1, 2)) > 0).all()) for edge in edges)
    assert int(patches.groups.bincount().max()) <= PATCHES_AN_IMAGE


def test_cells_are_counted_row_by_row_over_the_image() -> None:
    # An image twice as wide as high; the last centre lies on its lower right corner.
    boxes = torch.tensor([[0, 0, 10, 10], [170, 0, 180, 10], [80, 40, 120, 60], [0, 70, 20, 90], [190, 90, 210, 110]])
    assert cells(boxes, torch.tensor([[200, 100]] * 5)).tolist() == [0, 2, 4, 6, 8]


def test_the_command_reads_the_run_and_leaves_it_alone(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_making, "TASKS", SMALL)
    before = files_in(run)
    assert make.main(["proxy-tasks", "--run", str(run), "--seeds", "3,4", "--out", str(tmp_path)]) == 0
    assert files_in(run) == before
    tasks: ProxyTasks = load_artifact("proxy-tasks", tmp_path)
    assert tasks.names == SMALL
    assert tasks.controls == ("random-grey", "random-rgb")
    assert tasks.seeds.tolist() == [3, 4]
    assert tasks.control("jigsaw") == "random-rgb"
    assert not np.array_equal(tasks.embeddings("jigsaw"), tasks.embeddings("random-rgb"))
    assert tasks.scores[0, 0] != tasks.scores[0, 1]
    tasks.save(tmp_path / "again.npz")
    again = ProxyTasks.load(tmp_path / "again.npz")
    assert np.array_equal(again.layouts, tasks.layouts)
    assert again.controls == tasks.controls


def test_tasks_of_a_later_run_come_after_those_that_stay_as_they_are(run: Path, tmp_path: Path) -> None:
    shared = ["--run", str(run), "--seeds", "3,4"]
    before = replace(make_proxies(run, (3, 4), SMALL[:1]), controls=("random-grey", "random-rgb"))
    both = make_proxies(run, (3, 4), SMALL)
    for name in ("purity", "features", "layouts"):
        whole = getattr(both, name)
        before = replace(before, **{name: np.concatenate((whole[:1], whole[2:]))})
    before.save(tmp_path / "proxy-tasks.npz")
    make.seal(tmp_path / "proxy-tasks.npz", "proxy-tasks", {"run": "first", "seeds": "3,4"})
    assert make.main(["proxy-tasks", *shared, "--add", SMALL[1], "--out", str(tmp_path)]) == 0
    joined: ProxyTasks = load_artifact("proxy-tasks", tmp_path)
    for field in fields(ProxyTasks):
        assert np.array_equal(getattr(joined, field.name), getattr(both, field.name)), field.name
    about = about_artifact("proxy-tasks", tmp_path)
    assert about["settings"] == {"run": "first", "seeds": "3,4"}
    assert [added["settings"]["add"] for added in about["added"]] == [SMALL[1]]
    with pytest.raises(InputError, match="jigsaw is there already"):
        make.main(["proxy-tasks", *shared, "--add", SMALL[1], "--out", str(tmp_path)])


def test_tasks_measured_otherwise_are_not_added(tasks: ProxyTasks) -> None:
    other = replace(tasks, names=tuple(f"new-{name}" for name in tasks.names))
    assert len(tasks.joined(other).names) == 2 * len(tasks.names)
    for change, said in (
        ({"seeds": tasks.seeds + 1}, "other seeds"),
        ({"mean_colours": tasks.mean_colours[:-1]}, "other mean colours"),
        ({"controls": ("random-depth",)}, "no control random-depth"),
    ):
        with pytest.raises(InputError, match=said):
            tasks.joined(replace(other, **change))


def test_a_seed_that_was_not_finished_is_refused_and_not_trained(run: Path) -> None:
    before = files_in(run)
    with pytest.raises(InputError, match=r"no finished proxy task in .*seed5.*colorization; give seeds"):
        make_proxies(run, (3, 5), SMALL)
    assert files_in(run) == before


def test_bad_seeds_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seeds are 'a,1'; give whole numbers"):
        proxy_making.save_proxies(tmp_path, run="runs", seeds="a,1")
    with pytest.raises(InputError, match=r"cannot read .*run\.json"):
        make_proxies(tmp_path, (3,), SMALL)
    cases = {'{"settings": 7}': "is not the record of a run", '{"settings": {}}': "is not of a reproduction"}
    for content, said in cases.items():
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(InputError, match=said):
            make_proxies(tmp_path, (3,), SMALL)
