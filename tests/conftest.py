"""What all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from mmtutorial.datasets import ClassTable, SegmentationDataset
from mmtutorial.datasets.classes import voc_palette
from mmtutorial.datasets.source import Source
from mmtutorial.datasets.store import Pair

# Before anything imports torch: several test processes share the cores, and two threads in each would wait for one
# another most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Before anything imports matplotlib: no test opens a window.
os.environ.setdefault("MPLBACKEND", "Agg")

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start too. Some tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: the first example of a property often pays for an import, and test workers share the cores.
settings.register_profile("mmtutorial", deadline=None)
settings.load_profile("mmtutorial")

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test of a page once more: a browser on busy cores may miss a moment. The closing line counts these."""
    for item in items:
        if hasattr(getattr(item, "module", None), "CHROMIUM"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser. One for each module: Playwright allows no second one beside it in a process."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from tests.notebooks.lab_page import CHROMIUM

    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real photographs (VOCdevkit/, CamVid/); where there is none, the test is skipped."""
    named = os.environ.get("MMTUTORIAL_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real photographs at {folder}; set MMTUTORIAL_DATA to a folder that has them")
    return folder


class _Pairs(Source):
    """Images and masks that are there already."""

    def __init__(self, pairs: list[Pair], classes: ClassTable) -> None:
        self.name, self.split, self.classes = "pairs", "train", classes
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def load(self, index: int) -> Pair:
        return self._pairs[index]

    def image_id(self, index: int) -> str:
        return f"pair-{index}"


@pytest.fixture(scope="session")
def dataset_of() -> Callable[..., SegmentationDataset]:
    """Makes a data set of masks (H, W); each image is noise, brighter the higher the class of the pixel."""

    def make(masks: list[np.ndarray], classes: int = 3, background_ids: tuple[int, ...] = (0,)) -> SegmentationDataset:
        random = np.random.default_rng(0)
        table = ClassTable(tuple(f"class {i}" for i in range(classes)), voc_palette(classes), background_ids)
        pairs = []
        for mask in masks:
            level = 30 + 60 * (mask % 255).astype(np.int64)
            image = random.integers(0, 40, (3, *mask.shape)) + level
            pairs.append((image.astype(np.uint8), mask.astype(np.uint8)))
        return SegmentationDataset(_Pairs(pairs, table))

    return make
