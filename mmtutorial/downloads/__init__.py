"""Real data sets and weights: where they lie, how they are fetched, checked, unpacked and laid out.

``registry`` says where a file lies, ``transfer`` brings its bytes, ``fetching`` checks them,
``unpacking`` opens the archive, ``recipes`` lays out the data set, ``placing`` puts it in place, and ``getting`` calls
them in order.
"""

from mmtutorial.downloads.getting import Got, get
from mmtutorial.downloads.registry import CATALOGUE, Entry, RemoteFile

__all__ = ["CATALOGUE", "Entry", "Got", "RemoteFile", "get"]
