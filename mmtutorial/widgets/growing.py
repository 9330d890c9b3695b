"""A graph grown by hand: which ties the rules of the connected graph allow, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmtutorial import words
from mmtutorial.graph import PatchGraph
from mmtutorial.randomness import generator_for

Tie = tuple[int, int]
"""An anchor and its positive."""


@dataclass(frozen=True)
class Refusal:
    """Why a tie is not allowed.

    Attributes:
        rule: The rule that it breaks: 1, each patch is an anchor once; 2, the positive.
        says: In a sentence.
    """

    rule: int
    says: str


@dataclass(frozen=True)
class Growing:
    """A graph as far as it has grown.

    Attributes:
        labels: ``(P,)`` class ids.
        ties: Anchor and positive of each patch visited so far, in that order.
        seed: Of the negatives.
        strict: Whether a positive has to be visited before.
        name: Gives the name of a class.
    """

    labels: Tensor
    ties: tuple[Tie, ...]
    seed: int
    strict: bool
    name: Callable[[int], str]

    @staticmethod
    def kept(labels: Tensor, numbers: Sequence[int], seed: int, strict: bool, name: Callable[[int], str]) -> Growing:
        """Return the graph of a list anchor, positive, anchor, positive, ..., up to the first tie not allowed."""
        grown = Growing(labels, (), seed, strict, name)
        for anchor, positive in zip(numbers[::2], numbers[1::2], strict=False):
            if max(anchor, positive) >= len(labels) or min(anchor, positive) < 0 or grown.refusal(anchor, positive):
                break
            grown = Growing(labels, (*grown.ties, (anchor, positive)), seed, strict, name)
        return grown

    @property
    def numbers(self) -> tuple[int, ...]:
        """The ties as one list: anchor, positive, anchor, positive, ..."""
        return tuple(number for tie in self.ties for number in tie)

    @property
    def visited(self) -> list[int]:
        """The patches visited so far, in that order."""
        return [anchor for anchor, _ in self.ties]

    @property
    def done(self) -> bool:
        """Whether every patch has been visited."""
        return len(self.ties) == len(self.labels)

    def anchor_of(self, first: int, second: int) -> Tie:
        """Return two patches as anchor and positive: the anchor is the one that has not been visited."""
        visited = self.visited
        return (second, first) if first in visited and second not in visited else (first, second)

    def refusal(self, anchor: int, positive: int) -> Refusal | None:
        """Return why a tie is not allowed, or None."""
        visited, label = self.visited, int(self.labels[anchor])
        name, same = self.name(label), torch.nonzero(self.labels == label).flatten().tolist()
        if anchor in visited:
            both = "Both patches have" if positive in visited else f"Patch {anchor} has"
            return Refusal(1, f"{both} been visited. Each patch is the anchor of one triplet.")
        if positive not in same:
            other = self.name(int(self.labels[positive]))
            return Refusal(
                2,
                f"Patch {anchor} is of class {name}, patch {positive} of class {other}. A positive has the same class.",
            )
        if positive == anchor and len(same) > 1:
            return Refusal(2, f"Patch {anchor} is the anchor itself. Choose another patch of class {name}.")
        before = [node for node in same if node in visited]
        if self.strict and before and positive not in before:
            ready = words.listed([str(node) for node in before])
            return Refusal(2, f"Patch {positive} was not visited before. Of class {name} there is: {ready}.")
        return None

    def graph(self) -> PatchGraph:
        """Return the triplets; a negative is drawn from the patches of other classes visited before, if any."""
        rows: list[tuple[int, int, int]] = []
        for step, (anchor, positive) in enumerate(self.ties):
            other = self.labels != self.labels[anchor]
            earlier = [row[0] for row in rows if other[row[0]]] or torch.nonzero(other).flatten().tolist()
            draw = torch.randint(len(earlier), (), generator=generator_for(self.seed, "by hand", step))
            rows.append((anchor, positive, earlier[int(draw)]))
        return PatchGraph(self.labels, torch.tensor(rows, dtype=torch.long).reshape(-1, 3))

    def in_use(self, label: int) -> int:
        """Count the pieces of a class among the patches that are tied."""
        tied = torch.zeros(len(self.labels), dtype=torch.bool)
        tied[list(self.numbers)] = True
        waiting = int(((self.labels == label) & ~tied).sum())
        return self.graph().components()[label] - waiting

    def ending(self) -> str:
        """Say how it ended."""
        pieces = {self.name(label): count for label, count in self.graph().components().items() if count > 1}
        if not pieces:
            return "All visited. Every class is one piece."
        listed = words.listed([f"{name} is in {count} pieces" for name, count in pieces.items()])
        return f"All visited. Not every class is one piece: {listed}."
