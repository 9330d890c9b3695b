from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mmtutorial.errors import InputError
from mmtutorial.experiment.arms import ARMS, DEFAULT_ARMS, compared, parse_arms, tuning_cost
from mmtutorial.experiment.variants import VARIANTS
from mmtutorial.proxies import PROXIES
from mmtutorial.settings.budgets import Preset
from mmtutorial.settings.presets import CLASS, PRESETS, get_preset

NAMES = [
    f"{pretraining}{suffix}"
    for pretraining in ("random", "colorization")
    for suffix in ("", "+more", "+triplets", "+graph")
]


def test_the_arms_and_what_they_are() -> None:
    assert list(DEFAULT_ARMS) == NAMES
    assert all(arm.name == name for name, arm in ARMS.items())
    assert [ARMS[name].tuning for name in NAMES[:4]] == ["none", "none", "random-triplets", "graph"]
    assert [ARMS[name].tuned for name in NAMES[:4]] == [False, False, True, True]
    assert {arm.pretraining for arm in ARMS.values()} == {"random", "imagenet", *PROXIES}
    for pretraining in ("random", *PROXIES):
        of_one = [arm for arm in ARMS.values() if arm.pretraining == pretraining]
        assert {arm.suffix for arm in of_one if arm.tuned} == set(VARIANTS)
        assert [arm.suffix for arm in of_one if not arm.tuned] == ["", "more", "probe"]
        assert {arm.is_learned for arm in of_one} == {pretraining != "random"}


def sized(tuning_images: int, patches: int, patch: int, images: int, crop: int, steps: int = 100) -> Preset:
    tuning = replace(CLASS.tuning.schedule, steps=steps, images=tuning_images)
    segmentation = replace(CLASS.segmentation.schedule, steps=400, images=images)
    return replace(
        CLASS,
        tuning=replace(CLASS.tuning, schedule=tuning, patches=patches, output_size=patch),
        segmentation=replace(CLASS.segmentation, schedule=segmentation, crop=crop),
    )


def in_parts(preset: Preset, tuning: int, segmentation: int) -> Preset:
    """The same with several batches a step."""
    stages = {"tuning": (preset.tuning, tuning), "segmentation": (preset.segmentation, segmentation)}
    changed = {n: replace(b, schedule=replace(b.schedule, parts=parts)) for n, (b, parts) in stages.items()}
    return replace(preset, **changed)


@pytest.mark.parametrize(
    ("preset", "cost"),
    [
        (sized(16, 10, 32, 16, 96), 112),  # 10 * 32^2 against 96^2 pixels an image: 1.11 times, rounded up
        (sized(16, 9, 32, 16, 96), 100),  # as many pixels
        (sized(4, 5, 16, 16, 96), 100),  # fewer pixels, yet never fewer steps
        (sized(40, 10, 128, 16, 512), 157),  # the authors' numbers
        (in_parts(sized(16, 10, 32, 16, 96), 4, 1), 445),  # all batches of a step of tuning count,
        (in_parts(sized(16, 10, 32, 16, 96), 4, 2), 223),  # and all of a step of fine-tuning
    ],
)
def test_the_control_is_given_what_tuning_costs_in_steps_and_in_pixels(preset: Preset, cost: int) -> None:
    assert tuning_cost(preset) == cost
    for name, arm in ARMS.items():
        steps = arm.steps(preset)
        assert steps["segmentation"] == arm.segmentation_schedule(preset).steps
        assert steps["segmentation"] == 400 + (cost if name.endswith("+more") else 0)


@pytest.mark.parametrize("name", list(PRESETS))
def test_steps_of_every_arm(name: str) -> None:
    preset = PRESETS[name]
    tuning, proxy = preset.tuning.schedule.steps, preset.proxy.schedule.steps
    for arm in ARMS.values():
        steps = arm.steps(preset)
        assert steps["tuning"] == (0 if arm.suffix in ("", "more", "probe") else tuning)
        assert steps["proxy"] == (0 if arm.pretraining in ("random", "imagenet", "kmeans") else proxy)
    plain, more, _, graph = (sum(ARMS[n].steps(preset).values()) for n in NAMES[:4])
    # The fair control never gets fewer steps than the arm it stands against.
    assert plain < graph <= more
    longer, usual = ARMS["random+more"].segmentation_schedule(preset), preset.segmentation.schedule
    assert replace(longer, steps=usual.steps) == usual
    assert math.isclose(longer.lr, usual.lr)


def test_names_from_the_command_line() -> None:
    assert parse_arms(None) == [ARMS[name] for name in NAMES]
    assert [arm.name for arm in parse_arms(" random+graph, random ,random+graph,")] == ["random+graph", "random"]
    assert parse_arms("random") == [ARMS["random"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("random+grpah", r"unknown arm 'random\+grpah'; did you mean 'random\+graph'"),
        ("random,colourization", "did you mean 'colorization'"),
        ("random+grpah", r"known: random, random\+more, random\+graph"),
        ("rendom+graph", r"did you mean 'random\+graph'\? known: random\+graph, imagenet\+graph"),
        ("", "no arm given; name some, such as random, "),
        (" , ", "no arm given"),
    ],
)
def test_names_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_arms(text)


def test_what_is_compared_with_what() -> None:
    pairs = [(a.name, b.name) for a, b in compared(parse_arms("random,random+more,random+graph"))]
    assert pairs == [("random+more", "random"), ("random+graph", "random"), ("random+graph", "random+more")]
    across = [(a.name, b.name) for a, b in compared(parse_arms("random,random+graph,colorization,colorization+graph"))]
    assert set(across) == {
        ("random+graph", "random"),
        ("colorization", "random"),
        ("colorization+graph", "random+graph"),
        ("colorization+graph", "colorization"),
    }
    assert compared(parse_arms("random")) == []


def test_all_arms_make_every_comparison_once() -> None:
    pairs = compared([ARMS[name] for name in NAMES])
    assert len({frozenset((a.name, b.name)) for a, b in pairs}) == len(pairs) == 2 * 6 + 4


@pytest.mark.parametrize("network", ["alexnet", "vgg16"])
def test_the_papers_fair_control_has_the_steps_of_tuning(network: str) -> None:
    """A step of the paper's fine-tuning sums several batches, which together hold more pixels than one of tuning."""
    preset = get_preset("paper", "voc", network)
    assert preset.segmentation.schedule.parts > 1
    assert tuning_cost(preset) == 8_000
    steps = ARMS["random+more"].steps(preset)
    assert steps == {"proxy": 0, "tuning": 0, "segmentation": 42_000 + 8_000}
