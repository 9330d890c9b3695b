"""Open challenges: a score and no right answer. ``challenge("05.beat_the_control", {"steps": 150})``."""

from mmtutorial.classroom.challenges.board import Score, challenge, leaderboard
from mmtutorial.classroom.challenges.known import CHALLENGES, find_challenge

__all__ = ["CHALLENGES", "Score", "challenge", "find_challenge", "leaderboard"]
