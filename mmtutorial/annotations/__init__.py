"""Outlines drawn by hand over photos, turned into masks: exports of labelme and of Label Studio.

:func:`convert` writes a data set of the kind ``folder``, ready for ``mmtutorial run --dataset folder``.
"""

from mmtutorial.annotations.convert import Converted, convert

__all__ = ["Converted", "convert"]
