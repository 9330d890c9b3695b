"""Fetches torchvision's VGG-16: the same as ``mmtutorial data get vgg16-imagenet``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "vgg16-imagenet"]
    main()
