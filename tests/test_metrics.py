from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import jaccard_score
from torch import Tensor
from torchvision import tv_tensors

from mmtutorial.errors import InputError
from mmtutorial.metrics import VOID, confusion_matrix, mean_iou, per_class_iou, scored_classes
from mmtutorial.randomness import seeded

CLASSES = 6


def some_masks(seed: int, ids: list[int], images: int = 3) -> tuple[list[Tensor], list[Tensor]]:
    """Masks of different sizes, a fifth of the truth void; predictions are right about half of the time."""
    generator = seeded(seed)
    pick = torch.tensor(ids, dtype=torch.uint8)
    truths, predictions = [], []
    for image in range(images):
        size = (4 + image, 9 - image)
        truth = pick[torch.randint(len(ids), size, generator=generator)]
        guess = pick[torch.randint(len(ids), size, generator=generator)]
        predictions.append(torch.where(torch.rand(size, generator=generator) < 0.5, truth, guess))
        truths.append(torch.where(torch.rand(size, generator=generator) < 0.2, VOID, truth).to(torch.uint8))
    return truths, predictions


@given(seed=st.integers(0, 2**31), ids=st.lists(st.integers(0, CLASSES - 1), min_size=1, max_size=CLASSES, unique=True))
@settings(max_examples=50)
def test_scores_agree_with_scikit_learn(seed: int, ids: list[int]) -> None:
    truths, predictions = some_masks(seed, ids)
    confusion = confusion_matrix(truths, predictions, CLASSES)
    truth = np.concatenate([mask.flatten() for mask in truths])
    prediction = np.concatenate([mask.flatten() for mask in predictions])[truth != VOID]
    truth = truth[truth != VOID]
    assert confusion.dtype == torch.long
    assert np.array_equal(confusion, sklearn_confusion(truth, prediction, labels=range(CLASSES)))
    true = sorted(set(truth.tolist()))
    iou = per_class_iou(confusion)
    assert iou[true].tolist() == pytest.approx(
        jaccard_score(truth, prediction, labels=true, average=None).tolist(), abs=1e-12
    )
    assert torch.nonzero(iou.isnan()).flatten().tolist() == sorted(set(range(CLASSES)) - set(true))
    assert torch.nonzero(scored_classes(confusion)).flatten().tolist() == true
    assert mean_iou(confusion) == pytest.approx(
        jaccard_score(truth, prediction, labels=true, average="macro"), abs=1e-12
    )


@given(seed=st.integers(0, 2**31), ids=st.lists(st.integers(0, CLASSES - 1), min_size=1, max_size=CLASSES, unique=True))
@settings(max_examples=30)
def test_the_truth_alone_decides_which_classes_are_averaged(seed: int, ids: list[int]) -> None:
    """However two networks predict, the same classes have a number and the mean is over as many."""
    truths, predictions = some_masks(seed, ids)
    generator = seeded(seed)
    others = [torch.randint(CLASSES, truth.shape, generator=generator) for truth in truths]
    found = [confusion_matrix(truths, masks, CLASSES) for masks in (predictions, others)]
    assert per_class_iou(found[0]).isnan().equal(per_class_iou(found[1]).isnan())
    for confusion in found:
        iou = per_class_iou(confusion)[scored_classes(confusion)]
        assert mean_iou(confusion) == pytest.approx(float(iou.sum()) / len(iou), abs=1e-12)


def test_scores_by_hand() -> None:
    """Classes 2 and 3 are never true and do not count; the pixel called 2 is one that class 1 missed."""
    truth, prediction = torch.tensor([[0, 0, 0, 1], [1, 1, 255, 255]]), torch.tensor([[0, 0, 1, 1], [1, 2, 0, 3]])
    confusion = confusion_matrix([truth], [prediction], 4)
    assert confusion.tolist() == [[2, 1, 0, 0], [0, 2, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert per_class_iou(confusion)[:2].tolist() == pytest.approx([2 / 3, 2 / 4])
    assert per_class_iou(confusion)[2:].isnan().all()
    assert mean_iou(confusion) == pytest.approx((2 / 3 + 2 / 4) / 2)


def test_one_matrix_over_all_images_and_not_a_mean_of_scores() -> None:
    truths = [torch.zeros(1, 9, dtype=torch.uint8), torch.tensor([[0]])]
    predictions = [torch.zeros(1, 9, dtype=torch.uint8), torch.tensor([[1]])]
    confusion = confusion_matrix(truths, predictions, 2)
    assert per_class_iou(confusion)[0] == pytest.approx(0.9)
    assert mean_iou(confusion) == pytest.approx(0.9)


def test_large_counts_stay_exact() -> None:
    many = torch.tensor([[2**53, 1], [0, 2**53]])
    assert mean_iou(many) == pytest.approx(1.0)
    assert mean_iou(torch.tensor([[16_777_216, 0], [1, 0]])) == pytest.approx(16_777_216 / 16_777_217 / 2, abs=1e-12)


def test_nothing_but_void() -> None:
    confusion = confusion_matrix([torch.full((3, 3), VOID)], [torch.zeros(3, 3, dtype=torch.uint8)], 2)
    assert not bool(confusion.any())
    assert math.isnan(mean_iou(confusion))
    assert confusion_matrix([], [], 3).tolist() == [[0] * 3] * 3


def test_masks_of_a_data_set_are_taken_as_they_are() -> None:
    mask = tv_tensors.Mask(torch.tensor([[0, 1], [1, 255]], dtype=torch.uint8))
    found = confusion_matrix([mask], [torch.tensor([[0, 1], [0, 0]], dtype=torch.uint8)], 2)
    assert type(found) is Tensor
    assert found.tolist() == [[1, 0], [1, 1]]


def test_masks_that_do_not_fit_are_refused() -> None:
    mask = torch.zeros(2, 3, dtype=torch.uint8)
    with pytest.raises(InputError, match="2 true masks and 1 predictions; give one for each image"):
        confusion_matrix([mask] * 2, [mask], 2)
    with pytest.raises(InputError, match=r"image 1: .* predict at the size of the image"):
        confusion_matrix([mask] * 2, [mask, mask.T], 2)


@pytest.mark.parametrize(("truth", "prediction"), [(2, 0), (254, 1), (0, 2), (1, 255)])
def test_ids_beyond_the_classes_are_refused_and_not_miscounted(truth: int, prediction: int) -> None:
    with pytest.raises(InputError, match=r"image 0: .* 2 classes"):
        confusion_matrix([torch.tensor([[0, truth]])], [torch.tensor([[0, prediction]])], 2)
