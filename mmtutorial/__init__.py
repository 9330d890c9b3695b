"""Mix-and-Match tuning for self-supervised semantic segmentation, to learn from and to reproduce.

The method is that of Zhan, Liu, Luo, Tang and Loy, "Mix-and-Match Tuning for Self-Supervised Semantic
Segmentation", AAAI 2018, https://arxiv.org/abs/1712.00661.

Importing the package imports none of its modules, so that it costs nothing: take what you need by its full
name, for example ``from mmtutorial.graph import connected_graph``.
"""

from importlib.metadata import PackageNotFoundError, version

from mmtutorial import _moved

try:
    __version__ = version("mmtutorial")
except PackageNotFoundError:  # a copy of the source that was never installed
    __version__ = "0+unknown"

_moved.install()

__all__ = ["__version__"]
