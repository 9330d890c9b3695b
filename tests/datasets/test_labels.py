"""Labels that cannot teach, or cannot be scored, are noticed before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmtutorial.dataset_check import check_dataset, lines
from mmtutorial.datasets import VOID, ClassTable
from mmtutorial.datasets.classes import voc_palette
from mmtutorial.datasets.labels import Counts, Weight, findings, unlikely_ids
from mmtutorial.errors import InputError
from mmtutorial.experiment import Request
from mmtutorial.experiment.data import ExperimentData
from mmtutorial.reports.run import write_report
from mmtutorial.results import read_results
from tests.own_images import write_folder
from tests.tiny_run import finish, preset, runner

STEMS = {"train": range(6), "val": range(6, 8), "test": range(8, 10)}
MEANT = "255 is void: did you mean 0 and 1?"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ten photos of leaves: six to train on, two to choose on, two to score on."""
    write_folder(tmp_path / "data", 10)
    for split, numbers in STEMS.items():
        (tmp_path / f"data/{split}.txt").write_text("\n".join(f"leaf_{i:02d}" for i in numbers))
    return tmp_path / "data"


def relabel(root: Path, ids: dict[int, int], *splits: str) -> None:
    """Gives other ids to the masks of some splits, by default of all."""
    table = np.arange(256, dtype=np.uint8)
    table[list(ids)] = list(ids.values())
    for number in (number for split in splits or STEMS for number in STEMS[split]):
        path = root / f"masks/leaf_{number:02d}.png"
        with Image.open(path) as mask:
            other = Image.fromarray(table[np.array(mask)])
        other.save(path)


def name_classes(root: Path, *names: str) -> None:
    (root / "classes.toml").write_text(f"names = {list(names)}")


def checked(root: Path) -> tuple[bool, str]:
    check = check_dataset("folder", root)
    return check.fine, "\n".join(lines(check))


def opened(root: Path, **options: object) -> ExperimentData:
    return ExperimentData(Request("folder", str(root), **options), preset())  # type: ignore[arg-type]


def run_refuses(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        opened(root)
    return str(caught.value)


def test_good_labels_pass_without_a_word(root: Path) -> None:
    assert checked(root)[0]
    assert opened(root).warnings == ()


def _spoil(ids: dict[int, int], *splits: str) -> Callable[[Path], None]:
    return lambda root: relabel(root, ids, *splits)


CANNOT_BE_SCORED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "0 and 255": (_spoil({1: VOID}), "every labelled pixel of test is background", MEANT),
    "0 and 255 in the test alone": (_spoil({1: VOID}, "test"), "every labelled pixel of test is background", MEANT),
    "all background": (_spoil({1: 0}), "every labelled pixel of test is background", "label some of it"),
    "all leaf": (_spoil({0: 1}), "every labelled pixel of test is leaf", "label some of it"),
    "void all over": (_spoil({0: VOID, 1: VOID}, "test"), "test has no labels to score on", "label some of it"),
}


@pytest.mark.parametrize("kind", CANNOT_BE_SCORED)
def test_what_cannot_be_scored_is_refused(root: Path, kind: str) -> None:
    spoil, what, cause = CANNOT_BE_SCORED[kind]
    spoil(root)
    fine, said = checked(root)
    assert not fine
    assert f"folder {what}" in said
    assert said.endswith("mend what is named above, then check again")
    refused = run_refuses(root)
    assert what.replace("test", "test of folder") in refused
    assert cause in refused
    assert (cause in said) is cause.endswith("?")


def test_what_cannot_be_chosen_on_is_no_use_either(root: Path) -> None:
    relabel(root, {0: VOID, 1: VOID}, "val")
    assert "folder val has no labels to score on" in checked(root)[1]
    assert not checked(root)[0]
    assert opened(root).warnings == ()
    with pytest.raises(InputError, match="val of folder has no labels to score on"):
        opened(root, validate=True)


CANNOT_TEACH: dict[str, tuple[Callable[[Path], None], str]] = {
    "0 and 255 in training": (
        _spoil({1: VOID}, "train"),
        f"there is nothing to tell apart. Its masks hold 0 and 255 alone, and {MEANT}",
    ),
    "background alone in training": (_spoil({1: 0}, "train"), "is background: there is nothing to tell apart"),
    "a class that is nowhere": (lambda root: name_classes(root, "background", "leaf", "stem"), "stem is not in"),
    "a class that is scored alone": (
        lambda root: (name_classes(root, "background", "leaf", "stem"), relabel(root, {0: 2}, "test"))[0],
        "stem is not in",
    ),
    "ids from 1": (
        lambda root: (name_classes(root, "soil", "background", "leaf"), relabel(root, {0: 1, 1: 2}))[0],
        "soil is not in the 6 labelled images of train: nothing teaches it. Do your ids begin at 1?",
    ),
    "grey levels without a table": (
        lambda root: ((root / "classes.toml").unlink(), relabel(root, {1: 128}))[0],
        "class 1, class 2, class 3, class 4, class 5 and 122 more are not in the 6 labelled images of train: "
        "nothing teaches it. Are these grey levels? Ids count the classes: 0, 1",
    ),
}


@pytest.mark.parametrize("kind", CANNOT_TEACH)
def test_what_cannot_teach_is_no_fine_data_and_a_warning(root: Path, kind: str) -> None:
    spoil, what = CANNOT_TEACH[kind]
    spoil(root)
    fine, said = checked(root)
    assert not fine
    assert what.replace("the 6 labelled images of ", "") in said
    (warning,) = opened(root).warnings
    assert what in warning


def test_results_and_report_repeat_a_warning(root: Path, tmp_path: Path) -> None:
    """Also that masks of 0 and 255 were meant as 0 and 1, where the test part alone is right."""
    relabel(root, {1: VOID}, "train")
    finish(runner(tmp_path / "run", arms="random", dataset="folder", root=str(root)))
    results = read_results(tmp_path / "run")
    assert any(MEANT in warning and "the 6 labelled images of train" in warning for warning in results.warnings)
    page = write_report(tmp_path / "run").read_text(encoding="utf-8")
    assert f"{MEANT}</p>" in page


def test_a_class_that_is_not_scored_is_said_and_no_fault(root: Path) -> None:
    name_classes(root, "background", "leaf", "stem")
    relabel(root, {0: 2}, "train")
    relabel(root, {0: 2}, "val")
    fine, said = checked(root)
    assert "  stem is not in test: not scored" in said
    # Background is scored, and nothing teaches it.
    assert not fine
    assert "folder background is not in train: nothing teaches it" in said


def test_the_same_photos_to_train_and_to_score(root: Path) -> None:
    for part in ("images", "masks"):
        for path in (root / part).glob("leaf_08.*"):
            path.rename(path.with_name(f"old{path.suffix}"))
    with Image.open(root / "images/leaf_03.png") as photo:
        photo.save(root / "images/leaf_08.png", compress_level=1)
    (root / "masks/leaf_08.png").write_bytes((root / "masks/leaf_03.png").read_bytes())
    for path in root.glob("*/old.*"):
        path.unlink()
    assert not checked(root)[0]
    (warning,) = opened(root).warnings
    assert warning == "1 image of test also in train (leaf_03): the scores are partly of what was learned by heart"


def test_masks_that_hold_no_second_id_and_no_table(root: Path) -> None:
    (root / "classes.toml").unlink()
    relabel(root, {1: VOID})
    with pytest.raises(InputError, match=r"hold ids \[0, 255\].*Did you mean 0 and 1\?"):
        opened(root)


def test_ids_that_are_no_class_come_with_their_likely_cause(root: Path) -> None:
    relabel(root, {1: 128})
    said = checked(root)[1]
    assert "holds ids 128, expected 0..1 or 255 for void" in said
    assert "Are these grey levels? Ids count the classes: 0, 1" in said


def test_a_published_table_may_have_classes_that_are_nowhere() -> None:
    table = ClassTable(("a", "b", "c"), voc_palette(3), ())
    train, test = Counts(), Counts()
    for counts, ids in ((train, [0, 1]), (test, [0, 1])):
        counts.add("x", np.zeros((3, 1, 2), np.uint8), np.array([ids], np.uint8))
    assert [one.weight for one in findings(table, ("train", train), {"test": test})] == [Weight.NOTE]
    assert Weight.FAULT in [one.weight for one in findings(table, ("train", train), {"test": test}, own=True)]


@given(st.lists(st.lists(st.sampled_from([0, 1, 2, VOID]), min_size=4, max_size=4), min_size=1, max_size=4))
def test_counts_are_what_a_loop_counts(masks: list[list[int]]) -> None:
    counts = Counts()
    for number, mask in enumerate(masks):
        counts.add(str(number), np.full((3, 2, 2), number // 2, np.uint8), np.array(mask, np.uint8).reshape(2, 2))
    for label in (0, 1, 2, VOID):
        assert counts.pixels[label] == sum(mask.count(label) for mask in masks)
        assert counts.occurs[label] == sum(label in mask for mask in masks)
    assert counts.present(3) == [label for label in range(3) if any(label in mask for mask in masks)]
    assert len(counts.digests) == (len(masks) + 1) // 2
    assert counts.both(counts)[0] == ("0", "0")


@given(st.integers(1, 19))
def test_ids_that_count_the_classes_are_likely(count: int) -> None:
    assert unlikely_ids(list(range(count))) == ""
    assert unlikely_ids([0, *range(2, count + 2)]) == ""
