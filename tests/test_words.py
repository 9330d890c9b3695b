from __future__ import annotations

import pytest

from mmtutorial.words import Verdict, compare, count, folded, listed, number, points, signed, span, verdict

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("difference", "interval", "expected"),
    [
        (4.2, (2.9, 5.5), Verdict.ABOVE),
        (-4.2, (-5.5, -2.9), Verdict.BELOW),
        (0.4, (-0.8, 1.6), Verdict.NOT_SHOWN),
        (1.0, (0.0, 2.0), Verdict.NOT_SHOWN),
        (-1.0, (-2.0, 0.0), Verdict.NOT_SHOWN),
        (9.0, None, Verdict.ONE_SEED),
    ],
)
def test_the_interval_decides(difference: float, interval: tuple[float, float] | None, expected: Verdict) -> None:
    assert verdict(difference, interval) is expected


def test_sentences() -> None:
    assert compare("a+graph", "a", 4.2, (2.9, 5.5), 5) == (
        "a+graph is 4.2 points above a (95 % interval 2.9 to 5.5, 5 seeds)."
    )
    assert compare("a", "b", -1.0, (-1.5, -0.5), 3) == (
        f"a is 1.0 point below b (95 % interval {MINUS}1.5 to {MINUS}0.5, 3 seeds)."
    )
    assert compare("a", "b", 0.4, (-0.8, 1.6), 5) == (
        f"No difference shown between a and b: +0.4 points (95 % interval {MINUS}0.8 to 1.6, 5 seeds)."
    )
    assert compare("a", "b", -2.0, None, 1) == (
        "a came out 2.0 points below b, but there is no interval (1 seed): this may be chance."
    )


def test_numbers() -> None:
    assert number(-0.04) == "0.0"
    assert number(-1.25, 2) == f"{MINUS}1.25"
    assert number(None) == number(float("nan")) == span(None) == "\N{EN DASH}"
    assert signed(0.01) == "0.0"
    assert signed(2) == "+2.0"
    assert points(1.04) == "1.0 point"
    assert count(1, "patch", "patches") == "1 patch"
    assert count(2000, "patch", "patches") == "2,000 patches"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    assert listed([]) == ""


@pytest.mark.parametrize(
    ("name", "most", "lines"),
    [
        ("colorization+graph 45.3", 0, ["colorization", "+graph 45.3"]),
        ("random 45.3", 0, ["random", "45.3"]),
        ("image", 0, ["image"]),
        ("random+graph", 15, ["random+graph"]),
        ("M&M + Graph, randomly initialized", 28, ["M&M + Graph,", "randomly initialized"]),
        ("", 0, [""]),
    ],
)
def test_a_long_name_is_folded_where_it_has_a_joint(name: str, most: int, lines: list[str]) -> None:
    assert folded(name, most).split("\n") == lines
