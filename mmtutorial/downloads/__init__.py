"""Real data sets and weights: where they lie, how they are fetched, checked, unpacked and laid out.

``registry`` says where a file lies, ``transfer`` brings its bytes, ``fetching`` checks them, ``unpacking`` opens the
archive, ``recipes`` lays out the data set, ``placing`` puts it in place, and ``getting`` calls them in order.

The catalogue is read without torch; ``get`` brings it in when it is asked for.
"""

from typing import TYPE_CHECKING, Any

from mmtutorial.downloads.registry import CATALOGUE, Entry, RemoteFile

if TYPE_CHECKING:
    from mmtutorial.downloads.getting import Got, get

__all__ = ["CATALOGUE", "Entry", "Got", "RemoteFile", "get"]


def __getattr__(name: str) -> Any:
    if name not in ("Got", "get"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mmtutorial.downloads import getting

    return getattr(getting, name)
