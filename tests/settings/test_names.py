"""The names that are known without loading anything are those of what there is."""

from __future__ import annotations

import subprocess
import sys

from mmtutorial.experiment.arms import ARMS
from mmtutorial.experiment.variants import VARIANTS
from mmtutorial.proxies import PROXIES
from mmtutorial.reproduction.ablations import ABLATIONS
from mmtutorial.settings import names


def test_they_are_the_names_of_what_there_is() -> None:
    assert list(PROXIES) == list(names.PROXY_TASKS)
    assert list(VARIANTS) == list(names.TUNINGS)
    assert [ablation.name for ablation in ABLATIONS] == list(names.ABLATIONS)
    assert list(ARMS) == list(names.ARM_NAMES)


def test_they_and_the_data_sets_are_known_without_torch() -> None:
    code = (
        "import sys; import mmtutorial.settings.names, mmtutorial.settings.presets, mmtutorial.datasets as d;"
        "assert d.DATASETS['voc'].layout; assert 'torch' not in sys.modules; d.SegmentationDataset"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
