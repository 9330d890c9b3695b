"""The command line: ``mmtutorial run``, ``data``, ``predict`` and the others; ``mmtutorial --help`` lists them."""

from mmtutorial.cli.commands import main

__all__ = ["main"]
