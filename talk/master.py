"""The master of the talk, cut into slides: Markdown, with what the speaker says under ``Notes:``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmtutorial.errors import InputError

THEIRS = (
    "title",
    "Self-supervised learning: proxy tasks",
    "Self-supervised learning: the table of methods and its gaps",
    "Task gap",
    "Class-wise connected graph",
    "Training",
    "Experiments: methods",
    "Experiments: benchmarks",
    "Experiments: per class, and t-SNE",
    "Experiments: predictions and failures",
    "Thank you",
)
"""The authors' slides, in their order; the first is number 1."""

OWN = "own"


@dataclass(frozen=True)
class Slide:
    """One slide.

    Attributes:
        theirs: number of the authors' slide that it follows, from 1; None for one that they do not have.
        looks: names of classes for the style sheet.
        body: Markdown.
        notes: Markdown, what the speaker says.
    """

    theirs: int | None
    looks: str
    body: str
    notes: str

    @property
    def title(self) -> str:
        """The heading without its marks."""
        return re.sub(r"^#+ ", "", self.body.splitlines()[0])

    @property
    def follows(self) -> str:
        """What the foot of the slide says about its counterpart."""
        if self.theirs is None:
            return "not in the authors’ talk"
        return f"authors’ slide {self.theirs} of {len(THEIRS)}"


def cut(master: str) -> list[Slide]:
    """Cut a master into slides.

    Args:
        master: Slides divided by lines ``---``. Each begins with a comment, ``<!-- follows 3 -->`` or
            ``<!-- own -->``, in which names of looks may follow; then come a heading, the body, ``Notes:``, the notes.

    Raises:
        InputError: A slide has no such comment, no heading, or no notes.
    """
    return [_slide(number, part) for number, part in enumerate(re.split(r"^---$", master, flags=re.MULTILINE), 1)]


def _slide(number: int, part: str) -> Slide:
    found = re.fullmatch(
        r"\s*<!-- (?:follows (\d+)|own)((?: [a-z]+)*) -->\s*(#.*?)^Notes:\n(.+)", part, re.MULTILINE | re.DOTALL
    )
    if not found:
        raise InputError(
            f"slide {number} of the talk needs '<!-- follows N -->' or '<!-- own -->', a heading and 'Notes:' below"
        )
    theirs, looks, body, notes = found.groups()
    return Slide(int(theirs) if theirs else None, looks.strip(), body.strip(), notes.strip())
