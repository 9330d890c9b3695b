"""The names of a run's files, which other people's scripts rely on."""

from __future__ import annotations

from pathlib import Path

from mmtutorial.results import ReproductionFolder, RunFolder


def test_names() -> None:
    run = RunFolder(Path("out"))
    stage = run.stage(3, "tuning", "random+graph")
    names = [
        run.request,
        run.results,
        run.page,
        run.patches,
        run.predictions,
        run.embedding("a+b"),
        run.proxy_picture("p"),
    ]
    names += [stage.model, stage.checkpoint, stage.log, stage.record, stage.evaluation, stage.purity, stage.score]
    assert [path.as_posix().removeprefix("out/") for path in names] == [
        *("run.json", "results.json", "report.html", "pictures/patches.npz", "pictures/predictions.npz"),
        *("pictures/embedding-a+b.npz", "pictures/proxy-p.npz"),
        *(
            f"seed3/tuning/random+graph/{name}"
            for name in ("model.safetensors", "checkpoint.safetensors", "log.jsonl", "stage.json")
        ),
        *(f"seed3/tuning/random+graph/{name}.json" for name in ("evaluation", "purity", "score")),
    ]
    whole = ReproductionFolder(Path("out"))
    assert whole.run("scenes", "tiny").results.as_posix() == "out/scenes-tiny/results.json"
    assert whole.ablation("margin", 0.5).path.as_posix() == "out/ablations/margin-0.5"
    assert whole.ablation("labeled", 25).path.as_posix() == "out/ablations/labeled-25"


def test_what_is_evaluated_is_found_and_strange_files_are_not(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert run.evaluated() == []
    assert not run.begun
    for name, seed in (("random+graph", 10), ("random", 2), ("random", 0)):
        path = run.stage(seed, "segmentation", name).evaluation
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    for odd in ("seedling/segmentation/random/evaluation.json", "seed1/tuning/random/evaluation.json"):
        (tmp_path / odd).parent.mkdir(parents=True)
        (tmp_path / odd).write_text("{}")
    assert run.evaluated() == [("random", 0), ("random", 2), ("random+graph", 10)]
    (run.stage(2, "segmentation", "random").checkpoint).write_bytes(b"")
    assert run.begun
