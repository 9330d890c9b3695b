"""The page of a prediction: the least sure photos first, and nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmtutorial.datasets import ClassTable
from mmtutorial.datasets.pictures import palette_png
from mmtutorial.errors import InputError
from mmtutorial.prediction import Look, enlarged_mask, uncertainty
from mmtutorial.reports.predictions import MOST, write_predictions

CLASSES = ClassTable(("background", "leaf"), ((0, 0, 0), (0, 160, 0)), (0,))


def looks(folder: Path, *unsure: float) -> list[Look]:
    made = []
    for number, share in enumerate(unsure):
        photo, mask = folder / f"photo {number} <b>.jpg", folder / f"{number}.png"
        Image.new("RGB", (30, 20), (0, 9 * (number % 20), 0)).save(photo)
        pixels = np.zeros((20, 30), np.uint8)
        pixels[:5] = 1
        mask.write_bytes(palette_png(pixels, CLASSES.palette))
        made.append(Look(photo, mask, share, np.full((20, 30), 200, np.uint8)))
    return made


def test_the_least_sure_stand_first_and_are_to_be_labelled_next(tmp_path: Path) -> None:
    page = write_predictions(looks(tmp_path, 0.1, 0.5, 0.3, 0.2), CLASSES, tmp_path / "page.html").read_text()
    assert re.findall(r"<h2>photo (\d) &lt;b&gt;.jpg: (\d+) % unsure", page) == [
        ("1", "50"),
        ("2", "30"),
        ("3", "20"),
        ("0", "10"),
    ]
    assert "<strong>photo 1 &lt;b&gt;.jpg</strong>" in page, "one in four"
    assert "background 75 % and leaf 25 %" in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert page.count("<img") == page.count("alt=") == 3 * 4


def test_many_photos_are_listed_without_pictures(tmp_path: Path) -> None:
    many = looks(tmp_path, *(0.001 * number for number in range(MOST + 5)))
    page = write_predictions(many, CLASSES, tmp_path / "page.html").read_text()
    assert page.count("<img") == 3 * MOST
    assert page.count("<tr><th>photo") == 1 + 5
    assert page.index("photo 64 ") < page.index("photo 0 ")


def test_a_page_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(InputError, match="not written by this program"):
        write_predictions(looks(tmp_path, 0.1), CLASSES, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "mine"


def test_uncertainty_is_the_entropy_of_scipy() -> None:
    from scipy.stats import entropy

    probabilities = torch.rand(5, 7, 9, generator=torch.Generator().manual_seed(0)).softmax(0)
    expected = entropy(probabilities.numpy(), axis=0).mean() / np.log(5)
    assert uncertainty(probabilities) == pytest.approx(expected, rel=1e-5)


def test_a_mask_is_decided_after_it_was_enlarged() -> None:
    small = torch.tensor([[[0.9, 0.4]], [[0.1, 0.6]]])
    mask = enlarged_mask(small, (1, 8))
    assert mask.tolist() == [[0, 0, 0, 0, 0, 1, 1, 1]]
