"""A check in plain lines, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from mmtutorial.dataset_check.checking import DatasetCheck, Leak
from mmtutorial.dataset_check.looking import SplitCheck
from mmtutorial.datasets import VOID
from mmtutorial.datasets.labels import Weight

MOST = 20
"""Names of one kind of fault that are listed; the rest is counted."""


def lines(check: DatasetCheck) -> Iterator[str]:
    """Each split with its sizes and classes, then whatever is wrong."""
    for split in check.splits.values():
        yield from _split(check.name, split)
    for name, why in check.closed.items():
        yield f"{check.name} {name}: cannot be opened: {why}"
    for leak in check.leaks:
        yield leak_line(leak)
        yield from _some([one if one == other else f"{one} = {other}" for one, other in leak.images])
    for finding in check.findings:
        yield f"  {finding.text}" if finding.weight is Weight.NOTE else f"{check.name} {finding.text}"
    if check.unused:
        yield f"{check.name}: used in no split:"
        yield from _some(list(check.unused))
    yield verdict(check)


def verdict(check: DatasetCheck) -> str:
    """The last line."""
    if check.fine:
        return "all files can be used, and no image that is scored is among those trained on"
    return "mend what is named above, then check again"


def leak_line(leak: Leak) -> str:
    """What a leak means, in a sentence."""
    count = f"{len(leak.images)} image{'s' if len(leak.images) > 1 else ''}"
    if leak.unlabelled:
        return f"{count} of {leak.scored} also in {leak.trained}: a proxy task sees them, without labels"
    return f"{count} of {leak.scored} also in {leak.trained}: take them out of one of the two"


def _split(dataset: str, split: SplitCheck) -> Iterator[str]:
    usual = f", most often {' x '.join(map(str, split.sizes.most_common(1)[0][0]))}" if split.sizes else ""
    sizes = f"{len(split.sizes)} size{'s' if len(split.sizes) != 1 else ''}"
    yield f"{dataset} {split.name}: {split.images} images, {sizes}{usual}"
    if split.labelled:
        for label, name in [*enumerate(split.classes.names), (VOID, "void")]:
            yield f"  {label:3d} {name:14s} {split.share(label):7.2%} of pixels, in {split.occurs[label]} images"
    twice = [" = ".join(names) for names in split.digests.values() if len(names) > 1]
    for what, names in (("void all over", split.void), ("the same image twice", twice), ("broken", split.broken)):
        if names:
            yield f"  {what}:"
            yield from _some(names)


def _some(names: list[str]) -> Iterator[str]:
    yield from (f"    {name}" for name in names[:MOST])
    if len(names) > MOST:
        yield f"    and {len(names) - MOST} more"
