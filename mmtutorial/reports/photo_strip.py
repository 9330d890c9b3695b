"""A strip of real photographs: what an encoder with ImageNet's weights makes of them, beside one with random weights.

The photographs come with scikit-image and are free of rights: the cat Chelsea (Stefan van der Walt) and the cup of
coffee (Rachel Michetti), both CC0, and a rocket before its start (SpaceX, public domain). Nothing was trained on masks.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mmtutorial.embedding import pca
from mmtutorial.networks import NetworkSpec, make_encoder
from mmtutorial.networks.encoder import Encoder
from mmtutorial.networks.weights import imagenet_encoder
from mmtutorial.plots import style
from mmtutorial.plots.picture import Picture, styled
from mmtutorial.settings.presets import photos_installed

# Where one points, as shares of the photograph's height and width: an eye, the rim of the cup, the rocket.
_POINTS = {"chelsea": (0.37, 0.35), "coffee": (0.36, 0.62), "rocket": (0.62, 0.50)}
# All three are half as wide again as high. Both sides are multiples of the coarsest stride, so that no map has a rim.
_SIZE = (256, 384)
_SPEC = NetworkSpec("lite0", "multiscale", "rgb")


class NoPhotos:
    """What stands in place of the strip where the extra is not installed; no notebook stops because of it."""

    def __repr__(self) -> str:
        return (
            "This picture needs the extra photos: pip install 'mmtutorial[photos]'. It stands in the notebook with "
            "solutions."
        )


def photo_strip() -> Picture | NoPhotos:
    """Draw three photographs with what two encoders make of them.

    Returns:
        For each photograph: where one points; how alike the features of every other place are to those of that place,
        for random weights and for ImageNet's; and the three main directions of ImageNet's features as red, green and
        blue. Without the extra ``photos`` a note that says how to get it.
    """
    if not photos_installed() or find_spec("skimage") is None:
        return NoPhotos()
    from skimage import data

    torch.manual_seed(0)
    random, trained = make_encoder(_SPEC).eval(), imagenet_encoder(_SPEC).eval()
    rows = []
    for name, point in _POINTS.items():
        photo = _shrunk(getattr(data, name)())
        rows.append((photo, point, features(random, photo), features(trained, photo)))
    return _drawn(rows)


@torch.no_grad()
def features(encoder: Encoder, photo: Tensor) -> Tensor:
    """Unit features of a photograph: its maps, enlarged to the finest and side by side, each map of equal say.

    Args:
        encoder: in evaluation mode.
        photo: ``(3, H, W)`` uint8.

    Returns:
        ``(C, h, w)``, of length 1 at each place.
    """
    maps = encoder.feature_maps(photo[None])
    size = maps[0].shape[-2:]
    enlarged = [F.interpolate(F.normalize(each, dim=1), size, mode="bilinear", align_corners=False) for each in maps]
    return F.normalize(torch.cat(enlarged, dim=1)[0], dim=0)


def likeness(found: Tensor, point: tuple[float, float]) -> Tensor:
    """Cosine ``(h, w)`` of the centred features ``(C, h, w)`` of each place with those of one, given as shares."""
    centred = F.normalize(found - found.mean(dim=(1, 2), keepdim=True), dim=0)
    row, column = (min(int(share * length), length - 1) for share, length in zip(point, found.shape[1:], strict=True))
    return (centred * centred[:, row, column, None, None]).sum(dim=0)


def main_colours(found: Tensor) -> NDArray[np.float64]:
    """The three directions of largest variance of features ``(C, h, w)`` as colours ``(h, w, 3)``, 0 to 1."""
    flat = pca(found.flatten(1).T, 3)
    low, high = np.quantile(flat, (0.02, 0.98), axis=0)
    colours: NDArray[np.float64] = np.clip((flat - low) / np.maximum(high - low, 1e-12), 0, 1)
    return colours.reshape(*found.shape[1:], 3)


def _shrunk(photo: NDArray[np.uint8]) -> Tensor:
    tensor = torch.from_numpy(photo).movedim(-1, 0)[None].float()
    small = F.interpolate(tensor, _SIZE, mode="bilinear", antialias=True, align_corners=False)
    return small[0].round().clamp(0, 255).to(torch.uint8)


@styled
def _drawn(rows: list[tuple[Tensor, tuple[float, float], Tensor, Tensor]]) -> Picture:
    heads = ("where one points", "alike, random weights", "alike, ImageNet", "main directions, ImageNet")
    figure = style.new_figure(10, 1.8 * len(rows))
    panels = figure.subplots(len(rows), len(heads))
    for line, (photo, (down, right), random, trained) in zip(panels, rows, strict=True):
        height, width = photo.shape[1:]
        extent = (0, width, height, 0)
        for axes, tile in zip(line, (photo.movedim(0, -1).numpy(), None, None, main_colours(trained)), strict=True):
            if tile is not None:
                axes.imshow(tile, extent=extent, interpolation="bilinear")
        for axes, found in zip(line[1:3], (random, trained), strict=True):
            axes.imshow(likeness(found, (down, right)).numpy(), extent=extent, vmin=-0.5, vmax=1, cmap="cividis")
        for axes in line[:3]:
            axes.plot(right * width, down * height, "o", ms=9, mfc="none", mec="white", mew=2.5)
            axes.plot(right * width, down * height, "o", ms=9, mfc="none", mec=style.INK, mew=1)
        for axes in line:
            style.hide_axes(axes)
    for axes, head in zip(panels[0], heads, strict=True):
        axes.set_title(head, fontsize=11)
    return Picture(
        figure,
        "Three photographs, each with a point on it: an eye of a cat, the rim of a cup, a rocket between two masts. "
        "Beside them, how alike other places are. With random weights it is what has the same brightness and "
        "direction. With ImageNet's weights it is also the other eye, the rim of the cup and the masts. In the last "
        "column the main directions of ImageNet's features, as colours, part cat, cup and rocket from what is round "
        "them.",
    )
