"""The check of ``07.registration``: whether an experiment was fixed before it was run, all of it.

There is no right answer to compare with: what is asked for is that nothing is left to be decided afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmtutorial.classroom.asking import Ask, Wrong
from mmtutorial.classroom.plain import Function

KEYS = ("question", "arms", "seeds", "measure", "decision")
MEASURES = ("mIoU", "kNN purity")
ANSWERS = ("yes", "open", "no")
LEAST_SEEDS = 3
# Seeds with which the settings were chosen and the published tables made: whoever takes them has seen the answer.
SEEN = range(30)
# Wide enough that every sensible least difference lies between.
_FAR = 60


def examine_registration(ask: Ask) -> None:
    """Asks for the dictionary and looks at each of its entries.

    Raises:
        Wrong: an entry lacks, or leaves something open.
    """
    found = ask("your registration")
    ask.require(isinstance(found, Mapping), found, "a dictionary", f"Give a dictionary with {', '.join(KEYS)}.")
    lacking = [key for key in KEYS if key not in found]
    ask.require(not lacking, list(found), list(KEYS), f"The entry '{(lacking or [''])[0]}' is missing.")
    _question(ask, found["question"])
    tuned = _arms(ask, found["arms"])
    _seeds(ask, found["seeds"])
    measure = found["measure"]
    hint = "One number decides, named now: whoever has two measures can choose the kinder one afterwards."
    ask.require(isinstance(measure, str) and measure in MEASURES, measure, f"one of {MEASURES}", hint)
    hint = "kNN purity is measured at the tuning; an arm without tuning has none."
    ask.require(measure != "kNN purity" or tuned, found["arms"], "two arms with tuning", hint)
    _decision(ask, found["decision"])


def _question(ask: Ask, question: Any) -> None:
    good = isinstance(question, str) and len(question.split()) >= 4 and question.strip().endswith("?")
    hint = "Write one sentence that ends with a question mark and can be answered with yes or no."
    ask.require(good, question, "a question", hint)


def _arms(ask: Ask, arms: Any) -> bool:
    """Whether both arms are tuned."""
    # Here, not above: that package also trains, and the other exercises should load without it.
    from mmtutorial.experiment.arms import ARMS

    named = isinstance(arms, Sequence) and not isinstance(arms, str) and all(isinstance(arm, str) for arm in arms)
    hint = "Name two different arms: the claim is that the first is above the second."
    ask.require(named and len(arms) == 2 and len(set(arms)) == 2, arms, "a list of two arms", hint)
    unknown = [arm for arm in arms if arm not in ARMS]
    hint = "Arms are written as in the tables above, such as 'random+graph'."
    ask.require(not unknown, unknown, "arms that the library has", hint)
    first, second = (ARMS[arm] for arm in arms)
    fair = first.tuned == second.tuned or "more" in (first.suffix, second.suffix)
    hint = "One of the two spends the steps of tuning on top. Which suffix gives the other as many?"
    ask.require(fair, arms, "two arms of equal cost", hint)
    same = first.pretraining == second.pretraining or first.suffix == second.suffix
    hint = "The two arms differ in two things at once; which of them would have made the difference?"
    ask.require(same, arms, "one change at a time", hint)
    return first.tuned and second.tuned


def _seeds(ask: Ask, seeds: Any) -> None:
    whole = isinstance(seeds, Sequence | range) and all(isinstance(s, int) and not isinstance(s, bool) for s in seeds)
    hint = "Give the seeds themselves, a list of whole numbers of 0 or more: their number is when you stop."
    ask.require(whole and len(seeds) > 0 and min(seeds) >= 0, seeds, "a list of seeds", hint)
    hint = f"With fewer than {LEAST_SEEDS} different seeds hardly any interval leaves zero out."
    ask.require(len(set(seeds)) >= LEAST_SEEDS, seeds, f"{LEAST_SEEDS} different seeds or more", hint)
    ask.require(len(set(seeds)) == len(seeds), seeds, "each seed once", "The same seed twice is no second measurement.")
    seen = sorted(set(seeds) & set(SEEN))
    hint = f"The results of seeds {SEEN[0]} to {SEEN[-1]} are known already: take seeds that nobody has looked at."
    ask.require(not seen, seen, "seeds not yet run", hint)


def _decision(ask: Ask, decision: Any) -> None:
    hint = "Give a function of the two ends of the interval, such as a lambda low, high: ..."
    ask.require(isinstance(decision, Function), decision, "a function of low and high", hint)
    ends = [(float(low), float(low + 4)) for low in range(-_FAR, _FAR - 3)]
    answers = [_decided(ask, decision, low, high) for low, high in ends]
    hint = "Every interval must lead to one of the three words, so that nothing is left to argue about."
    stray = [answer for answer in answers if answer not in ANSWERS]
    ask.require(not stray, stray[:1], f"one of {ANSWERS}", hint)
    hint = "Try your function with an interval far above zero, and with one far below."
    ask.require(answers[-1] == "yes" and answers[0] == "no", (answers[0], answers[-1]), ("no", "yes"), hint)
    early = [end for end, answer in zip(ends, answers, strict=True) if answer == "yes" and end[0] <= 0]
    hint = "This says yes to an interval that holds zero."
    ask.require(not early, early[:1], "no interval with zero in it", hint)
    wide = _decided(ask, decision, -_FAR, _FAR)
    hint = "An interval from far below zero to far above decides nothing; it needs an answer of its own."
    ask.require(wide == "open", wide, "open", hint)
    ranks = [("no", "open", "yes").index(answer) for answer in answers]
    hint = "As the interval moves up, the answer may go from no over open to yes, and never back."
    ask.require(ranks == sorted(ranks), "an answer that goes back and forth", "no, open, yes", hint)


def _decided(ask: Ask, decision: Function, low: float, high: float) -> Any:
    try:
        return ask.of(decision, low, high)
    except Wrong as wrong:
        hint = f"decision({low:g}, {high:g}) fails. Call your rule with these two numbers in a cell of its own."
        raise ask.wrong(wrong.came_out, "a word", hint) from None
