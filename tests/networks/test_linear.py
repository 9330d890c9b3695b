from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from mmtutorial.networks import AlexNet, LinearSegmenter, NetworkSpec, TinyEncoder, make_encoder, make_network
from mmtutorial.networks.hypercolumns import pixel_grid
from mmtutorial.networks.timm_encoder import TimmEncoder
from mmtutorial.randomness import global_seed, seeded

SPEC = NetworkSpec("lite0", "linear")
with global_seed(0, "weights"):
    NETWORK = make_network(make_encoder(SPEC), SPEC, 4).eval()


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70))
def test_scores_are_those_of_the_padded_photo_cut_off(height: int, width: int) -> None:
    photo = torch.rand(2, 3, height, width, generator=seeded(width))
    large = F.interpolate(photo, scale_factor=2, mode="bilinear", align_corners=False)
    # What Lite0's normalisation makes zero is a middle grey.
    grey = F.pad(large, (0, -2 * width % 32, 0, -2 * height % 32), value=0.5)
    with torch.no_grad():
        fine, coarse = NETWORK.encoder.feature_maps(grey)[-2:]
        joint = torch.cat([fine, F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)], 1)
        scores = F.interpolate(NETWORK.head(joint), scale_factor=8, mode="bilinear", align_corners=False)
        found = NETWORK(photo)
    assert found.shape == (2, 4, height, width)
    torch.testing.assert_close(found, scores[..., :height, :width], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("encoder", [TinyEncoder, AlexNet])
def test_it_sits_on_every_encoder(encoder: type[TinyEncoder] | type[AlexNet]) -> None:
    with global_seed(0, "weights"):
        network = LinearSegmenter(encoder(), 5).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 65, 97, dtype=torch.uint8)).shape == (2, 5, 65, 97)


def test_the_head_is_linear() -> None:
    assert isinstance(NETWORK.head, nn.Conv2d)
    assert NETWORK.head.kernel_size == (1, 1)
    assert NETWORK.head.in_channels == 112 + 320


def test_scores_at_points() -> None:
    photo = torch.rand(1, 3, 40, 52, generator=seeded(0))
    with torch.no_grad():
        everywhere, at_points = NETWORK(photo), NETWORK(photo, pixel_grid(40, 52))
    torch.testing.assert_close(at_points.view(1, 4, 40, 52), everywhere, atol=1e-5, rtol=1e-4)


def test_what_is_frozen_is_what_the_finest_map_is_made_of() -> None:
    encoder = make_encoder(SPEC)
    assert isinstance(encoder, TimmEncoder)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    with torch.no_grad():  # As in a rehearsal.
        encoder.freeze_early()
    assert encoder.training
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())
    encoder.eval()
    photo = torch.rand(1, 3, 64, 64, generator=seeded(0))
    finest, *coarser = encoder.feature_maps(photo)
    assert not finest.requires_grad
    assert all(m.requires_grad for m in coarser)
    frozen = {name.split(".")[2] for name, p in encoder.named_parameters() if "blocks" in name and not p.requires_grad}
    trained = {name.split(".")[2] for name, p in encoder.named_parameters() if "blocks" in name and p.requires_grad}
    assert (frozen, trained) == ({"0", "1", "2"}, {"3", "4", "5", "6"})
