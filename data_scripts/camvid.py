"""Fetches CamVid as in the SegNet tutorial: the same as ``mmtutorial data get camvid``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "camvid"]
    main()
