"""Adds the rows of a later reproduction to the shipped one; the rows that are there stay as they are.

Rows that were thought of later need not wait until all others have been trained anew: they depend on their own seeds,
the preset and the images, and on nothing that another row left.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from mmtutorial.errors import InputError
from mmtutorial.experiment.results import as_written
from mmtutorial.files import json_bytes, write_bytes
from mmtutorial.results.folder import ReproductionFolder
from mmtutorial.results.reading import read_reproduction
from mmtutorial.results.records import Command, subtract
from mmtutorial.results.reproduction import Reproduction, Row, RowDifference


def add_options(parser: ArgumentParser) -> None:
    """The command's options, those of :func:`save_rows`."""
    parser.add_argument("--run", required=True, help="folder of a finished `mmtutorial reproduce --parts later`")


def save_rows(folder: Path, *, run: str) -> tuple[Path, ...]:
    """Write ``reproduction.json`` of ``folder`` again, with the rows of a run after its own; returns no artefact.

    Raises:
        InputError: either cannot be read, or as :func:`added`.
    """
    path = ReproductionFolder(folder).results
    before, later = read_reproduction(folder), read_reproduction(Path(run))
    # On what the file holds, not on what is read of it: what was written stays written so, to the last digit.
    write_bytes(path, json_bytes(added(json.loads(path.read_text(encoding="utf-8")), before, later)))
    return ()


def added(raw: Mapping[str, Any], before: Reproduction, later: Reproduction) -> dict[str, Any]:
    """What the file of ``before``, ``raw``, holds when the rows of ``later`` are added.

    Each new row is paired by seed with every other row of its benchmark and network.

    Raises:
        InputError: the two differ in preset, settings, benchmarks or seeds, or have a row in common.
    """
    _refuse_others(raw, before, later)
    rows, pairs = list(before.rows), list[RowDifference]()
    for row in later.rows:
        pairs += (_difference(row, other) for other in rows if _place(other) == _place(row))
        rows.append(row)
    commands = before.commands or (Command(before.command or "", before.date or ""),)
    names = ", ".join(dict.fromkeys(row.arm for row in later.rows))
    note = f"{names}: made later, with torch {later.versions.get('torch')}; the other rows with {_torch(before)}"
    made = {
        "commands": [*commands, *(later.commands or (Command(later.command or "", later.date or ""),))],
        "warnings": [*before.warnings, *([note] if later.versions.get("torch") != _torch(before) else [])],
    }
    longer = {"rows": later.rows, "proxies": later.proxies, "comparisons": pairs}
    new = {key: [*raw.get(key, ()), *msgspec.to_builtins(items)] for key, items in longer.items()}
    return {**raw, **msgspec.to_builtins(made), **new}


def _refuse_others(raw: Mapping[str, Any], before: Reproduction, later: Reproduction) -> None:
    known = {_place(row): {other.arm for other in before.rows if _place(other) == _place(row)} for row in before.rows}
    for row in later.rows:
        if _place(row) not in known:
            raise InputError(f"{' and '.join(_place(row))} have no rows here; run what has them")
        if row.arm in known[_place(row)]:
            raise InputError(f"{row.arm} on {' and '.join(_place(row))} is there already; a row is measured once")
        known[_place(row)].add(row.arm)
    if later.seeds != before.seeds:
        raise InputError(f"the new rows have the seeds {later.seeds}, the others {before.seeds}; run those")
    benchmarks = {benchmark.name: benchmark for benchmark in before.benchmarks}
    for benchmark in later.benchmarks:
        if benchmark != benchmarks[benchmark.name]:
            raise InputError(f"{benchmark.name} has other images or labels in the new rows; run them on the same")
    lacks = _unlike(before.settings, later.settings)
    if (before.preset, lacks) != (later.preset, None):
        raise InputError(f"the new rows have other settings ({lacks or 'preset'}); run them with those of the others")


def _unlike(before: Mapping[str, Any], later: Mapping[str, Any], under: str = "") -> str | None:
    """The first setting that both know and have unlike; the program has learned new ones since."""
    for name, value in before.items():
        other = later.get(name, value)
        if isinstance(value, dict) and isinstance(other, dict):
            found = _unlike(value, other, f"{under}{name}.")
            if found:
                return found
        elif other != value:
            return under + name
    return None


def _difference(a: Row, b: Row) -> RowDifference:
    found = subtract(a, b)
    if found is None:
        raise InputError(f"{a.arm} and {b.arm} share no seed; run the new rows with the seeds of the others")
    return RowDifference(**structs.asdict(as_written(found)), benchmark=a.benchmark, network=a.network)


def _place(row: Row) -> tuple[str, str]:
    return row.benchmark, row.network


def _torch(found: Reproduction) -> str | None:
    return found.versions.get("torch")
