"""STL-10's 100,000 photos without labels, as PNG files for proxy tasks.

Source: Coates et al., "An Analysis of Single Layer Networks in Unsupervised Feature Learning", AISTATS 2011. The layout
of the binary file is that of its page, https://cs.stanford.edu/~acoates/stl10/
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from mmtutorial.downloads.unpacking import Damaged, unpack

SIDE = 96
PHOTOS = "unlabeled_X.bin"


def build(archives: list[Path], folder: Path, root: Path) -> None:
    """Write each photo as ``stl10_NNNNNN.png``, without loss.

    Raises:
        Damaged: the archive is cut short or has no such photos.
    """
    with TemporaryDirectory(dir=folder, prefix=".") as scratch:
        work = Path(scratch)
        unpack(archives[0], work, "stl10_binary", only=(PHOTOS,))
        count, rest = divmod((work / PHOTOS).stat().st_size, 3 * SIDE * SIDE)
        if rest or not count:
            raise Damaged(f"{PHOTOS} holds no whole number of photos of {SIDE}x{SIDE} pixels")
        # Channels first, and each of them column by column.
        stored = np.memmap(work / PHOTOS, dtype=np.uint8, mode="r", shape=(count, 3, SIDE, SIDE))
        for index in tqdm(range(count), desc="photos", unit="photo", delay=1.0, leave=False):
            upright = np.ascontiguousarray(stored[index].transpose(2, 1, 0))
            Image.fromarray(upright).save(folder / f"stl10_{index:06d}.png", compress_level=1)
        del stored  # Windows removes no file that is mapped.
