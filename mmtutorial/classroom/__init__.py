"""Exercises: blanks, checks and hints.

``check("03.connected_graph", my_function)`` compares a learner's function with a slow readable reference and
says what was tried, what came out, what was expected, and which misconception may be behind it.
"""

from mmtutorial.classroom.bets import BETS, bet, ledger, place_bet
from mmtutorial.classroom.blanks import NotFilledIn, todo
from mmtutorial.classroom.checking import check
from mmtutorial.classroom.exercises import EXERCISES
from mmtutorial.classroom.progress import progress
from mmtutorial.classroom.result import Result
from mmtutorial.classroom.setting import preset_name, versions
from mmtutorial.classroom.solutions import solution

__all__ = [
    "BETS",
    "EXERCISES",
    "NotFilledIn",
    "Result",
    "bet",
    "check",
    "ledger",
    "place_bet",
    "preset_name",
    "progress",
    "solution",
    "todo",
    "versions",
]
