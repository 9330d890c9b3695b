"""Fetches SBD's masks and lays them out beside VOC 2012: ``mmtutorial data get sbd``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "sbd"]
    main()
