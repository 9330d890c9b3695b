"""``mmtutorial data``: which data sets there are, getting them, and looking at yours."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mmtutorial.cli.options import DATA_SET, Classes, Force, Root, among, names
from mmtutorial.cli.talking import loading, say
from mmtutorial.datasets import DATASETS
from mmtutorial.downloads.registry import CATALOGUE, plain
from mmtutorial.words import count, listed

data_app = typer.Typer(
    help="Data sets: what there is, getting it, and whether yours can be read.", no_args_is_help=True
)


@data_app.command("list")
def data_list() -> None:
    """List the data sets with the layout each expects, and what can be downloaded."""
    typer.echo("Data sets that commands take as --dataset:")
    for name, info in DATASETS.items():
        typer.echo(f"{name:10s} splits: {', '.join(info.splits)}")
        typer.echo(f"{'':10s} {info.layout or 'built in, needs no files'}")
    typer.echo("\nWhat 'mmtutorial data get NAME --root DIR' fetches:")
    typer.echo(plain())


@data_app.command("get")
def data_get(
    name: Annotated[
        str, typer.Argument(help=f"{listed(list(CATALOGUE), 'or')}.", callback=among("download", CATALOGUE))
    ],
    root: Annotated[
        Path | None, typer.Option(help="Folder for data sets; default: data. Weights go where torch looks for them.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Your own download: the file, or a folder that holds it.")
    ] = None,
) -> None:
    """Fetch a data set, check it and lay it out for --dataset. Stopped, it goes on where it was."""
    with loading():
        from mmtutorial.downloads import get

    got = get(name, root, source)
    for note in got.notes:
        say(note, err=True)
    say(str(got.place.resolve()))


@data_app.command("check")
def data_check(
    name: Annotated[str, typer.Argument(help=DATA_SET, callback=among("data set", DATASETS))],
    root: Root = None,
    classes: Classes = None,
    out: Annotated[Path | None, typer.Option(help="Write a page of images with their masks there: sheet.html.")] = None,
    force: Force = False,
) -> None:
    """Read every image and mask as training would; count classes, name broken files, find leaks between splits."""
    with loading():
        from mmtutorial.dataset_check import check_dataset, lines, refuse_page, write_contact_sheet

    if out is not None:
        refuse_page(out, force=force)
    found = check_dataset(name, root, names(classes))
    for line in lines(found):
        say(line)
    if out is not None:
        say(str(write_contact_sheet(found, out, force=force).resolve()))
    if not found.fine:
        raise typer.Exit(1)


@data_app.command("masks")
def data_masks(
    annotations: Annotated[Path, typer.Argument(help="Folder or file of an export, or a folder of masks.")],
    photos: Annotated[Path, typer.Option(help="Folder of the photos; sub-folders are looked through.")],
    out: Annotated[Path, typer.Option(help="New folder, for --dataset folder --root.")],
    classes: Annotated[
        str | None, typer.Option(help="Class names after background, with commas between; default: those found.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help="labelme, label-studio, coco, via, cvat, yolo or masks; default: what the files look like."
        ),
    ] = None,
    attribute: Annotated[
        str | None, typer.Option(help="VIA: the attribute of a region that holds its class; default: the usual one.")
    ] = None,
) -> None:
    """Turn outlines or masks of an annotation program into a data set of your own."""
    with loading():
        from mmtutorial.annotations import convert

    # Not `names`, which passes over a name given twice: here another may have been meant.
    chosen = None if classes is None else [name for name in classes.split(",") if name.strip()]
    made = convert(annotations, photos, out, chosen, form, attribute)
    say(f"{count(made.masks, 'photo')} with masks, {made.unlabeled} without; classes: {', '.join(made.names)}")
    for remark in made.remarks:
        say(remark)
    say(str(made.out.resolve()))
    say(f"next: mmtutorial data check folder --root {shlex.quote(str(made.out))}")
