from __future__ import annotations

import html
import json
import re
import shlex
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmtutorial.errors import InputError
from mmtutorial.reports.run import write_report
from mmtutorial.reports.run_sentences import summary
from mmtutorial.results.reading import read_curves, read_results
from tests.plots.run_folder import NAMES, write_run

SECTIONS = ["finding", "arms", "differences", "training", "patches", "graph", "embedding", "predictions"]
SECTIONS += ["per-class", "how"]


class Page(HTMLParser):
    """Collects what a page would load, its anchors, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.alts: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.tags.append(tag)
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)
        self.ids.add(found.get("id", ""))
        if tag == "a":
            self.links.append(found["href"])
        else:
            self.loads += [found[key] for key in ("src", "href", "data", "srcset") if key in found]
        if tag == "img":
            self.alts.append(found["alt"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    write_run(out)
    return out


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return write_report(run).read_text(encoding="utf-8")


def change(out: Path, **entries: Any) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((out / "results.json").read_text())
    results |= entries
    (out / "results.json").write_text(json.dumps(results))
    return results


@pytest.fixture
def bare(run: Path, tmp_path: Path) -> Path:
    """A folder with nothing but results.json."""
    shutil.copy(run / "results.json", tmp_path)
    return tmp_path


def test_the_page_stands_alone(page: str) -> None:
    parsed = Page(page)
    assert not parsed.open
    assert parsed.loads
    assert all(load.startswith("data:") for load in parsed.loads)
    outside = [link for link in parsed.links if not link.startswith("#")]
    assert outside == ["https://arxiv.org/abs/1712.00661"]
    assert "script" not in parsed.tags
    assert "url(" not in page
    assert "@import" not in page
    assert len(page) < 6_000_000


def test_every_anchor_leads_somewhere_and_every_picture_has_words(page: str) -> None:
    parsed = Page(page)
    anchors = [link[1:] for link in parsed.links if link.startswith("#")]
    assert anchors == SECTIONS
    assert set(anchors) <= parsed.ids
    assert len(parsed.alts) >= 14
    assert all(len(alt) > 30 for alt in parsed.alts)


def test_the_page_says_what_the_numbers_say(page: str, run: Path) -> None:
    results = json.loads((run / "results.json").read_text())
    for comparison in results["comparisons"]:
        low, high = comparison["ci95"]
        start = f"{comparison['a']} is {comparison['difference']:.1f} points above {comparison['b']} "
        assert (start in page) == (low > 0)
        if low <= 0 <= high:
            assert f"No difference shown between {comparison['a']} and {comparison['b']}" in page
    assert "kNN purity 0.31 before, 0.62 after" in page
    assert "a &amp; b" in page
    assert "random+graph 42.0" in page
    assert "by the mIoU of colorization+graph" in page
    assert "tuning.margin" in page
    assert all(name in page for name in NAMES)


def test_nothing_temporary_is_left(page: str, run: Path) -> None:
    assert page
    assert [p.name for p in run.glob("*report*")] == ["report.html"]


def test_a_failed_write_leaves_the_old_page(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = write_report(bare).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        write_report(bare)
    assert (bare / "report.html").read_bytes() == old
    assert sorted(path.name for path in bare.iterdir()) == ["report.html", "results.json"]


def test_results_alone_make_a_page(bare: Path) -> None:
    parsed = Page(write_report(bare).read_text(encoding="utf-8"))
    missing = {"training", "patches", "graph", "embedding", "predictions"}
    assert [link[1:] for link in parsed.links if link[0] == "#"] == [s for s in SECTIONS if s not in missing]


def test_the_least_that_an_arm_may_say(bare: Path) -> None:
    arm = {"name": "random", "pretraining": "random", "tuning": "none", "seeds": [0], "miou": [30.0]}
    arm |= {"miou_mean": 30.0, "miou_ci95": [None, None], "knn_purity": None}
    least = {"schema": 1, "classes": ["background", "cat"], "arms": [arm]}
    (bare / "results.json").write_text(json.dumps(least))
    text = write_report(bare).read_text(encoding="utf-8")
    assert "The highest mean is that of random: 30.0 % mIoU (1 seed). No arms were compared." in text
    assert 'href="#differences"' not in text


def test_maps_without_purity(run: Path, tmp_path: Path) -> None:
    """One held-out image has no neighbours in other images to measure it by."""
    shutil.copytree(run, tmp_path / "run")
    for path in (tmp_path / "run" / "pictures").glob("embedding-*.npz"):
        with np.load(path) as stored:
            arrays = {**stored, "before_purity": np.array(np.nan), "after_purity": np.array(np.nan)}
        np.savez(path, **arrays)
    page = write_report(tmp_path / "run").read_text(encoding="utf-8")
    assert "<h3>random+graph</h3>" in page
    assert "purity nan" not in page


def test_one_seed_claims_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=1)
    shutil.rmtree(tmp_path / "pictures")
    shutil.rmtree(tmp_path / "seed0")
    text = write_report(tmp_path).read_text(encoding="utf-8")
    # Once, not in a box for each comparison.
    assert text.count("One seed gives no interval") == 1
    assert "Run several, as in --seeds 0-4." in text
    assert "(1 seed): this may be chance" not in text
    assert not re.search(r"is \d+\.\d points? (above|below)", text)


def test_a_result_below_is_said_as_plainly(bare: Path) -> None:
    comparison = {"a": "random+graph", "b": "random", "difference": -2.0, "ci95": [-3.0, -1.0]}
    change(bare, comparisons=[comparison])
    text = write_report(bare).read_text(encoding="utf-8")
    assert "random+graph is 2.0 points below random (95 % interval −3.0 to −1.0, 5 seeds)." in text
    assert 'class="below"' in text
    assert "Of 1 comparison, 1 has an interval that excludes zero." in summary(read_results(bare))


def test_the_first_screen_has_the_answer_as_a_picture(page: str, run: Path) -> None:
    first = page.split('id="finding"')[1].split("</section>")[0]
    strips, plot = first.split("</table>")
    assert strips.count('<tr><td><label class="zoom">') == 3
    assert [f"{kind}: " in strips for kind in ("best", "median", "worst")] == [True] * 3
    # Image, truth and at most four arms, the fair control among them where there is one.
    assert strips.count("<img") == 3 * (2 + 4)
    assert 'src="data:image/svg+xml' in plot
    assert first.index("lead") < first.index("strips")


def test_a_picture_is_enlarged_without_a_script(page: str) -> None:
    assert page.count('<label class="zoom"><input type="checkbox"') == page.count("<img ")
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_warnings_date_version_and_what_comes_next(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "a run's folder"
    shutil.copytree(run, out)
    made = change(out, warnings=["class b occurs in no image"], date="2026-11-26T01:02:03Z")
    change(out, versions={**made["versions"], "mmtutorial": "9.8.7"})
    model = out / "seed0/segmentation/random/model.safetensors"
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_bytes(b"")
    text = write_report(out).read_text(encoding="utf-8")
    assert text.index("class b occurs in no image") < text.index('id="finding"')
    assert "2026-11-26, mmtutorial 9.8.7." in text
    assert "seed0/segmentation/random/model.safetensors" in text
    (command,) = re.findall(r"<pre><code>(mmtutorial predict.*)</code></pre>", text)
    words = shlex.split(html.unescape(command))
    assert words[:4] == ["mmtutorial", "predict", "--checkpoint", str(out)]
    best = max(read_results(out).arms, key=lambda arm: arm.mean)
    assert words[4:6] == ["--arm", best.arm]


def test_class_names_are_text_not_markup(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=2, names=("background", "<b>", '"onerror=alert(1)', "$x$"))
    shutil.rmtree(tmp_path / "seed0")
    (tmp_path / "pictures/predictions.npz").unlink()
    text = write_report(tmp_path).read_text(encoding="utf-8")
    parsed = Page(text)
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert any("<b>" in alt for alt in parsed.alts)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read"),
        ("{", "not JSON"),
        ("[]", "schema None"),
        ('{"schema": 3}', "schema 3, expected 1 or 2"),
        ('{"schema": 1}', "lacks the entry 'classes'"),
        ('{"schema": 1, "classes": ["a"], "arms": []}', "the list of arms is empty"),
        ('{"schema": 1, "classes": ["a"], "arms": [3]}', "cannot be used"),
        ('{"schema": 1, "classes": ["a"], "palette": [[1, 2]], "arms": [3]}', "cannot be used"),
    ],
)
def test_unusable_results_are_named_in_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    with pytest.raises(InputError) as caught:
        write_report(tmp_path)
    assert said in str(caught.value)
    assert "results.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_arrays_are_named(bare: Path, run: Path) -> None:
    (bare / "pictures").mkdir()
    whole = (run / "pictures/patches.npz").read_bytes()
    (bare / "pictures/patches.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"patches\.npz"):
        write_report(bare)


def test_arrays_of_another_kind_are_named(bare: Path, run: Path) -> None:
    (bare / "pictures").mkdir()
    shutil.copy(run / "pictures/predictions.npz", bare / "pictures/patches.npz")
    with pytest.raises(InputError, match="lacks 'labels'"):
        write_report(bare)


def test_logs_survive_half_a_line_and_a_repeated_epoch(tmp_path: Path) -> None:
    folder = tmp_path / "seed0/segmentation/random"
    folder.mkdir(parents=True)
    lines = [
        '{"epoch": 0, "step": 5, "loss": 2.0}',
        '{"epoch": 1, "st',
        '{"epoch": 1, "step": 9, "loss": 1.5}',
    ]
    lines += ['{"epoch": 1, "step": 9, "loss": 1.0, "note": "again"}', ""]
    (folder / "log.jsonl").write_text("\n".join(lines))
    runs = read_curves(tmp_path, "segmentation", {"random": "Random", "absent": "absent"}, {0, 1})
    assert list(runs) == ["Random"]
    assert list(runs["Random"]) == ["loss"]
    assert runs["Random"]["loss"][0].steps.tolist() == [5, 9]
    assert runs["Random"]["loss"][0].values.tolist() == [2.0, 1.0]
