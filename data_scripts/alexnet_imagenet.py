"""Fetches torchvision's AlexNet: the same as ``mmtutorial data get alexnet-imagenet``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "alexnet-imagenet"]
    main()
