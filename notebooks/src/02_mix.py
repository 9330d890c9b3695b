# %% [markdown]
# ## 1 The question
#
# Mix-and-Match has three stages. A network first learns from photos without labels (the *proxy task*, notebook 01);
# then a few labelled images tune its features, so that patches of one class come together (**mix and match**); then
# the same labels teach it to segment. This notebook is about the first word of the middle stage: where do its patches
# come from?
#
# The words that we need:
#
# - A **mask** gives each pixel of an image its **class**, a number: 0 is *background* here, 1 to 8 are objects. The
#   number 255 is **void**: nobody has said what is there. Segmentation means to predict the mask.
# - A **patch** is a square piece of an image, resized to a fixed size, with *one* class as its label.
# - The network makes one vector of each patch, its **embedding**. Tuning compares embeddings: those of the same class
#   shall be alike, and those of different classes shall not. How that is done is the subject of notebooks 03 and 04.
# - A **step** is one update of the weights, and the patches it looks at are its **batch**.
#
# A comparison can teach only what the batch has in it. With one class in the batch there is nothing to tell apart; with
# "dog" in one size only, nothing says that a small dog is a dog. So: *which pieces of which images?*

# %% tags=["hide-input"]
# @title What this notebook uses
from collections import Counter

import torch

from mmtutorial import plots
from mmtutorial.classroom import bet, check, preset_name
from mmtutorial.datasets import open_dataset
from mmtutorial.patches import crop_and_resize, sample_patches
from mmtutorial.randomness import seeded

SMOKE = preset_name() == "smoke"  # a few draws instead of many, when the notebook is only tested
noted = {}  # claims and whether they hold, gathered on the way for the last table

# %%
scenes = open_dataset("scenes", labeled=80)
images, masks = zip(*(scenes[i] for i in range(len(scenes))), strict=True)
print(scenes)

# %% [markdown]
# What does a single image have to offer?

# %%
# NBVAL_CHECK_OUTPUT
objects = [len(set(mask.unique().tolist()) - {0}) for mask in masks]
ground = sum(float((mask == 0).float().mean()) for mask in masks) / len(masks)
plots.table(
    {"object classes in an image": sorted(set(objects)), "images": [n for _, n in sorted(Counter(objects).items())]},
    f"Of {len(scenes.classes.object_ids)} object classes; background has {ground:.0%} of the pixels",
)

# %% [markdown]
# Few classes, and mostly background. Photos are alike in this: most pictures of PASCAL VOC show one or two of its
# twenty object classes.
#
# ## 2 A patch and its label
#
# The recipe of the authors, for one image:
#
# 1. Choose a pixel of an object, each with the same chance. It will be the **centre** of the patch.
# 2. Choose the **side** of the square, each whole number of a range with the same chance.
# 3. Cut the square out. What lies beyond the edge of the image is filled with zeros.
# 4. Resize it to the fixed size. A small square is enlarged, a large one shrunk, so the same object appears in
#    different **scales**.
# 5. The label is the class *of the centre pixel*. Whatever else is in the square is not asked.
#
# One patch in ten gets its centre on background instead. The library's `sample_patches` does all this for a list of
# images. Here are six patches of one image, each box with a mark at its centre:

# %%
two = objects.index(2)  # the first image with two object classes
few = sample_patches(
    images[two : two + 1], masks[two : two + 1], per_image=6, side=(24, 48), output_size=48, generator=seeded(1)
)
plots.patch_boxes(images[two].numpy(), masks[two].numpy(), few.boxes.numpy(), few.labels.numpy(), scenes.classes)

# %% [markdown]
# Five on objects, and one on background: one in ten, but never fewer than one an image. Boxes may overlap, and may
# reach over the edge.
#
# ### Exercise 1: patches round object pixels
#
# Write `centre_patches(mask, count, side, generator)` for one image, without the background patches. `mask` is a tensor
# $(H, W)$ of classes; `side` is `(smallest, largest)`, both included. The answer is two tensors: boxes `(count, 4)`,
# each row $x_0, y_0, x_1, y_1$, and labels `(count,)`. A box has its centre at $x_0 + \lfloor s / 2 \rfloor$ and
# $y_0 + \lfloor s / 2 \rfloor$, where $s$ is its side, and may reach beyond the image. Neither background (0) nor void
# (255) can be a centre. Pass `generator=generator` to every `torch.randint` call.
#
# <details><summary>Hint 1</summary>
# First make a list of all pixels that may be a centre. Then a random <em>place in the list</em> is a random pixel.
# </details>
# <details><summary>Hint 2</summary>
# <code>torch.nonzero(condition)</code> gives a tensor (number of pixels, 2) of <em>row, column</em>: that is $y, x$,
# while a box begins with $x$. The upper bound of <code>torch.randint</code> is never drawn.
# <code>torch.stack((...), dim=1)</code> puts four columns side by side.
# </details>
# <details><summary>Go on without</summary>
# <code>def centre_patches(mask, count, side, generator):</code> with the body<br>
# <code>drawn = sample_patches(mask.expand(1, 3, -1, -1).float(), mask[None], per_image=count, side=side, output_size=1,
# background_share=0, generator=generator)</code> and<br> <code>return drawn.boxes, drawn.labels</code>.
# It differs from yours in one thing: it passes over candidates that lie mostly on earlier ones.
# </details>


# %% tags=["exercise:02.centre_patches"]
def centre_patches(mask, count, side, generator):
    # BEGIN SOLUTION
    may_be_centre = torch.nonzero((mask != 0) & (mask != 255))
    y, x = may_be_centre[torch.randint(len(may_be_centre), (count,), generator=generator)].T
    sides = torch.randint(side[0], side[1] + 1, (count,), generator=generator)
    left, top = x - sides // 2, y - sides // 2
    return torch.stack((left, top, left + sides, top + sides), dim=1), mask[y, x]
    # END SOLUTION


centre_patches(masks[two], 3, (24, 48), seeded(0))

# %%
# NBVAL_CHECK_OUTPUT
print(check("02.centre_patches", centre_patches))

# %% [markdown]
# ## 3 What else is in a patch?
#
# The centre decides the label, but the network sees the whole square. A patch on a thin leg is labelled "horse" and
# shows mostly grass. How much of a patch does *not* belong to its label? Call that share its **label noise**.
#
# ### Exercise 2: measure the label noise
#
# Write `label_noise(mask, boxes)`. For each box, take the labelled pixels of the mask inside it (not void, and not
# beyond the image), and compute the share that has another class than the centre pixel. The answer is the mean of these
# shares: each patch counts alike, however large it is.
#
# <details><summary>Hint 1</summary>
# Two places differ for a box that reaches over the edge: the part of it that can be cut out of the mask, and its
# centre, which stays where it was. Find the centre before you touch the box.
# </details>
# <details><summary>Hint 2</summary>
# In Python <code>mask[-2:4]</code> is not "from the edge": a negative index counts from the end.
# <code>box.clamp(min=0)</code> helps; at the other end slices stop by themselves. The mean of a comparison,
# as <code>float</code>, is a share.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("02.label_noise")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:02.label_noise"]
def label_noise(mask, boxes):
    # BEGIN SOLUTION
    shares = []
    for box in boxes:
        half = int(box[2] - box[0]) // 2
        centre = mask[int(box[1]) + half, int(box[0]) + half]
        x0, y0, x1, y1 = box.clamp(min=0).tolist()
        seen = mask[y0:y1, x0:x1]
        shares.append((seen[seen != 255] != centre).float().mean())
    return torch.stack(shares).mean()
    # END SOLUTION


label_noise(masks[two], few.boxes)

# %%
# NBVAL_CHECK_OUTPUT
print(check("02.label_noise", label_noise))

# %% [markdown]
# How does it depend on the side of the patch? The scenes are 96 pixels wide, so a side of 96 is as large as the whole
# image. Beside it the share of patches to which a *vote* of all labelled pixels would give another label.

# %%
sides = (8, 16, 24, 32, 48, 64, 96)
looked_at = 12 if SMOKE else 60
noise, outvoted = [], []
for s in sides:
    g = seeded(s)
    drawn = [(mask, *centre_patches(mask, 6, (s, s), g)) for mask in masks[:looked_at]]
    noise.append(sum(float(label_noise(mask, boxes)) for mask, boxes, _ in drawn) / looked_at)
    votes = [
        int(mask[max(y0, 0) : y1, max(x0, 0) : x1].flatten().mode().values) != label
        for mask, boxes, labels in drawn
        for (x0, y0, x1, y1), label in zip(boxes.tolist(), labels.tolist(), strict=True)
    ]
    outvoted.append(sum(votes) / len(votes))

curves = {"label noise: pixels of another class": noise, "patches that a vote would label differently": outvoted}
title = "The larger the patch, the less of it has its label"
plots.lines(sides, curves, title=title, x="side of the patch, pixels (we use 24 to 48)", y="share")

# %% tags=["hide-input"]
# @title Noted for the end
noted["the larger the patch, the more label noise"] = noise == sorted(noise)
noted["less than a half at side 16, more than two thirds at side 96"] = noise[1] < 0.5 and noise[-1] > 2 / 3

# %% [markdown]
# So a label is right about the centre and often wrong about the rest: in the middle of the range, more than half of a
# patch belongs to something else. Two remarks:
#
# - Small patches are purer, but show less of the object. Purity is not the aim; a pure patch of blue sky helps nobody.
# - In the end the network must name *a pixel* from what surrounds it. A patch with the label of its centre asks for
#   just that. A vote would ask what the square is mostly about, and that is mostly background.

# %% [markdown]
# ## 4 Try it
#
# On the left an image with its boxes, in the middle its patches, on the right the classes of the batch of 16 images.
#
# 1. Move *patches per image* from 1 to 12 and look at the histogram. Why is there only background at 1? (The authors'
#    code rounds one in ten *up* to one.)
# 2. Make all sides as small as possible, then as large as possible. What happens to the number below the patches, in
#    how many cases centre and majority disagree?
# 3. Switch to *label by: majority of pixels*. Which class wins, and why can that not be good for this data?
# 4. Find an image and a seed with a patch whose label you could not guess from the patch alone.

# %%
from mmtutorial.widgets import PatchExplorer

explorer = PatchExplorer()
explorer.widget()

# %% [markdown]
# One of its states as a still picture, for print and for readers without a running kernel:

# %%
explorer.static(image=2)

# %% [markdown]
# And question 3 in numbers: the same boxes, labelled in both ways.

# %%
centre = explorer.facts(explorer.state())["counts"]
majority = explorer.facts(explorer.state(label_by="majority of pixels"))["counts"]
plots.table({"label by": scenes.classes.names, "centre": centre, "majority": majority}, "Patches of each class")

# %% [markdown]
# ## 5 How many classes does a batch have?
#
# Now mix. A batch has room for $N = 40$ patches. Forty of one image? Or four from each of ten?

# %%
bet("02.images")

# %% [markdown]
# First look:

# %%
SIDE, SIZE = (24, 48), 32


def cut(image_index, boxes, size=SIZE):
    """The resized patches of a list of boxes, each of its own image."""
    return crop_and_resize(images, boxes, torch.tensor(image_index), size)


def draw(chosen, each, generator):
    """`each` object patches from every chosen image: image numbers, boxes and labels."""
    parts = [centre_patches(masks[i], each, SIDE, generator) for i in chosen]
    image_index = [i for i in chosen for _ in range(each)]
    return image_index, torch.cat([boxes for boxes, _ in parts]), torch.cat([labels for _, labels in parts])


image_index, boxes, labels = draw([two], 40, seeded(0))
plots.patch_grid(cut(image_index, boxes).numpy(), labels.numpy(), scenes.classes, columns=15)

# %%
image_index, boxes, labels = draw(range(10), 4, seeded(0))
plots.patch_grid(cut(image_index, boxes).numpy(), labels.numpy(), scenes.classes, columns=15)

# %% [markdown]
# The difference is plain to see, but one draw is no argument. So compute it. Begin with the simplest case: every patch
# comes from an image of its own, drawn by chance. Then the patches are independent, and each has class $c$ with the
# same probability $p_c$, the **share** of the class. How many *different* classes are among $N$ of them, on average?
#
# ### Exercise 3: the expected number of classes
#
# Write `expected_classes(shares, patches)`. `shares` is a tensor $(C,)$ with sum 1; the answer is a number, exact, not
# by simulation.
#
# <details><summary>Hint 1</summary>
# The number of classes in a batch is a sum of yes-or-no questions, one for each class: is it there? The mean of a sum
# is the sum of the means, even if the questions depend on each other.
# </details>
# <details><summary>Hint 2</summary>
# "There" means at least once, and that is awkward. With what probability does a single patch <em>not</em> have class
# $c$? And all of $N$ independent patches?
# </details>
# <details><summary>Go on without</summary>
# <code>solution("02.expected_classes")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:02.expected_classes"]
def expected_classes(shares, patches):
    # BEGIN SOLUTION
    all_miss_it = (1 - shares) ** patches
    return (1 - all_miss_it).sum()
    # END SOLUTION


expected_classes(torch.full((8,), 1 / 8), 40)

# %%
# NBVAL_CHECK_OUTPUT
print(check("02.expected_classes", expected_classes))

# %%
sizes = (1, 4, 10, 40, 400)
expected = [float(expected_classes(torch.full((8,), 1 / 8), n)) for n in sizes]
plots.table(
    {"patches": sizes, "classes expected": [f"{value:.2f}" for value in expected]}, "Of 8 equally frequent classes"
)

# %% [markdown]
# Now $m$ patches from each of $k = N / m$ images. Patches of *different* images are still independent; those of the
# same image are not, as they share the few classes it has. Let $p_{ic}$ be the share of class $c$ among the object
# pixels of image $i$. One image misses $c$ in all its $m$ patches with probability $(1 - p_{ic})^m$; on average over
# the images that is $\overline{(1 - p_{ic})^m}$, and $k$ images drawn independently all miss it with the $k$-th power:
#
# $$\mathbb{E}[\text{classes}] \;=\; \sum_c 1 - \left(\overline{(1 - p_{ic})^m}\right)^{N/m}.$$
#
# At $m = 1$ this is your formula. And what happens when $m$ grows, with $N$ fixed? The bracket with its power is
# $\bigl(\overline{q^m}\bigr)^{1/m}$ to the power $N$, with $q = 1 - p_{ic}$: a **power mean** of the numbers $q$, and
# power means grow with $m$ unless all the numbers are equal. A larger chance to miss a class means fewer classes. So,
# *whatever the data set*:
#
# > At a fixed number of patches, the expected number of classes never falls when the patches are spread over more
# > images, and it rises as soon as the images differ in what they show.

# %%
pixels = torch.stack([torch.bincount(mask.flatten(), minlength=9)[1:9] for mask in masks]).double()
own_shares = pixels / pixels.sum(dim=1, keepdim=True)  # (images, classes)


def expected_mixed(m, patches=40):
    """Expected number of classes of a batch with m patches from each of patches / m images."""
    return float((1 - ((1 - own_shares) ** m).mean(dim=0) ** (patches / m)).sum())


# %%
# NBVAL_CHECK_OUTPUT
spread = (40, 20, 10, 8, 5, 4, 2, 1)
expected = [expected_mixed(m) for m in spread]
plots.table(
    {
        "images": [40 // m for m in spread],
        "patches from each": spread,
        "classes expected": [f"{value:.1f}" for value in expected],
    },
    "40 patches",
)

# %% tags=["hide-input"]
# @title Noted for the end
noted["never fewer classes with more images"] = expected == sorted(expected)
simple = float(expected_classes(own_shares.mean(dim=0), 40))
noted["one patch per image is the simple formula"] = abs(expected[-1] - simple) < 1e-9

# %% [markdown]
# The formula against your sampler, on the same images:

# %%
draws = 5 if SMOKE else 100
simulated = []
for m in spread:
    g, found = seeded(m), []
    for _ in range(draws):
        chosen = torch.randint(len(masks), (40 // m,), generator=g).tolist()
        found.append(len(draw(chosen, m, g)[2].unique()))
    simulated.append(torch.tensor(found, dtype=torch.float64))

drawn = f"mean of {draws} batches, ± 2 standard errors"
plots.lines(
    [40 // m for m in spread],
    {"formula": expected, drawn: [float(found.mean()) for found in simulated]},
    title="The same 40 patches show more classes when more images give them",
    x="images that 40 patches come from",
    y="different object classes",
    level=("all object classes", 8),
    spread={drawn: [2 * float(found.std()) / draws**0.5 for found in simulated]},
    log="x",
)

# %% [markdown]
# ## 6 The control: whole images
#
# So many images are better than one. But why patches at all? The fair rival takes *whole* images, shrunk until they
# cost the network as many pixels. Forty patches of 32 x 32 pixels are $40 \cdot 32^2 = 10 \cdot 64^2$. This leaves two
# controls:
#
# - **the same ten images**, whole, at 64 x 64: no more labelled images than the mix has, but ten vectors, not forty;
# - **forty whole images** at 32 x 32: as many vectors, but four times as many labelled images in a step.
#
# A whole image needs *one* label as well. It gets the best we can think of: the class of its largest object. Then for
# each way we measure
#
# - **labels**: the different object classes among the labels,
# - **in pixels**: the different object classes that are to be seen anywhere in the batch,
# - **other class**: the share of a piece's pixels that do not have its label (the label noise of exercise 2),
# - **octaves**: how much the *scale* varies. Take the size an object has in the resized piece: the square root of its
#   pixels, counting also what the cut left out. Leave out the smallest and the largest tenth. How many times must the
#   smallest that is left be doubled to reach the largest? Each doubling is one octave,
# - **across**: the share of same-class pairs whose two pieces come from two images. Pairs within one image are easy, as
#   they share light, colours, even the very object.

# %% tags=["hide-input"]
# @title Whole images as pieces, and the five numbers of a batch
whole = torch.tensor([[0, 0, 96, 96]])
largest = [int(row.argmax()) + 1 for row in pixels]


def whole_images(chosen):
    """Every chosen image as one piece, labelled by its largest object."""
    return list(chosen), whole.repeat(len(chosen), 1), torch.tensor([largest[i] for i in chosen])


def measure(image_index, boxes, labels, size):
    """The five numbers of one batch."""
    seen, other = set(), []
    for i, box, label in zip(image_index, boxes.clamp(min=0).tolist(), labels.tolist(), strict=True):
        inside = masks[i][box[1] : box[3], box[0] : box[2]]
        seen |= set(inside.unique().tolist())
        other.append(float((inside != label).float().mean()))
    area = torch.stack([pixels[i, label - 1] for i, label in zip(image_index, labels.tolist(), strict=True)])
    octaves = torch.log2(area.sqrt() * size / (boxes[:, 2] - boxes[:, 0]))
    low, high = octaves.quantile(torch.tensor([0.1, 0.9], dtype=torch.float64)).tolist()
    source = torch.tensor(image_index)
    pair = (labels[:, None] == labels).triu(1)
    across = (pair & (source[:, None] != source)).sum() / pair.sum().clamp(min=1)
    return len(labels.unique()), len(seen - {0}), sum(other) / len(other), high - low, float(across)


# %%
ways = {
    "40 patches of 1 image": lambda p, g: (*draw(p[:1], 40, g), 32),
    "40 patches of 10 images": lambda p, g: (*draw(p[:10], 4, g), 32),
    "40 patches of 40 images": lambda p, g: (*draw(p[:40], 1, g), 32),
    "the same 10 images, whole": lambda p, g: (*whole_images(p[:10]), 64),
    "40 whole images": lambda p, g: (*whole_images(p[:40]), 32),
}
rounds = 6 if SMOKE else 60
table = {}
for name, way in ways.items():
    # Every way gets the same images in the same round: their order has a seed of its own.
    orders = [torch.randperm(len(masks), generator=seeded(r)).tolist() for r in range(rounds)]
    numbers = [measure(*way(order, seeded(1000 + r))) for r, order in enumerate(orders)]
    table[name] = torch.tensor(numbers, dtype=torch.float64).mean(dim=0).tolist()
wanted = {"classes, by labels": ".1f", "in pixels": ".1f", "other class": ".0%", "octaves": ".1f", "across": ".0%"}
columns = {
    name: [f"{row[place]:{kind}}" for row in table.values()] for place, (name, kind) in enumerate(wanted.items())
}
plots.table({"batch": list(table), **columns}, f"Means of {rounds} rounds")

# %% [markdown]
# The pieces of the last but one row, as the network would get them; compare them with the second grid of section 5.

# %%
image_index, boxes, labels = whole_images(range(10))
plots.patch_grid(cut(image_index, boxes, 64).numpy(), labels.numpy(), scenes.classes, columns=10)

# %% tags=["hide-input"]
# @title Noted for the end
labels_of, pixels_of, other_of, octaves_of, across_of = zip(*table.values(), strict=True)
ONE, MIX, WIDE, SAME, MANY = range(5)
noted["fewest classes, by labels and in pixels"] = list(table)[labels_of.index(min(labels_of))]
noted["the mix has more classes by labels than the same images whole"] = labels_of[MIX] > labels_of[SAME]
noted["the same images whole show at least as many in pixels"] = pixels_of[SAME] >= pixels_of[MIX]
noted["forty whole images have more classes by labels than the mix of ten"] = labels_of[MANY] > labels_of[MIX]
noted["widest in scale is a mix of patches"] = octaves_of.index(max(octaves_of)) in (MIX, WIDE)
noted["whole images are less pure than patches"] = min(other_of[SAME:]) > max(other_of[:SAME])

# %% [markdown]
# Read it row by row, and see where the claim does not hold.
#
# - **One image** loses on classes, as the theorem says. It has scales, since its patches are resized by different
#   factors; but no pair crosses from image to image.
# - **The same images whole** show every class that the patches show, and more: nothing is cut away. What they lack is
#   *labels*. Ten images make ten vectors, and a second, smaller object in an image has no vector of its own. Nine
#   pixels in ten contradict the label.
# - **Forty whole images** have as many classes as anybody could wish. So if labelled images cost nothing, the count of
#   classes is no argument for patches; what remains is the noise of their labels, and the narrower range of scales.
#
# The claim holds in this form: *from the same labelled images and the same number of pixels*, a mix of patches gives a
# step more labelled classes and more scales than one image, or than these images whole. And a loss that looks at every
# *pixel*, as in the third stage, needs no patches at all to see all classes. It is the loss with one vector for each
# piece that wants pieces with a subject.
#
# Whether more images and more scales *pay* is another question. Notebook 07 has controls for both: graphs that stay
# within one image, and patches of one size.

# %% [markdown]
# ## 7 To discuss
#
# 1. By the theorem one patch from each of $N$ images is best, and the authors take nine or ten from each. What does it
#    cost to read an image, and what to cut a second patch out of it? Where is the optimum if reading is expensive?
# 2. Within an image a class comes up by its area. Which classes does this favour? Write down a sampling that gives each
#    class of the image the same chance. What would happen to thin objects, and to mistakes in the masks?
# 3. More classes in a batch mean fewer patches of each. From which number of classes on (think of the 150 of ADE20K)
#    does a batch of 40 have too few *pairs* of the same class to pull together?
# 4. Two patches of one image may overlap. Is such a pair, as anchor and positive, of any use? Of any harm?
# 5. Street scenes have no background: road is a class like any other. What should become of "one patch in ten"?

# %% [markdown] tags=["quiz"]
# ? A patch shows grass, and at its centre the thin leg of a horse. What is its label?
# - Background, since most of its pixels are. | That is the label by majority. The authors' code looks at the centre
#   pixel alone.
# + Horse. | The label is the class of the centre pixel, whatever else there is. In the end the network has to name a
#   pixel from what surrounds it.
# - None: such patches are passed over. | Only patches that lie mostly on earlier ones are passed over, not impure
#   ones.
# ? The number of patches in a step is fixed. You spread them over more images. What happens to the expected number of
#   classes?
# + It never falls. | The inequality of power means says so for any data set. It rises as soon as the images differ in
#   what they show.
# - It rises if the classes are equally frequent, and may fall otherwise. | The theorem asks nothing of the
#   frequencies.
# - It stays the same, since the number of patches is the same. | Patches of one image share its few classes, so they
#   repeat one another.
# ? With one patch an image, a batch has only background. Why?
# - One patch in ten is background, so nine in ten batches should have none. | One in ten is rounded up to at least
#   one for each image, and here that one is all there is.
# - Background is the largest class, and a random pixel falls on it. | Centres on objects are drawn among object
#   pixels. The frequency of background does not matter to them.
# + Each image gives at least one patch of background. | One in ten, rounded up to one: the rule of the authors' code,
#   with an odd result at its edge.
# ? You shrink a mask to a third of its side with a smooth filter. What goes wrong?
# - Nothing, if the classes are numbered by likeness. | Between class 1 and class 7 lies no class 4, whatever the
#   numbering.
# + Along borders, classes appear that are in no pixel. | Class ids are names. They may be chosen, but never averaged.
# - Only the void pixels are affected. | They are affected as well, and so is every border between two classes.

# %% [markdown]
# ## What this notebook has shown
#
# Gathered on the way. Each line holds on every machine, and with fewer draws too.

# %%
# NBVAL_CHECK_OUTPUT
plots.shown(noted)

# %% [markdown]
# ## 8 Recap
#
# - A patch is a square round a labelled pixel, resized; its label is the class of that pixel, whatever else it shows.
# - The larger the patch, the more of it belongs to another class. Resizing squares of different sides varies the scale.
# - At a fixed number of patches, spreading them over more images never costs classes, on average: a power mean says so.
# - Patches of one image share their classes; whole images have one label for everything in them. The mix has neither
#   fault, yet per pixel it sees no more than the images themselves.
#
# ## Limits
#
# What the authors' code does and the text does not say, as far as we could compare (`resources/sampling_layers.py` and
# `resources/create_patch.py` in [their repository](https://github.com/XiaohangZhan/mix-and-match)):
#
# - The label is the class of the centre pixel. An option that prefers pure patches exists, and all configurations have
#   it switched off.
# - One patch in ten is background: of $n$ patches of an image, $\lfloor n / 10 \rfloor$, but at least one.
# - The side is 64 to 256 pixels of a crop of 512, and patches are resized to 128; for CityScapes it is 128 throughout,
#   so there all patches have one scale. Our 24 to 48 of 96 pixels stay within the same shares of the image.
# - Object patches are thinned out: five candidates are drawn for each one wanted, and one that is covered by earlier
#   ones to more than 60 % is passed over while others last. The share is taken of the area of the *first* candidate,
#   whatever the size of the one in question; the library takes each patch's own area. Your `centre_patches` thins out
#   nothing.
# - If an image has no background, the "background" patch is drawn from its objects and *still labelled 0*: a wrong
#   label. The library gives such an image object patches only.
# - In CityScapes class 0 is road. So road plays the background, with its fixed one patch in nine, and in a crop without
#   road some other thing is labelled "road". In the library, street scenes have no background, and all labelled pixels
#   are drawn alike.
# - "Many images" are the images of one GPU: 40 for AlexNet, 16 for VGG-16.
#
# And of this notebook: it counts, and trains nothing. That a batch with more classes and scales gives *better features*
# is likely and is not shown here; notebook 05 measures features, and changes the patches per image. The table's numbers
# belong to simple drawings with one to three objects, most of them small. Apparent size takes all pixels of a class in
# an image as one object. The formula of section 5 counts object patches without the background's share and without the
# thinning out, and expects images to be drawn with replacement; the table of section 6 draws them without.
#
# ## Links
#
# - The method: Zhan et al., [arXiv:1712.00661](https://arxiv.org/abs/1712.00661). In the library:
#   `mmtutorial/patches.py`, the resizing at its end.
# - The expected number of classes is the *coupon collector's* problem with unequal chances and a fixed number of draws;
#   for the inequality see [generalized mean](https://en.wikipedia.org/wiki/Generalized_mean).
