"""The numbers of the talk: each read from what the package ships, and marked with where it was read.

A number is written as ``<data value="WHERE">31.1</data>``, so that a test can look up every one again.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from functools import cached_property
from pathlib import Path

from mmtutorial import words
from mmtutorial.artifacts import load_artifact
from mmtutorial.artifacts.arms import TuningArms
from mmtutorial.errors import InputError
from mmtutorial.plots import Interval
from mmtutorial.reports.reproduction_sentences import SaidTopic, interval_text, said_topics
from mmtutorial.reproduction import paper
from mmtutorial.reproduction.verdicts import Judgement
from mmtutorial.results.records import Difference, subtract
from mmtutorial.results.reproduction import Benchmark, OurNetwork, Reproduction, Row

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "docs" / "results.md"
PHOTOS = "## Photos with trained weights"
"""The run behind it does not ship: its numbers are read from the page."""
MAIN = "scenes/tiny"
"""The benchmark and the network of which most slides speak."""


def marked(where: str, text: str) -> str:
    """A number with its origin."""
    return f'<data value="{html.escape(where, quote=True)}">{text}</data>'


class Record:
    """What ships with the package, asked by the master's expressions. ``place`` is ``BENCHMARK/NETWORK``."""

    @cached_property
    def reproduction(self) -> Reproduction:
        """The reproduction."""
        found: Reproduction = load_artifact("reproduction")
        return found

    @cached_property
    def tuning(self) -> TuningArms:
        """What several ways of tuning made of the same patches."""
        found: TuningArms = load_artifact("tuning-arms")
        return found

    @cached_property
    def topics(self) -> tuple[SaidTopic, ...]:
        """The claims of the slides, and how many pairs of arms came out how."""
        return said_topics(self.reproduction)

    def block(self, place: str) -> tuple[Benchmark, OurNetwork]:
        """One of our benchmarks with one of our networks."""
        return next((b, n) for b, n in self.reproduction.blocks() if f"{b.name}/{n.name}" == place)

    def row(self, arm: str, place: str = MAIN) -> Row:
        """The row of an arm.

        Raises:
            InputError: it was not run.
        """
        benchmark, _, network = place.partition("/")
        found = self.reproduction.row(benchmark, network, arm)
        if found is None:
            raise InputError(
                f"the talk speaks of {arm} on {place}, which the shipped reproduction has not; mend the slides"
            )
        return found

    def difference(self, a: str, b: str, place: str = MAIN) -> Difference:
        """``a`` less ``b``, seed by seed."""
        found = subtract(self.row(a, place), self.row(b, place))
        if found is None:
            raise InputError(f"{a} and {b} share no seed on {place}; mend the slides")
        return found

    def miou(self, arm: str, place: str = MAIN) -> str:
        """Mean mIoU in percent."""
        return marked(f"ours {place} {arm}", words.number(self.row(arm, place).mean))

    def interval(self, arm: str, place: str = MAIN) -> str:
        """Its 95 % interval."""
        return marked(f"interval {place} {arm}", words.span(self.row(arm, place).interval))

    def gain(self, a: str, b: str, place: str = MAIN) -> str:
        """A difference in points with its interval: ``+2.6 (−1.7 to 6.9)``."""
        found = self.difference(a, b, place)
        return (
            marked(f"gain {place} {a} {b}", words.signed(found.value))
            + f" ({marked(f'gain-interval {place} {a} {b}', interval_text(found.interval))})"
        )

    def holds(self, a: str, verdict: str, b: str, place: str = MAIN) -> str:
        """Nothing, where ``a`` is ``above``, ``below`` or ``not shown`` to differ from ``b``; so words stay true.

        Raises:
            InputError: the record says otherwise.
        """
        found = self.difference(a, b, place)
        said = words.verdict(found.value, found.interval).value
        if said != verdict:
            raise InputError(
                f"a slide says that {a} is {verdict} {b} on {place}, the record says {said}: mend slides.md"
            )
        return ""

    def printed(self, arm: str, backbone: str = paper.ALEXNET) -> str:
        """What the slides' table of methods prints for an arm."""
        found = next(row for row in paper.METHODS if (row.arm, row.backbone) == (arm, backbone))
        return marked(f"slides {backbone} {arm}", words.number(found.miou))

    def printed_gap(self, backbone: str) -> str:
        """The slides' ImageNet row less their best self-supervised row without M&M."""
        rows = [row for row in paper.METHODS if row.backbone == backbone and "+" not in row.arm]
        best = max(row.miou for row in rows if row.arm not in ("random", "classification"))
        top = next(row.miou for row in rows if row.arm == "classification")
        return marked(f"slides-gap {backbone}", words.number(top - best))

    def purity(self, arm: str, patches: str = "held-out") -> str:
        """KNN purity of an arm's embedding at the end of tuning; of ``before``, at its beginning."""
        return marked(f"purity {patches} {arm}", f"{self.purity_value(arm, patches):.2f}")

    def purity_value(self, arm: str, patches: str = "held-out") -> float:
        """The same as a number, 0 to 1."""
        table = self.tuning.purity if patches == "held-out" else self.tuning.purity_seen
        return float(table[0, 0] if arm == "before" else table[self.tuning.names.index(arm), -1])

    def setting(self, path: str) -> str:
        """A number of the reproduction's settings, such as ``tuning.schedule.steps``."""
        found = self.reproduction.settings["preset"]
        for name in path.split("."):
            found = found[name]
        return marked(f"setting {path}", f"{found:,}")

    def labeled(self, place: str = MAIN) -> str:
        """Labelled images."""
        return marked(f"labeled {place}", f"{self.block(place)[0].labeled:,}")

    def scored(self, place: str = MAIN) -> str:
        """Images scored."""
        return marked(f"scored {place}", f"{self.block(place)[0].images_evaluated:,}")

    def seeds(self) -> str:
        """Number of seeds."""
        return marked("seeds", str(len(self.reproduction.seeds)))

    def tally(self, verdict: str | None = None) -> str:
        """How many of the slides' orderings have a verdict; without one, how many there are."""
        counts = Counter(finding.verdict.value for topic in self.topics for finding in topic.findings)
        return marked(f"tally {verdict or 'all'}", str(counts[verdict] if verdict else counts.total()))

    def lifted(self, verdict: str | None = None, *, fair: bool = False) -> str:
        """How many of the slides' pre-trainings tuning lifts, over plain fine-tuning or over the fair control."""
        found = [f.control_verdict if fair else f.verdict for f in self.topics[0].findings]
        counted = [v for v in found if v and verdict in (None, v.value)]
        return marked(f"lifted {'fair' if fair else 'plain'} {verdict or 'all'}", str(len(counted)))

    def controls(self, verdict: str | None = None) -> str:
        """The same for the orderings in which the lower arm is given the steps that tuning cost."""
        said = [f.control_verdict for topic in self.topics for f in topic.findings]
        found = [verdict.value for verdict in said if verdict not in (None, Judgement.NOT_RUN)]
        return marked(f"controls {verdict or 'all'}", str(found.count(verdict) if verdict else len(found)))

    def command(self) -> str:
        """The command that made the reproduction."""
        return str(self.reproduction.command)

    def minutes(self) -> str:
        """What the tables took, in minutes."""
        return marked("minutes", str(round((self.reproduction.seconds or 0) / 60)))

    def photos(self, arm: str) -> str:
        """Mean mIoU of an arm on photographs."""
        return marked(f"photos {arm}", words.number(next(row.value for row in self.photo_rows if row.name == arm)))

    def photo_gain(self, a: str, b: str, verdict: str) -> str:
        """``a`` less ``b`` on photographs, with its interval.

        Raises:
            InputError: docs/results.md has no such difference, or one with another verdict.
        """
        _, differences = self._photo_tables
        found = re.search(
            rf"^\| `{re.escape(a)}` - `{re.escape(b)}` \| (\S+) \| (\S+) to (\S+) \|", differences, re.MULTILINE
        )
        if not found:
            raise InputError(f"{RESULTS} has no difference of {a} and {b} {PHOTOS!r}; mend the slides")
        value, low, high = map(float, found.groups())
        said = words.verdict(value, (low, high)).value
        if said != verdict:
            raise InputError(f"a slide says that {a} is {verdict} {b} on photos, {RESULTS} says {said}: mend slides.md")
        return (
            marked(f"photo-gain {a} {b}", words.signed(value))
            + f" ({marked(f'photo-gain-interval {a} {b}', words.span((low, high)))})"
        )

    @cached_property
    def photo_rows(self) -> list[Interval]:
        """Arms on photographs."""
        arms, _ = self._photo_tables
        cells = re.findall(r"^\| `(\S+)` \| ([\d.]+) \| ([\d.]+) to ([\d.]+) \|", arms, re.MULTILINE)
        return [Interval(arm, float(mean), (float(low), float(high))) for arm, mean, low, high in cells]

    @cached_property
    def _photo_tables(self) -> tuple[str, str]:
        """The first two tables of docs/results.md below the heading, of arms and of differences."""
        part = RESULTS.read_text(encoding="utf-8").partition(f"\n{PHOTOS}\n")[2]
        found = re.findall(r"^(?:\|.*\n)+", part, re.MULTILINE)
        if len(found) < 2:
            raise InputError(f"{RESULTS} has no two tables under {PHOTOS!r}; mend talk/record.py")
        return found[0], found[1]
