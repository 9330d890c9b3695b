"""The splits of a data set that the program uses, looked at one by one and against one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmtutorial.dataset_check.looking import SplitCheck, look
from mmtutorial.datasets import DATASETS, Roles, folder, roles
from mmtutorial.datasets.labels import Finding, Weight, findings
from mmtutorial.errors import InputError, unknown


@dataclass(frozen=True)
class Leak:
    """Images that stand in a split trained on and in one that is scored.

    Attributes:
        trained: Name of the split that trains.
        scored: Name of the split that is scored.
        images: Pairs of names, in the one and in the other.
        unlabelled: Whether the first is used without labels. Then numbers are not wrong, but no longer comparable
            with those of a network that has not seen the images at all.
    """

    trained: str
    scored: str
    images: tuple[tuple[str, str], ...]
    unlabelled: bool


@dataclass(frozen=True)
class DatasetCheck:
    """What was found in a data set.

    Attributes:
        name: Name of the data set.
        roles: Which split serves for what.
        splits: The splits that could be opened, by name.
        closed: Why others could not be opened: one line each, by name.
        leaks: Images in a split trained on and in one that is scored.
        findings: What keeps the labels from teaching anything, or from being scored.
        unused: What lies in the folder and is used in no split.
    """

    name: str
    roles: Roles
    splits: dict[str, SplitCheck]
    closed: dict[str, str]
    leaks: tuple[Leak, ...]
    findings: tuple[Finding, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether training makes sense: files can be used, labels can teach, no labelled image is in two splits."""
        broken = any(split.broken for split in self.splits.values())
        train = self.splits.get(self.roles.train)
        void = train is not None and bool(train.void)
        faulty = any(finding.weight > Weight.NOTE for finding in self.findings)
        return not (self.closed or broken or void or faulty or any(not leak.unlabelled for leak in self.leaks))


def check_dataset(name: str, root: Path | None, classes: Sequence[str] | None = None) -> DatasetCheck:
    """Read every image and mask of the splits that the program uses.

    Args:
        name: Name of the data set.
        root: Its folder.
        classes: Class names to keep; the rest counts as void.

    Raises:
        InputError: There is no such data set or class, or nothing at ``root``.
    """
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    used = roles(name, root)
    splits: dict[str, SplitCheck] = {}
    closed: dict[str, str] = {}
    for split in dict.fromkeys((used.train, used.choose, used.report, used.tagged, "unlabeled")):
        if split is None or split not in DATASETS[name].splits:
            continue
        try:
            source = DATASETS[name].opener(root, split)
        except InputError as error:
            closed[split] = str(error)
            continue
        table, lookup = (source.classes, None) if classes is None else source.classes.keep(classes)
        splits[split] = look(source, table, lookup)
        if classes is not None or split == "unlabeled":
            splits[split].void.clear()  # as it must be: labels were taken away, or there are none
    if not splits:
        raise InputError(next(iter(closed.values())))
    unused = folder.unused(root) if name == "folder" else []
    return DatasetCheck(
        name, used, splits, closed, tuple(_leaks(used, splits)), _findings(name, used, splits), tuple(unused)
    )


def _findings(name: str, used: Roles, splits: dict[str, SplitCheck]) -> tuple[Finding, ...]:
    """What the labels cannot do. The table of ``folder`` is of the user's making, those of other data sets are not."""
    scored = {split: splits[split] for split in (used.choose, used.report) if split in splits}
    train = splits.get(used.train)
    classes = next(iter(splits.values())).classes
    return tuple(findings(classes, None if train is None else (used.train, train), scored, own=name == "folder"))


def _leaks(used: Roles, splits: dict[str, SplitCheck]) -> list[Leak]:
    """What is trained on and scored at once. Choosing settings counts as scoring."""
    scored = [name for name in (used.choose, used.report) if name in splits]
    trained = [name for name in splits if name not in scored]
    if used.choose in splits and used.report in splits:
        trained.append(str(used.choose))  # chosen on, then reported: that leaks as well
    found = []
    for first in trained:
        for second in scored:
            both = splits[first].both(splits[second]) if first != second else []
            if both:
                found.append(Leak(first, second, tuple(both), unlabelled=first == "unlabeled"))
    return found
