# %% [markdown]
# ## 1 The question
#
# **Semantic segmentation** names the class of every pixel: this is butterfly, that is background. A network learns it
# from masks that somebody drew by hand, and a mask can take an hour where a photograph takes a second. So photographs
# are plentiful, and masks are scarce.
#
# **Self-supervision** makes use of the photographs that nobody labelled. It invents a task whose answer lies in the
# picture itself, a **proxy task**: take the colours away and have the network paint them back; cut the picture up and
# have it put together again. Whoever can do that has learned to see something, without a label. Then the network is
# trained once more, on the few masks there are: it is **fine-tuned**.
#
# Here is the catch. The same picture, two questions:

# %%
from copy import deepcopy

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial import plots
from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.classroom import check, preset_name
from mmtutorial.datasets import open_dataset
from mmtutorial.graph import connected_graph
from mmtutorial.metrics import confusion_matrix, mean_iou
from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.patches import sample_patches
from mmtutorial.plots.style import class_styles, paint, patch_legend
from mmtutorial.results import read_reproduction
from mmtutorial.segmentation import predict
from mmtutorial.triplet import triplet_loss

SMOKE = preset_name() == "smoke"  # a few steps instead of many, when the notebook is only tested


def seeded(seed):
    """A fresh source of random numbers: the same seed gives the same numbers."""
    return torch.Generator().manual_seed(seed)


def stacked(pairs):
    """Images (N, 3, H, W) and masks (N, H, W) of a data set."""
    return tuple(torch.stack([part.as_subclass(Tensor) for part in parts]) for parts in zip(*pairs, strict=True))


scenes = open_dataset("scenes", labeled=100)  # pictures that the package draws: 96 x 96 pixels, eight kinds of objects
images, masks = stacked(scenes)


def show(title, *rows):
    """Rows of pictures (3, H, W) and masks (H, W), each a dictionary with a name for every tile."""
    shape = len(rows), len(rows[0])
    figure, panels = plt.subplots(
        *shape, figsize=(2 * shape[1], 2 * shape[0] + 0.9), layout="constrained", squeeze=False
    )
    styles, seen = class_styles(scenes.classes), set()
    for place, row in enumerate(rows):
        for axes, (name, tile) in zip(panels[place], row.items(), strict=True):
            values = np.asarray(tile)
            if values.ndim == 2:
                seen |= set(np.unique(values).tolist())
                values = paint(values, styles)
            else:
                values = values.transpose(1, 2, 0)
            axes.imshow(values, interpolation="nearest")
            axes.set(title=name if place == 0 else "", xticks=[], yticks=[])
    patch_legend(figure, [styles[label] for label in sorted(seen)])
    plt.close(figure)  # a cell shows the picture that it ends with, and only once
    return plots.Picture(figure, f"{title}: {', '.join(rows[0])}.")


varied = max(range(len(masks)), key=lambda i: len(masks[i].unique()))
grey = images[varied].float().mean(0).to(torch.uint8).expand(3, -1, -1)
show(
    "One picture, two questions",
    {
        "the proxy sees": grey,
        "the proxy asks for": images[varied],
        "segmentation sees": images[varied],
        "segmentation asks for": masks[varied],
    },
)

# %% [markdown]
# To colour a piece of an object one has to know how such surfaces are coloured. To name it one has to know *what it
# is*. Two fish of different colours are far apart for the first question and one thing for the second. Features that
# are good for the proxy need not be good for segmentation: this is the **task gap**. How wide is it? Below are scores
# of small networks after the same fine-tuning on the same 100 masks, in percent (mIoU: how well predicted and true
# masks overlap, averaged over the classes; notebook 06). "Everything is background" scores 9.9.

# %%
# NBVAL_CHECK_OUTPUT
reproduction = read_reproduction(FOLDER)  # finished runs that come with the package
starts = {
    "random": "random weights",
    "jigsaw": "a proxy task: put nine tiles in order",
    "colorization": "a proxy task: paint grey pictures",
    "splitbrain": "a proxy task: colour from light, light from colour",
    "classification": "labels of whole images (not self-supervised)",
}
for arm, words in starts.items():
    print(f"{words:52s}{reproduction.row('scenes', 'tiny', arm).mean:5.1f}")

# %% [markdown]
# All three proxy tasks were learned; two are worth next to nothing here, and the third goes some of the way that labels
# of whole images go. Notebook 01 looks into this gap. **Mix-and-Match tuning** (M&M; Zhan et al., AAAI 2018) wants to
# close it, with the masks one has anyway, before they are used for fine-tuning.
#
# ## 2 The method, stage by stage
#
# Click on a stage and look at what goes in and what comes out. Three of the five are the method's own:
#
# - **Mix**: cut small pieces, *patches*, out of many labelled images, and put them into one heap.
# - **Match**: tie each patch to another of its class, and set it against one of another class. The three are a
#   *triplet*.
# - **Tune**: move the features along these ties, together and apart.

# %%
from mmtutorial.widgets import PipelineMap

explorer = PipelineMap()
explorer.widget()

# %% [markdown]
# One stage as a still picture, for print and for readers without a running kernel:

# %%
explorer.static(stage="Match")

# %% [markdown]
# ## 3 In ten lines
#
# This is the method. It is not a sketch: the same functions, with more care for speed and records, made the numbers of
# the reproduction. The encoder starts from random weights here; after a proxy task the loop is the same. In the loop,
# `sample_patches` is Mix, `connected_graph` is Match, and the rest is Tune: `amax` keeps the largest value of each
# feature channel, so that a patch becomes one vector. The loss is small when a patch is nearer to its partner than to
# the other one, by the `margin` at least (notebook 04).

# %%
steps = 4 if SMOKE else 300

# %%
torch.manual_seed(0)
encoder, generator = TinyEncoder(batch_norm=False), seeded(0)
optimizer = torch.optim.AdamW(encoder.parameters(), lr=4e-3)
for _ in range(steps):
    some = torch.randperm(len(images), generator=generator)[:8]
    patches = sample_patches(images[some], masks[some], per_image=5, side=(24, 48), output_size=32, generator=generator)
    graph = connected_graph(patches.labels, generator=generator)
    loss = triplet_loss(encoder(patches.images).amax(dim=(2, 3)), graph.triplets, margin=0.3)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
# NBVAL_CHECK_OUTPUT
print(f"the last heap: {len(patches.labels)} patches, {len(graph.triplets)} triplets")
print("most pieces into which a class falls:", max(graph.components().values()))

# %% [markdown]
# Now **fine-tune**: a head on top, which scores each class, and all weights are trained to name the pixels. The same
# masks as before; no label was added. Two networks are fine-tuned: `random` starts from random weights, `random+graph`
# from those that were tuned over the graph.

# %%


def fine_tune(encoder, steps):
    """A segmentation network that starts from an encoder's weights."""
    torch.manual_seed(1)
    network, generator = FCN(deepcopy(encoder), len(scenes.classes)), seeded(1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(steps):
        some = torch.randperm(len(images), generator=generator)[:4]
        loss = F.cross_entropy(network(images[some]), masks[some].long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


def untuned():
    """The random weights from which tuning started."""
    torch.manual_seed(0)
    return TinyEncoder(batch_norm=False)


networks = {"random": fine_tune(untuned(), steps), "random+graph": fine_tune(encoder, steps)}

# %% [markdown]
# And look, at images that no network has seen. Scores are over all of them. Three are shown, each with another kind of
# object: the one on which all networks together get most pixels right. (So the choice can change when a network is
# added.)

# %%
count = 10 if SMOKE else 100
kept = open_dataset("scenes", split="val")
new_images, new_masks = stacked(kept[i] for i in range(count))


def score(network):
    """Masks that a network predicts, and their mIoU in percent."""
    predicted = predict(network, list(new_images))
    return predicted, 100 * mean_iou(confusion_matrix(list(new_masks), predicted, len(scenes.classes)))


def compare(scored):
    """Prints the scores, and shows images of three kinds of objects."""
    for name, (_, value) in scored.items():
        print(f"{name:16s}{value:5.1f} mIoU")
    right = sum(((torch.stack(found) == new_masks) & (new_masks > 0)).sum((1, 2)) for found, _ in scored.values())
    kinds = [int(mask[mask > 0].mode().values) if mask.any() else 0 for mask in new_masks]
    best = {kinds[i]: i for i in right.argsort().tolist()}  # the last of a kind stays
    chosen = sorted(best.values(), key=lambda i: -right[i])[:3]
    return show(
        "Your networks",
        *(
            {"image": new_images[i], "truth": new_masks[i], **{name: found[i] for name, (found, _) in scored.items()}}
            for i in chosen
        ),
    )


scored = {name: score(network) for name, network in networks.items()}
compare(scored)

# %% [markdown]
# Same masks, same fine-tuning, and the tuned start is ahead. (We tried three seeds, 0, 1 and 2: by 4, 10 and 8 points.)
# A success for Mix and Match? **Not yet.** One of the two was trained for longer.
#
# ## 4 How these notebooks work
#
# Before you find out, a word on how to use them.
#
# - **Exercises** are cells with a blank, `todo(...)`. Two *hints* stand before each: open the first, think, then the
#   second. A blank stops "Run all": fill it, or take what the fold *Go on without* offers.
# - **Checks** try your function on many cases: `check("00.gains", gains)`. They say what was tried, what came out, what
#   was expected, and, for mistakes that many make, where to look.
# - **Solutions** stand in the folder `solutions`, with all outputs.
# - **Presets.** `class`, the lesson, is what you have now. `smoke` does a few steps of everything to prove that it
#   runs: set the environment variable `MMTUTORIAL_PRESET=smoke` before Jupyter starts.
# - **Shipped results.** What takes long was computed before and comes with the package; each says by which command it
#   was made, so you can make it again.
# - **Limits** close every notebook: what goes on beside the claim, and what did not come out.
#
# This is what a check says of a wrong answer, here of a function that always answers 0:

# %%
# NBVAL_CHECK_OUTPUT
told = check("00.extra_steps", lambda *arguments: 0)
print(f"tried     {told.tried}\ncame out  {told.came_out}\nexpected  {told.expected}")

# %% [markdown]
# ### Exercise 1: a fair control
#
# A fair comparison gives the plain network what tuning cost: as many further steps of *fine-tuning*. A step of tuning
# counts as one step at least, and as more where it sees more pixels:
#
# `extra_steps(tuning_steps, tuning_pixels, pixels)` gets the number of tuning steps, the pixels a tuning step sees, and
# the pixels a step of fine-tuning sees. The answer is a whole number of steps of fine-tuning: the tuning steps times
# the ratio of the pixels, where the ratio counts as 1 if it is below 1; rounded up.
#
# <details><summary>Hint 1</summary>
# 200 tuning steps with twice the pixels are worth 400; with half the pixels they are worth 200, not 100. Why this
# generosity? Whoever wants to show that tuning helps must not be stingy with its rival.
# </details>
# <details><summary>Hint 2</summary>
# <code>max(1, ...)</code> for the ratio, <code>math.ceil</code> for the product, in this order.
# </details>
# <details><summary>Go on without</summary>
# <code>extra_steps = lambda tuning_steps, tuning_pixels, pixels: 334</code>, right for the one case needed below.
# </details>

# %% tags=["exercise:00.extra_steps"]
import math


def extra_steps(tuning_steps, tuning_pixels, pixels):
    # BEGIN SOLUTION
    return math.ceil(tuning_steps * max(1, tuning_pixels / pixels))
    # END SOLUTION


extra_steps(300, tuning_pixels=8 * 5 * 32**2, pixels=4 * 96**2)

# %%
# NBVAL_CHECK_OUTPUT
print(check("00.extra_steps", extra_steps))

# %% [markdown]
# The third run, from the same random weights as both others: all steps go into fine-tuning.

# %%
more = extra_steps(steps, 8 * 5 * 32**2, 4 * 96**2)
scored["random+more"] = score(fine_tune(untuned(), steps + more))
compare(scored)

# %% [markdown]
# That is the question of this course. Tuning works, anybody can see it; *does it do more than its steps?* One run
# cannot say. (Of our three seeds the control was ahead in two, and level in one. Change `torch.manual_seed(0)`, in both
# places, and see.)
#
# ## 5 An experiment
#
# So one runs every **arm**, a row of the comparison, with several **seeds**. The library does that: weights, order of
# images, crops and patches all follow from the seed, the same in each arm. From Python, at preset `smoke`:

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

from IPython.utils.capture import capture_output

from mmtutorial.experiment import Plan, Request, Runner, parse_arms, write_results
from mmtutorial.settings.machine import Machine
from mmtutorial.settings.presets import get_preset

plan = Plan(
    request=Request("scenes"),
    preset=get_preset("smoke"),
    arms=tuple(parse_arms("random,random+more,random+graph")),
    seeds=(0, 1) if SMOKE else (0, 1, 2),
)
with TemporaryDirectory() as folder, capture_output():  # without the progress bars of each stage
    runner = Runner(plan, Path(folder), Machine("cpu"), command="notebook 00", resume=False)
    run = write_results(runner, runner.run())

rows = [{"arm": scores.arm, "seed": seed, "miou": miou} for scores in run.arms for seed, miou in scores.by_seed.items()]
for row in rows:
    print(f"{row['arm']:16s}seed {row['seed']}{row['miou']:7.1f}")

# %%
# NBVAL_CHECK_OUTPUT
for scores in run.arms:
    print(f"{scores.arm:16s}", ", ".join(f"{stage} {number}" for stage, number in scores.steps.items()), "steps")

# %% [markdown]
# The table says nothing yet about tuning: after so few steps nobody has learned anything. It shows that all parts work
# on your machine. In a terminal `mmtutorial run --preset class --seeds 0,1,2` does the same at the size of the lesson
# and writes a report.
#
# How to read such a table? Seeds differ by more than arms often do. But a seed is *the same start* in every arm; so
# compare **within** a seed, and only then average.
#
# ### Exercise 2: subtract seed by seed
#
# `gains(rows, a, b)` gets such a list of dictionaries and the names of two arms. The answer is a list of numbers: mIoU
# of `a` less mIoU of `b`, one for each seed that *both* have, in ascending order of the seed. Rows come in any order,
# and other arms are among them.
#
# <details><summary>Hint 1</summary>
# For each arm make a dictionary from seed to mIoU. Which seeds are keys of both?
# </details>
# <details><summary>Hint 2</summary>
# <code>first.keys() & second.keys()</code> are the seeds in common; <code>sorted(...)</code> puts them in order.
# </details>
# <details><summary>Go on without</summary>
# Copy <code>gains</code> from <code>solutions/00_start.ipynb</code>, and come back to it later.
# </details>


# %% tags=["exercise:00.gains"]
def gains(rows, a, b):
    # BEGIN SOLUTION
    first = {row["seed"]: row["miou"] for row in rows if row["arm"] == a}
    second = {row["seed"]: row["miou"] for row in rows if row["arm"] == b}
    return [first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())]
    # END SOLUTION


gains(rows, "random+graph", "random")

# %%
# NBVAL_CHECK_OUTPUT
print(check("00.gains", gains))

# %% [markdown]
# ## 6 The result, in short
#
# Now a table that does say something: the runs that ship with the package. Each arm was fine-tuned for 300 steps, or
# for 856 where it is `+more`; tuning had 500. Two arms are new: `random+shuffled` was tuned with shuffled labels, and
# `random+triplets` with random triplets in place of the graph.

# %%
# NBVAL_CHECK_OUTPUT
ARMS = ("random", "random+more", "random+shuffled", "random+triplets", "random+graph")
found = {arm: reproduction.row("scenes", "tiny", arm) for arm in ARMS}
finished = [
    {"arm": arm, "seed": seed, "miou": miou} for arm, result in found.items() for seed, miou in result.by_seed.items()
]
for other in ARMS[:-1]:
    each = gains(finished, "random+graph", other)
    listed = "  ".join(f"{value:+5.1f}" for value in each)
    print(f"random+graph minus {other:16s}{listed}   mean {sum(each) / len(each):+5.1f}")

# %% [markdown]
# The same as a picture. A large dot is the mean of five seeds, a ring one seed, and the bar a **95 % interval**: how
# far the mean could be off by the luck of the seeds (notebook 07).

# %%
plots.arm_intervals([plots.Interval(arm, result.mean, result.interval, result.miou) for arm, result in found.items()])

# %% [markdown]
# - **Tuning lifts a plain network far** (first line), in every seed.
# - **The labels do it.** `random+shuffled` was tuned with the labels of its patches shuffled: nothing.
# - **The fair control is near.** Plain fine-tuning of equal cost comes within a few points. Whether those are more than
#   luck, so few seeds cannot tell (notebook 07). The authors' slides, from which we take the paper's numbers, have no
#   such row.
# - **Random triplets** are another way to match, and behind here. Notebooks 03 and 05 ask whether connectivity is the
#   reason, and the answer is not the one you expect.
#
# So this is no advertisement. The method works as described, its parts are worth knowing, and it has descendants in
# use today (notebook 09); and it is a good place to learn how one finds out *what* in a method works.
#
# ## 7 The way through
#
# | | notebook | you will |
# |---|---|---|
# | 01 | Proxy tasks and the task gap | solve a jigsaw, paint a picture, and measure what such features are good for |
# | 02 | Mix | cut labelled patches, and find out what their labels are worth |
# | 03 | Match | write the connected graph, and prove that it is connected |
# | 04 | The triplet loss | write the loss, derive its gradient, and find out why the margin of the paper never closes |
# | 05 | Tuning | tune, shuffle the labels, and count clusters instead of admiring them |
# | 06 | Segmentation | fine-tune, score, and name the causes of failure |
# | 07 | Reproduction | put the paper's tables beside ours, and register an experiment before you run it |
# | 08 | Scale up | count what it costs on photographs, and run it on your own folder |
# | 09 | Beyond | turn the loss into the one that came after it |
#
# They build on each other, and each runs alone. Short of time? 03, 05 and 06 are the heart.
#
# ## 8 To discuss
#
# 1. You have 100 masks and 10,000 photographs, and a week. Name three ways to spend it. Which experiment would tell you
#    which is best before the week is over?
# 2. The fair control counts steps, weighted by pixels. What else does tuning cost, and what else does it get?
# 3. After section 3 one could say: "the tuned network scores higher." Which stronger sentence would have been wrong,
#    and which run showed it?
# 4. Why is it a mistake to compare seed 0 of one arm with seed 1 of another? When does it not matter?

# %% [markdown] tags=["quiz"]
# ? Colorization is learned well, and a network that starts from it segments hardly better than one that calls
#   everything background. How can that be?
# - The colour of a pixel is not in the picture, so nothing was learned. | It is in the picture, and part of it was
#   learned: notebook 01 measures how much.
# + To paint a surface one need not know what it belongs to. | This is the task gap: two fish of different colours are
#   far apart for the painter and one thing for segmentation.
# - A hundred masks are too few for any start. | Another start, labels of whole images, goes much further with the
#   same hundred masks.
# ? The tuned network scores higher than the plain one. Both were fine-tuned for the same number of steps. What does
#   this show?
# - The graph finds something that plain fine-tuning cannot find. | It may, but this comparison cannot say so: the
#   tuned network also had more steps.
# - Nothing at all. | It shows that tuning is better than doing nothing with those steps. That is a result, only a
#   weak one.
# + Tuning helps, or the steps that it took help. | The two are not separated yet. The fair control separates them.
# ? Arm A scores 31, 29, 33 with seeds 0, 1, 2, and arm B scores 28, 26, 30. What should you look at?
# + The three differences: 3, 3, 3. | The seed is the same start in both arms, so the arms are compared within it.
#   Here A is ahead by 3 each time.
# - The two ranges: they overlap, so nothing can be said. | Ranges mix the luck of the seeds with the difference of
#   the arms. The luck is shared here, and drops out within a seed.
# - The best of each arm: 33 and 30. | The best of several runs rewards luck, and more so the more runs one makes.
# ? What would a tuned network score that had been given shuffled labels?
# - Somewhat less than with true labels, since the exercise helps as well. | The exercise alone helps nothing here:
#   section 6 has the five seeds.
# + About what the untuned one scores. | So it is the classes of the patches that lift it, and not the movement of the
#   weights.
# - It cannot be trained, because the loss stays at its margin. | It trains without any error. A loss near its margin
#   is only a sign that positives have nothing in common.

# %% [markdown]
# ## 9 Recap
#
# - Segmentation needs masks, which are expensive; self-supervision learns from pictures alone, but for another
#   question: the task gap.
# - M&M uses the masks one has twice: first patch against patch (mix, match, tune), then pixel by pixel (fine-tune).
# - A method that spends more steps is compared with a control that spends as many.
# - Arms are compared within seeds.
#
# ## Limits
#
# - Your runs are of one seed, on drawn pictures, with a network of 250,000 weights and a minute of training.
# - The ten lines leave out what the library adds: a falling learning rate, crops and flips, changes of light, several
#   graphs a step. The table of section 6 has all that, and 500 tuning steps.
# - Settings were chosen for this small network on pictures kept for choosing. With batch norm, and on the drawn
#   streets, plain fine-tuning of equal cost is *ahead* of M&M (notebook 07). On the slides, with photographs and large
#   networks, no such control was run.
#
# ## Links
#
# - The method: Zhan, Liu, Luo, Tang and Loy, *Mix-and-Match Tuning for Self-Supervised Semantic Segmentation*, AAAI
#   2018, [arXiv:1712.00661](https://arxiv.org/abs/1712.00661); [the authors'
#   code](https://github.com/XiaohangZhan/mix-and-match).
# - In the library, in the order of an image's way: `datasets/`, `patches.py`, `networks/`, `graph.py`, `triplet.py`,
#   `tuning.py`, `segmentation.py`, `metrics.py`, `experiment/`.
