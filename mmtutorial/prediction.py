"""From a checkpoint and a folder of photos to a folder of masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm.auto import tqdm

from mmtutorial.datasets import ClassTable, resize_long_side
from mmtutorial.datasets.files import PHOTO_KINDS, PHOTO_SUFFIXES, by_stem, instead, passed_over
from mmtutorial.datasets.pictures import palette_png, read_image
from mmtutorial.errors import InputError, unknown
from mmtutorial.files import read_tensors
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.networks.loading import load_weights
from mmtutorial.ownership import refuse_foreign, write_own
from mmtutorial.results import RunFolder, read_results
from mmtutorial.segmentation import predict, predict_probabilities

MODEL = "model.safetensors"


@dataclass(frozen=True)
class Chosen:
    """A checkpoint, and why this one; no reason where the user named the file."""

    path: Path
    why: str = ""


@dataclass(frozen=True)
class Predicted:
    """What became of a folder of photos.

    Attributes:
        masks: number of masks written.
        failed: a line for each photo that has none.
        skipped: what else is in the folder, sub-folders included.
    """

    masks: int
    failed: tuple[str, ...]
    skipped: tuple[Path, ...]


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        network: in evaluation mode; gives scores (N, K, H, W).
        classes: names and colours of its K classes.
        size: long side in pixels to which its training images were shrunk; None where they kept their size.
    """

    network: nn.Module
    classes: ClassTable
    size: int | None

    def mask(self, image: Tensor) -> Tensor:
        """Segment an image (3, H, W) uint8 at the size of training: a uint8 mask (H, W), of the image's own size."""
        height, width = image.shape[-2:]
        if self.size is None or max(height, width) <= self.size:
            return predict(self.network, [image])[0]
        small = resize_long_side(self.size)(image)
        probabilities = predict_probabilities(self.network, [small])[0]
        # Before the classes are decided, so that outlines are not those of large pixels.
        full = functional.interpolate(probabilities[None], size=(height, width), mode="bilinear")
        return full[0].argmax(dim=0).to(torch.uint8)


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
        size = None if about.get("size") is None else int(about["size"])
    # The header may say anything.
    except Exception as error:
        raise InputError(
            f"{checkpoint} holds no network that this version knows ({error}); give one that mmtutorial trained"
        ) from error
    load_weights(network, tensors, checkpoint)
    return Trained(network.eval(), classes, size)


def _class_table(about: dict[str, Any]) -> ClassTable:
    """The classes in a checkpoint's header."""
    names, palette = about["classes"], about["palette"]
    levels = [level for colour in palette for level in colour]
    texts = all(isinstance(name, str) for name in names)
    if not texts or not all(type(level) is int and 0 <= level <= 255 for level in levels):
        raise ValueError("its classes are not texts with colours of 0-255")
    return ClassTable(tuple(names), tuple((red, green, blue) for red, green, blue in palette), ())


def predict_folder(checkpoint: Path, images: Path, out: Path, *, force: bool = False) -> Predicted:
    """Write a palette PNG mask (index = class) for each photo of a folder.

    Photos are seen at the size to which the training images were shrunk, or at their own where those were not; the
    masks have the photos' own size. A photo that cannot be read, or is too large for the memory, is told of, and the
    others get their masks.

    Args:
        checkpoint: ``model.safetensors`` of a segmentation stage.
        images: the folder; its sub-folders are not looked into.
        out: folder for the masks. Masks of an earlier prediction are overwritten, those of others are not.
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
    places = [out / f"{photo.stem}.png" for photo in photos]
    if not force:
        refuse_foreign(places)
    failed = []
    for photo, place in tqdm(list(zip(photos, places, strict=True)), "predict", unit="image", delay=1):
        try:
            mask = trained.mask(torch.from_numpy(read_image(photo))).numpy()
        except InputError as error:
            failed.append(str(error))
        except Exception as error:  # too large for the memory, too small for the network
            failed.append(f"no mask of {photo}: {' '.join(str(error).split())}")
        else:
            write_own(place, palette_png(mask, trained.classes.palette), force=force)
    return Predicted(len(photos) - len(failed), tuple(failed), skipped)
