"""Results that ship with the package, so that a notebook need not train before it can show something.

Each is a file with a sidecar of the same name that says which command and which versions made it, and what its
checksum is. ``python -m mmtutorial.artifacts.make NAME`` makes it again.
"""

from mmtutorial.artifacts.arms import TuningArms
from mmtutorial.artifacts.loading import ARTIFACTS, about_artifact, load_artifact
from mmtutorial.artifacts.segmentation_results import SegmentationResults

__all__ = ["ARTIFACTS", "SegmentationResults", "TuningArms", "about_artifact", "load_artifact"]
