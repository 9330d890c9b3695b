"""Outlines drawn by hand over photos, turned into masks, from whichever program; see :mod:`.formats`.

Each format has a reader that gives the same record, :class:`.records.Annotated`. One place finds the photo
(:mod:`.photos`), one collects all that is wrong (:mod:`.findings`), one draws (:mod:`.shapes`).

:func:`convert` writes a data set of the kind ``folder``, ready for ``mmtutorial run --dataset folder``.
"""

from mmtutorial.annotations.convert import Converted, convert

__all__ = ["Converted", "convert"]
