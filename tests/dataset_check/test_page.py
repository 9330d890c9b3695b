"""The contact sheet."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmtutorial.dataset_check import check_dataset, write_contact_sheet
from mmtutorial.errors import InputError
from mmtutorial.plots import style
from mmtutorial.plots.outlines import outlined
from tests.own_images import write_folder


def pictures(page: str) -> dict[str, np.ndarray]:
    """Decoded pictures by their alt text."""
    found = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)"', page)
    return {alt: np.array(Image.open(io.BytesIO(base64.b64decode(data)))) for data, alt in found}


def test_images_with_the_outlines_of_their_masks(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    check = check_dataset("folder", tmp_path)
    page = write_contact_sheet(check, tmp_path / "out" / "sheet.html").read_text(encoding="utf-8")
    shown = pictures(page)
    assert set(shown) >= {f"{name}: background and leaf" for name in check.splits["train"].shown}
    name, (image, mask) = next(iter(check.splits["train"].shown.items()))
    over, photo = shown[f"{name}: background and leaf"].astype(float), image.transpose(1, 2, 0)
    expected = outlined(photo, mask, style.class_styles(check.splits["train"].classes))
    assert np.abs(over - expected).mean() < 12  # what JPEG leaves of it
    # The object keeps its colour: only its edge is painted.
    assert (expected == photo).all(axis=2).mean() > 0.6
    assert (expected != photo).any()
    assert "15.62" in page
    assert "<script" not in page


def test_what_is_wrong_stands_on_the_page_and_names_are_escaped(tmp_path: Path) -> None:
    write_folder(tmp_path, 20)
    for part in ("images", "masks"):
        for path in (tmp_path / part).glob("leaf_04.*"):
            path.rename(path.with_stem("a <b>leaf"))
    page = write_contact_sheet(check_dataset("folder", tmp_path), tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert "<b>leaf" not in page
    (tmp_path / "images" / "leaf_06.jpg").write_bytes(b"no picture")
    page = write_contact_sheet(check_dataset("folder", tmp_path), tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert "leaf_06.jpg" in page
    assert "Mend what is named above" in page


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    check = check_dataset("folder", write_folder(tmp_path, 6))
    with pytest.raises(InputError, match="cannot write"):
        write_contact_sheet(check, tmp_path / "masks" / "leaf_00.png" / "sheet.html")
