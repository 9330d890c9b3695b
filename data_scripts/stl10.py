"""Fetches STL-10's photos without labels: the same as ``mmtutorial data get stl10``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "stl10"]
    main()
