from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtutorial.contrastive import supervised_contrastive_loss
from mmtutorial.errors import InputError
from mmtutorial.randomness import seeded


def slow(embeddings: torch.Tensor, labels: list[int], temperature: float) -> float:
    """Equation 2 of Khosla et al. (2020), term by term."""
    z = [e / e.norm() for e in embeddings.flatten(1).double()]
    per_anchor = []
    for i, label in enumerate(labels):
        positives = [p for p in range(len(labels)) if p != i and labels[p] == label]
        if not positives:
            continue
        others = [math.exp(float(z[i] @ z[a]) / temperature) for a in range(len(labels)) if a != i]
        terms = [math.log(math.exp(float(z[i] @ z[p]) / temperature) / sum(others)) for p in positives]
        per_anchor.append(-sum(terms) / len(positives))
    return sum(per_anchor) / len(per_anchor) if per_anchor and len(set(labels)) > 1 else 0.0


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.sampled_from([0.1, 0.5, 2.0]), st.integers(0, 999))
def test_agrees_with_the_equation(labels: list[int], temperature: float, seed: int) -> None:
    embeddings = torch.randn(len(labels), 4, 2, 2, generator=seeded(seed))
    found = supervised_contrastive_loss(embeddings, torch.tensor(labels), temperature=temperature)
    assert found.item() == pytest.approx(slow(embeddings, labels, temperature), rel=1e-4, abs=1e-5)


def test_length_does_not_matter_and_order_does_not() -> None:
    generator = seeded(0)
    embeddings, labels = torch.randn(9, 5, generator=generator), torch.tensor([0, 1, 2] * 3)
    loss = supervised_contrastive_loss(embeddings, labels)
    scales = torch.rand(9, 1, generator=generator) + 0.5
    torch.testing.assert_close(supervised_contrastive_loss(embeddings * scales, labels), loss)
    order = torch.randperm(9, generator=generator)
    torch.testing.assert_close(supervised_contrastive_loss(embeddings[order], labels[order]), loss)


@pytest.mark.parametrize("labels", [[0], [0, 0, 0], [0, 1, 2], []])
def test_with_nothing_to_compare_it_is_a_zero_that_can_be_trained_on(labels: list[int]) -> None:
    embeddings = torch.randn(len(labels), 3).requires_grad_()
    loss = supervised_contrastive_loss(embeddings, torch.tensor(labels, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0
    assert embeddings.grad is not None
    assert not embeddings.grad.any()


def test_gradients_stay_finite_at_zero_vectors_and_small_temperatures() -> None:
    embeddings = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]).requires_grad_()
    loss = supervised_contrastive_loss(embeddings, torch.tensor([0, 0, 1, 1]), temperature=0.01)
    loss.backward()
    assert loss.isfinite()
    assert embeddings.grad is not None
    assert embeddings.grad.isfinite().all()


def test_descent_gathers_classes() -> None:
    embeddings = torch.randn(12, 8, generator=seeded(0)).requires_grad_()
    labels = torch.arange(12) % 3
    descent = torch.optim.SGD([embeddings], lr=1.0)
    for _ in range(500):
        descent.zero_grad()
        supervised_contrastive_loss(embeddings, labels).backward()
        descent.step()
    cosine = torch.nn.functional.normalize(embeddings.detach()) @ torch.nn.functional.normalize(embeddings.detach()).T
    same = labels[:, None] == labels
    assert cosine[same].min() > cosine[~same].max() + 0.4


@pytest.mark.parametrize(
    ("labels", "temperature", "message"),
    [([0, 1], 0.1, r"labels have shape \(2,\); give one for each of 3"), ([0, 0, 1], 0.0, "temperature is 0.0; give")],
)
def test_bad_input(labels: list[int], temperature: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        supervised_contrastive_loss(torch.zeros(3, 2), torch.tensor(labels), temperature=temperature)
