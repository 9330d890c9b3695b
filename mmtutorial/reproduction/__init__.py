"""``mmtutorial reproduce``: every row of the slides' tables, ours beside theirs."""

from mmtutorial.reproduction.grid import Grid, Scope
from mmtutorial.reproduction.writing import reproduce
from mmtutorial.settings.names import parse_parts

__all__ = ["Grid", "Scope", "parse_parts", "reproduce"]
