"""The command line. Heavy imports stay inside the commands, so that ``--help`` and slips are answered at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from mmtutorial import __version__
from mmtutorial.cli.data import data_app
from mmtutorial.cli.options import (
    DatasetName,
    Force,
    Network,
    OnMachine,
    Outlines,
    Part,
    Place,
    PresetName,
    Root,
    Settings,
    Weights,
    WithWorkers,
    among,
    assignments,
    grouped,
    names,
    refuse_needless_root,
    seeds_of,
)
from mmtutorial.cli.starting import starting_point
from mmtutorial.cli.talking import (
    PlainGroup,
    command_line,
    debugging,
    last_lines,
    loading,
    refuse_words,
    say,
    speak_plainly,
    warn,
    working,
)
from mmtutorial.cli.teaching import handout, lab, mark, progress
from mmtutorial.cli.threads import wait_asleep
from mmtutorial.datasets import DATASETS
from mmtutorial.settings.names import PARTS, parse_arm_names, parse_parts
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import NETWORKS, get_preset
from mmtutorial.words import count

app = typer.Typer(
    name="mmtutorial",
    cls=PlainGroup,
    help="Mix-and-Match tuning for self-supervised semantic segmentation, to learn from and to run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data_app, name="data")


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mmtutorial {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Show the traceback of an error.",
            callback=debugging,
            is_eager=True,
            expose_value=False,
        ),
    ] = False,
) -> None:
    """Options for every command."""


@app.command()
def doctor(root: Root = None) -> None:
    """Check versions, devices, disk and data sets, with the remedy for whatever is amiss."""
    from mmtutorial.cli.doctor import check, failed, format_checks

    with loading():
        checks = check(root)
    typer.echo(format_checks(checks))
    if failed(checks):
        raise typer.Exit(1)


@app.command()
@grouped
def run(
    *,
    dataset: DatasetName = "scenes",
    part: Part,
    preset: PresetName = "class",
    network: Network = None,
    weights: Weights = None,
    arms: Annotated[
        str | None, typer.Option(help="Arms with commas between; default: eight, on photos four from imagenet.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds such as 0,1,2 or 0-4; each arm runs once with each.")] = "0",
    settings: Settings = None,
    place: Place,
    machine: OnMachine,
) -> None:
    """Train and compare arms; write results.json and report.html."""
    refuse_needless_root(part.root, [dataset])
    asked, numbers = None if arms is None else parse_arm_names(arms), seeds_of(seeds)
    start = starting_point(preset, dataset, network, asked, weights)
    chosen, budgets = start.arms, override(start.preset, assignments(settings or []))
    with loading():
        from mmtutorial.experiment import ARMS, Plan, Request, Runner, write_pictures, write_results
        from mmtutorial.files import sweep
        from mmtutorial.locks import exclusive
        from mmtutorial.reports.run import write_report
        from mmtutorial.training.devices import help_others
        from mmtutorial.training.nodes import leading, this_node

    machine = replace(machine, node=this_node())
    if machine.node and machine.node.rank:
        help_others(machine)
        return
    plan = Plan(
        request=Request(dataset, **part.fields()),
        preset=budgets,
        arms=tuple(ARMS[name] for name in chosen),
        seeds=numbers,
    )
    folder = place.out or Path("runs") / f"{dataset}-{preset}"
    with leading(machine.node), exclusive(folder, remedy="choose another --out"):
        with working("reading the data, and trying a batch of each stage"):
            runner = Runner(plan, folder, machine, command=command_line(), resume=place.resume, force=place.force)
            runner.begin()
        sweep(folder)
        if start.said:
            say(start.said, err=True)
        warn(runner.data.warnings)
        results = write_results(runner, runner.run())
        with working("drawing the pictures and the page"):
            write_pictures(runner)
            page = write_report(folder, force=place.force)
    for arm in results.arms:
        interval = f"  95 % interval {arm.interval[0]:.1f} to {arm.interval[1]:.1f}" if arm.interval else ""
        typer.echo(f"{arm.arm:24s} {arm.mean:5.1f} mIoU{interval}")
    warn(line for line in results.warnings if line not in runner.data.warnings)
    best = max(results.arms, key=lambda arm: arm.mean)
    model = runner.folder.stage(best.seeds[0], "segmentation", best.arm).model
    typer.echo("\n".join(last_lines(page, model)))


@app.command()
@grouped
def reproduce(
    *,
    dataset: Annotated[
        str,
        typer.Option(
            help="Data sets with commas between, each for a benchmark.",
            callback=among("data set", DATASETS, several=True),
        ),
    ] = "scenes,streets",
    part: Part,
    preset: PresetName = "class",
    networks: Annotated[
        str | None,
        typer.Option(
            help="Networks with commas between; default: tiny,tiny-vgg, or alexnet,vgg16 in paper.",
            callback=among("network", NETWORKS, several=True),
        ),
    ] = None,
    parts: Annotated[
        str | None, typer.Option(help=f"Of {', '.join(PARTS)}, with commas between; default: all.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds such as 0,1,2 or 0-4.")] = "0-4",
    workers: WithWorkers,
    settings: Settings = None,
    place: Place,
    machine: OnMachine,
) -> None:
    """Run every row of the slides' tables; write reproduction.json and a page with ours beside theirs."""
    refuse_needless_root(part.root, names(dataset) or ())
    wanted, numbers, changes = parse_parts(parts), seeds_of(seeds), assignments(settings or [])
    override(get_preset(preset), changes)  # A slip is told before torch is imported.
    with loading():
        from mmtutorial.reports import write_reproduction_report
        from mmtutorial.reproduction import Grid, Scope
        from mmtutorial.reproduction import reproduce as run_all

    scope = Scope(
        datasets=names(dataset) or (),
        networks=names(networks) or (("alexnet", "vgg16") if preset == "paper" else ("tiny", "tiny-vgg")),
        preset=preset,
        parts=wanted,
        seeds=numbers,
        settings=tuple(changes.items()),
        **part.fields(),
    )
    folder = place.out or Path("runs") / f"reproduction-{preset}"
    grid = Grid(scope, folder, command_line(), machine)
    found = run_all(grid, resume=place.resume, force=place.force, workers=workers)
    for row in found.rows:
        typer.echo(f"{row.benchmark:10s} {row.network:10s} {row.arm:36s} {row.mean:5.1f} mIoU")
    warn(found.warnings)
    typer.echo(str(write_reproduction_report(folder, force=place.force).resolve()))


@app.command()
def predict(
    checkpoint: Annotated[
        Path, typer.Option(help="model.safetensors of a segmentation stage, or the folder of a run: see --arm.")
    ],
    images: Annotated[Path, typer.Option(help="Folder of photos.")],
    out: Annotated[Path, typer.Option(help="Folder for the masks, palette PNGs of the photos' names.")],
    arm: Annotated[str | None, typer.Option(help="Arm of the run; default: that of the highest mean mIoU.")] = None,
    outlines: Outlines = None,
    force: Force = False,
) -> None:
    """Segment a folder of photos with a trained network; write masks, and a page of those to label next."""
    with loading():
        from mmtutorial.prediction import choose_checkpoint, predict_folder
        from mmtutorial.reports.predictions import PAGE, write_predictions
    chosen = choose_checkpoint(checkpoint, arm)
    if chosen.why:
        say(f"network: {chosen.why}", err=True)
    made = predict_folder(chosen.path, images, out, outlines_as=outlines, force=force)
    for path in made.skipped:
        say(f"no photo, passed over: {path}", err=True)
    for line in made.failed:
        say(line, err=True)
    say(f"{count(made.masks, 'mask')} in {out.resolve()}")
    if made.looks:
        say(f"which to label next: {write_predictions(made.looks, made.classes, out / PAGE, force=force).resolve()}")
    if made.failed:
        typer.echo(f"mmtutorial: {count(len(made.failed), 'photo')} without a mask, named above", err=True)
        raise typer.Exit(1)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished run or reproduction.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables as Markdown instead.")] = False,
    force: Force = False,
) -> None:
    """Make the page of a run or a reproduction again."""
    from mmtutorial.reports import reproduction_markdown, write_reproduction_report
    from mmtutorial.reports.class_purity_markdown import all_tables
    from mmtutorial.reports.run import write_report
    from mmtutorial.results import ReproductionFolder

    several = ReproductionFolder(folder).results.exists()
    if markdown:
        for line in (reproduction_markdown if several else all_tables)(folder).splitlines():
            say(line)
    else:
        say(str((write_reproduction_report if several else write_report)(folder, force=force).resolve()))


for command in (mark, handout, lab, progress):
    app.command()(command)


def main() -> None:
    """Entry point: what is stopped from outside says how to go on."""
    # Commands draw into files; a display of a notebook or a shell that matplotlib does not know would end its import.
    os.environ["MPLBACKEND"] = "Agg"
    wait_asleep()
    speak_plainly()
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except Exception as error:
        if not hasattr(error, "format_message"):  # What typer raises for words that it cannot read.
            raise
        refuse_words(error)
    except SystemExit as stop:
        if stop.code in (130, 143):  # What typer makes of Ctrl-C, and what _terminated makes of SIGTERM.
            typer.echo(f"mmtutorial: stopped{_advice()}", err=True)
        raise


def _advice() -> str:
    """How to go on with the command that was stopped; empty where it is simply given again."""
    match [word for word in sys.argv[1:] if not word.startswith("-")][:2]:
        case ["run" | "reproduce", *_]:
            return "; the same command with --resume goes on from here"
        case ["data", "get"]:
            return "; the same command goes on from here"
    return ""


def _terminated(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl-C: what is held is let go, and what was started is stopped."""
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
