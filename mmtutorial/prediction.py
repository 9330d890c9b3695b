"""From a checkpoint and a folder of photos to a folder of masks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from tqdm.auto import tqdm

from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors, write_bytes
from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.segmentation import predict

_SUFFIXES = (".jpg", ".jpeg", ".png")
_PORTION = 16


def load_network(checkpoint: Path) -> tuple[FCN, list[str], list[list[int]]]:
    """A trained segmentation network from its ``model.safetensors``.

    Returns:
        The network, in evaluation mode; the names of its classes; their colours (K rows of 0-255 RGB).

    Raises:
        InputError: the file is missing, damaged, or holds something other than a segmentation network.
    """
    tensors, about = read_tensors(checkpoint)
    if about.get("stage") != "segmentation":
        raise InputError(
            f"{checkpoint} holds a {about.get('stage')} stage; give segmentation/ARM/model.safetensors of a run"
        )
    made = about["network"]
    encoder = TinyEncoder(in_channels=made["in_channels"], batch_norm=made["batch_norm"])
    network = FCN(encoder, len(about["classes"]))
    network.load_state_dict(tensors)
    return network.eval(), about["classes"], about["palette"]


def predict_folder(checkpoint: Path, images: Path, out: Path) -> int:
    """Write a palette PNG mask (index = class) for each photo of a folder.

    Photos are seen at their own size, so give them at about the size of the training images.

    Returns:
        Number of masks written.

    Raises:
        InputError: no checkpoint, no photos, a photo that cannot be read (named), or ``out`` not writable.
    """
    network, _, palette = load_network(checkpoint)
    if not images.is_dir():
        raise InputError(f"no folder {images}; give --images a folder of photos")
    paths = sorted(path for path in images.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise InputError(f"no photos in {images}; it should hold {', '.join(_SUFFIXES)} files")
    _check_names(paths)
    with tqdm(total=len(paths), desc="predict", unit="image", delay=1) as bar:
        for start in range(0, len(paths), _PORTION):
            portion = paths[start : start + _PORTION]
            for path, mask in zip(portion, predict(network, [_photo(p) for p in portion]), strict=True):
                write_bytes(out / f"{path.stem}.png", _palette_png(mask, palette))
            bar.update(len(portion))
    return len(paths)


def _check_names(paths: list[Path]) -> None:
    stems = [path.stem for path in paths]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise InputError(f"photos share the name {', '.join(twice)} and would share a mask; rename them")


def _photo(path: Path) -> Tensor:
    """(3, H, W) uint8."""
    try:
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}; replace or remove it") from None
    return torch.from_numpy(pixels).permute(2, 0, 1)


def _palette_png(mask: Tensor, palette: list[list[int]]) -> bytes:
    image = Image.fromarray(mask.numpy(), mode="P")
    image.putpalette([value for colour in palette for value in colour])
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
