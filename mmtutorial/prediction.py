"""From a checkpoint and a folder of photos to a folder of masks."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from tqdm.auto import tqdm

from mmtutorial.datasets.files import PHOTO_SUFFIXES, by_stem
from mmtutorial.datasets.pictures import read_image
from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors, write_bytes
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.segmentation import predict

_PORTION = 16


def load_network(checkpoint: Path) -> tuple[nn.Module, list[str], list[list[int]]]:
    """A trained segmentation network from its ``model.safetensors``.

    Returns:
        The network, in evaluation mode; the names of its classes; their colours (K rows of 0-255 RGB).

    Raises:
        InputError: the file is missing, damaged, or holds something other than a segmentation network.
    """
    tensors, about = read_tensors(checkpoint)
    if about.get("stage") != "segmentation" or "step" in about:
        kind = "an unfinished" if "step" in about else f"a {about.get('stage')}"
        raise InputError(f"{checkpoint} holds {kind} stage; give segmentation/ARM/model.safetensors of a run")
    spec = NetworkSpec(**about["network"])
    network = make_network(make_encoder(spec), spec, len(about["classes"]))
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
    if out.resolve() == images.resolve():
        raise InputError(f"--out {out} is the folder of the photos, which masks could overwrite; choose another")
    paths = list(by_stem(images, PHOTO_SUFFIXES).values())
    if not paths:
        raise InputError(f"no photos in {images}; it should hold {', '.join(PHOTO_SUFFIXES)} files")
    with tqdm(total=len(paths), desc="predict", unit="image", delay=1) as bar:
        for start in range(0, len(paths), _PORTION):
            portion = paths[start : start + _PORTION]
            photos = [torch.from_numpy(read_image(path)) for path in portion]
            for path, mask in zip(portion, predict(network, photos), strict=True):
                write_bytes(out / f"{path.stem}.png", _palette_png(mask, palette))
            bar.update(len(portion))
    return len(paths)


def _palette_png(mask: Tensor, palette: list[list[int]]) -> bytes:
    image = Image.fromarray(mask.numpy())
    image.putpalette([value for colour in palette for value in colour])
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
