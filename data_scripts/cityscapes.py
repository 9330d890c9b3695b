"""Lays out Cityscapes from your own download: the same as ``mmtutorial data get cityscapes``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "cityscapes"]
    main()
