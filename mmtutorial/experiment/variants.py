"""Ways to tune: the method, its rival, and the variants that show what each of its parts is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mmtutorial.settings.budgets import TuningBudget


@dataclass(frozen=True)
class Variant:
    """One way to tune.

    Attributes:
        tuning: what the results file calls it.
        question: what the comparison with ``graph`` answers.
        matching: a name in :data:`mmtutorial.matching.MATCHINGS`.
        shuffled: whether labels are shuffled.
        adapt: changes to the preset's budget.
    """

    tuning: str
    question: str
    matching: str = "graph"
    shuffled: bool = False
    adapt: Callable[[TuningBudget], TuningBudget] = lambda budget: budget


def _one_size(budget: TuningBudget) -> TuningBudget:
    middle = sum(budget.side) / 2
    return replace(budget, side=(middle, middle))


VARIANTS: Mapping[str, Variant] = {
    "graph": Variant("graph", "the method"),
    "triplets": Variant("random-triplets", "does it matter that a class hangs together?", matching="triplets"),
    "equal-triplets": Variant(
        "equal-triplets", "or is it only that a graph has more triplets?", matching="equal-triplets"
    ),
    "shuffled": Variant("shuffled-labels", "does tuning need the labels at all?", shuffled=True),
    "within": Variant("within-image", "does mixing images matter?", matching="within"),
    "one-size": Variant("one-size", "do patches of several sizes matter?", adapt=_one_size),
    "no-background": Variant(
        "no-background",
        "do background patches matter?",
        adapt=lambda budget: replace(budget, background_share=0.0),
    ),
    "majority": Variant(
        "majority-label",
        "does the label of most pixels do better than that of the centre?",
        adapt=lambda budget: replace(budget, label_by="majority"),
    ),
    "supcon": Variant(
        "contrastive",
        "does the modern loss, which needs no graph, do better?",
        adapt=lambda budget: replace(budget, loss="contrastive"),
    ),
}
