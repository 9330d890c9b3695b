"""``mmtutorial reproduce``: every row of the slides' tables, ours beside theirs."""

from mmtutorial.reproduction.grid import Grid, Scope
from mmtutorial.reproduction.jobs import default_workers
from mmtutorial.reproduction.writing import reproduce
from mmtutorial.settings.names import parse_parts

__all__ = ["Grid", "Scope", "default_workers", "parse_parts", "reproduce"]
