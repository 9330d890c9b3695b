"""Exercises of notebook 05: tuning."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import partial

import torch
from torch import Tensor, nn

from mmtutorial.classroom.asking import Ask, close
from mmtutorial.classroom.exercise import Exercise, evenly, require_repeatable
from mmtutorial.classroom.exercises.walking import STEPS, walks
from mmtutorial.triplet import triplet_loss

_DRAWS = 480


# ---------------------------------------------------------------- 05.tuning_step
def _reference_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    patches: Tensor,
    triplets: Tensor,
    margin: float,
    mistake: str = "",
) -> float:
    """One step in its plain order; optionally with one mistake."""
    if mistake != "no zero_grad":
        optimizer.zero_grad()
    loss = triplet_loss(model(patches), triplets, margin=margin)
    if mistake != "no backward":
        loss.backward()
    if mistake == "cleared late":
        optimizer.zero_grad()
    if mistake != "no step":
        optimizer.step()
    if mistake == "step twice":
        optimizer.step()
    if mistake == "loss after":
        return triplet_loss(model(patches), triplets, margin=margin).item()
    return loss.item()


_STEP_HINTS = {
    "no zero_grad": "Gradients of earlier steps are still there and add up. What clears them?",
    "no step": "The weights stay as they were: the optimiser never takes its step.",
    "no backward": "The weights stay as they were: no gradient was computed before the optimiser's step.",
    "cleared late": "The gradients are cleared between computing and using them.",
    "step twice": "The optimiser takes one step too many.",
    "loss after": "The weights are right. Asked for is the loss before the step; yours is measured after it.",
}


def _tuning_step(ask: Ask) -> None:
    for seed in map(ask.seed, range(6)):
        with ask.case():
            _walked(ask, seed)


def _walked(ask: Ask, seed: int) -> None:
    answers, weights = ask(f"steps of a small network, seed {seed}", seed)
    losses = [ask.as_number(ask.something(answer)) for answer in answers]
    right_losses, right_weights = walks(_reference_step)(seed)
    same_weights = torch.allclose(weights, right_weights, atol=1e-5)
    same_losses = all(map(close, losses, right_losses))
    state = "the right weights" if same_weights else "other weights than they should be"
    ask.require(
        same_weights and same_losses,
        f"losses of {STEPS} steps {[round(value, 4) for value in losses]}, and {state} at their end",
        f"losses {[round(value, 4) for value in right_losses]}, and the right weights",
        _step_hint(seed, losses, weights),
    )


def _step_hint(seed: int, losses: list[float], weights: Tensor) -> str:
    for mistake, hint in _STEP_HINTS.items():
        wrong_losses, wrong_weights = walks(partial(_reference_step, mistake=mistake))(seed)
        if torch.allclose(weights, wrong_weights, atol=1e-5) and all(map(close, losses, wrong_losses)):
            return hint
    return ""


# ---------------------------------------------------------------- 05.shuffled_labels
def _shuffled_labels(ask: Ask) -> None:
    for seed in range(12):
        with ask.case():
            _shuffled(ask, seed)
    with ask.case(weight=12):
        _fair_shuffle(ask)
    require_repeatable(ask, lambda: ask.whole("40 labels, seed 5, twice", torch.arange(40), ask.seeded(5)))
    for labels in (torch.tensor([3]), torch.tensor([2, 2, 2])):
        with ask.case():
            answer = ask.whole(f"labels {labels.tolist()}", labels, ask.seeded(0))
            ask.require(torch.equal(answer, labels), answer, labels)


def _shuffled(ask: Ask, seed: int) -> None:
    labels = torch.randint(5, (30,), generator=ask.seeded(seed)) * 3
    answer = ask.whole(f"30 labels, seed {seed}", labels, ask.seeded(100 + seed))
    ask.require(answer.shape == labels.shape, f"shape {tuple(answer.shape)}", f"shape {tuple(labels.shape)}")
    before, after = Counter(labels.tolist()), Counter(answer.tolist())
    ask.require(
        not torch.equal(answer, labels),
        "the labels as they were",
        "the labels in another order",
        "Nothing was shuffled. Does the function return the new order?",
    )
    ask.require(
        not _renamed(labels, answer),
        "the same groups under other names",
        "groups torn apart",
        "Only the names of the classes changed: patches of one class still share one, and the graph is the same.",
    )
    ask.require(
        before == after,
        f"counts {dict(sorted(after.items()))}",
        f"counts {dict(sorted(before.items()))}",
        "Each class keeps its number of patches. Shuffle the labels there are instead of drawing new ones.",
    )


def _fair_shuffle(ask: Ask) -> None:
    """Every order is equally likely, and the generator alone decides."""
    orders = Counter(dict.fromkeys(itertools.permutations(range(4)), 0))
    for seed in range(_DRAWS):
        answer = ask.whole(f"labels 0 to 3, generators with seeds 0 to {_DRAWS - 1}", torch.arange(4), ask.seeded(seed))
        if sorted(answer.flatten().tolist()) != [0, 1, 2, 3]:
            raise ask.wrong(answer, "the labels 0 to 3 in some order")
        orders[tuple(answer.tolist())] += 1
    ask.require(
        evenly(list(orders.values())),
        f"in {_DRAWS} draws the {len(orders)} orders of 4 labels came up {sorted(orders.values())} times",
        "each about equally often",
        "Every order has the same chance; turning or reversing the list is not enough.",
    )


def _renamed(before: Tensor, after: Tensor) -> bool:
    """Whether two labellings make the same groups."""
    pairs = set(zip(before.tolist(), after.tolist(), strict=True))
    return len(pairs) == len(set(before.tolist())) == len(set(after.tolist()))


EXERCISES = (
    Exercise(
        "05.tuning_step",
        ("model", "optimizer", "patches", "triplets", "margin"),
        _tuning_step,
        walks,
        library=("triplet",),
    ),
    Exercise(
        "05.shuffled_labels",
        ("labels", "generator"),
        _shuffled_labels,
    ),
)
