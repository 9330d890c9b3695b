"""One archive for a room without internet: wheels of everything, notebooks, talk, book, and how to install them.

``python -m offline`` makes it, on a machine that has a network and is of the kind that the room has.
"""
