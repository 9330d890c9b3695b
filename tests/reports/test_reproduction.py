from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmtutorial.errors import InputError
from mmtutorial.reports import reproduction_markdown, write_reproduction_report
from mmtutorial.reports.reproduction import alike, duration
from mmtutorial.reports.reproduction_sentences import interval_text
from tests.reports.test_run import Page
from tests.reproduction_folder import make_reproduction, save, write_reproduction

SECTIONS = [
    "verdicts",
    "tables",
    "ranks",
    "per-class",
    "proxies",
    "embedding",
    "predictions",
    "ablations",
    "rows",
    "how",
]
SMALL: dict[str, Any] = {"seeds": 2, "blocks": (("scenes", "tiny"),)}


def plain(**how: Any) -> dict[str, Any]:
    """A small reproduction without what takes long to draw."""
    made = make_reproduction(**(SMALL | how))
    made["rows"] = [row | {"confusion": None} for row in made["rows"]]
    return made | {"ablations": []}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reproduction")
    write_reproduction(out, pictured=1)
    return out


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return write_reproduction_report(run).read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes reproduction.json alone, changed, and returns the page as text."""

    def make(change: Callable[[dict[str, Any]], None] = lambda made: None, **how: Any) -> str:
        made = plain(**how)
        change(made)
        save(tmp_path, made)
        return write_reproduction_report(tmp_path).read_text(encoding="utf-8")

    return make


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))


def sections(page: str) -> list[str]:
    return [link[1:] for link in Page(page).links if link[0] == "#"]


def test_the_page_stands_alone_and_is_light(page: str) -> None:
    parsed = Page(page)
    assert not parsed.open
    assert all(load.startswith("data:") for load in parsed.loads)
    assert [link for link in parsed.links if link[0] != "#"] == ["https://arxiv.org/abs/1712.00661"]
    assert "script" not in parsed.tags
    assert len(page) < 5_000_000
    assert all(len(alt) > 30 for alt in parsed.alts)


def test_every_section_is_there(page: str) -> None:
    assert sections(page) == SECTIONS
    assert set(SECTIONS) <= Page(page).ids


def test_command_and_setting_are_text_not_markup(page: str) -> None:
    assert "&#39;a &amp; b&#39;" in page
    assert "5 seeds; the attempt that finished it took 3.4 hours." in page
    assert "scenes</strong> stands for VOC 2012: 100 labelled training images" in page


def test_each_comparison_of_a_claim_is_said_with_its_numbers(page: str, run: Path) -> None:
    made = json.loads((run / "reproduction.json").read_text())
    [pair] = [c for c in made["comparisons"] if (c["network"], c["a"], c["b"]) == ("tiny", "random+graph", "random")]
    low, high = pair["ci95"]
    sentence = (
        f"scenes, tiny: random+graph less random: +{pair['difference']:.1f} points "
        f"(95 % interval {low:.1f} to {high:.1f}, 5 seeds). Slides, AlexNet on VOC 2012: 43.6 against 19.8, +23.8."
    )
    assert low > 0
    assert f"Reproduced. {sentence}" in text_of(page).replace(" .", ".")


def test_theirs_are_all_on_the_page_and_the_second_figures_with_their_note(page: str) -> None:
    text = text_of(page)
    for figure in ("64.5 (64.3)", "66.4 (65.6)", "56.0", "19.8", "23.5", "93.9", "67.4"):
        assert figure in text
    assert "the slides do not say what it is" in text


def test_failures_and_shortcuts_are_shown(page: str) -> None:
    text = text_of(page)
    section = text.split("Predictions, failures among them")[1]
    assert section.count("worst: ") == 2
    assert section.count("best: ") == 1
    assert section.count("ranked by colorization+graph") == 1
    assert text.count("The shortcut: Edges of tiles would give it away: gaps.") == 2
    assert "kNN purity 0.31" in page


def test_variants_carry_their_question(page: str) -> None:
    assert "does tuning need the labels at all?" in text_of(page)


def test_the_file_alone_makes_a_page(write: Callable[..., str]) -> None:
    page = write()
    assert sections(page) == [s for s in SECTIONS if s not in ("embedding", "predictions", "ablations")]
    assert "VOC 2012, VGG-16: nothing that stands for it, 7 arms." in page
    assert "CityScapes, VGG-16: nothing that stands for it, 5 arms." in page


def test_a_run_that_has_only_begun(write: Callable[..., str]) -> None:
    def begin(made: dict[str, Any]) -> None:
        made["rows"] = made["rows"][:1]
        for key in (
            "proxies",
            "comparisons",
            "ablations",
            "seconds",
            "machine",
            "versions",
            "preset",
            "seeds",
            "command",
        ):
            del made[key]

    page = write(begin)
    assert sections(page) == ["verdicts", "tables", "per-class", "rows", "how"]
    assert "0 were run: none." in page
    assert "Reproduced." not in page
    assert "1 of 13 arms" not in page
    assert "12 of 13 arms" in page


def test_ablations_alone_make_a_page(tmp_path: Path) -> None:
    made = make_reproduction(**SMALL) | {"rows": [], "comparisons": [], "proxies": []}
    save(tmp_path, made)
    text = write_reproduction_report(tmp_path).read_text(encoding="utf-8")
    assert made["ablations"][0]["title"] in text
    assert "Not run" in reproduction_markdown(tmp_path)


def test_missing_rows_are_named_and_their_claims_not_judged(write: Callable[..., str]) -> None:
    def drop(made: dict[str, Any]) -> None:
        made["rows"] = [row for row in made["rows"] if row["arm"] not in ("bigan", "random+more")]

    text = text_of(write(drop))
    assert "VOC 2012, AlexNet (scenes, tiny): bigan, 1 of 13 arms." in text
    assert "Not run. scenes, tiny: bigan less random." in text
    assert "less random+more" not in text


def test_one_seed_shows_nothing(write: Callable[..., str]) -> None:
    text = text_of(write(seeds=1))
    assert "This run has one seed, so that nothing can be shown." in text
    assert "Reproduced." not in text
    assert "Contradicted." not in text
    assert "(1 seed, no interval)" in text
    assert " nan" not in text.lower()


def test_a_contradiction_is_said_as_plainly(write: Callable[..., str]) -> None:
    def turn(made: dict[str, Any]) -> None:
        for row in made["rows"]:
            if row["arm"] == "random+graph":
                row["miou"] = [1.0, 1.1]

    page = write(turn)
    assert 'class="contradicted"' in page
    assert "Contradicted. scenes, tiny: random+graph less random: −" in text_of(page)


def test_a_place_that_the_slides_lack_is_shown_without_theirs(write: Callable[..., str]) -> None:
    page = write(blocks=(("streets", "tiny"),))
    assert "The slides have no such rows." in page
    assert "ranks" not in sections(page)


def test_a_seed_without_a_proxy_score_is_left_out(write: Callable[..., str]) -> None:
    def lose(made: dict[str, Any]) -> None:
        made["proxies"] = [
            made["proxies"][0] | {"value": [None, 2.5], "trivial": [3.0, 2.0], "knn_purity": [None, None]}
        ]

    text = text_of(write(lose))
    assert "2.50 2.50 0 of 1 –" in text


def test_names_are_text_not_markup(write: Callable[..., str]) -> None:
    def rename(made: dict[str, Any]) -> None:
        made["benchmarks"][0]["classes"][1] = "<b>"
        made["networks"]["tiny"]["about"] = "<script>"

    page = write(rename)
    assert "<b>" not in page
    assert "<script>" not in page


def test_a_failed_write_leaves_the_old_page(write: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "reproduction.html").mkdir()
    with pytest.raises(InputError, match="is a folder; it is left as it is"):
        write()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("name", ["predictions", "embedding-random+graph", "proxy-jigsaw"])
def test_damaged_arrays_are_named(run: Path, tmp_path: Path, name: str) -> None:
    save(tmp_path, plain())
    file = tmp_path / "scenes-tiny" / "pictures" / f"{name}.npz"
    file.parent.mkdir(parents=True)
    whole = (run / file.relative_to(tmp_path)).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=re.escape(file.name)):
        write_reproduction_report(tmp_path)
    np.savez(file, other=np.zeros(1))
    with pytest.raises(InputError, match="lacks"):
        write_reproduction_report(tmp_path)


def test_a_folder_without_a_reproduction(tmp_path: Path) -> None:
    for make in (write_reproduction_report, reproduction_markdown):
        with pytest.raises(InputError, match="mmtutorial reproduce"):
            make(tmp_path)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_markdown_holds_ours_beside_theirs(run: Path) -> None:
    made = json.loads((run / "reproduction.json").read_text())
    means = {(r["benchmark"], r["network"], r["arm"]): r["miou_mean"] for r in made["rows"]}
    text = reproduction_markdown(run)
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({len(cells(line)) for line in table}) == 1 for table in tables)
    rows = {cells(line)[2]: cells(line) for table in tables for line in table if "`" in line and len(cells(line)) == 6}
    assert rows["`jigsaw`"][1] == "37.6"
    assert rows["`jigsaw`"][3] == f"{means['scenes', 'tiny', 'jigsaw']:.1f}"
    assert "Not run" not in text
    assert not text.endswith("\n")


def test_markdown_of_a_part_says_what_lacks(tmp_path: Path) -> None:
    save(tmp_path, make_reproduction(**SMALL))
    text = reproduction_markdown(tmp_path)
    assert "- Not run: CityScapes, VGG-16: nothing that stands for it, 5 arms." in text


def test_an_end_near_zero_keeps_its_side() -> None:
    assert interval_text((0.02, 1.3)) == "0.02 to 1.30"
    assert interval_text((-0.04, 1.3)) == "−0.04 to 1.30"
    assert interval_text((0.2, 1.3)) == "0.2 to 1.3"
    assert interval_text(None) == "–"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("random+graph", "random", True),
        ("random+graph", "jigsaw+graph", True),
        ("random", "jigsaw", True),
        ("random+graph", "jigsaw+more", False),
        ("classification&colorization+graph", "random", True),
    ],
)
def test_alike_arms_differ_in_one_thing(a: str, b: str, expected: bool) -> None:
    assert alike(a, b) is alike(b, a) is expected


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, None), (1, "1 second"), (61.2, "61 seconds"), (600, "10 minutes"), (12345, "3.4 hours")],
)
def test_durations(seconds: float | None, said: str | None) -> None:
    assert duration(seconds) == said
