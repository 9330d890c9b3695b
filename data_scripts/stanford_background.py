"""Fetches the Stanford Background data set: the same as ``mmtutorial data get stanford``, with the same options."""

import sys

from mmtutorial.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["data", "get", "stanford"]
    main()
