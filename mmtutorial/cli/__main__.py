"""``python -m mmtutorial.cli``."""

from mmtutorial.cli import main

main()
