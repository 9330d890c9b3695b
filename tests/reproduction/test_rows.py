from __future__ import annotations

import pytest

from mmtutorial.datasets import DATASETS
from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import ARMS
from mmtutorial.experiment.variants import VARIANTS
from mmtutorial.reproduction.paper import ALEXNET, BENCHMARKS, CITYSCAPES, METHODS, VGG, VOC
from mmtutorial.reproduction.rows import (
    BENCHMARK_OF,
    PARTS,
    arms_of_tables,
    arms_of_variants,
    parse_parts,
    with_imagenet,
)
from mmtutorial.settings.names import ABLATIONS


def test_every_data_set_stands_for_a_benchmark() -> None:
    assert set(BENCHMARK_OF) == set(DATASETS)
    # What has no background is a street; a folder may be anything and is taken for objects.
    assert {name for name, stands_for in BENCHMARK_OF.items() if stands_for == CITYSCAPES} == {
        "streets",
        "camvid",
        "cityscapes",
        "stanford",
    }


@pytest.mark.parametrize("backbone", [ALEXNET, VGG])
def test_every_row_of_the_slides_is_run(backbone: str) -> None:
    wanted = {row.arm for row in METHODS if row.backbone == backbone}
    for column in BENCHMARKS:
        if (column.benchmark, column.backbone) == (VOC, backbone):
            wanted |= {column.pretraining, column.tuned_arm, "classification"}
    found = arms_of_tables(VOC, backbone)
    assert wanted <= set(found)
    assert len(found) == len(set(found))
    assert set(found) <= set(ARMS)


@pytest.mark.parametrize(("benchmark", "backbone"), [(VOC, ALEXNET), (VOC, VGG), (CITYSCAPES, VGG)])
def test_what_is_tuned_stands_beside_its_fair_control(benchmark: str, backbone: str) -> None:
    found = arms_of_tables(benchmark, backbone)
    for pretraining in ("random", "colorization"):
        assert {f"{pretraining}+graph", f"{pretraining}+more", pretraining} <= set(found)


def test_the_variants_are_all_there_with_what_they_are_compared_with() -> None:
    assert {f"random+{name}" for name in VARIANTS} | {"random", "random+more"} <= set(arms_of_variants())


@pytest.mark.parametrize(
    ("preset", "network", "arm"),
    [
        ("paper", "vgg16", "imagenet"),
        ("paper", "alexnet-tv", "imagenet"),
        # torchvision's AlexNet has no groups, so there are no weights for the original.
        ("paper", "alexnet", "classification"),
        ("class", "vgg16", "classification"),
    ],
)
def test_what_stands_for_imagenet(preset: str, network: str, arm: str) -> None:
    assert with_imagenet(["random", "classification+graph"], preset, network) == ["random", f"{arm}+graph"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (None, PARTS),
        ("ablations", ABLATIONS),
        (" steps ,tables", ("tables", "steps")),
        ("variants,later", ("later", "variants")),
        ("ablations,margin, variants", ("variants", *ABLATIONS)),
    ],
)
def test_parts(text: str | None, parts: tuple[str, ...]) -> None:
    assert parse_parts(text) == parts


@pytest.mark.parametrize(("text", "message"), [("table", "unknown part 'table'; did you mean 'tables'"), (",", "part")])
def test_parts_that_are_not(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_parts(text)


def test_the_slides_have_no_alexnet_on_streets() -> None:
    assert arms_of_tables(CITYSCAPES, ALEXNET) == []
