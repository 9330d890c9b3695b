"""``--out`` of run, reproduce and report: nothing is overwritten that the program did not write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmtutorial.locks import exclusive
from tests.cli.calling import Call, assert_refused
from tests.plots.run_folder import write_run
from tests.tiny_run import arguments


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def somebodys_results(out: Path) -> str:
    (out / "results.json").write_text('{"mine": 1}')
    return "results.json"


def somebodys_page(out: Path) -> str:
    (out / "report.html").write_text("<p>mine</p>")
    return "report.html"


def photos(out: Path) -> str:
    for name in ("b.jpg", "a.jpg"):
        (out / name).write_bytes(b"photo")
    return "a.jpg and 1 more"


def data(out: Path) -> str:
    (out / "images").mkdir()
    (out / "images" / "a.jpg").write_bytes(b"photo")
    return "images"


@pytest.mark.parametrize("spoil", [somebodys_results, somebodys_page, photos, data])
@pytest.mark.parametrize("command", ["run", "reproduce"])
@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_folder_with_files_of_others_is_left_alone(
    call: Call, tmp_path: Path, command: str, spoil: Callable[[Path], str], resume: list[str]
) -> None:
    said = spoil(tmp_path)
    before = content(tmp_path)
    assert_refused(call(command, *arguments(), *resume, "--out", tmp_path), f"({said})", "--force", "new or empty")
    assert content(tmp_path) == before


@pytest.mark.parametrize("command", ["run", "reproduce"])
def test_an_out_that_is_a_file_or_below_one(call: Call, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("precious")
    for out in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        assert_refused(call(command, *arguments(), "--out", out), str(out), "--out")
    assert content(tmp_path) == {"file": b"precious"}


def test_notes_and_what_a_shell_writes_may_lie_there_before(call: Call, tmp_path: Path) -> None:
    for name in ("notes.md", "job.log", "slurm-1.out", ".DS_Store"):
        (tmp_path / name).write_text("x")
    words = ["run", *arguments(), "--arms", "random", "--accelerator", "cpu", "--out", tmp_path]
    assert call(*words).code == 0
    page = tmp_path / "report.html"
    page.write_text(page.read_text() + "<p>a remark of mine</p>")
    before = content(tmp_path)
    assert_refused(
        call("report", tmp_path), "report.html was not written by this program, or was changed since", "--force"
    )
    assert content(tmp_path) == before
    assert call("report", tmp_path, "--force").code == 0
    assert "a remark of mine" not in page.read_text()
    assert call("report", tmp_path).code == 0


def test_a_page_of_an_earlier_version_is_the_program_s_own(call: Call, tmp_path: Path) -> None:
    write_run(tmp_path)
    (tmp_path / "report.html").write_text("<p>of an earlier version</p>")
    assert_refused(call("report", tmp_path), "report.html")
    (tmp_path / "run.json").write_text('{\n "command": "mmtutorial run",\n "settings": {}\n}\n')
    assert call("report", tmp_path).code == 0


def test_tables_are_printed_line_by_line(call: Call, tmp_path: Path) -> None:
    write_run(tmp_path)
    said = call("report", tmp_path, "--markdown")
    assert "\\n" not in said.out
    assert said.out.splitlines()[1].startswith("|---|")
    assert said.out.count("\n| `") >= 1


def test_a_report_is_read_while_another_process_works_there(call: Call, tmp_path: Path) -> None:
    write_run(tmp_path)
    with exclusive(tmp_path):
        assert call("report", tmp_path, "--markdown").code == 0
        assert_refused(call("run", *arguments(), "--out", tmp_path), "another process (pid ", f"works in {tmp_path}")


@pytest.mark.parametrize("words", [["--devices", "7"], ["--set", "tuning.side=5,2"], ["--arms", "imagenet"]])
@pytest.mark.parametrize("command", ["run", "reproduce"])
def test_a_start_that_fails_takes_no_folder(call: Call, tmp_path: Path, command: str, words: list[str]) -> None:
    if command == "reproduce" and words[0] == "--arms":
        words = ["--dataset", "scenes,folder"]
    more = ["--parts", "tables", "--seeds", "0"] if command == "reproduce" else []
    assert_refused(call(command, *arguments(), "--accelerator", "cpu", *more, *words, "--out", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["report", "LONG"],
        ["run", "--dataset", "folder", "--root", "LONG"],
        ["data", "check", "folder", "--root", "LONG"],
    ],
)
def test_a_path_that_no_system_takes_is_one_line(call: Call, tmp_path: Path, words: list[str]) -> None:
    long = tmp_path / ("x" * 300)
    assert_refused(call(*(str(long) if word == "LONG" else word for word in words)), "x" * 300)
    assert list(tmp_path.iterdir()) == []
