"""The page of a reproduction: the slides' tables with ours beside them, and what can be said of each claim.

:func:`write_reproduction_report` makes one page that stands alone, :func:`reproduction_markdown` a few tables for a
README. Both read the folder that ``mmtutorial reproduce`` wrote and nothing else.
"""

from mmtutorial.reports.reproduction import write_reproduction_report
from mmtutorial.reports.reproduction_markdown import reproduction_markdown

__all__ = ["reproduction_markdown", "write_reproduction_report"]
