"""Looks every number of the talk up again, in the shipped files themselves and not through the talk's own code."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from mmtutorial.reproduction import paper

REPOSITORY = Path(__file__).resolve().parents[2]
ARTIFACTS = REPOSITORY / "mmtutorial" / "artifacts"
RESULTS = (REPOSITORY / "docs" / "results.md").read_text(encoding="utf-8")


@cache
def reproduction() -> dict[str, Any]:
    return json.loads((ARTIFACTS / "reproduction.json").read_text(encoding="utf-8"))


def row(place: str, arm: str) -> dict[str, Any]:
    (found,) = (r for r in reproduction()["rows"] if f"{r['benchmark']}/{r['network']} {r['arm']}" == f"{place} {arm}")
    return found


def mean_and_ends(values: list[float]) -> tuple[float, float, float]:
    mean, error = np.mean(values), stats.sem(values)
    reach = stats.t.ppf(0.975, len(values) - 1) * error
    return float(mean), float(mean - reach), float(mean + reach)


def gain(place: str, a: str, b: str) -> tuple[float, float, float]:
    first, second = ({**dict(zip(r["seeds"], r["miou"], strict=True))} for r in (row(place, a), row(place, b)))
    return mean_and_ends([first[seed] - second[seed] for seed in first if seed in second])


def benchmark(place: str) -> dict[str, Any]:
    (found,) = (b for b in reproduction()["benchmarks"] if b["name"] == place.split("/")[0])
    return found


def photo_table(number: int) -> dict[str, list[float]]:
    part = RESULTS.split("\n## Photos with trained weights\n")[1]
    lines = re.findall(r"(?:^\|.*\n)+", part, re.MULTILINE)[number].splitlines()[2:]
    cells = [line.strip("|").split("|") for line in lines]
    return {c[0].strip().replace("`", "").replace(" - ", " "): floats(" ".join(c[1:3])) for c in cells}


def floats(text: str) -> list[float]:
    plain = text.replace("\N{MINUS SIGN}", "-").replace(",", "")
    return [float(number) for number in re.findall(r"(?<![\w.])[-+]?\d+(?:\.\d+)?", plain)]


def purity(patches: str, arm: str) -> float:
    with np.load(ARTIFACTS / "tuning-arms.npz") as arrays:
        table = arrays["purity" if patches == "held-out" else "purity_seen"]
        return float(table[0, 0] if arm == "before" else table[list(arrays["names"]).index(arm), -1])


def lifted(against: str, verdict: str) -> int:
    found = []
    places = {(b["stands_for"], n["stands_for"]): f"{b['name']}/{name}" for b in reproduction()["benchmarks"]
              for name, n in reproduction()["networks"].items()}  # fmt: skip
    for column in paper.BENCHMARKS:
        other = f"{column.pretraining}+more" if against == "fair" else column.pretraining
        _, low, high = gain(places[column.benchmark, column.backbone], f"{column.pretraining}+graph", other)
        found.append("reproduced" if low > 0 else "contradicted" if high < 0 else "not shown")
    return found.count(verdict) if verdict != "all" else len(found)


def counted(text: str, verdict: str) -> int:
    found = re.search(rf"(\d+) {verdict}", text)
    return int(found[1]) if found else 0


def lead() -> str:
    (found,) = re.findall(r"^The slides’ tables order .*", RESULTS, re.MULTILINE)
    return found


def controls(verdict: str) -> int:
    words = {
        "all": r"the fair control, (\d+)",
        "reproduced": r"above it in (\d+)",
        "contradicted": r"below it in (\d+)",
    }
    found = re.search(words[verdict], lead())
    assert found
    return int(found[1])


def topic(about: str) -> int:
    title, verdict = about.rsplit(": ", 1)
    (tally,) = re.findall(rf"^\| {re.escape(title)} \| (.*) \|$", RESULTS, re.MULTILINE)
    return counted(tally, verdict)


def printed_column(about: str) -> float:
    benchmark_, backbone, pretrain, which = about.split()
    (found,) = (
        c for c in paper.BENCHMARKS if (c.benchmark, c.backbone, c.pretrain) == (benchmark_, backbone, pretrain)
    )
    return float(getattr(found, which))


def printed(backbone: str, arm: str) -> float:
    return next(p.miou for p in paper.METHODS if (p.backbone, p.arm) == (backbone, arm))


def printed_gap(backbone: str) -> float:
    proxies = [p.miou for p in paper.METHODS if p.backbone == backbone and "M&M" not in p.method]
    first, _, *others = proxies
    return first - max(others)


def printed_class(about: str) -> float:
    method, name = about.rsplit(": ", 1)
    (found,) = (p for p in paper.PER_CLASS if p.method == method)
    return found.miou if name == "mIoU" else found.iou[paper.VOC_OBJECTS.index(name)]


def our_class(about: str) -> float:
    rest, name = about.rsplit(": ", 1)
    place, arm = rest.split()
    index = benchmark(place)["classes"].index(name)
    return float(np.mean([seed[index] for seed in row(place, arm)["per_class_iou"]]))


def setting(path: str) -> float:
    found: Any = reproduction()["settings"]["preset"]
    for name in path.split("."):
        found = found[name]
    return float(found)


LOOK_UP: dict[str, Any] = {
    "ours": lambda place, arm: [np.mean(row(place, arm)["miou"])],
    "interval": lambda place, arm: mean_and_ends(row(place, arm)["miou"])[1:],
    "gain": lambda *pair: [gain(*pair)[0]],
    "gain-interval": lambda *pair: gain(*pair)[1:],
    "slides": lambda *which: [printed(*which)],
    "slides-gap": lambda backbone: [printed_gap(backbone)],
    "purity": lambda *which: [purity(*which)],
    "setting": lambda path: [setting(path)],
    "labeled": lambda place: [benchmark(place)["labeled"]],
    "scored": lambda place: [benchmark(place)["images_evaluated"]],
    "seeds": lambda: [len(reproduction()["seeds"])],
    "minutes": lambda: [reproduction()["seconds"] / 60],
    "lifted": lambda against, *verdict: [lifted(against, " ".join(verdict))],
    "tally": lambda *verdict: [counted(lead(), "pairs of arms" if verdict == ("all",) else " ".join(verdict))],
    "controls": lambda *verdict: [controls(" ".join(verdict))],
    "photos": lambda arm: photo_table(0)[arm][:1],
    "photo-gain": lambda a, b: photo_table(1)[f"{a} {b}"][:1],
    "photo-gain-interval": lambda a, b: photo_table(1)[f"{a} {b}"][1:3],
}
WHOLE: dict[str, Any] = {
    "column": printed_column,
    "slides-class": printed_class,
    "class": our_class,
    "topic": topic,
}


def expected(where: str) -> list[float]:
    """The numbers that a mark of the talk stands for."""
    kind, _, about = where.partition(" ")
    return [WHOLE[kind](about)] if kind in WHOLE else list(LOOK_UP[kind](*about.split()))


def agrees(text: str, numbers: list[float]) -> bool:
    """Whether a text says numbers, each to its last digit."""
    said = floats(text)
    digits = [len(part.partition(".")[2]) for part in re.findall(r"\d+(?:\.\d+)?", text)]
    if len(said) != len(numbers):
        return False
    return all(abs(s - n) <= 0.5 * 10**-d + 1e-9 for s, n, d in zip(said, numbers, digits, strict=True))
