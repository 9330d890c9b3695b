from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from mmtutorial.errors import InputError
from mmtutorial.networks import MultiScaleSegmenter, NetworkSpec, TinyEncoder, make_encoder, make_network
from mmtutorial.networks.hypercolumns import pixel_grid
from mmtutorial.randomness import global_seed, seeded

SPEC = NetworkSpec("lite0", "multiscale")
with global_seed(0, "weights"):
    NETWORK = make_network(make_encoder(SPEC), SPEC, 4).eval()


@settings(max_examples=5)
@given(st.integers(1, 70), st.integers(1, 70))
def test_scores_are_those_of_the_padded_photo_cut_off(height: int, width: int) -> None:
    photo = torch.rand(2, 3, height, width, generator=seeded(width))
    # What Lite0's normalisation makes zero is a middle grey.
    grey = F.pad(photo, (0, -width % 32, 0, -height % 32), value=0.5)
    with torch.no_grad():
        found, expected = NETWORK(photo), NETWORK(grey)
    assert found.shape == (2, 4, height, width)
    torch.testing.assert_close(found, expected[..., :height, :width], atol=1e-5, rtol=1e-4)


def test_scores_at_points() -> None:
    photo = torch.rand(1, 3, 40, 52, generator=seeded(0))
    with torch.no_grad():
        everywhere, at_points = NETWORK(photo), NETWORK(photo, pixel_grid(40, 52))
    torch.testing.assert_close(at_points.view(1, 4, 40, 52), everywhere, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("place", range(3))
def test_every_scale_is_looked_at(place: int) -> None:
    """A change in any one of the maps changes the scores, each at its own place."""
    assert isinstance(NETWORK, MultiScaleSegmenter)
    maps = [
        torch.rand(1, w, 16 // s, 16 // s, generator=seeded(0)) for w, s in zip((40, 112, 320), (1, 2, 4), strict=True)
    ]
    changed = [m.clone() for m in maps]
    changed[place][..., 0, 0] += 5
    with torch.no_grad():
        moved = (NETWORK.head(maps) - NETWORK.head(changed)).abs().sum(1)[0]
    assert float(moved[0, 0]) > 1e-3
    assert float(moved[0, 0]) > float(moved[-1, -1])


def test_other_encoders_have_other_heads() -> None:
    with pytest.raises(InputError, match="multiscale does not fit TinyEncoder; use the head fcn"):
        make_network(TinyEncoder(), NetworkSpec("tiny", "multiscale"), 3)
