"""The images of an experiment, by the role they play."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from mmtutorial.datasets import DATASETS, ClassTable, SegmentationDataset, hold_out, open_dataset, roles
from mmtutorial.datasets.choosing import choose_labeled
from mmtutorial.datasets.labels import Counts, Weight, findings
from mmtutorial.errors import InputError
from mmtutorial.settings.budgets import Preset
from mmtutorial.words import count


@dataclass(frozen=True)
class Request:
    """Which data an experiment runs on, as asked for on the command line.

    Attributes:
        dataset: name.
        root: folder, or None for built-in data.
        classes: class names to keep, or None for all.
        labeled: labelled training images, or None for the preset's or data set's number.
        validate: score on the images kept for choosing hyper-parameters instead of those reported on.
    """

    dataset: str = "scenes"
    root: Path | None = None
    classes: tuple[str, ...] | None = None
    labeled: int | None = None
    validate: bool = False


class ExperimentData:
    """Labelled images to train on, images to score on, images without labels for the proxy."""

    def __init__(self, request: Request, preset: Preset) -> None:
        """Open what training and scoring need; unlabelled images are opened when first asked for.

        Raises:
            InputError: the data set cannot be opened as asked.
        """
        self.request, self.preset = request, preset
        self.roles = roles(request.dataset, request.root)
        if self.roles.choose is None:
            # The same tenth is left out whether it is scored on or not, so that choosing and reporting
            # train on the same images.
            rest, spare = hold_out(self._open(self.roles.train))
            wanted = self._wanted(len(rest))
            self.labeled = rest if wanted is None else choose_labeled(rest, wanted, filtered=False)
            self.scored_on = f"a tenth of {self.roles.train}" if request.validate else self.roles.report
            scored = spare if request.validate else self._open(self.roles.report)
        else:
            listed = DATASETS[request.dataset].opener(request.root, self.roles.train)
            self.labeled = self._open(self.roles.train, labeled=self._wanted(len(listed)))
            self.scored_on = self.roles.choose if request.validate else self.roles.report
            scored = self._open(self.scored_on)
        self.scored = scored if preset.evaluated is None else some(scored, preset.evaluated)
        self._refuse_what_cannot_be_scored()

    def _refuse_what_cannot_be_scored(self) -> None:
        counts = Counts()
        for index in range(len(self.scored)):
            counts.add(self.scored.image_id(index), *self.scored.arrays(index))
            if len(counts.present(len(self.classes))) > 1:
                return
        for finding in findings(self.classes, None, {f"{self.scored_on} of {self.request.dataset}": counts}):
            remedy = "" if finding.text.endswith("?") else "; label some of it, or choose other classes"
            raise InputError(finding.text + remedy)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the labels, though there is something to score; a sentence each."""
        train, scored = (_counted(images) for images in (self.labeled, self.scored))
        own = self.request.dataset == "folder"
        taught = f"the {count(len(self.labeled), 'labelled image')} of {self.roles.train}"
        found = findings(self.classes, (taught, train), {self.scored_on: scored}, own=own)
        said = [finding.text for finding in found if finding.weight is Weight.FAULT]
        both = train.both(scored)
        if both:
            names = f"{both[0][0]}{' and others' if len(both) > 1 else ''}"
            said.append(
                f"{count(len(both), 'image')} of {self.scored_on} also in {self.roles.train} ({names}): "
                "the scores are partly of what was learned by heart"
            )
        return tuple(said)

    @property
    def classes(self) -> ClassTable:
        """Class table of the labelled images."""
        return self.labeled.classes

    @cached_property
    def unlabeled(self) -> SegmentationDataset:
        """Images for the proxy task; their masks are void."""
        images = self._open("unlabeled")
        return images if self.preset.unlabeled is None else some(images, self.preset.unlabeled)

    @cached_property
    def tagged(self) -> SegmentationDataset:
        """Images for a proxy task that learns which classes occur in them; without those kept for choosing."""
        images = self._open(self.roles.tagged)
        if self.roles.choose is None:
            images, _ = hold_out(images)
        return images if self.preset.unlabeled is None else some(images, self.preset.unlabeled)

    def _wanted(self, there: int) -> int | None:
        """How many labelled images to take of ``there``, or None for all.

        Who asks for more than there are is told so. A preset does not know the data set: its number is the most that
        it takes.
        """
        if self.request.labeled is not None:
            return self.request.labeled
        return None if self.preset.labeled is None or self.preset.labeled >= there else self.preset.labeled

    def _open(self, split: str, labeled: int | None = None) -> SegmentationDataset:
        return open_dataset(
            self.request.dataset,
            self.request.root,
            split,
            classes=self.request.classes,
            labeled=labeled,
            size=self.preset.size,
        )


def _counted(images: SegmentationDataset) -> Counts:
    counts = Counts()
    for index, (image, mask) in images.decoded():
        counts.add(images.image_id(index), image, mask)
    return counts


@lru_cache(maxsize=2)
def experiment_data(request: Request, preset: Preset) -> ExperimentData:
    """The images of an experiment; jobs of one process that ask for the same share them."""
    return ExperimentData(request, preset)


def some(images: SegmentationDataset, count: int) -> SegmentationDataset:
    """``count`` images spread evenly over a data set, or all where it has fewer."""
    if count >= len(images):
        return images
    return images.subset(np.linspace(0, len(images) - 1, count).round().astype(int).tolist())
