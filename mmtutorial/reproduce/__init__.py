"""``mmtutorial reproduce``: every row of the slides' tables, ours beside theirs."""

from mmtutorial.reproduce.grid import Reproduction, Request
from mmtutorial.reproduce.jobs import default_workers
from mmtutorial.reproduce.rows import parse_parts
from mmtutorial.reproduce.writing import reproduce

__all__ = ["Reproduction", "Request", "default_workers", "parse_parts", "reproduce"]
