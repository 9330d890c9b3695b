"""From a checkpoint and a folder of photos to a folder of masks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm.auto import tqdm

from mmtutorial.annotations.writing import OutlineWriter
from mmtutorial.datasets import ClassTable, resize_long_side
from mmtutorial.datasets.files import PHOTO_KINDS, PHOTO_SUFFIXES, by_stem, instead, passed_over
from mmtutorial.datasets.pictures import palette_png, read_image
from mmtutorial.errors import InputError, unknown
from mmtutorial.files import read_tensors
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.networks.loading import load_weights
from mmtutorial.networks.windowed import Windowed
from mmtutorial.ownership import refuse_foreign, write_own
from mmtutorial.results import RunFolder, read_results
from mmtutorial.segmentation import predict_probabilities

# Photos up to the size of CityScapes' are seen whole; larger ones in windows, or twelve megapixels would take 2 GB.
_MOST_PIXELS = 2048 * 1024
_WINDOW = 1024

MODEL = "model.safetensors"


@dataclass(frozen=True)
class Chosen:
    """A checkpoint, and why this one; no reason where the user named the file."""

    path: Path
    why: str = ""


@dataclass(frozen=True, eq=False)
class Look:
    """A photo whose mask was predicted.

    Attributes:
        photo: its file.
        mask: file of its mask.
        uncertainty: mean entropy of the class probabilities over its pixels, as a share of the largest there can be.
        confidence: (h, w) uint8, the probability of the class that was chosen, at the size at which it was seen.
    """

    photo: Path
    mask: Path
    uncertainty: float
    confidence: NDArray[np.uint8]


@dataclass(frozen=True)
class Predicted:
    """What became of a folder of photos.

    Attributes:
        looks: the photos that have a mask.
        classes: the network's.
        failed: a line for each photo that has none.
        skipped: what else is in the folder, sub-folders included.
    """

    looks: tuple[Look, ...]
    classes: ClassTable
    failed: tuple[str, ...]
    skipped: tuple[Path, ...]

    @property
    def masks(self) -> int:
        """Number of masks written."""
        return len(self.looks)


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        network: in evaluation mode; gives scores (N, K, H, W).
        classes: names and colours of its K classes.
        size: long side in pixels to which its training images were shrunk; None where they kept their size.
        window: side in pixels of the windows in which it was scored; None where it saw images whole.
    """

    network: nn.Module
    classes: ClassTable
    size: int | None
    window: int | None = None

    def probabilities(self, image: Tensor) -> Tensor:
        """Class probabilities (K, h, w) of an image (3, H, W) uint8, at the size of training, a huge one in windows."""
        seen = image
        if self.size is not None and max(image.shape[-2:]) > self.size:
            seen = resize_long_side(self.size)(image)
        window = self.window or (_WINDOW if seen[0].numel() > _MOST_PIXELS else None)
        return predict_probabilities(Windowed(self.network, window) if window else self.network, [seen])[0]

    def mask(self, image: Tensor) -> Tensor:
        """Segment an image (3, H, W) uint8 at the size of training: a uint8 mask (H, W), of the image's own size."""
        return enlarged_mask(self.probabilities(image), (image.shape[-2], image.shape[-1]))


def enlarged_mask(probabilities: Tensor, size: tuple[int, int]) -> Tensor:
    """The likeliest class (H, W) uint8 of probabilities (K, h, w), enlarged.

    Enlarged before the classes are decided, so that outlines are not those of large pixels.
    """
    if probabilities.shape[-2:] != size:
        probabilities = functional.interpolate(probabilities[None], size=size, mode="bilinear")[0]
    return probabilities.argmax(dim=0).to(torch.uint8)


def uncertainty(probabilities: Tensor) -> float:
    """Mean entropy of class probabilities (K, H, W) over the pixels, as a share of the largest there can be.

    Example:
        >>> uncertainty(torch.full((4, 2, 2), 0.25)), uncertainty(torch.eye(4)[:, :, None])
        (1.0, 0.0)
    """
    entropy = -torch.xlogy(probabilities, probabilities).sum(0).mean()
    return float(entropy) / math.log(max(2, len(probabilities)))


def choose_checkpoint(place: Path, arm: str | None = None) -> Chosen:
    """Find the trained network that is meant by a file, or by the folder of a run, of a seed or of an arm.

    Of several arms that of the highest mean mIoU in ``results.json`` is taken, and of its seeds the first, not the
    best. Where the scored images are those reported on, the choice flatters the score, and ``why`` says so.

    Args:
        place: a ``model.safetensors``, or a folder of a run.
        arm: the arm, in the folder of a run.

    Raises:
        InputError: nothing there was trained, there are several runs or arms and nothing to choose by, or no such arm.
    """
    if not place.is_dir():
        if arm is not None:
            raise InputError(f"--arm {arm} chooses in the folder of a run, and --checkpoint {place} is none; omit one")
        return Chosen(place)
    found = sorted(place.rglob(f"segmentation/*/{MODEL}")) or sorted(place.rglob(MODEL))
    models = [path for path in found if path.parent.parent.name == "segmentation"]
    runs = {path.parents[3] for path in models}
    if len(runs) > 1:
        names = ", ".join(str(run.relative_to(place)) for run in sorted(runs))
        raise InputError(f"{place} holds several runs; give the folder of one of them: {names}")
    if not models:
        raise InputError(
            f"{place} is a folder without a trained network; give .../segmentation/ARM/{MODEL}, or the folder of a run"
        )
    by_arm: dict[str, list[Path]] = {}
    for path in models:
        by_arm.setdefault(path.parent.name, []).append(path)
    if arm is not None and arm not in by_arm:
        raise unknown(f"arm of {place}", arm, by_arm)
    name, why = (arm, "as asked") if arm is not None else _best(runs.pop(), by_arm)
    first = min(by_arm[name], key=_seed)
    return Chosen(first, f"{name}, {first.parents[2].name}: {why}")


def _best(run: Path, by_arm: dict[str, list[Path]]) -> tuple[str, str]:
    """The arm to take, and why."""
    if len(by_arm) == 1:
        return next(iter(by_arm)), "the only arm"
    names = ", ".join(by_arm)
    if not RunFolder(run).results.is_file():
        raise InputError(f"{run} holds the arms {names}, but no results.json to choose by; name one with --arm")
    results = read_results(run)
    scored = [arm for arm in results.arms if arm.arm in by_arm]
    if not scored:
        raise InputError(f"results.json of {run} scores none of the arms {names}; name one with --arm")
    best = max(scored, key=lambda arm: arm.mean)
    why = f"of {len(scored)} arms that with the highest mean mIoU on {results.evaluated_on}"
    if results.settings.get("validate"):
        return best.arm, why
    return best.arm, f"{why}; as the best of several its score there is a little flattered"


def _seed(path: Path) -> tuple[int, str]:
    name = path.parents[2].name
    number = name.removeprefix("seed")
    return (int(number) if number.isdecimal() else 0), name


def load_network(checkpoint: Path) -> tuple[nn.Module, ClassTable]:
    """Load a trained segmentation network, in evaluation mode, and its classes; see :func:`load_trained`."""
    trained = load_trained(checkpoint)
    return trained.network, trained.classes


def load_trained(checkpoint: Path) -> Trained:
    """Load a trained segmentation network, and what is to be known for its use, from its ``model.safetensors``.

    Raises:
        InputError: the file is missing, damaged, or holds something other than a segmentation network.
    """
    if checkpoint.is_dir():
        raise InputError(f"{checkpoint} is a folder; give a file in it such as .../segmentation/ARM/{MODEL}")
    tensors, about = read_tensors(checkpoint, "give one that is whole")
    if about.get("stage") != "segmentation" or "step" in about:
        kind = "an unfinished" if "step" in about else f"a {about.get('stage')}"
        raise InputError(f"{checkpoint} holds {kind} stage; give segmentation/ARM/{MODEL} of a run")
    try:
        classes = _class_table(about)
        spec = NetworkSpec(**about["network"])
        network = make_network(make_encoder(spec), spec, len(classes))
        size, window = _pixels(about, "size"), _pixels(about, "window")
    # The header may say anything.
    except Exception as error:
        raise InputError(
            f"{checkpoint} holds no network that this version knows ({error}); give one that mmtutorial trained"
        ) from error
    load_weights(network, tensors, checkpoint)
    return Trained(network.eval(), classes, size, window)


def _pixels(about: dict[str, Any], name: str) -> int | None:
    """A length in a checkpoint's header."""
    length = about.get(name)
    if length is not None and (type(length) is not int or length < 1):
        raise ValueError(f"its {name} is no number of pixels")
    return length


def _class_table(about: dict[str, Any]) -> ClassTable:
    """The classes in a checkpoint's header."""
    names, palette = about["classes"], about["palette"]
    levels = [level for colour in palette for level in colour]
    texts = all(isinstance(name, str) for name in names)
    if not texts or not all(type(level) is int and 0 <= level <= 255 for level in levels):
        raise ValueError("its classes are not texts with colours of 0-255")
    return ClassTable(tuple(names), tuple((red, green, blue) for red, green, blue in palette), ())


def predict_folder(
    checkpoint: Path, images: Path, out: Path, *, outlines_as: str | None = None, force: bool = False
) -> Predicted:
    """Write a palette PNG mask (index = class) for each photo of a folder, and outlines to correct if asked.

    Photos are seen at the size to which the training images were shrunk, or at their own where those were not, then
    in overlapping windows where they are huge; the masks have the photos' own size. A photo that cannot be read, or
    is too large for the memory, is told of, and the others get their masks.

    Args:
        checkpoint: ``model.safetensors`` of a segmentation stage.
        images: the folder; its sub-folders are not looked into.
        out: folder for the masks. Masks of an earlier prediction are overwritten, those of others are not.
        outlines_as: ``"labelme"``, a copy of each photo in ``out/labelme`` with a file beside it that labelme opens;
            ``"coco"``, one file ``out/coco.json`` for all photos.
        force: overwrite whatever bears the name of a mask.

    Raises:
        InputError: no checkpoint, no photos, ``out`` not writable, or a file there that the program did not write.
    """
    trained = load_trained(checkpoint)
    if not images.is_dir():
        raise InputError(f"no folder {images}; give --images a folder of photos")
    if out.resolve() == images.resolve():
        raise InputError(f"--out {out} is the folder of the photos, which masks could overwrite; choose another")
    photos = list(by_stem(images, PHOTO_SUFFIXES).values())
    skipped = tuple(passed_over(images, PHOTO_SUFFIXES))
    if not photos:
        inside = instead(images, PHOTO_SUFFIXES)
        raise InputError(f"no photos in {images}{inside}; it should hold {PHOTO_KINDS} files")
    writer = OutlineWriter(out, outlines_as, trained.classes.names, force=force) if outlines_as else None
    places = [out / f"{photo.stem}.png" for photo in photos]
    if not force:
        refuse_foreign([*places, *(writer.places(photos) if writer else ())])
    failed, looks = [], []
    for photo, place in tqdm(list(zip(photos, places, strict=True)), "predict", unit="image", delay=1):
        try:
            image = torch.from_numpy(read_image(photo))
            probabilities = trained.probabilities(image)
            mask = enlarged_mask(probabilities, (image.shape[-2], image.shape[-1])).numpy()
        except InputError as error:
            failed.append(str(error))
        except Exception as error:  # too large for the memory, too small for the network
            failed.append(f"no mask of {photo}: {' '.join(str(error).split())}")
        else:
            write_own(place, palette_png(mask, trained.classes.palette), force=force)
            if writer:
                writer.add(photo, mask)
            sure = (255 * probabilities.amax(dim=0)).round().to(torch.uint8).numpy()
            looks.append(Look(photo, place, uncertainty(probabilities), sure))
    if writer:
        writer.finish()
    return Predicted(tuple(looks), trained.classes, tuple(failed), skipped)
