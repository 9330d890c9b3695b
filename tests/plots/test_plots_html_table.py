"""Tables of notebooks: as HTML, and as text."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtutorial import plots
from mmtutorial.errors import InputError


class Cells(HTMLParser):
    """The cells of a table, row by row, as a reader gets them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.heads = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.heads += ("scope", "col") in attrs

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


TEXT = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)


@given(st.dictionaries(TEXT, st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=4))
def test_html_holds_what_was_given_whatever_it_is(columns: dict[str, list[str]]) -> None:
    made = plots.table(columns, "words & <more>")
    found = Cells(made._repr_html_())
    assert found.rows == [list(columns), *map(list, zip(*columns.values(), strict=True))]
    assert found.heads == len(columns)
    assert "words &amp; &lt;more&gt;" in made._repr_html_()
    assert repr(made).splitlines()[0] == "words & <more>"


def test_numbers_stand_at_the_right_and_words_at_the_left() -> None:
    made = plots.table({"arm": ["a", "bb"], "points": ["+1.5", "−10.0"], "why": ["3 of 4", "few"]})
    assert repr(made).splitlines() == [
        "arm  points  why",
        "a      +1.5  3 of 4",
        "bb    −10.0  few",
    ]
    assert made._repr_html_().count("text-align:right") == 3


def test_an_empty_name_is_no_heading() -> None:
    assert "<thead><tr><td></td>" in plots.table({"": ["a"], "x": [1]})._repr_html_()


def test_columns_of_several_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="columns of one length, got 'a' 1, 'b' 2"):
        plots.table({"a": [1], "b": [1, 2]})
    with pytest.raises(InputError, match="got none"):
        plots.table({})


def test_what_is_shown_reads_yes_or_no_and_keeps_what_was_found() -> None:
    made = plots.shown({"it holds": True, "it does not": np.bool_(False), "pieces": 1, "of them": "45%"})
    assert dict(zip(*made.columns.values(), strict=True)) == {
        "it holds": "yes",
        "it does not": "no",
        "pieces": "1",
        "of them": "45%",
    }
    with pytest.raises(InputError, match="at least one claim"):
        plots.shown({})
