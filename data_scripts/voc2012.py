"""Fetches PASCAL VOC 2012: the same as ``mmtutorial data get voc``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "voc"]
    main()
