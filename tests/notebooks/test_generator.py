"""The parts of the generator, on small masters made by the tests."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from notebooks.generator import executing, frame, pictures, table
from notebooks.generator.catalogue import Catalogue, Entry, read_catalogue
from notebooks.generator.comparing import differences, is_stale, with_outputs_of
from notebooks.generator.making import make, path_of, text_of
from notebooks.generator.masters import Cell, read_master
from notebooks.generator.timings import Timing, read_timings, write_timings
from tests.notebooks.running import REPOSITORY

MASTER = """\
# %% [markdown]
# ### Exercise 1: some
#
# Some text.

# %% tags=["exercise:03.components"]
def components(labels, edges):
    # BEGIN SOLUTION
    answer = {0: 1}
    # END SOLUTION
    return answer


# %%
# NBVAL_CHECK_OUTPUT
print(1 + 1)
"""

INDEX = """\
address = ""
colab = ""

[[notebook]]
file = "00_first"
title = "First"
minutes = 5
question = "Does it work?"
objectives = ["run it"]
"""


LADDER = """\
[[exercise]]
name = "03.components"
minutes = 2
difficulty = 1
warm_up = "Is it?"
answer = "It is."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one master and nothing made."""
    made = tmp_path / "notebooks"
    (made / "src").mkdir(parents=True)
    (made / "solutions").mkdir()
    (made / "index.toml").write_text(INDEX)
    (made / "exercises.toml").write_text(LADDER)
    (made / "src" / "00_first.py").write_text(MASTER)
    (tmp_path / "README.md").write_text(f"# R\n\n{table.BEGIN}\n{table.END}\n\nEnd.\n")
    return made


def write_all(folder: Path) -> None:
    """Makes all, with outputs as an execution would leave them."""
    catalogue = read_catalogue(folder)
    entry = catalogue.entries[0]
    path_of(entry, "learner", folder).write_text(text_of(make(catalogue, entry, "learner", folder)))
    solution = make(catalogue, entry, "solution", folder)
    for count, cell in enumerate((c for c in solution.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", text="2\n")]
    path_of(entry, "solution", folder).write_text(text_of(solution))
    readme = folder.parent / "README.md"
    readme.write_text(table.with_table(readme.read_text(), catalogue))


def test_cells_of_a_master(folder: Path) -> None:
    text, exercise, marked = read_master(folder / "src" / "00_first.py")
    assert (text.kind, text.source) == ("markdown", "### Exercise 1: some\n\nSome text.")
    assert exercise.exercise == "03.components"
    assert exercise.solution_lines() == ["answer = {0: 1}"]
    assert not exercise.marked
    assert marked.marked


def test_a_blank_takes_the_solution_s_place_and_its_indent(folder: Path) -> None:
    _, exercise, marked = read_master(folder / "src" / "00_first.py")
    assert exercise.with_blanks().splitlines() == [
        "def components(labels, edges):",
        "    # Your code in place of the next line.",
        '    todo("03.components")',
        "    return answer",
    ]
    assert exercise.with_solution().splitlines()[1:] == ["    answer = {0: 1}", "    return answer"]
    assert marked.with_blanks() == "print(1 + 1)"


@pytest.mark.parametrize(
    "source",
    [
        "# BEGIN SOLUTION\nx = 1",
        "x = 1\n# END SOLUTION",
        "# BEGIN SOLUTION\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION",
    ],
)
def test_markers_that_do_not_pair_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"do not pair|has no end"):
        Cell("code", source, ("exercise:a.b",)).with_blanks()


def test_a_solution_outside_an_exercise_is_refused() -> None:
    with pytest.raises(ValueError, match="has no tag"):
        Cell("code", "# BEGIN SOLUTION\nx = 1\n# END SOLUTION").with_blanks()


def test_an_empty_cell_is_refused(folder: Path) -> None:
    master = folder / "src" / "00_first.py"
    master.write_text(MASTER + "\n# %%\n")
    with pytest.raises(ValueError, match="an empty cell"):
        read_master(master)


def test_making_twice_gives_the_same_bytes_and_each_cell_its_own_id(folder: Path) -> None:
    catalogue = read_catalogue(folder)
    first, again = (make(catalogue, catalogue.entries[0], "learner", folder) for _ in range(2))
    assert text_of(first) == text_of(again)
    ids = [cell.id for cell in first.cells]
    assert len(set(ids)) == len(ids) == 6
    assert ids == [cell.id for cell in make(catalogue, catalogue.entries[0], "solution", folder).cells]


def test_nothing_differs_once_all_is_made(folder: Path) -> None:
    assert len(differences(folder)) == 3
    write_all(folder)
    assert differences(folder) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Some text.", "Other text."),
        ("print(1 + 1)", "print(1 +  1)"),
        ("answer = {0: 1}", "answer = {0: 2}"),
        ('tags=["exercise:03.components"]', 'tags=["exercise:03.components", "new"]'),
        ("# %%\n# NBVAL", "# %% [markdown]\n# Further text.\n\n# %%\n# NBVAL"),
    ],
)
def test_any_change_of_a_master_is_seen(folder: Path, old: str, new: str) -> None:
    write_all(folder)
    assert MASTER.count(old) == 1
    (folder / "src" / "00_first.py").write_text(MASTER.replace(old, new))
    assert any("solutions/00_first.ipynb" in line for line in differences(folder))


def test_cells_in_another_order_are_seen(folder: Path) -> None:
    write_all(folder)
    parts = MASTER.split("# %%")
    (folder / "src" / "00_first.py").write_text("# %%".join([parts[0], parts[1], parts[3] + "\n", parts[2]]))
    assert len(differences(folder)) == 2


@pytest.mark.parametrize("edition", ["", "solutions/"])
def test_a_hand_on_a_made_notebook_is_seen(folder: Path, edition: str) -> None:
    write_all(folder)
    path = folder / f"{edition}00_first.ipynb"
    path.write_text(path.read_text().replace("Some text", "My text"))
    (line,) = differences(folder)
    assert line.startswith(f"{edition}00_first.ipynb is not what its master makes")


def test_a_notebook_without_outputs_or_run_out_of_order_is_stale(folder: Path) -> None:
    write_all(folder)
    catalogue = read_catalogue(folder)
    made = make(catalogue, catalogue.entries[0], "solution", folder)
    path = path_of(catalogue.entries[0], "solution", folder)
    assert not is_stale(path, made)
    path.write_text(path.read_text().replace('"execution_count": 2', '"execution_count": 9'))
    assert is_stale(path, made)
    path.write_text(text_of(made))
    assert is_stale(path, made)
    path.unlink()
    assert is_stale(path, made)


def test_outputs_are_kept_where_only_text_changed(folder: Path) -> None:
    write_all(folder)
    catalogue = read_catalogue(folder)
    path = path_of(catalogue.entries[0], "solution", folder)
    master = folder / "src" / "00_first.py"
    master.write_text(MASTER.replace("Some text.", "Other text."))
    made = make(catalogue, catalogue.entries[0], "solution", folder)
    assert is_stale(path, made)
    kept = with_outputs_of(made, path)
    assert kept is not None
    path.write_text(text_of(kept))
    assert not is_stale(path, make(catalogue, catalogue.entries[0], "solution", folder))
    assert "Other text." in path.read_text()
    assert [cell.outputs[0].text for cell in kept.cells if cell.cell_type == "code"] == ["2\n"] * 4
    master.write_text(MASTER.replace("1 + 1", "1 + 2"))
    assert with_outputs_of(make(catalogue, catalogue.entries[0], "solution", folder), path) is None
    path.unlink()
    assert with_outputs_of(made, path) is None


def test_a_notebook_without_master_is_seen(folder: Path) -> None:
    write_all(folder)
    (folder / "99_left_over.ipynb").write_text("{}")
    assert differences(folder) == ["99_left_over.ipynb has no master: remove it"]


def test_a_notebook_that_is_too_large_is_seen(folder: Path) -> None:
    write_all(folder)
    path = folder / "solutions" / "00_first.ipynb"
    path.write_text(path.read_text().replace('"2\\n"', f'"{"2" * 600_000}"'))
    assert any("more than 500000 bytes" in line for line in differences(folder))


def test_a_readme_with_another_table_is_seen(folder: Path) -> None:
    write_all(folder)
    readme = folder.parent / "README.md"
    readme.write_text(readme.read_text().replace("Does it work?", "It works."))
    assert differences(folder) == [
        "the table of notebooks in README.md is not what index.toml makes: run 'make notebooks'"
    ]
    with pytest.raises(ValueError, match="found 0 times"):
        table.with_table("no markers", read_catalogue(folder))


def test_index_and_masters_must_agree(folder: Path) -> None:
    (folder / "src" / "01_second.py").write_text(MASTER)
    with pytest.raises(ValueError, match="01_second"):
        read_catalogue(folder)
    (folder / "src" / "01_second.py").unlink()
    (folder / "index.toml").write_text(INDEX.replace("minutes = 5\n", ""))
    with pytest.raises(ValueError, match="minutes"):
        read_catalogue(folder)


def entries() -> Catalogue:
    made = [Entry(f"0{i}_n", f"Title {i}", 40, ("see", "do"), "Does it?", "a dot") for i in range(3)]
    return Catalogue("", "", tuple(made))


def test_the_head() -> None:
    catalogue = entries()
    text = frame.head(catalogue, catalogue.entries[1], Timing(41.0, 9.0, 3.0), "learner")
    assert text.startswith("# 01 Title 1\n\n![a dot](attachment:first.webp)\n\n### Does it?")
    assert "- see\n- do" in text
    assert "40 minutes" in text
    assert "under 50 seconds on two cores" in text
    assert "[back: Title 0](00_n.ipynb) | [next: Title 2](02_n.ipynb) | [with solutions](solutions/01_n.ipynb)" in text
    assert "colab" not in text.lower()
    assert "next" not in frame.head(catalogue, catalogue.entries[2], None, "solution")


def test_a_picture_is_attached_and_a_change_of_it_noticed(folder: Path) -> None:
    with (folder / "index.toml").open("a") as file:
        file.write('picture = "a dot"\n')
    (folder / "images").mkdir()
    (folder / "images" / "00_first.webp").write_bytes(b"one")
    write_all(folder)
    assert differences(folder) == []
    for path in (folder / "00_first.ipynb", folder / "solutions" / "00_first.ipynb"):
        head = nbformat.read(path, as_version=4).cells[0]
        assert head.attachments == {"first.webp": {"image/webp": "b25l"}}
    (folder / "images" / "00_first.webp").write_bytes(b"two")
    assert len(differences(folder)) == 2


def test_the_set_up_is_out_of_sight(folder: Path) -> None:
    catalogue = read_catalogue(folder)
    made = make(catalogue, catalogue.entries[0], "learner", folder)
    hidden = [cell for cell in made.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert [cell.source.splitlines()[0] for cell in hidden] == ["# @title Set-up: run this first"]
    assert hidden[0].metadata["cellView"] == "form"


def test_badges_appear_with_an_address() -> None:
    catalogue = Catalogue(
        "git+https://example.org/x", "https://colab.research.google.com/github/o/n/blob/main/", entries().entries
    )
    entry = catalogue.entries[0]
    link = "(https://colab.research.google.com/github/o/n/blob/main/00_n.ipynb)"
    assert link in frame.head(catalogue, entry, None, "learner")
    assert link in table.table(catalogue)
    assert 'ADDRESS = "git+https://example.org/x"' in frame.set_up(catalogue)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "10 seconds"), (10.0, "10 seconds"), (41, "50 seconds"), (61, "90 seconds"), (121, "2.5 minutes")],
)
def test_times_are_rounded_up(seconds: float, said: str) -> None:
    assert frame.rounded_up(seconds) == said


def test_timings_come_back(tmp_path: Path) -> None:
    assert read_timings(tmp_path) == {}
    timings = {"01_b": Timing(2.0, 1.0, 0.5), "00_a": Timing(1.0, 1.0, 0.5)}
    write_timings(tmp_path, timings)
    assert read_timings(tmp_path) == timings
    assert list(read_timings(tmp_path)) == ["00_a", "01_b"]


def png(width: int) -> str:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, width, 3)).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_pictures_become_smaller_and_stay_pictures() -> None:
    page = f'<img src="data:image/png;base64,{png(1500)}" alt="noise">'
    made = pictures.smaller_html(page)
    assert len(made) < len(page)
    assert 'alt="noise"' in made
    encoded = made.split("base64,")[1].split('"')[0]
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).width == 1000


def test_a_rare_colour_beside_a_photo_keeps_its_hue() -> None:
    """As a swatch in a legend does. A median cut gives such a colour to its more frequent neighbours."""
    pixels = np.random.default_rng(0).normal((150, 110, 60), 25, (300, 600, 3)).clip(0, 255)
    pixels[150:] = 255
    pixels[200:210, 50:80] = (230, 159, 0)
    pixels[200:210, 150:180] = (213, 94, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    made = pictures.smaller(base64.b64encode(buffer.getvalue()).decode())
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(made))).convert("RGB")).astype(int)
    assert np.abs(shown[205, 60] - (230, 159, 0)).max() < 12
    assert np.abs(shown[205, 160] - (213, 94, 0)).max() < 12


def executed(*outputs: nbformat.NotebookNode) -> tuple[nbformat.NotebookNode, nbformat.NotebookNode]:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", id="a")])
    done = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x", id="a", outputs=list(outputs), metadata={"execution": {}})],
        metadata={"widgets": {}},
    )
    return done, made


def test_what_lasts_of_outputs() -> None:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "HBox(...)"}
    widget = nbformat.v4.new_output("execute_result", data=dict(view))
    bar = nbformat.v4.new_output("display_data", data=dict(view))
    picture = nbformat.v4.new_output("display_data", data={"image/png": png(9), "text/html": "<b>same</b>"})
    progress = nbformat.v4.new_output("stream", name="stderr", text="50%|#####")
    printed = nbformat.v4.new_output("stream", text="hello")
    done = executing.tidied(*executed(bar, widget, picture, progress, printed))
    assert done.metadata == {}
    assert done.cells[0].metadata == {}
    kept = done.cells[0].outputs
    assert [output.get("text") or set(output.data) for output in kept] == [{"text/plain"}, {"text/html"}, "hello"]
    assert kept[0].data["text/plain"].startswith("[A widget.")


@pytest.mark.parametrize("text", ["Traceback (most recent call last):", "x.py:3: UserWarning: careful"])
def test_a_failed_callback_or_a_warning_does_not_pass_unseen(text: str) -> None:
    with pytest.raises(ValueError, match="wrote to stderr"):
        executing.tidied(*executed(nbformat.v4.new_output("stream", name="stderr", text=text)))


def fake_runs(monkeypatch: pytest.MonkeyPatch, texts: dict[str, str], seconds: float = 1.0) -> None:
    def run(notebook: nbformat.NotebookNode, folder: Path, preset: str) -> tuple[nbformat.NotebookNode, list[float]]:
        cell = nbformat.v4.new_code_cell("# NBVAL_CHECK_OUTPUT\nf()", id="a")
        cell.outputs = [nbformat.v4.new_output("stream", text=texts[preset])]
        return nbformat.v4.new_notebook(cells=[cell]), [seconds]

    monkeypatch.setattr(executing, "run", run)


def test_a_marked_cell_must_hold_at_both_presets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_runs(monkeypatch, {"smoke": "2", "class": "2"})
    done, timing = executing.execute(nbformat.v4.new_notebook(), tmp_path)
    assert done.cells[0].outputs[0].text == "2"
    assert timing == Timing(1.0, 1.0, 1.0)
    fake_runs(monkeypatch, {"smoke": "2", "class": "3"})
    with pytest.raises(ValueError, match="the same at both presets"):
        executing.execute(nbformat.v4.new_notebook(), tmp_path)


def test_a_solution_that_fails_its_check_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for said in ("03.components: wrong (after 0 right answers)\n  tried", "03.components: not yet (the blank"):
        fake_runs(monkeypatch, {"smoke": said, "class": said})
        with pytest.raises(ValueError, match="do not pass their checks"):
            executing.execute(nbformat.v4.new_notebook(), tmp_path)


def test_a_notebook_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_runs(monkeypatch, {"smoke": "2", "class": "2"}, seconds=61.0)
    with pytest.raises(ValueError, match="a cell 60 s"):
        executing.execute(nbformat.v4.new_notebook(), tmp_path)


def test_the_command_says_what_it_can_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "notebooks.generator", "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert "--check" in done.stdout
