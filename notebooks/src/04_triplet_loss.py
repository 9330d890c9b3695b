# %% [markdown]
# ## 1 What is near?
#
# Notebook 03 chose who is compared with whom. Now a number must say how well a triplet stands: a **loss**, small when
# the anchor is near its positive and far from its negative. For that we need a distance between two patches.
#
# The encoder turns a patch into a vector, its **embedding** $f$. Only its direction counts: every embedding is divided
# by its length, $z = f / \lVert f \rVert$, so that all lie on a sphere of radius 1, and no patch can win by being
# loud. On the sphere the *squared* distance is a matter of the angle alone:
#
# $$D(x, y) = \lVert x - y \rVert^2 = \lVert x \rVert^2 + \lVert y \rVert^2 - 2\,x \cdot y = 2 - 2\cos\angle(x, y).$$
#
# It is 0 in the same direction, 2 at a right angle, 4 in opposite directions.

# %% tags=["hide-input"]
# @title What this notebook uses
import matplotlib.pyplot as plt
import torch

from mmtutorial import plots
from mmtutorial.classroom import bet, check, preset_name
from mmtutorial.datasets import open_dataset
from mmtutorial.graph import connected_graph
from mmtutorial.networks import TinyEncoder
from mmtutorial.patches import sample_patches
from mmtutorial.randomness import seeded
from mmtutorial.triplet import triplet_distances

SMOKE = preset_name() == "smoke"  # a few steps instead of many, when the notebook is only tested
noted = {}  # claims and whether they hold, gathered on the way for the last table

# %%
# NBVAL_CHECK_OUTPUT
degrees = torch.tensor([0.0, 30, 60, 90, 180])
x, y = torch.tensor([1.0, 0]), torch.stack((degrees.deg2rad().cos(), degrees.deg2rad().sin()), dim=1)
distances = (x - y).square().sum(dim=1)
plots.table({"degrees": [f"{d:.0f}" for d in degrees], "D": [f"{d:.2f}" for d in distances]})

# %% [markdown]
# ## 2 The loss
#
# For $M$ triplets of anchor $a_i$, positive $p_i$ and negative $n_i$ (all of length 1) and a **margin** $\alpha$:
#
# $$L = \frac{1}{M} \sum_{i=1}^{M} \max\bigl(0,\; D(a_i, p_i) - D(a_i, n_i) + \alpha\bigr).$$
#
# In words: the negative shall be further away than the positive, by $\alpha$ at least. A triplet that
# keeps that distance is left in peace: the **hinge**, $\max(0, \cdot)$, is closed, and the triplet is *quiet*. Any
# other triplet is *active*.
#
# ### Exercise 1: write the loss
#
# `triplet_loss(embeddings, triplets, margin)` gets embeddings $(N, C)$ that are *not* normalised yet, and triplets
# $(M, 3)$ of node numbers. The answer is a tensor with one number, through which a gradient can flow. Without triplets
# it is 0, and an embedding of zeros stays zero.
#
# <details><summary>Hint 1</summary>
# Three steps: lengths to 1, row by row; look up the three rows of each triplet; two squared distances, one hinge, one
# mean. <code>unit[triplets]</code> has shape $(M, 3, C)$.
# </details>
# <details><summary>Hint 2</summary>
# <code>norm(dim=1, keepdim=True)</code> gives a length for each row; <code>clamp(min=...)</code> of it keeps you from
# dividing by zero. <code>.unbind(1)</code> divides $(M, 3, C)$ into three. The mean of nothing is not a number: divide
# the sum by the count, but never by less than 1.
# </details>
# <details><summary>Go on without</summary>
# <code>from mmtutorial import triplet</code>, then
# <code>triplet_loss = lambda e, t, margin: triplet.triplet_loss(e, t, margin=margin)</code>
# </details>


# %% tags=["exercise:04.triplet_loss"]
def triplet_loss(embeddings, triplets, margin):
    # BEGIN SOLUTION
    unit = embeddings / embeddings.norm(dim=1, keepdim=True).clamp(min=1e-12)
    anchor, positive, negative = unit[triplets].unbind(1)
    near = (anchor - positive).square().sum(dim=1)
    far = (anchor - negative).square().sum(dim=1)
    return (near - far + margin).clamp(min=0).sum() / max(len(triplets), 1)
    # END SOLUTION


corner = torch.tensor([[3.0, 0.0], [1.0, 1.0], [0.0, 2.0]])  # at 0, 45 and 90 degrees
triplet_loss(corner, torch.tensor([[0, 1, 2]]), margin=2.0)  # 2 - sqrt(2) = 0.59 is D(a, p), and D(a, n) is 2

# %%
# NBVAL_CHECK_OUTPUT
print(check("04.triplet_loss", triplet_loss))

# %% [markdown]
# A number to remember: if all patches have the same embedding, all distances are 0 and the loss *is* the margin. A loss
# that stays at the margin while training is a sign of **collapse**, the whole batch in one point.

# %%
# NBVAL_CHECK_OUTPUT
collapsed = torch.ones(6, 4)
print(f"{triplet_loss(collapsed, torch.tensor([[0, 1, 2], [3, 4, 5]]), margin=0.75):.2f}")

# %% [markdown]
# ## 3 A margin of 2.1

# %%
bet("04.quiet")

# %% [markdown]
# In all seven of the authors' configurations $\alpha = 2.1$. Is that much? It depends on where the embeddings can be.
# Those of the paper come right behind a ReLU, so no coordinate is negative. Then $x \cdot y \ge 0$ for any two of them,
# the angle is 90 degrees at most, and
#
# $$0 \le D \le 2 \quad\Longrightarrow\quad D(a, p) - D(a, n) + 2.1 \;\ge\; 0 - 2 + 2.1 \;=\; 0.1 \;>\; 0.$$
#
# **The hinge never closes.** Every triplet stays active for ever, and the loss is linear,
# $L = \overline{D(a, p)} - \overline{D(a, n)} + 2.1$: the margin is a mere constant, without any gradient. Let us see
# it in a network that has learned nothing yet.

# %%
scenes = open_dataset("scenes", labeled=16)
images, masks = zip(*scenes, strict=True)
batch = sample_patches(images, masks, per_image=10, side=(24, 48), output_size=32, generator=seeded(0))
triplets = connected_graph(batch.labels, generator=seeded(1)).triplets

torch.manual_seed(0)  # the weights of layers are drawn from torch's own generator
encoder = TinyEncoder()
with torch.no_grad():
    embeddings = encoder(batch.images).amax(dim=(2, 3))
near, far = triplet_distances(embeddings, triplets)
print(f"D(a, p) is {near.mean():.3f} on average, D(a, n) {far.mean():.3f}; the largest distance is {far.max():.3f}")

# %% tags=["hide-input"]
# @title Noted for the end
noted["a coordinate below zero, after ReLU"] = bool((embeddings < 0).any())
noted["a squared distance above 2, after ReLU"] = bool((torch.cat((near, far)) > 2).any())
loss, linear = triplet_loss(embeddings, triplets, margin=2.1), near.mean() - far.mean() + 2.1
noted["share of active triplets at margin 2.1, untrained"] = float((near - far + 2.1 > 0).float().mean())
noted["at margin 2.1 the loss is linear, to 5 digits"] = bool((loss - linear).abs() < 1e-5)

# %% [markdown]
# So the word "margin" misleads here, and that is no mistake of the method: a linear loss listens to all triplets alike,
# the easy ones as well. With signed embeddings, behind a linear layer for instance, $D$ goes up to 4 and the same 2.1
# *is* a margin. Whoever re-implements M&M with a projection head has changed its loss without noticing.

# %% [markdown]
# ## 4 Where does each point move?
#
# Training moves against the gradient. Let one triplet be active, and its three unit vectors be free to move:
#
# $$L = \lVert a - p \rVert^2 - \lVert a - n \rVert^2 + \alpha .$$
#
# ### Exercise 2: the gradient
#
# Write `gradient(anchor, positive, negative, margin)`: a tuple of the three gradients
# $(\partial L / \partial a, \partial L / \partial p, \partial L / \partial n)$, each of shape $(C,)$. The arguments are
# of length 1 already; differentiate with respect to them as they are. Do it on paper first: no autograd needed.
#
# <details><summary>Hint 1</summary>
# $\lVert x - y \rVert^2 = \sum_j (x_j - y_j)^2$. What is its derivative with respect to $x_j$? And to $y_j$? The anchor
# is in both distances.
# </details>
# <details><summary>Hint 2</summary>
# Two things are easily forgotten: the minus sign before the second distance, and the hinge. What does a small step of a
# quiet triplet change in its loss?
# </details>
# <details><summary>Go on without</summary>
# <code>solution("04.gradient")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:04.gradient"]
def gradient(anchor, positive, negative, margin):
    # BEGIN SOLUTION
    value = (anchor - positive).square().sum() - (anchor - negative).square().sum() + margin
    active = (value > 0).to(anchor.dtype)
    return 2 * active * (negative - positive), 2 * active * (positive - anchor), 2 * active * (anchor - negative)
    # END SOLUTION


gradient(torch.tensor([1.0, 0.0]), torch.tensor([0.6, 0.8]), torch.tensor([0.0, 1.0]), margin=2.1)

# %%
# NBVAL_CHECK_OUTPUT
print(check("04.gradient", gradient))

# %% [markdown]
# Read it downhill, with the sign turned round. The positive moves towards the anchor, and the negative away from it:
# the further away they are, the faster. The anchor moves along $p - n$, from the negative to the positive. And
# $\alpha$ is nowhere: it only decides whether anything moves at all.
#
# On the sphere a part of this is lost: the division by the length lets only the part through that turns the vector. So
# a negative exactly opposite, where the push would be strongest, is not moved at all.

# %% [markdown]
# ## 5 On the circle
#
# Drag the three points on the circle (or move them with the arrow keys), and move the margin.
#
# 1. Find a place of the negative at which the hinge just closes. Then move the margin: at which margin are half of the
#    batch's 60 triplets active (the curve on the right)?
# 2. Set the margin to 2.1 and tick *non-negative features*. Can you close the hinge now?
# 3. Put the negative opposite of the anchor (180 degrees, without the tick). How long is its arrow?

# %%
from mmtutorial.widgets import TripletExplorer

explorer = TripletExplorer()
explorer.touch()

# %% [markdown]
# Two of its states as still pictures: a margin that lets triplets fall quiet, and 2.1 on non-negative features.

# %%
explorer.static(margin=0.5, negative=150)

# %%
explorer.static(margin=2.1, non_negative=True)

# %% [markdown]
# ## 6 Which margin lets half the triplets rest?
#
# Between "nobody ever rests" and "nobody works" the margin is a choice. A useful mark on the scale: the margin at which
# half the triplets of a batch are quiet.
#
# ### Exercise 3: the half-quiet margin
#
# `half_quiet_margin(positive, negative)` gets the two distances of each triplet, tensors $(M,)$, and answers the margin
# at which half of the $M$ triplets have loss 0 (one more or less is fine).
#
# <details><summary>Hint 1</summary>
# Take one triplet with $D(a, p) = 0.2$ and $D(a, n) = 0.9$. Up to which margin is its loss 0?
# </details>
# <details><summary>Hint 2</summary>
# Every triplet has such a margin of its own, up to which it is quiet. Which number divides a list of numbers into two
# halves? It is not their mean.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("04.half_quiet_margin")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:04.half_quiet_margin"]
def half_quiet_margin(positive, negative):
    # BEGIN SOLUTION
    return (negative - positive).median()
    # END SOLUTION


half_quiet_margin(near, far)

# %%
# NBVAL_CHECK_OUTPUT
print(check("04.half_quiet_margin", half_quiet_margin))

# %% [markdown]
# In the untrained network it is nearly zero: positives and negatives are equally far. Watch what tuning does to it. The
# loop below is all of Mix-and-Match in a dozen lines: patches, embeddings, graph, *your* loss, step. It runs once with
# margin 0.3, once with 2.1.

# %%
steps = 4 if SMOKE else 120


def tune(margin):
    """Distances of the triplets of every step, from the same weights and the same patches."""
    torch.manual_seed(0)
    encoder = TinyEncoder()
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=2e-3)
    generator, seen = seeded(2), []
    for _ in range(steps):
        patches = sample_patches(images, masks, per_image=5, side=(24, 48), output_size=32, generator=generator)
        embeddings = encoder(patches.images).amax(dim=(2, 3))
        graph = connected_graph(patches.labels, generator=generator)
        loss = triplet_loss(embeddings, graph.triplets, margin)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(triplet_distances(embeddings.detach(), graph.triplets))
    return seen


runs = {margin: tune(margin) for margin in (0.3, 2.1)}

# %% tags=["hide-input"]
# @title Three curves of both runs
figure, panels = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
curves = {
    "mean D(a, p) (dashed), D(a, n)": ("squared distance", lambda p, n, m: n.mean()),
    "active triplets": ("share", lambda p, n, m: (p - n + m > 0).float().mean()),
    "half-quiet margin": ("margin", lambda p, n, m: half_quiet_margin(p, n)),
}
for axes, (title, (unit, curve)) in zip(panels, curves.items(), strict=True):
    for margin, seen in runs.items():
        (line,) = axes.plot([float(curve(p, n, margin)) for p, n in seen], label=f"margin {margin}")
        if axes is panels[0]:
            axes.plot([float(p.mean()) for p, _ in seen], "--", color=line.get_color())
    axes.set(title=title, xlabel="step", ylabel=unit)
panels[0].legend()
plt.close(figure)
plots.Picture(
    figure, f"Three panels over {steps} steps, for margins 0.3 and 2.1: distances, active share, half-quiet margin."
)

# %% tags=["hide-input"]
# @title Noted for the end
always = min(float((p - n + 2.1 > 0).float().mean()) for p, n in runs[2.1])
noted["smallest share of active triplets in any step at margin 2.1"] = always
first = [round(float(seen[0][1].mean() - seen[0][0].mean()), 1) for seen in runs.values()]
noted["both runs begin with equal distances, to one digit"] = first[0] == first[1]

# %% [markdown]
# In the middle: at margin 0.3 ever more triplets fall quiet, at 2.1 none ever does. On the right: the half-quiet margin
# starts near zero and rises in both runs. So no fixed margin stays the half-quiet one while a network learns.
#
# Look at the left panel for the mean distances: the gap between the dashed and the solid line is what both runs open.
# Which of them opens it wider is one thing; which gives better features is another, and these curves cannot say it. (It
# is one run of each, on its own training patches.) The settings in `docs/hyperparameters.md` were chosen on images kept
# for choosing; notebook 05 measures with a number made for the purpose, and notebook 07 with seeds and intervals.

# %% [markdown]
# ## 7 To discuss
#
# 1. With the linear loss a triplet pulls as hard when it is solved as when it is not. When is that good (noisy labels,
#    small batches), and when is it a waste?
# 2. The loss is 0.1 at least at margin 2.1. Which arrangement of classes would reach it? How many classes fit, if all
#    coordinates are non-negative and there are $C$ of them?
# 3. Replace the squared distance by the plain one. How does the gradient change for a positive that is very near?
# 4. "Hard mining" keeps only the active triplets with the largest loss. A patch has the label of its centre pixel.
#    Which triplets would mining pick out first?
# 5. The triplet loss compares with one negative. What would a loss look like that compares with all of them at once?
#    (Notebook 09.)

# %% [markdown] tags=["quiz"]
# ? All embeddings of a batch are the same point. What is the loss at margin 0.3?
# - 0, since no patch is far from its positive. | No patch is far from its negative either. The hinge asks for a
#   difference.
# + 0.3 | Both distances are 0, and the margin is left. A loss that stays there tells of a collapse.
# - It is not a number. | Lengths are divided by at least a tiny number, and the same point has a distance of 0 to
#   itself.
# ? The embeddings lie behind a ReLU and the margin is 2.1. Which triplets are quiet?
# - Those whose negative is at a right angle to the anchor. | Even then the loss is 0 - 2 + 2.1, which is 0.1.
# - About half of them. | That is so at the half-quiet margin, which is much smaller.
# + None, ever. | Behind a ReLU the squared distance ends at 2. The loss is linear and the margin a mere constant.
# ? You put a linear layer behind the ReLU and keep the margin of 2.1. What have you changed?
# + The loss: some triplets can now fall quiet. | Signed features reach squared distances of 4. The same 2.1 has
#   become a real margin.
# - Nothing that matters, since a linear layer can be undone. | The layer may be undone, but the hinge behaves in
#   another way from then on.
# - Only the size of the gradient. | The size, and also which triplets have a gradient at all.
# ? The contrastive loss of a run hardly falls, from 1.27 to 1.11, and still the segmentation becomes better. Such
#   reports exist (ContrastiveSeg, issue 44). What would explain it?
# - The loss was computed wrongly. | It may have been, but nothing in the two numbers says so.
# - The better segmentation must be luck. | It could be. But a small fall of the loss is no evidence for that.
# + The number has a floor far above 0, and only its gradient matters. | A softmax over many candidates cannot reach
#   0. What helps is where the features move; the height of the loss says little.

# %% [markdown]
# ## What this notebook has shown
#
# Gathered on the way. Each line holds on every machine, and with fewer steps too.

# %%
# NBVAL_CHECK_OUTPUT
plots.shown(noted)

# %% [markdown]
# ## 8 Recap
#
# - On the unit sphere the squared distance is $2 - 2\cos$: from 0 to 4, and to 2 only where no coordinate is negative.
# - The hinge lets a triplet rest once its negative is further away than its positive by the margin.
# - Behind a ReLU, a margin of 2.1 never lets it rest; the loss is linear and the margin a constant.
# - The gradient of an active triplet is made of differences of its points; the margin is not in it.
# - A loss that stays at the margin, with both distances near 0, is a collapse.
#
# ## Limits
#
# What the authors' code does and the text does not say, as far as we could compare
# ([`triplet_loss_layer.cpp`, `train_graph.prototxt`](https://github.com/XiaohangZhan/mix-and-match)):
#
# - The layer has a further factor $\tfrac12$. It changes the loss's numbers, and the learning rate that fits it.
# - The embedding is the last pooled feature map, *flattened*: 4,096 numbers and more, compared position by position.
#   Here the largest value of each channel is taken, so that position does not count.
# - A batch with one class gets zero vectors as negatives; these have distance 1 to everything.
#
# And of this notebook: it trains for seconds on patches that it is looked at with. It shows how the loss behaves and
# nothing about segmentation.
#
# ## Links
#
# - The method: Zhan et al., [arXiv:1712.00661](https://arxiv.org/abs/1712.00661). In the library:
#   `mmtutorial/triplet.py`.
# - The form of the loss, and mining: Schroff et al., *FaceNet*, [arXiv:1503.03832](https://arxiv.org/abs/1503.03832).
