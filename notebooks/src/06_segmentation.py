# %% [markdown]
# ## 1 From features to a mask
#
# Tuning leaves an encoder whose features know something of classes (notebook 05). It still says nothing about a pixel.
# **Semantic segmentation** asks for the class of every pixel: an image $(3, H, W)$ goes in, a mask $(H, W)$ comes out.
# Two parts are missing: a *head* that turns features into scores, and labels to train it with. The labels are
# those that tuning has seen already, the masks of 100 images. No label is added anywhere.
#
# The head is that of the **FCN** (fully convolutional network): two convolutions that look at the feature map place by
# place, and give a score for each class there. The map is coarse, one place for 8 x 8 pixels, so the scores are
# enlarged to the size of the image by bilinear interpolation. The class with the highest score wins the pixel.

# %% tags=["hide-input"]
# @title What this notebook uses
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmtutorial import plots
from mmtutorial.artifacts import about_artifact, load_artifact
from mmtutorial.classroom import bet, check, preset_name
from mmtutorial.datasets import apply, open_dataset, training_transform
from mmtutorial.networks import FCN, TinyEncoder
from mmtutorial.randomness import seeded
from mmtutorial.segmentation import predict
from mmtutorial.widgets.live_panel import LivePanel

SMOKE = preset_name() == "smoke"  # a few steps instead of many, when the notebook is only tested
noted = {}  # claims and whether they hold, gathered on the way for the last table

# %%
labelled, kept = open_dataset("scenes", labeled=100), open_dataset("scenes", split="val")
names = labelled.classes.names
results = load_artifact("segmentation-results")  # what five trained networks predict, and the weights of one encoder
print(results)
print("made by:", about_artifact("segmentation-results")["command"])

# %%
# NBVAL_CHECK_OUTPUT
network = FCN(TinyEncoder(batch_norm=False), len(names))
network.encoder.load_state_dict(results.tuned_weights())  # tuned with the graph; the head starts from random weights

image = torch.as_tensor(kept[0][0])[None]
features = network.encoder(image)
small = network.head(features)
shapes = {"image": image, "features": features, "scores of the head": small, "scores, enlarged": network(image)}
encoder, head = (sum(p.numel() for p in part.parameters()) for part in (network.encoder, network.head))
plots.table(
    {"tensor": list(shapes), "shape": [str(tuple(each.shape)) for each in shapes.values()]},
    f"The encoder has {encoder:,} weights, the head {head:,}",
)

# %% [markdown]
# What enlarging does, with a network that has been trained: each place of the coarse map has a favourite, and the
# borders between favourites become smooth curves. Anything finer than 8 pixels is guesswork.

# %%
test = open_dataset("scenes", split="test")
several = [i for i in range(len(results.small_scores[0])) if len(np.unique(results.truths[i])) > 2]
good = max(several, key=results.image_miou("random+graph").__getitem__)
coarse = results.small_scores[results.scored.index("random+graph"), good].argmax(0)
enlarged = results.scores("random+graph")[good].argmax(0)
shown = {"image": test[good][0], "coarse map": coarse, "enlarged": enlarged, "truth": results.truths[good]}
plots.tiles("How the head's coarse map becomes a mask", test.classes, shown)

# %% [markdown]
# ## 2 A loss for every pixel
#
# Let $s_{ik}$ be the score of class $k$ at pixel $i$, and $p_{ik} = e^{s_{ik}} / \sum_j e^{s_{ij}}$ its probability.
# The loss is the **cross-entropy**, as in the classification of images, once for every pixel: with the true class $y_i$
#
# $$L = -\frac{1}{|\mathcal{I}|} \sum_{i \in \mathcal{I}} \log p_{i, y_i}.$$
#
# $\mathcal{I}$ are the **labelled** pixels of the batch. Not all are: masks of photographs have seams that nobody
# labelled, and an image that is shrunk at random and put into a larger crop has a margin without truth. Such pixels
# are **void**, written 255 in the mask. They are no class; they do not count.
#
# ### Exercise 1: the loss
#
# `pixel_loss(scores, mask)` gets scores $(N, K, H, W)$ and a mask $(N, H, W)$ of classes and void. The answer is a
# tensor with one number, through which a gradient can flow. If no pixel of the batch is labelled, it is 0.
#
# <details><summary>Hint 1</summary>
# Which loss of image classification is this, pixel by pixel? How do you keep void out of it? And what is a mean over no
# pixels at all? One such batch, and all weights are lost.
# </details>
# <details><summary>Hint 2</summary>
# <code>F.cross_entropy(..., ignore_index=255)</code> passes void over, but its mean over nothing is not a number. Take
# the sum instead (<code>reduction="sum"</code>), count the labelled pixels yourself, and let the count be at least 1
# (<code>.clamp(min=1)</code>).
# </details>
# <details><summary>Go on without</summary>
# <code>solution("06.pixel_loss")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:06.pixel_loss"]
def pixel_loss(scores, mask):
    # BEGIN SOLUTION
    labelled_pixels = (mask != 255).sum().clamp(min=1)
    return F.cross_entropy(scores, mask, ignore_index=255, reduction="sum") / labelled_pixels
    # END SOLUTION


pixel_loss(torch.zeros(1, 9, 2, 2), torch.tensor([[[0, 3], [255, 255]]]))  # nine equal scores: log 9, about 2.2

# %%
# NBVAL_CHECK_OUTPUT
print(check("06.pixel_loss", pixel_loss))

# %% [markdown]
# ## 3 Fine-tune, from three starts
#
# **Fine-tuning** trains encoder and head together with this loss. All that tuning left behind is a better place to
# start from: the same loop, the same images, other weights at step 0. So compare starts:
#
# - `random`: the encoder starts from random weights.
# - `random+graph`: it starts from random weights that were tuned over the graph, for 500 steps on the same 100 images.
#
# Is that fair? The second had 500 steps more. What they are worth in steps of fine-tuning you have counted in notebook
# 00: a tuning step sees 8 images with 5 patches of 32 x 32 pixels, a step of fine-tuning 4 crops of 96 x 96.

# %%
# NBVAL_CHECK_OUTPUT
from mmtutorial.experiment.arms import tuning_cost
from mmtutorial.settings.presets import get_preset

lesson = get_preset("class")
plain, extra = lesson.segmentation.schedule.steps, tuning_cost(lesson)
plots.table(
    {
        "": ["tuning", "fine-tuning", "the control's fine-tuning"],
        "steps": [lesson.tuning.schedule.steps, plain, f"{plain} + {extra}"],
        "pixels per step": [f"{8 * 5 * 32**2:,}", f"{4 * 96**2:,}", f"{4 * 96**2:,}"],
    },
    f"Tuning costs as much as {extra} steps of fine-tuning",
)

# %% [markdown]
# That is the third start, **the fair control**:
#
# - `random+more`: random weights, and the steps that tuning would have cost are spent on fine-tuning.
#
# Without it one would call *any* use of those steps a success. Your loss, in a loop; about half a minute on two cores.
# Watch one image of those kept for choosing: every 25 steps the mask is predicted anew.

# %%
watched = max((kept[i] for i in range(100)), key=lambda pair: len(pair[1].unique()))  # many kinds of objects
transform = training_transform(96)  # scaled by 0.75 to 1.5, a crop of 96 x 96, flipped or not


def fine_tune(name, steps, encoder_weights=None):
    """A network fine-tuned for some steps with four images each, and its losses."""
    panel = LivePanel(name, steps, ["loss"], image=watched[0], truth=watched[1], classes=kept.classes)
    torch.manual_seed(0)
    network, generator = FCN(TinyEncoder(batch_norm=False), len(names)), seeded(0)
    if encoder_weights:
        network.encoder.load_state_dict(encoder_weights)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.05)
    losses = []
    for step in range(1, steps + 1):
        chosen = torch.randint(len(labelled), (4,), generator=generator).tolist()
        crops = [apply(transform, *labelled[i], generator) for i in chosen]
        images = torch.stack([image.as_subclass(Tensor) for image, _ in crops])
        masks = torch.stack([mask.as_subclass(Tensor) for _, mask in crops])
        loss = pixel_loss(network(images), masks.long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 25 == 0 or step == steps:
            panel.show(step, loss=float(np.mean(losses[-25:])), mask=predict(network, [watched[0]])[0])
    return network, losses


share = 0.02 if SMOKE else 1
runs = {
    "random": fine_tune("random", round(share * plain)),
    "random+graph": fine_tune("random+graph", round(share * plain), results.tuned_weights()),
}

# %%
runs["random+more"] = fine_tune("random+more", round(share * (plain + extra)))

# %%


def smoothed(losses):
    """Means of 25 steps at a time, as a curve to draw."""
    width = min(25, len(losses))
    means = np.array(losses[: len(losses) // width * width]).reshape(-1, width).mean(1)
    return plots.Curve(np.arange(1, len(means) + 1) * width, means)


curves = {name: [smoothed(losses)] for name, (_, losses) in runs.items()}
plots.loss_curves(curves, title="Your three runs", quantity="loss of training batches")

# %% [markdown]
# The tuned start is ahead from the first steps on. (Steps of tuning are not in this picture: `random+graph` has 500
# behind it at its step 0. And `random` and `random+more` start alike; they part because the learning rate falls over
# 300 steps in one and over 856 in the other.) And what do they predict, on images kept for choosing, which nobody was
# trained on?

# %%
count = 8 if SMOKE else 100
some_images, some_masks = zip(*(kept[i] for i in range(count)), strict=True)
predicted = {name: predict(network, some_images) for name, (network, _) in runs.items()}


def accuracy(truths, predictions):
    """Share of the pixels that are right."""
    return torch.stack([torch.as_tensor(t) == p for t, p in zip(truths, predictions, strict=True)]).float().mean()


right = ", ".join(f"{name} {accuracy(some_masks, masks):.1%}" for name, masks in predicted.items())
busiest = max(range(count), key=lambda i: len(some_masks[i].unique()))
shown = {"image": some_images[busiest], "truth": some_masks[busiest]}
plots.tiles(
    f"Your networks. Pixels that are right: {right}",
    kept.classes,
    shown | {name: masks[busiest] for name, masks in predicted.items()},
)

# %% [markdown]
# ## 4 How good is a mask?
#
# Nine pixels in ten are right, whatever the start; and yet one of the masks may show hardly anything. Look at what
# there is to be right about:

# %%
# NBVAL_CHECK_OUTPUT
truths = results.true_masks()
pixels = torch.bincount(torch.stack(truths).flatten().long(), minlength=len(names))
plots.table({"class": names, "share of the pixels": [f"{share:.1%}" for share in pixels / pixels.sum()]})

# %% [markdown]
# A network that calls everything background is right nine times in ten. This is **class imbalance**, and the loss has
# it too: it is a mean over pixels, so early in training the cheapest way down is "all background", and a network may
# stay there.
#
# The score must not reward that. **Intersection over union** of a class $k$ compares the pixels that *are* $k$ with
# those that are *called* $k$:
#
# $$\mathrm{IoU}_k = \frac{\lvert\,\text{true } k \,\cap\, \text{called } k\,\rvert}
# {\lvert\,\text{true } k \,\cup\, \text{called } k\,\rvert}.$$
#
# A missed pixel hurts and an invented one hurts. The **mIoU** is the mean over classes, each with the same weight,
# however small. Pixels are counted *over all images first*, and divided once.
#
# ### Exercise 2: mIoU
#
# `mean_iou(truths, predictions, classes)` gets two lists of masks $(H, W)$ and the number of classes; the answer is a
# number between 0 and 1. Void in the truth does not count. A class of which the truth has no pixel is left out of the
# mean, predicted or not: so every network is averaged over the same classes. (What is called such a class is missed
# where it truly belongs.) Background is a class like the others.
#
# <details><summary>Hint 1</summary>
# Everything is in one table: how many pixels of true class $i$ were called $j$. Where in it is the intersection of a
# class? The union is a row and a column together; what is counted twice then?
# </details>
# <details><summary>Hint 2</summary>
# <code>torch.bincount(truth * classes + prediction, minlength=classes**2)</code> counts all pairs of an image at once;
# make both <code>.long()</code> first, 8-bit numbers overflow. The sum of a row says whether the truth has the class at
# all; a boolean tensor in square brackets picks those that it has.
# </details>
# <details><summary>Go on without</summary>
# <code>from mmtutorial import metrics</code>, then <code>mean_iou = lambda truths, predictions, classes:
# metrics.mean_iou(metrics.confusion_matrix(truths, predictions, classes))</code>
# </details>


# %% tags=["exercise:06.mean_iou"]
def mean_iou(truths, predictions, classes):
    # BEGIN SOLUTION
    counts = torch.zeros(classes, classes, dtype=torch.long)
    for truth, prediction in zip(truths, predictions, strict=True):
        known = truth != 255
        pairs = truth[known].long() * classes + prediction[known].long()
        counts += torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    both = counts.diagonal()
    union = counts.sum(0) + counts.sum(1) - both
    return (both / union)[counts.sum(1) > 0].mean().item()
    # END SOLUTION


mean_iou([torch.tensor([[0, 0], [1, 1]])], [torch.tensor([[0, 0], [0, 1]])], 2)  # (2/3 + 1/2) / 2

# %%
# NBVAL_CHECK_OUTPUT
print(check("06.mean_iou", mean_iou))

# %% [markdown]
# Your runs again, by a score that cannot be fooled:

# %%
plain_masks = [mask.as_subclass(Tensor) for mask in some_masks]
scored = [f"{100 * mean_iou(plain_masks, masks, len(names)):.1f}" for masks in predicted.values()]
plots.table({"your run": list(predicted), "mIoU, %": scored})

# %% [markdown]
# One seed on 100 images is an anecdote. With the package come the predictions of networks that were trained in the same
# way, with the library's own loop, for the **reproduction** of the paper's tables (notebook 07), on all 500 images of
# the part `test`: five **arms** (ways of training), one seed. Nothing was chosen on them. All five have 100 labelled
# images.

# %%
# NBVAL_CHECK_OUTPUT
nothing = [torch.zeros_like(truth) for truth in truths]
answers = {"(all background)": nothing} | {arm: results.masks(arm) for arm in results.names}
columns = {
    "arm": list(answers),
    "pixels right": [f"{accuracy(truths, masks):.1%}" for masks in answers.values()],
    "mIoU, %": [f"{100 * mean_iou(truths, masks, len(names)):.1f}" for masks in answers.values()],
}
plots.table(columns, "500 images of the part test, one seed")

# %% [markdown]
# `random` is hardly more than "all background" after its 300 steps. In accuracy no arm is two points from any other; in
# mIoU they are worlds apart. The two further arms are the controls of notebooks 03 and 05: disjoint random triplets,
# and as many random triplets as the graph has. Read `random+more` before you rejoice: it is far above `random` as well.
#
# ## 5 Look at them
#
# Best, middling and worst images of `random+graph`, by the mIoU of the image alone. Choose an *arm* for the bars and
# the confusion matrix, which are over all 500 images.
#
# 1. Choose the *worst*. The first scores far lower with `random+graph` than with `random`, which sees nothing in it.
#    Why? What does that say about scoring image by image?
# 2. Go from `random` to `random+graph` in the matrix. Which column empties?
# 3. Which pair of classes is confused most? Look at both in the images: is it shape, pattern or colour?
# 4. Is `random+more` wrong in the same images as `random+graph`?

# %%
order = results.image_miou("random+graph").argsort().tolist()
middle = len(order) // 2
browser = results.browser({"best": order[:-4:-1], "middling": order[middle - 1 : middle + 2], "worst": order[:3]})
browser.widget()

# %% [markdown]
# The worst one, as a still picture:

# %%
browser.static(kind="worst")

# %% [markdown]
# ## 6 Name the cause
#
# "Thirty per cent" is no diagnosis. Each wrong pixel has a cause; look for it in this order:
#
# 1. **edge**: near a border between two true classes. The class may be right, and the border a little off.
# 2. **missed**: an object was called background.
# 3. **invented**: background was called an object.
# 4. **confused**: an object was called another object.
#
# ### Exercise 3: count the causes
#
# `error_causes(truth, prediction, edge)` gets two masks $(H, W)$ and a tensor $(H, W)$ that is true near a border. The
# answer is a tensor of four counts of pixels, in the order above; each wrong pixel is in one of them. Background is
# class 0; void in the truth is never wrong.
#
# <details><summary>Hint 1</summary>
# Make one tensor of true and false for each cause, and sum it. Begin with the wrong pixels; what must be taken off them
# before the second cause is looked for?
# </details>
# <details><summary>Hint 2</summary>
# With <code>wrong = (truth != prediction) & (truth != 255)</code> the first count is
# <code>(wrong & edge).sum()</code>. All others begin with <code>wrong & ~edge</code>; a confused pixel is background
# neither in truth nor in prediction.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("06.error_causes")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:06.error_causes"]
def error_causes(truth, prediction, edge):
    # BEGIN SOLUTION
    wrong = (truth != prediction) & (truth != 255)
    inside = wrong & ~edge
    parts = (
        wrong & edge,
        inside & (prediction == 0),
        inside & (truth == 0),
        inside & (truth != 0) & (prediction != 0),
    )
    return torch.stack([part.sum() for part in parts])
    # END SOLUTION


error_causes(torch.tensor([[0, 0, 5, 5]]), torch.tensor([[0, 4, 0, 5]]), torch.tensor([[False, False, True, True]]))

# %%
# NBVAL_CHECK_OUTPUT
print(check("06.error_causes", error_causes))

# %% [markdown]
# Near means: another true class at most two pixels away. The causes of all 500 images together, beside those of a
# network that calls everything background:


# %% tags=["hide-input"]
# @title Which pixels are near an edge
def near_edge(truth, reach=2):
    """Pixels with another true class within some pixels: (H, W) of true and false."""
    labels, window = truth.float()[None], 2 * reach + 1
    highest = F.max_pool2d(labels, window, stride=1, padding=reach)
    lowest = -F.max_pool2d(-labels, window, stride=1, padding=reach)
    return (highest != lowest)[0]


# %%
# NBVAL_CHECK_OUTPUT
CAUSES = ("edge", "missed", "invented", "confused")
edges = [near_edge(truth) for truth in truths]


def causes(predictions):
    """Causes of each image: (T, 4) counts of pixels."""
    return torch.stack([error_causes(*each) for each in zip(truths, predictions, edges, strict=True)])


by_image = {"(all background)": causes(nothing), **{arm: causes(results.masks(arm)) for arm in results.names}}
sums = torch.stack([counts.sum(0) for counts in by_image.values()]) / 1000  # (arms, causes)
columns = {cause: [f"{value:.0f}" for value in sums[:, place]] for place, cause in enumerate(CAUSES)}
plots.table({"arm": list(by_image), **columns}, "Wrong pixels by cause, in thousands")

# %% [markdown]
# - **At edges nothing is gained.** All arms make about as many mistakes there as a network that sees nothing.
# - **Everything is gained inside objects.** With the graph and with more steps, missed pixels fall to about a quarter
#   of what they are with `random`. Part of them are now *confused*: the network sees that something is there, and not
#   what. And it has begun to *invent*.
# - The graph and the fair control are alike in total, and not in kind: one invents more, the other confuses more. (One
#   seed: would you bet on that?)
#
# Why are the edges so bad? A suspect is the coarse map. Put it to the test: give the head the *truth*, in each place
# of the map the shares of the classes in its 8 x 8 pixels, and enlarge that. If the map is to blame, this must
# be as bad at the edges as the arms.

# %%
# NBVAL_CHECK_OUTPUT
true_scores = F.one_hot(torch.stack(truths).long(), len(names)).movedim(-1, 1).float()
enlarged = F.interpolate(F.avg_pool2d(true_scores, 8), truths[0].shape, mode="bilinear", align_corners=False)
oracle = list(enlarged.argmax(1).to(torch.uint8))
del true_scores, enlarged  # 160 MB each
at_edges = {name: int(counts.sum(0)[0]) for name, counts in {**by_image, "oracle": causes(oracle)}.items()}
noted["mIoU of an oracle at the resolution of the map"] = f"{100 * mean_iou(truths, oracle, len(names)):.0f}"
noted["its mistakes at edges, of those of random+graph"] = f"{at_edges['oracle'] / at_edges['random+graph']:.0%}"
columns = {"wrong pixels at edges, thousands": [f"{count / 1000:.0f}" for count in at_edges.values()]}
plots.table({"network": list(at_edges), **columns})

# %% [markdown]
# So the map is guilty of about half. The other half a finer map would not mend by itself: there the class is not known.
# Near its border an object fills only a part of what the encoder sees.
#
# Now look for the images in which one cause has most pixels:

# %%
most = {
    f"most {cause}": by_image["random+graph"][:, place].argsort(descending=True)[:3].tolist()
    for place, cause in enumerate(CAUSES)
}
failures = results.browser(most)
failures.widget()

# %%
failures.static(kind="most confused", image=0)

# %% [markdown]
# ## 7 Two networks, one answer

# %%
bet("06.ensemble")

# %% [markdown]
# The best number on PASCAL VOC in the authors' slides is an **ensemble**: a network from ImageNet weights and one from
# M&M, asked together. Each gives probabilities at every pixel; their mean decides. Where one is unsure, the other may
# not be.
#
# ### Exercise 4: let two networks vote
#
# `ensemble(first, second)` gets the scores $(K, H, W)$ of two networks for one image; the answer is a mask $(H, W)$.
#
# <details><summary>Hint 1</summary>
# Scores of two networks are in no common unit: one may count in tens where the other counts in hundreds. What makes
# them comparable?
# </details>
# <details><summary>Hint 2</summary>
# <code>softmax</code> over the axis of the classes, for each network by itself; then the mean; then
# <code>argmax</code> over the same axis.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("06.ensemble")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:06.ensemble"]
def ensemble(first, second):
    # BEGIN SOLUTION
    return (first.softmax(0) + second.softmax(0)).argmax(0)
    # END SOLUTION


ensemble(torch.tensor([[[4.0]], [[0.0]]]), torch.tensor([[[0.0]], [[1.0]]]))

# %%
# NBVAL_CHECK_OUTPUT
print(check("06.ensemble", ensemble))

# %% [markdown]
# `classification` stands in for ImageNet here: an encoder trained to name which classes occur in an image, on 2,000
# images without masks. Beside the slides' pair stand two more, so that you see what *any* two networks do:

# %%
scores = {arm: results.scores(arm) for arm in results.scored}
first_truths = truths[: len(scores["random+graph"])]


def percent(masks):
    """mIoU in percent on the images whose scores are kept."""
    return 100 * mean_iou(first_truths, list(masks), len(names))


alone = {arm: percent(found.argmax(1)) for arm, found in scores.items()}
pairs = [("classification", "random+graph"), ("classification", "random+more"), ("random+more", "random+graph")]
together = {}
for a, b in pairs:
    together[a, b] = percent([ensemble(one, other) for one, other in zip(scores[a], scores[b], strict=True)])
columns = {
    "pair": [f"{a} & {b}" for a, b in pairs],
    "one": [f"{alone[a]:.1f}" for a, _ in pairs],
    "other": [f"{alone[b]:.1f}" for _, b in pairs],
    "both": [f"{together[pair]:.1f}" for pair in pairs],
}
plots.table(columns, f"mIoU, {len(first_truths)} images")

# %% tags=["hide-input"]
# @title Noted for the end
for a, b in pairs:
    noted[f"{a} & {b}: better than either by itself"] = together[a, b] > max(alone[a], alone[b])

# %% [markdown]
# On these 80 images, with one seed, every pair is a little above its better half (by 0.6 to 1.6 points), the one
# without M&M too: an ensemble needs two networks that err in different places, and does not ask where they come from.
# It also costs two trainings and two predictions; the fair control of an ensemble is another ensemble, as of two seeds
# of one arm.
#
# ## 8 What did tuning buy?
#
# All numbers above are of one seed. The reproduction has several, and repeats each seed in every arm: the same first
# weights, the same order of images. So differences can be taken *seed by seed*, and get an interval that would hold the
# true difference in 95 of 100 such experiments (notebook 07 reads it closely). Hollow: zero is inside.

# %%
from mmtutorial.artifacts.loading import FOLDER
from mmtutorial.results import read_reproduction, subtract

reproduction = read_reproduction(FOLDER)


def row(arm):
    """An arm's row: scenes, the same small network."""
    return reproduction.row("scenes", "tiny", arm)


questions = {
    "M&M − plain": ("random+graph", "random"),
    "shuffled labels − plain": ("random+shuffled", "random"),
    "M&M − the fair control": ("random+graph", "random+more"),
    "M&M − disjoint triplets": ("random+graph", "random+triplets"),
    "M&M − as many triplets": ("random+graph", "random+equal-triplets"),
}
found = {question: subtract(row(a), row(b)) for question, (a, b) in questions.items()}
plots.difference_intervals([plots.Interval(q, d.value, d.interval, d.per_seed) for q, d in found.items()])

# %% tags=["hide-input"]
# @title Noted for the end
for question, difference in found.items():
    low, high = difference.interval
    noted[question] = "more than zero" if low > 0 else "less than zero" if high < 0 else "not told from zero"

# %% [markdown]
# - **Tuning works.** The same labels, the same 300 steps of fine-tuning, and many points more. With shuffled labels
#   nothing is left of that: it is the labels that do it, not the exercise.
# - **So do more steps.** The fair control has the same labels, and comes within a few points. That tuning does more
#   than its steps would have done elsewhere is not shown with 100 labelled images.
# - **Connected or not:** with as many triplets no difference is shown (+1.5, −1.7 to 4.8). Disjoint triplets are fewer,
#   and behind.
#
# On photographs, from a start with ImageNet's weights, nothing is left of the lift: plain 48.6, graph 47.9, control
# 49.6 (100 labels of VOC, five seeds; notebook 07). There the head start is there already. Would you have bet on that?
# With 25 labels the means turn round: plain 31.0, graph 32.6, control 28.9. But these are three seeds, and the interval
# of graph less control is −3.6 to 10.9. It is a question, not an answer. With 437 labels there is an answer: plain
# 55.1, graph 55.7, control 58.8, and the graph is *below* its control (−3.1, −5.4 to −0.7).
#
# M&M makes another use of the labels: it asks them about *pairs of patches*. If that is worth anything beyond the
# steps, it should show where labels are few. The same arms with 25 to 1,000 labelled images:

# %%
ablation = next(each for each in reproduction.ablations if each.name == "labeled")
points = {arm: [p for p in ablation.points if p.arm == arm] for arm in ("random", "random+more", "random+graph")}
plots.ablation_curves(
    {arm: [plots.Setting(p.value, p.mean, p.interval) for p in each] for arm, each in points.items()},
    title="More labels, the same number of steps",
    setting=ablation.title,
    log=True,
)

# %%
from mmtutorial.results.statistics import paired_difference

gains = []
for tuned, control in zip(points["random+graph"], points["random+more"], strict=True):
    value, bounds = paired_difference(tuned.miou, control.miou)
    per_seed = tuple(a - b for a, b in zip(tuned.miou, control.miou, strict=True))
    gains.append(plots.Interval(f"{tuned.value:,.0f} labels", value, tuple(bounds), per_seed))
above = sum(gain.bounds[0] > 0 for gain in gains)
print(f"higher mean at {sum(g.value > 0 for g in gains)} of {len(gains)} numbers, zero below the interval at {above}")
plots.difference_intervals(gains)

# %% [markdown]
# Filled: zero is outside the interval. The tuned arm tends to have the higher mean, by a few points at most, and some
# of the intervals leave zero out. That is a hint of something beyond the steps, and no more: the rows share their seeds
# and most of their images, so they are not six experiments, and nobody had said beforehand which of them would count
# (notebook 07 does it the other way round). And the gain is not largest where labels are fewest, as one would think.
#
# And something else is odd: `random` gets *worse* with more labels. The number of steps is fixed at 300, with 4 images
# each: 25 images are seen 48 times each, 1,000 images hardly more than once. The likely reason is that a few images,
# seen often, can be learned by heart, which is one way out of "all background", and that so many cannot. (How would you
# test that?) Labels and steps are two budgets. Here steps are the scarce one, and tuning is one way to spend more of
# them. The slides have thousands of labelled photos, tens of thousands of steps, and no row with the fair control: what
# holds here need not hold there, and the other way round.
#
# ## 9 To discuss
#
# 1. The fair control gets the steps. Should it get tuning's other luxuries too: patches at several scales, changes of
#    brightness and contrast? How would you build a control with those?
# 2. mIoU gives a class with 1 % of the pixels the weight of one with 89 %. When is that wrong? What would you report to
#    a surgeon, to a farmer, to the maker of a car?
# 3. Weight the loss by class to fight "all background". What happens to *missed*, what to *invented*? Would the gain
#    of tuning shrink?
# 4. Would a head at full resolution help the tuned arm more than the control? Which of the four causes would tell?
# 5. On the slides, tuning lifts AlexNet from random weights from 19.8 to 43.6 on VOC 2012. Which experiment, if you
#    could run only one at full size, would you ask for before you believe that it is the graph?

# %% [markdown] tags=["quiz"]
# ? A network calls everything background, and nine pixels in ten are. There are nine classes. What is its mIoU?
# - 0.9 | That is its accuracy. mIoU gives each class the same weight.
# - 0 | Background has an IoU of its own, 0.9, and is one of the nine classes.
# + 0.1 | 0.9 for the background and 0 for eight objects: 0.9 / 9.
# ? Void is written 255. What becomes of a network that is called wrong there?
# + Nothing: void counts neither in the loss nor in the score. | Nobody has said what is there, so there is nothing to
#   be wrong about.
# - It loses IoU in the class that it called. | Only if void were a class. Then every seam of a mask would lower every
#   score.
# - It is counted as missed. | To miss something, one has to know that it is there.
# ? The ensemble of a plain and a tuned network is above both. Does it take M&M for that?
# - Yes: the two bring different knowledge. | Pairs without M&M gain about as much here.
# + No: two networks that err in different places are enough. | The fair control of an ensemble is another ensemble,
#   as of two seeds of one arm.
# - Yes, since probabilities were averaged. | Averaging needs two networks, whatever they come from.
# ? He, Girshick and Dollar (2019) trained detectors with and without pre-training: with 35,000 images 36.3 = 36.3,
#   with 1,000 images 3.5 against 9.9, although the training loss had caught up. Which half of that does the fair
#   control of this course resemble?
# - The second: with few labels a head start cannot be caught up with. | We have few labels, and yet plain fine-tuning
#   with the same steps comes within a few points.
# - Neither, since detection is another task. | The question is the same one: is the start worth more than its steps?
# + The first: more steps catch up with the start. | Though with a hundred masks, where one would expect the second.
#   Drawn scenes are simpler than photographs: that is a suspect, not a proof.

# %% [markdown]
# ## What this notebook has shown
#
# Gathered on the way. Each line holds on every machine, and with fewer steps too.

# %%
# NBVAL_CHECK_OUTPUT
plots.shown(noted)

# %% [markdown]
# ## 10 Recap
#
# - A head turns features into scores, and interpolation makes them as large as the image; borders stay blurred.
# - The loss is a mean over *labelled* pixels: void does not count.
# - Accuracy rewards "all background". mIoU counts each class alike, over all images at once.
# - Ask for causes: tuning, like more steps, turned missed pixels into found and confused ones; edges stay as they were.
# - Tuning lifts an untuned network far; the fair control rises nearly as far. Always print both.
#
# ## Limits
#
# - Pictures and causes are of one seed, drawn scenes, a tiny encoder without batch norm. Means and intervals are over
#   several seeds, for one choice of the 100 labelled images.
# - Your runs are not those of the table: other seeds and a loop of your own. The tuned weights are kept in 16 bits,
#   which alone can move the mIoU of a fine-tuned network by half a point.
# - Settings of tuning and of fine-tuning were chosen on `val`; 300 steps of fine-tuning are what a lesson has
#   time for, and so few favour whoever starts ahead.
# - Near is two pixels; with another reach the table of causes moves from its first column to the others.
# - With the network that has batch norm, and on `streets`, a second set of drawn pictures with road scenes, the fair
#   control is clearly ahead (notebook 07).
#
# ## Links
#
# - The head: Long, Shelhamer and Darrell, *Fully Convolutional Networks for Semantic Segmentation*, CVPR 2015,
#   [arXiv:1411.4038](https://arxiv.org/abs/1411.4038).
# - Causes of errors, taken further: Hoiem, Chodpathumwan and Dai, *Diagnosing Error in Object Detectors*, ECCV 2012.
# - In the library: `mmtutorial/segmentation.py`, `mmtutorial/metrics.py`, `mmtutorial/networks/fcn.py`; how the shipped
#   predictions were gathered: `mmtutorial/artifacts/segmentation_making.py`.
