from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import ARMS, DEFAULT_ARMS
from mmtutorial.experiment.data import experiment_data
from mmtutorial.experiment.held_out import held_out_patches
from mmtutorial.files import read_tensors
from mmtutorial.graph import connected_graph
from mmtutorial.metrics import confusion_matrix
from mmtutorial.networks.windowed import Windowed
from mmtutorial.prediction import load_trained
from mmtutorial.randomness import seeded
from mmtutorial.segmentation import predict
from mmtutorial.training import engine
from mmtutorial.triplet import triplet_loss
from tests.own_images import write_camvid, write_folder
from tests.tiny_run import finish, logs, preset, runner, weights


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All eight arms with one seed. Tests that go on with it add nothing but other arms and seeds."""
    folder = tmp_path_factory.mktemp("runner")
    finish(runner(folder, arms=",".join(DEFAULT_ARMS)))
    return folder


def test_every_stage_has_its_folder(out: Path) -> None:
    tuned = [name for name in DEFAULT_ARMS if ARMS[name].tuned]
    assert sorted(weights(out)) == sorted(
        f"seed0/{place}/model.safetensors"
        for place in (
            "proxy/colorization",
            *(f"tuning/{name}" for name in tuned),
            *(f"segmentation/{name}" for name in DEFAULT_ARMS),
        )
    )
    assert set(logs(out)) == {path.replace("model.safetensors", "log.jsonl") for path in weights(out)}
    assert len(list(out.rglob("evaluation.json"))) == 8
    assert len(list(out.rglob("purity.json"))) == 4 + 1
    assert len(list(out.rglob("score.json"))) == 1
    assert not list(out.rglob("checkpoint.safetensors"))
    assert not list(out.rglob(".*"))


def last_step(out: Path, place: str) -> int:
    step: int = json.loads((out / "seed0" / place / "log.jsonl").read_text().splitlines()[-1])["step"]
    return step


def test_more_gets_the_steps_that_tuning_cost(out: Path) -> None:
    """12 steps of tuning over 2 x 5 patches of 16 x 16 pixels, against 2 crops of 32 x 32: 1.25 times the pixels."""
    assert last_step(out, "tuning/random+graph") == 12
    assert last_step(out, "segmentation/random+graph") == last_step(out, "segmentation/random") == 16
    assert last_step(out, "segmentation/random+more") == 16 + 15
    assert last_step(out, "segmentation/colorization+more") == 16 + 15


def test_arms_that_share_a_start_differ_in_the_end(out: Path) -> None:
    for pretraining in ("random", "colorization"):
        models = [
            bytes_
            for path, bytes_ in weights(out).items()
            if f"segmentation/{pretraining}/" in path or f"segmentation/{pretraining}+" in path
        ]
        assert len(models) == len(set(models)) == 4


def test_the_encoder_goes_from_stage_to_stage(out: Path) -> None:
    """Before a single step of fine-tuning, the network's encoder is what tuning left; grey after colorization."""
    again = runner(out, arms="colorization+graph", resume=True)
    arm = ARMS["colorization+graph"]
    before, _ = again.stages.encoder(arm, 0, tuned=False)
    after, stages = again.stages.encoder(arm, 0, tuned=True)
    proxy = read_tensors(out / "seed0/proxy/colorization/model.safetensors")[0]
    tuned = read_tensors(out / "seed0/tuning/colorization+graph/model.safetensors")[0]
    for name, tensor in before.state_dict().items():
        assert torch.equal(tensor, proxy[f"encoder.{name}"])
    for name, tensor in after.state_dict().items():
        assert torch.equal(tensor, tuned[f"encoder.{name}"])
    assert before.in_channels == 1
    assert [stage.steps for stage in stages] == [12, 12]


def test_a_shared_stage_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish(runner(tmp_path, arms="colorization"))
    proxy = tmp_path / "seed0/proxy/colorization/model.safetensors"
    before = proxy.stat()
    trained: list[str] = []
    to_the_end = engine._Run.to_the_end

    def counting(run: Any) -> None:
        trained.append(f"{run.folder.parent.name}/{run.folder.name}")
        to_the_end(run)

    monkeypatch.setattr(engine._Run, "to_the_end", counting)
    finish(runner(tmp_path, arms="colorization,colorization+graph,colorization+more", resume=True))
    assert trained == [
        "tuning/colorization+graph",
        "segmentation/colorization+graph",
        "segmentation/colorization+more",
    ]
    after = proxy.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_twice_the_same_run_and_neither_order_nor_company_of_arms_matters(out: Path, tmp_path: Path) -> None:
    """Each arm alone in a folder, other numbers drawn before it: the weights are those of all arms together."""
    torch.manual_seed(99)
    torch.rand(5)
    finish(runner(tmp_path, arms="colorization+graph,random+triplets"))
    alone = weights(tmp_path)
    assert len(alone) == 5
    together = weights(out)
    assert {path: path in together and together[path] == found for path, found in alone.items()} == dict.fromkeys(
        alone, True
    )


def test_seeds_differ_and_a_seed_may_come_later(out: Path, tmp_path: Path) -> None:
    finish(runner(tmp_path, arms="random+graph", seeds=(1, 0)))
    found = weights(tmp_path)
    for stage in ("tuning", "segmentation"):
        zero, one = (found[f"seed{seed}/{stage}/random+graph/model.safetensors"] for seed in (0, 1))
        assert zero != one
        assert zero == weights(out)[f"seed0/{stage}/random+graph/model.safetensors"]


def test_the_confusion_is_that_of_the_saved_network_on_the_scored_images(out: Path) -> None:
    again = runner(out, arms="random+graph", resume=True)
    network, _ = again.stages.network(ARMS["random+graph"], 0)
    images, truths = zip(*again.data.scored, strict=True)
    expected = confusion_matrix(truths, predict(network, images), 9)
    record = json.loads((out / "seed0/segmentation/random+graph/evaluation.json").read_text())
    assert record["confusion"] == expected.tolist()
    assert int(expected.sum()) == sum(int((truth != 255).sum()) for truth in truths) == 6 * 96 * 96
    assert record["seconds"] > 0


def test_held_out_patches_are_of_images_that_no_stage_saw(out: Path) -> None:
    data = runner(out, arms="random", resume=True).data
    patches = held_out_patches(data)
    assert len(patches.labels) <= 6 * 4
    assert set(patches.image_index.tolist()) <= set(range(6))
    assert 255 not in patches.labels
    assert data.scored.split == "test"


def test_a_folder_that_holds_a_run(out: Path) -> None:
    with pytest.raises(InputError, match=r"already holds a run; add --resume .* or choose another --out"):
        runner(out, arms="random")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tuning__margin": 0.5}, "(preset.tuning.margin)"),
        ({"labeled": 9}, "(labeled)"),
        ({"validate": True}, "(validate)"),
        ({"classes": ("fish", "bird")}, "(classes)"),
        ({"batch_norm": False, "tuning__schedule__lr": 0.1}, "(preset.tuning.schedule.lr, preset.batch_norm)"),
    ],
)
def test_a_folder_that_holds_a_run_with_other_settings(out: Path, options: dict[str, Any], said: str) -> None:
    record = (out / "run.json").read_bytes()
    with pytest.raises(InputError) as caught:
        runner(out, arms="random", resume=True, **options)
    assert f"holds a run with other settings {said}" in str(caught.value)
    assert "--out" in str(caught.value)
    assert (out / "run.json").read_bytes() == record


def test_without_its_record_a_run_is_still_no_other_one(tmp_path: Path) -> None:
    """Scores of other settings, of other images or of other weights are never taken for those asked for."""
    write_folder(tmp_path / "data", 20)
    own: dict[str, Any] = {"dataset": "folder", "root": str(tmp_path / "data")}
    out = tmp_path / "out"
    first = finish(runner(out, arms="colorization", **own))
    (out / "run.json").unlink()
    with pytest.raises(InputError, match=r"add --resume"):
        runner(out, arms="colorization", **own)
    before = {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()}
    for change in ({"proxy__schedule__steps": 13}, {"segmentation__schedule__lr": 1e-3}, {"evaluated": 2}):
        with pytest.raises(InputError, match=r"was made with other settings"):
            runner(out, arms="colorization", resume=True, **own, **change)
    write_folder(tmp_path / "data", 22)
    experiment_data.cache_clear()  # as in another process
    with pytest.raises(InputError, match=r"was made with other settings \(images"):
        runner(out, arms="colorization", resume=True, **own)
    assert {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()} == before
    for path in [*(tmp_path / "data").rglob("*2[01].*")]:
        path.unlink()
    experiment_data.cache_clear()
    assert finish(runner(out, arms="colorization", resume=True, **own))["arms"] == first["arms"]


def test_without_its_record_weights_say_which_run_it_is(tmp_path: Path) -> None:
    """Of a run that was stopped before anything was scored."""
    out = tmp_path / "out"
    finish(runner(out, arms="random"))
    for path in (out / "run.json", *out.rglob("evaluation.json"), *out.rglob("purity.json")):
        path.unlink()
    with pytest.raises(InputError, match=r"model\.safetensors was made with other settings; repeat the options"):
        runner(out, arms="random", resume=True, segmentation__schedule__lr=1e-3)
    assert not (out / "run.json").exists()
    runner(out, arms="random", resume=True)


def test_bad_data_leaves_no_folder_behind(tmp_path: Path) -> None:
    """So that the corrected command finds no half-begun run in its way."""
    with pytest.raises(InputError, match="unknown class"):
        runner(tmp_path / "out", arms="random", classes=("fich",))
    with pytest.raises(InputError, match="did you mean 'scenes'"):
        runner(tmp_path / "out", arms="random", dataset="scnes")
    assert not (tmp_path / "out").exists()
    runner(tmp_path / "out", arms="random", classes=("fish",))
    assert (tmp_path / "out/run.json").exists()


def test_a_resume_of_nothing_is_a_beginning(tmp_path: Path) -> None:
    runner(tmp_path / "out", arms="random", resume=True)
    assert json.loads((tmp_path / "out/run.json").read_text())["command"] == "mmtutorial run"


def test_a_learning_rate_that_explodes_says_where(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        finish(runner(tmp_path, arms="random", segmentation__schedule__lr=1e30, batch_norm=False))
    assert "the loss of segmentation is" in str(caught.value)
    assert "of 16" in str(caught.value)
    assert str(tmp_path / "seed0/segmentation/random") in str(caught.value)


ALL_KINDS = "random+graph,random+triplets,colorization"


def test_no_background_goes_through(tmp_path: Path) -> None:
    write_camvid(tmp_path / "data", 12)
    tiny = runner(tmp_path / "out", arms=ALL_KINDS, dataset="camvid", root=str(tmp_path / "data"))
    assert tiny.data.classes.background_ids == ()
    results = finish(tiny)
    assert len(results["classes"]) == 11
    # Of eleven classes only two occur: the others have no IoU, and the mean is over those that occur.
    assert sum(value is not None for value in results["arms"][0]["per_class_iou"][0]) >= 2


def test_a_folder_of_your_own_goes_through(tmp_path: Path) -> None:
    write_folder(tmp_path / "data", 20)
    results = finish(runner(tmp_path / "out", arms=ALL_KINDS, dataset="folder", root=str(tmp_path / "data")))
    assert results["classes"] == ["background", "leaf"]
    assert results["evaluated_on"] == "test"


def test_one_held_out_image_has_no_purity_as_neighbours_come_from_others(tmp_path: Path) -> None:
    tiny = runner(tmp_path, arms="random+graph,colorization", evaluated=1)
    results = finish(tiny)
    assert results["images_evaluated"] == 1
    assert [arm["knn_purity"] for arm in results["arms"]] == [{"before": [None], "after": [None]}, None]
    assert results["proxies"][0]["knn_purity"] == [None]
    again = runner(tmp_path, arms="random+graph,colorization", evaluated=1, resume=True)
    assert all(math.isnan(value) for value in again.purity(ARMS["random+graph"], 0))


@pytest.mark.parametrize(("dataset", "classes"), [("voc", ("cat", "dog")), ("camvid", None)])
def test_real_photos_go_through(real_data: Path, tmp_path: Path, dataset: str, classes: tuple[str, ...] | None) -> None:
    folder = real_data / "CamVid" if dataset == "camvid" and (real_data / "CamVid").is_dir() else real_data
    tiny = runner(tmp_path, arms=ALL_KINDS, dataset=dataset, root=str(folder), classes=classes, size=64)
    results = finish(tiny)
    assert results["classes"] == (["background", "cat", "dog"] if classes else list(tiny.data.classes.names))
    assert all(0 <= arm["miou_mean"] <= 100 for arm in results["arms"])


def test_settings_are_all_that_decides_the_numbers() -> None:
    """As JSON has them, so that those of a file can be compared."""
    import dataclasses

    from mmtutorial.experiment import Plan, Request, parse_arms

    plan = Plan(Request("voc", "data", ("cat",), 7), preset(), tuple(parse_arms("random")), (0,))
    settings = plan.settings()
    assert settings == json.loads(json.dumps(settings))
    assert {"dataset", "root", "classes", "labeled", "validate", "preset"} == set(settings)
    plain = json.loads(json.dumps(dataclasses.asdict(preset())))
    # What earlier versions did not know is left out where it was not asked for.
    assert not plain["tuning"].pop("across_devices")
    assert plain["segmentation"].pop("border") == 0
    assert {**settings["preset"], "weights": None, "frozen": False, "window": None} == plain
    weighted = dataclasses.replace(plan, preset=dataclasses.replace(preset(), weights="own.pth"))
    assert weighted.settings()["preset"]["weights"] == "own.pth"
    frozen = dataclasses.replace(plan, preset=dataclasses.replace(preset(), frozen=True))
    assert frozen.settings()["preset"]["frozen"] is True


def test_images_are_scored_and_predicted_in_windows_where_so_set(tmp_path: Path) -> None:
    whole = runner(tmp_path / "whole", arms="random")
    windowed = runner(tmp_path / "windowed", arms="random", window=40)
    (arm,), scored = windowed.plan.arms, windowed.data.scored
    results = [opened.run_arm(arm, 0).confusion for opened in (whole, windowed)]
    assert not torch.equal(*results)
    network, _ = windowed.stages.network(arm, 0)
    for mine, other in zip(network.parameters(), whole.stages.network(arm, 0)[0].parameters(), strict=True):
        assert torch.equal(mine, other), "training sees crops as before"
    images, truths = zip(*(scored[i] for i in range(len(scored))), strict=True)
    masks = predict(Windowed(network, 40), images)
    assert torch.equal(results[1], confusion_matrix(truths, masks, len(scored.classes)))
    trained = load_trained(windowed.folder.stage(0, "segmentation", "random").model)
    assert (trained.window, load_trained(whole.folder.stage(0, "segmentation", "random").model).window) == (40, None)
    assert torch.equal(trained.mask(images[0]), masks[0])


def test_the_number_of_threads_does_not_blur_the_gradient_of_matching() -> None:
    """A node is in many triplets; where threads add its gradients in any order, seeds no longer decide the weights."""
    generator = seeded(0)
    labels = torch.randint(5, (300,), generator=generator)
    triplets = connected_graph(labels, generator=generator).triplets
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = set()
        for _ in range(20):
            embeddings = torch.rand((300, 512), generator=seeded(1)).requires_grad_()
            triplet_loss(embeddings, triplets).backward()
            assert embeddings.grad is not None
            found.add(embeddings.grad.numpy().tobytes())
    finally:
        torch.set_num_threads(threads)
    assert len(found) == 1


def test_imagenet_weights_are_for_the_large_encoders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ImageNet"):
        finish(runner(tmp_path, arms="imagenet"))
