"""All challenges, by name."""

from __future__ import annotations

from mmtutorial.classroom.challenges import control, jigsaw, own_loss, steady
from mmtutorial.classroom.challenges.task import Challenge
from mmtutorial.errors import unknown

CHALLENGES: dict[str, Challenge] = {file.CHALLENGE.name: file.CHALLENGE for file in (jigsaw, steady, control, own_loss)}


def find_challenge(name: str) -> Challenge:
    """Find the challenge of a name.

    Raises:
        InputError: there is none; the nearest name is suggested.
    """
    if name not in CHALLENGES:
        raise unknown("challenge", name, CHALLENGES)
    return CHALLENGES[name]
