"""The page of a reproduction: the slides' tables with ours beside them, and what can be said of each claim.

:func:`write_reproduction_report` makes one page that stands alone, :func:`reproduction_markdown` a few tables for a
README. Both read the folder that ``mmtutorial reproduce`` wrote and nothing else.
"""

from mmtutorial.reproduction_report.markdown import reproduction_markdown
from mmtutorial.reproduction_report.page import write_reproduction_report

__all__ = ["reproduction_markdown", "write_reproduction_report"]
