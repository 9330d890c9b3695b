"""Fetches the Oxford-IIIT Pet data set: the same as ``mmtutorial data get pets``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "pets"]
    main()
