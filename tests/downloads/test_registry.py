"""The catalogue against torchvision's own constants, and the scripts and tables against the catalogue."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest
from torchvision.datasets import STL10, OxfordIIITPet, SBDataset
from torchvision.datasets.voc import DATASET_YEAR_DICT
from torchvision.models import AlexNet_Weights, VGG16_Weights, WeightsEnum

from mmtutorial import cli
from mmtutorial.datasets import DATASETS
from mmtutorial.downloads.recipes import RECIPES
from mmtutorial.downloads.registry import CATALOGUE, markdown, plain
from mmtutorial.downloads.space import readable

SCRIPTS = Path(__file__).resolve().parents[2] / "data_scripts"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("voc", DATASET_YEAR_DICT["2012"]["url"]),
        ("sbd", SBDataset.url),
        ("stl10", STL10.url),
        ("alexnet-imagenet", AlexNet_Weights.IMAGENET1K_V1.url),
        ("vgg16-imagenet", VGG16_Weights.IMAGENET1K_V1.url),
    ],
)
def test_the_first_address_is_torchvision_s(name: str, url: str) -> None:
    [file] = CATALOGUE[name].files
    # The host of VOC has an older name, which torchvision used before.
    assert url in file.urls[:2]
    assert file.name == url.rpartition("/")[2]


@pytest.mark.parametrize(
    ("name", "weights"),
    [("alexnet-imagenet", AlexNet_Weights.IMAGENET1K_V1), ("vgg16-imagenet", VGG16_Weights.IMAGENET1K_V1)],
)
def test_size_and_checksum_of_weights_agree_with_torchvision(name: str, weights: WeightsEnum) -> None:
    [file] = CATALOGUE[name].files
    assert file.bytes is not None
    assert file.checksum is not None
    assert round(file.bytes / 2**20, 3) == weights.meta["_file_size"]
    # torch compares the digits in the name with the checksum.
    assert file.checksum.removeprefix("sha256:").startswith(re.search(r"-([0-9a-f]{8})\.pth", file.name)[1])


def test_addresses_and_checksums_of_pets_are_torchvision_s() -> None:
    ours = [(file.urls[0], str(file.checksum).removeprefix("md5:")) for file in CATALOGUE["pets"].files]
    assert ours == list(OxfordIIITPet._RESOURCES)


def test_the_catalogue_is_well_formed() -> None:
    for name, entry in CATALOGUE.items():
        assert entry.name == name
        assert entry.page.startswith(("http://", "https://"))
        assert len({file.name for file in entry.files}) == len(entry.files)
        for file in entry.files:
            assert re.fullmatch(r"[\w.-]+", file.name)
            assert file.checksum is None or re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", file.checksum)
            assert all(url.startswith(("http://", "https://")) for url in file.urls)
            assert len(set(file.urls)) == len(file.urls)
            if file.bytes is not None:
                assert readable(file.bytes) in entry.size.split(" and ")


def test_recipes_are_for_data_sets_of_the_catalogue() -> None:
    assert set(RECIPES) == {name for name in CATALOGUE if not name.endswith("-imagenet")}
    # What people bring themselves needs no download.
    files = {name for name, info in DATASETS.items() if info.layout is not None} - {"folder"}
    assert files <= set(RECIPES)


def test_the_readme_has_the_table() -> None:
    assert markdown() in (SCRIPTS / "README.md").read_text(encoding="utf-8")


def test_the_plain_table_has_every_entry() -> None:
    text = plain()
    for name, entry in CATALOGUE.items():
        assert f"{name} " in text
        assert entry.size in text
        assert entry.licence in text
    assert "`" not in text


def test_there_is_a_script_for_each_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(cli, "main", lambda: called.append(sys.argv[1:]))
    for script in sorted(SCRIPTS.glob("*.py")):
        monkeypatch.setattr(sys, "argv", [str(script), "--root", "somewhere"])
        runpy.run_path(str(script), run_name="__main__")
    assert sorted(words[2] for words in called) == sorted(CATALOGUE)
    assert all(words[:2] == ["data", "get"] and words[3:] == ["--root", "somewhere"] for words in called)
