"""One solution at a time, which passes its own check."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmtutorial.classroom import EXERCISES, solution
from mmtutorial.errors import InputError
from tests.notebooks.running import NOTEBOOKS


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_has_its_own_solution_and_no_other(name: str) -> None:
    found = solution(name, NOTEBOOKS)
    function = name.split(".")[1]
    assert f"def {function}(" in repr(found)
    others = {other.split(".")[1] for other in EXERCISES if other[:3] == name[:3]} - {function}
    assert not any(f"def {other}(" in repr(found) for other in others)
    assert "todo(" not in repr(found)
    compile(repr(found), name, "exec")


def test_it_is_folded_behind_a_question() -> None:
    page = solution("03.components", NOTEBOOKS)._repr_html_()
    assert page.startswith("<details><summary>Have you opened both hints of 03.components")
    assert page.index("</summary>") < page.index("def components")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown exercise '03\.component'; did you mean '03\.components'"):
        solution("03.component", NOTEBOOKS)
    with pytest.raises(InputError, match=r"no solution of 03\.components below .*; `mmtutorial lab` copies them"):
        solution("03.components", tmp_path)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/03_match.ipynb").write_text("{")
    with pytest.raises(InputError, match=r"cannot read .*03_match\.ipynb"):
        solution("03.components", tmp_path)
