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

# %% tags=["hide-input"]
# @title What this notebook uses
import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial import plots
from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.classroom import bet, check, preset_name
from mmtutorial.datasets import apply, open_dataset, training_transform
from mmtutorial.embedding import knn_purity
from mmtutorial.graph import connected_graph
from mmtutorial.metrics import confusion_matrix, mean_iou
from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.patches import sample_patches
from mmtutorial.randomness import seeded
from mmtutorial.results import read_reproduction
from mmtutorial.segmentation import predict
from mmtutorial.triplet import triplet_loss
from mmtutorial.widgets.live_panel import LivePanel

SMOKE = preset_name() == "smoke"  # a few steps instead of many, when the notebook is only tested


def stacked(pairs):
    """Images (N, 3, H, W) and masks (N, H, W) of a data set."""
    return tuple(torch.stack([part.as_subclass(Tensor) for part in parts]) for parts in zip(*pairs, strict=True))


# %%
scenes = open_dataset("scenes", labeled=100)  # pictures that the package draws: 96 x 96 pixels, eight kinds of objects
images, masks = stacked(scenes)
varied = max(range(len(masks)), key=lambda i: len(masks[i].unique()))
grey = images[varied].float().mean(0).to(torch.uint8).expand(3, -1, -1)
proxy = {"the proxy sees": grey, "the proxy asks for": images[varied]}
segmentation = {"segmentation sees": images[varied], "segmentation asks for": masks[varied]}
plots.tiles("One picture, two questions", scenes.classes, proxy | segmentation)

# %% [markdown]
# To colour a piece of an object one has to know how such surfaces are coloured. To name it one has to know *what it
# is*. Two fish of different colours are far apart for the first question and one thing for the second. Features that
# are good for the proxy need not be good for segmentation: this is the **task gap**. How wide is it? Below are scores
# of small networks after the same fine-tuning on the same 100 masks, in percent (mIoU: how well predicted and true
# masks overlap, averaged over the classes; notebook 06). "Everything is background" scores 9.9. The middle three are
# proxy tasks, the last is not self-supervised. A large dot is the mean of five **seeds**, runs that differ by chance
# alone, a ring is one seed, and the bar a **95 % interval**: how far the mean could be off by that luck (notebook 07).

# %%
reproduction = read_reproduction(FOLDER)  # finished runs that come with the package
starts = {
    "random": "random weights",
    "jigsaw": "put nine tiles in order",
    "colorization": "paint grey pictures",
    "splitbrain": "colour from light and back",
    "classification": "labels of whole images",
}


def row(arm, name=None):
    """An arm of the shipped runs, for a picture: mean, interval, and each seed."""
    found = reproduction.row("scenes", "tiny", arm)
    return plots.Interval(name or arm, found.mean, found.interval, found.miou)


plots.arm_intervals([row(arm, name) for arm, name in starts.items()])

# %% [markdown]
# All three proxy tasks were learned. Two are worth next to nothing here, and the third goes some of the way that labels
# of whole images go. Notebook 01 looks into this gap. **Mix-and-Match tuning** (M&M; Zhan et al., AAAI 2018) wants to
# close it, with the masks one has anyway, before they are used for fine-tuning.
#
# ## 2 The method, stage by stage
#
# Click on a stage, or reach it with the arrow keys, and look at what goes in and what comes out. (Without a running
# kernel the figure is a still picture.) Three of the five are the method's own:
#
# - **Mix**: cut small pieces, *patches*, out of many labelled images, and put them into one heap.
# - **Match**: tie each patch to another of its class, and set it against one of another class. The three are a
#   *triplet*.
# - **Tune**: move the features along these ties, together and apart.

# %%
from mmtutorial.widgets import PipelineMap

PipelineMap().touch(stage="Match")

# %% [markdown]
# ## 3 In a dozen lines
#
# This is the method. It is not a sketch: the same functions with the same settings, and a little more (see *Limits*),
# made the numbers of the tables. The encoder starts from random weights here; after a proxy task the loop is the same.
# In the loop, `sample_patches` is Mix, `connected_graph` is Match, and the rest is Tune: `amax` keeps the largest value
# of each feature channel, so that a patch becomes one vector. The loss is small when a patch is nearer to its partner
# than to the other one, by the `margin` at least (notebook 04).
#
# **Watch it learn.** *Purity* asks the patches of 60 new images for their nearest neighbours, and counts how many of
# those have the patch's own class. Dashed: chance.

# %%
steps, plain = (4, 4) if SMOKE else (500, 300)  # of tuning, of fine-tuning: as in the tables
kept = open_dataset("scenes", split="val")
new_images, new_masks = stacked(kept[i] for i in range(10 if SMOKE else 100))
held_out = sample_patches(
    new_images[:60], new_masks[:60], per_image=4, side=(24, 48), output_size=32, generator=seeded(7)
)


def purity(encoder):
    """How well the classes of new patches have gathered."""
    with torch.no_grad():
        return knn_purity(encoder(held_out.images).amax(dim=(2, 3)), held_out.labels, held_out.image_index)


def training(weights, rate, steps):
    """What takes the steps, and what lowers their rate to zero in the end."""
    optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.05)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.05)


# %%
torch.manual_seed(0)
encoder, generator = TinyEncoder(batch_norm=False), seeded(0)
optimizer, rates = training(encoder.parameters(), 4e-3, steps)
panel = LivePanel("Tuning", steps, ["loss", "purity"], chance=1 / 9)
for step in range(1, steps + 1):
    some = torch.randperm(len(images), generator=generator)[:8]
    patches = sample_patches(images[some], masks[some], per_image=5, side=(24, 48), output_size=32, generator=generator)
    embeddings = encoder(patches.images).amax(dim=(2, 3))
    graphs = [connected_graph(patches.labels, generator=generator) for _ in range(4)]
    loss = sum(triplet_loss(embeddings, graph.triplets, margin=0.3) for graph in graphs) / len(graphs)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rates.step()
    if step % 25 == 0 or step == steps:
        panel.show(step, loss=loss.item(), purity=purity(encoder))

# %% [markdown]
# Now **fine-tune**: a head on top, which scores each class, and all weights are trained to name the pixels. The same
# masks as before; no label was added. Two networks are fine-tuned: `random` starts from random weights, `random+graph`
# from those that were tuned over the graph. Watch the mask of one image that no network has seen.

# %%
watched = max(range(len(new_masks)), key=lambda i: len(new_masks[i].unique()))  # many kinds of objects
transform = training_transform(96)  # scaled by 0.75 to 1.5, a crop of 96 x 96, flipped or not


def fine_tune(name, weights, steps):
    """A segmentation network that starts from an encoder's weights; None for random ones."""
    torch.manual_seed(0)
    network, generator = FCN(TinyEncoder(batch_norm=False), len(scenes.classes)), seeded(1)
    if weights is not None:
        network.encoder.load_state_dict(weights)
    optimizer, rates = training(network.parameters(), 3e-3, steps)
    panel = LivePanel(
        name, steps, ["loss"], image=new_images[watched], truth=new_masks[watched], classes=scenes.classes
    )
    for step in range(1, steps + 1):
        some = torch.randperm(len(scenes), generator=generator)[:4].tolist()
        crops, truths = stacked(apply(transform, *scenes[i], generator) for i in some)
        loss = F.cross_entropy(network(crops), truths.long(), ignore_index=255)  # 255: beyond the image
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
        if step % 25 == 0 or step == steps:
            panel.show(step, loss=loss.item(), mask=predict(network, [new_images[watched]])[0])
    return network


networks = {
    "random": fine_tune("random", None, plain),
    "random+graph": fine_tune("random+graph", encoder.state_dict(), plain),
}

# %% [markdown]
# And the scores, over all new images. Two of them are shown, each with another kind of object: the one on which all
# networks together get most pixels right. (So the choice can change when a network is added.)

# %%


def compare(networks):
    """Shows images of two kinds of objects, and gives the score of each network in percent."""
    masks = {name: predict(network, list(new_images)) for name, network in networks.items()}
    scores = {
        name: 100 * mean_iou(confusion_matrix(list(new_masks), found, len(scenes.classes)))
        for name, found in masks.items()
    }
    right = sum(((torch.stack(found) == new_masks) & (new_masks > 0)).sum((1, 2)) for found in masks.values())
    kinds = [int(mask[mask > 0].mode().values) if mask.any() else 0 for mask in new_masks]
    best = {kinds[i]: i for i in right.argsort().tolist()}  # the last of a kind stays
    rows = [
        {"image": new_images[i], "truth": new_masks[i]}
        | {f"{name}: {scores[name]:.1f}": found[i] for name, found in masks.items()}
        for i in sorted(best.values(), key=lambda i: -right[i])[:2]
    ]
    return plots.tiles("Your networks and their mIoU", scenes.classes, *rows)


compare(networks)

# %% [markdown]
# Same masks, same fine-tuning, and the tuned start is far ahead. A success for Mix and Match? **Not yet.** One of the
# two was trained for longer: `random+graph` had 500 steps of tuning before. What if the plain network gets as many?

# %%
bet("00.control")

# %% [markdown]
# ## 4 How these notebooks work
#
# Before you find out, a word on how to use them.
#
# - **Exercises** are cells with a blank, `todo(...)`. Two *hints* stand before each: open the first, think, then the
#   second. A blank stops "Run all": fill it, or take what the fold *Go on without* offers.
# - **Checks** try your function on many cases: `check("00.gains", gains)`. They say what was tried, what came out, what
#   was expected, and, for mistakes that many make, where to look.
# - **A warm-up** of two minutes stands before each exercise. It leads there; do it in your head or on paper.
# - **Progress.** `progress()` in a cell, or `mmtutorial progress` in a terminal, shows which exercises of all ten
#   notebooks you have passed, which bets you have placed, and what comes next.
# - **Solutions** stand in the folder `solutions`, with all outputs; `solution("00.gains")` shows a single one.
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
# <code>extra_steps = lambda tuning_steps, tuning_pixels, pixels: 556</code>, right for the one case needed below.
# </details>

# %% tags=["exercise:00.extra_steps"]
import math


def extra_steps(tuning_steps, tuning_pixels, pixels):
    # BEGIN SOLUTION
    return math.ceil(tuning_steps * max(1, tuning_pixels / pixels))
    # END SOLUTION


extra_steps(500, tuning_pixels=8 * 5 * 32**2, pixels=4 * 96**2)

# %%
# NBVAL_CHECK_OUTPUT
print(check("00.extra_steps", extra_steps))

# %% [markdown]
# The third network, from the same random weights as both others: all steps go into fine-tuning.

# %%
more = extra_steps(steps, 8 * 5 * 32**2, 4 * 96**2)
networks["random+more"] = fine_tune("random+more", None, plain + more)
compare(networks)

# %% [markdown]
# That is the question of this course. Tuning works, anybody can see it; *does it do more than its steps?* Your one run
# cannot say. Here are five of each, with other images to be scored on, as they ship with the package:

# %%
plots.arm_intervals([row(arm) for arm in ("random", "random+graph", "random+more")])

# %% [markdown]
# Over five seeds the control comes within a few points. Whether those are more than luck, so few seeds cannot tell.
#
# ## 5 An experiment
#
# So one runs every **arm**, a row of the comparison, with several **seeds**. The library does that: weights, order of
# images, crops and patches all follow from the seed, the same in each arm. In a terminal
# `mmtutorial run --preset class --seeds 0,1,2` trains eight arms and writes a report; notebook 07 does it from Python.
#
# How to read such numbers? Seeds differ by more than arms often do. But a seed is *the same start* in every arm; so
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
# <code>solution("00.gains")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:00.gains"]
def gains(rows, a, b):
    # BEGIN SOLUTION
    first = {row["seed"]: row["miou"] for row in rows if row["arm"] == a}
    second = {row["seed"]: row["miou"] for row in rows if row["arm"] == b}
    return [first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())]
    # END SOLUTION


pairs = [("random", 0, 10.0), ("random+graph", 0, 30.0), ("random", 1, 12.0), ("random+graph", 1, 29.0)]
gains([{"arm": arm, "seed": seed, "miou": miou} for arm, seed, miou in pairs], "random+graph", "random")

# %%
# NBVAL_CHECK_OUTPUT
print(check("00.gains", gains))

# %% [markdown]
# ## 6 The result, in short
#
# The shipped runs again, now with *your* function. Each arm was fine-tuned for 300 steps, or for 856 where it is
# `+more`; tuning had 500. Two arms are new: `random+shuffled` was tuned with shuffled labels, `random+triplets` with
# random triplets in place of the graph.

# %%
# NBVAL_CHECK_OUTPUT
ARMS = ("random", "random+more", "random+shuffled", "random+triplets", "random+graph")
found = {arm: reproduction.row("scenes", "tiny", arm) for arm in ARMS}
finished = [
    {"arm": arm, "seed": seed, "miou": miou} for arm, result in found.items() for seed, miou in result.by_seed.items()
]
ahead = {other: gains(finished, "random+graph", other) for other in ARMS[:-1]}
columns = {
    "random+graph minus": list(ahead),
    "seed by seed": ["  ".join(f"{value:+.1f}" for value in each) for each in ahead.values()],
    "mean": [f"{sum(each) / len(each):+.1f}" for each in ahead.values()],
}
plots.table(columns, "mIoU, points")

# %%
plots.arm_intervals([row(arm) for arm in ARMS])

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
# - The dozen lines leave out one thing that the library adds: changes of the patches' light. Your networks are scored
#   on 100 images of the part kept for choosing, the shipped ones on 500 others.
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
