# %% [markdown]
# ## 1 The question
#
# In notebook 02 a step of training got its *patches*: a few from each of many images, mixed, each with the class of its
# centre pixel. A triplet loss, the subject of notebook 04, looks at three of them at a time:
#
# - an **anchor**,
# - a **positive**, a patch of the anchor's class, to which the anchor is pulled,
# - a **negative**, a patch of another class, from which it is pushed.
#
# So somebody has to choose: *who is compared with whom?* The usual answer is "three at random, and then three others".
# The paper's answer is a graph that is connected within each class. This notebook builds both, counts, and asks what
# the connection is good for.
#
# Patches are **nodes**. Each anchor-positive pair is a **positive edge**. Two nodes are in the same **piece** (in graph
# theory: *connected component*, hence the name `components` below) if a path of positive edges leads from one to the
# other.

# %% tags=["hide-input"]
# @title What this notebook uses
import math
from collections import Counter

import torch

from mmtutorial import plots
from mmtutorial.classroom import bet, check, preset_name
from mmtutorial.datasets import open_dataset
from mmtutorial.graph import PatchGraph, random_triplets
from mmtutorial.patches import sample_patches
from mmtutorial.randomness import seeded

SMOKE = preset_name() == "smoke"  # a few draws instead of many, when the notebook is only tested
noted = {}  # claims and whether they hold, gathered on the way for the last table

# %%
scenes = open_dataset("scenes", labeled=12)
images, masks = zip(*scenes, strict=True)
batch = sample_patches(images, masks, per_image=5, side=(24, 48), output_size=48, generator=seeded(3))
labels = batch.labels
plots.patch_grid(batch.images.numpy(), labels.numpy(), scenes.classes)

# %% [markdown]
# Sixty patches of twelve images. How many are there of each class?

# %%
# NBVAL_CHECK_OUTPUT
counts = sorted(Counter(labels.tolist()).items())
plots.table({"class": [scenes.classes.names[label] for label, _ in counts], "patches": [n for _, n in counts]})

# %% [markdown]
# ## 2 Random triplets leave islands
#
# Take two patches of one class and one of another, put all three aside, and go on until nothing fits any more: these
# are *disjoint random triplets*. Each uses up three patches, so there are at most $N / 3$ of them.

# %%
random = random_triplets(labels, generator=seeded(0))
print(random)
print("first three triplets (anchor, positive, negative):", random.triplets[:3].tolist())

# %% [markdown]
# Every positive edge stands by itself: a class of $n$ patches falls into pairs and single patches. Does that
# matter? Look at what the *pull* alone can do. Let each patch be a point in the plane, and let every positive edge draw
# its two ends together, again and again. Step through it. The frame follows the points; on the right there is still a
# question mark.

# %%
from mmtutorial.widgets import PullExplorer
from mmtutorial.widgets.toolkit.player import scrubber

islands = PullExplorer({"random triplets": random}, scenes.classes)
scrubber(islands, "moment", [0, 3, 6])

# %% tags=["hide-input"]
# @title Noted for the end
(places,) = islands.facts(islands.state(moment=6)).places
noted["classes in the batch"] = len(labels.unique())
noted["pieces with disjoint random triplets"] = sum(random.components().values())
noted["places where their pull comes to rest"] = places

# %% [markdown]
# As many centres as pieces. The pull is perfectly content, every edge has length zero, and yet hardly a class has
# gathered: **a piece can have a centre of its own, and no pull in this batch objects.** If we want one centre a class,
# the positive edges must hold each class together in one piece. So first we need to count pieces.

# %% [markdown]
# ### Exercise 1: count the pieces of each class
#
# Write `components(labels, edges)`. `labels` is a tensor of $N$ classes, `edges` a tensor $(E, 2)$ of node numbers; the
# answer is a dictionary *class → number of pieces*. A node without any edge is a piece. An edge may occur twice, and
# edges may close a ring.
#
# <details><summary>Hint 1</summary>
# Give every node a name tag, at first its own number. What should happen to the tags when an edge joins two nodes? And
# to the tags of all others that carry the same one?
# </details>
# <details><summary>Hint 2</summary>
# Keep a list <code>piece</code> with the tag of each node. For an edge <code>(a, b)</code>, every node that carries the
# tag of <code>b</code> takes the tag of <code>a</code>, not only <code>b</code> itself. When all edges are done,
# count the different tags within each class.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("03.components")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:03.components"]
def components(labels, edges):
    piece = list(range(len(labels)))  # the tag of each node
    # BEGIN SOLUTION
    for a, b in edges.tolist():
        old, new = piece[b], piece[a]
        piece = [new if tag == old else tag for tag in piece]
    tags_of_classes = {(label, tag) for label, tag in zip(labels.tolist(), piece, strict=True)}
    return dict(Counter(label for label, _ in tags_of_classes))
    # END SOLUTION


components(torch.tensor([0, 0, 0, 5]), torch.tensor([[0, 1]]))  # two pieces of class 0, one of class 5

# %%
# NBVAL_CHECK_OUTPUT
print(check("03.components", components))

# %% [markdown]
# ## 3 The class-wise connected graph
#
# The remedy is a rule with one condition in it. Put the patches in random order and visit them one by one:
#
# 1. Each patch is the **anchor** of one triplet, when it is visited.
# 2. Its **positive** is drawn, with equal chance, from the patches of its class that were **visited before**.
# 3. Its **negative** is drawn, with equal chance, from the patches of other classes that were visited before.
#
# Where there is nobody yet, there are two exceptions. The first patch of its class takes as positive any later one of
# its class (or itself, if it is alone). A patch with no other class before it takes as negative any patch of another
# class. A batch with a single class has no negatives, and so no triplets.
#
# **Why it is connected.** Let $v_1, v_2, \dots, v_n$ be the patches of one class in visiting order. After the first
# visit there is one piece with $v_1$ in it. Suppose that $v_1, \dots, v_k$ hang together. The positive of $v_{k+1}$ is
# one of them, so $v_1, \dots, v_{k+1}$ hang together too. At the end the whole class is one piece: the edges of $v_2,
# \dots, v_n$ make a tree. (The edge of $v_1$ goes to a later patch. It can close a ring, but it cannot split anything.)
# This is no matter of luck: it holds for every draw.
#
# **Why every patch works.** By rule 1 every patch is an anchor once. $N$ patches give $N$ triplets, three times as many
# as disjoint triplets could.

# %% [markdown]
# ### Exercise 2: draw the graph
#
# Write `connected_graph(labels, generator)`. The answer is a tensor $(N, 3)$ of node numbers, one row *anchor,
# positive, negative* for each visit, in visiting order. For a batch with a single class it is empty, of shape
# $(0, 3)$. Pass `generator=generator` to every `torch.rand...` call.
#
# <details><summary>Hint 1</summary>
# The patches visited before the one at place <code>k</code> of the order are <code>order[:k]</code>. Make a list of
# those with the anchor's class, and one of those without. What goes into a list that stays empty?
# </details>
# <details><summary>Hint 2</summary>
# <code>any_of</code> below picks one entry of a list. For the positive there are three cases, and Python's
# <code>or</code> takes the first list that is not empty: visited ones of the class; else all others of the class; else
# the anchor alone. For the negative there are two.
# </details>
# <details><summary>Go on without</summary>
# <code>from mmtutorial import graph</code>, then
# <code>connected_graph = lambda labels, generator: graph.connected_graph(labels, generator=generator).triplets</code>
# </details>


# %% tags=["exercise:03.connected_graph"]
def any_of(nodes, generator):
    """One of a list of nodes, each with the same chance."""
    return nodes[int(torch.randint(len(nodes), (), generator=generator))]


def connected_graph(labels, generator):
    if len(labels.unique()) < 2:
        return torch.empty((0, 3), dtype=torch.long)
    classes = labels.tolist()
    order = torch.randperm(len(classes), generator=generator).tolist()
    triplets = []
    for k, anchor in enumerate(order):
        # BEGIN SOLUTION
        visited = order[:k]
        same = [node for node in visited if classes[node] == classes[anchor]]
        same = same or [node for node in order if classes[node] == classes[anchor] and node != anchor] or [anchor]
        other = [node for node in visited if classes[node] != classes[anchor]]
        other = other or [node for node in order if classes[node] != classes[anchor]]
        triplets.append((anchor, any_of(same, generator), any_of(other, generator)))
        # END SOLUTION
    return torch.tensor(triplets)


connected_graph(torch.tensor([0, 0, 1, 1, 0]), seeded(0))

# %%
# NBVAL_CHECK_OUTPUT
print(check("03.connected_graph", connected_graph))

# %% [markdown]
# Now both over the same patches. Coloured lines are positive edges, thin grey lines lead to negatives. Hollow markers
# are patches that no triplet uses.

# %%
connected = PatchGraph(labels, connected_graph(labels, seeded(0)))
plots.graph_pair(labels.numpy(), connected.triplets.numpy(), random.triplets.numpy(), scenes.classes)

# %% [markdown]
# And the proof, put to the test with your own two functions: two hundred batches, classes of very unequal size.

# %%
worst = 1
for seed in range(200):
    some = torch.randint(1 + seed % 9, (30,), generator=seeded(seed)) ** 2 // 3
    if len(some.unique()) > 1:
        found = components(some, connected_graph(some, seeded(seed))[:, :2])
        worst = max(worst, *found.values())
noted["most pieces of any class in 200 batches, with your graph"] = worst
plots.table({"": ["your connected graph"], "batches": [200], "most pieces of any class": [worst]})

# %% [markdown]
# What does the pull make of it now?

# %%
both = PullExplorer({"random triplets": random, "connected graph": connected}, scenes.classes)
scrubber(both, "moment", [0, 2, 4, 6])

# %% tags=["hide-input"]
# @title Noted for the end
noted["places where the pull of the graph comes to rest"] = both.facts(both.state(moment=6)).places[1]

# %% [markdown]
# ## 4 Step by step, and by hand
#
# Point at a patch: it shows its triplet. Move *patches visited*, or let it play, and watch both sides grow. Then:
#
# 1. Find a visit at which the connected graph meets a class for the first time. How many pieces has that class then,
#    and how many at its next visit?
# 2. Switch on *as many random triplets as the graph has*. Which numbers on the left become better, and which do not?
# 3. Choose *grow it by hand*: two clicks tie two patches, unless that breaks a rule. Try to end with two pieces in one
#    class. Which choice did it?
#
# All of it works by keyboard too (Tab, arrow keys, Enter). Without a running kernel the figure is a still picture.

# %%
from mmtutorial.widgets import GraphExplorer

GraphExplorer().touch(visited=18)

# %% [markdown]
# ## 5 Is "visited before" needed?
#
# Rule 2 could be simpler: draw the positive from *all other* patches of the class, visited or not. Every patch would
# still be an anchor once. How many pieces would a class of $n$ patches have?

# %%
bet("03.simpler")

# %% [markdown]
# Every node draws one arrow to another node; this is a *random mapping* (without fixed points). Follow the arrows from
# any node: since there are finitely many, you end in a **cycle**. Each piece contains exactly one cycle, because it has
# as many arrows as nodes. So counting pieces is counting cycles, and the mean of a sum is the sum of the means:
#
# $$\mathbb{E}[\text{pieces}] = \sum_{k=2}^{n} \mathbb{E}[\text{cycles of length } k].$$
#
# ### Exercise 3: the mean number of pieces
#
# (Pencil and paper first; the hardest exercise of this notebook. Start with $n = 2$ and $n = 3$.)
#
# Write `random_mapping(n)` for $n \ge 2$: the mean number of pieces of a class of $n$ patches, exactly, not by
# simulation.
#
# <details><summary>Hint 1</summary>
# Take $k$ given nodes in a given circular order. With what probability do their $k$ arrows form just this cycle? How
# many such choices of nodes and circular orders are there?
# </details>
# <details><summary>Hint 2</summary>
# Each arrow goes to one of $n - 1$ nodes, independently. There are <code>math.comb(n, k)</code> ways to choose the
# nodes, and $(k - 1)!$ circular orders of $k$ nodes. Multiply, and sum over $k$ from 2.
# </details>
# <details><summary>Go on without</summary>
# <code>solution("03.random_mapping")</code> shows it, behind a question; come back to it later.
# </details>


# %% tags=["exercise:03.random_mapping"]
def random_mapping(n):
    # BEGIN SOLUTION
    return sum(math.comb(n, k) * math.factorial(k - 1) / (n - 1) ** k for k in range(2, n + 1))
    # END SOLUTION


random_mapping(10)

# %%
# NBVAL_CHECK_OUTPUT
print(check("03.random_mapping", random_mapping))

# %%
sizes = (2, 5, 10, 20, 40, 80)
plots.table({"patches of the class": sizes, "pieces, mean": [f"{random_mapping(n):.2f}" for n in sizes]})

# %% [markdown]
# Theory against a simulation, with `components` from exercise 1:

# %%


def any_positive(labels, generator):
    """Edges if each patch draws its positive among all others of its class."""
    edges = []
    for anchor, label in enumerate(labels.tolist()):
        others = [node for node in torch.nonzero(labels == label).flatten().tolist() if node != anchor]
        edges.append((anchor, any_of(others or [anchor], generator)))
    return torch.tensor(edges)


draws, sizes, simulated = 40 if SMOKE else 600, (5, 10, 20), []
for n in sizes:
    one_class = torch.zeros(n, dtype=torch.long)
    counts = [components(one_class, any_positive(one_class, seeded(seed)))[0] for seed in range(draws)]
    simulated.append(f"{sum(counts) / draws:.2f}")
computed = [f"{random_mapping(n):.2f}" for n in sizes]
plots.table({"patches of the class": sizes, "simulated": simulated, "computed": computed}, "Pieces on average")

# %% [markdown]
# An honest finding: the simpler rule is not bad. The number of pieces grows with the logarithm of $n$ only, and a class
# of forty patches has fewer than two on average. What *visited before* adds is certainty: one piece, each time. The
# large step is from disjoint triplets to "every patch is an anchor and meets any of its class".

# %% [markdown]
# ## 6 The count, side by side
#
# Four ways to match a batch of 400 patches, the size of the authors' AlexNet batches (40 images with 10 patches each),
# in eight classes. The second row draws random triplets in several rounds until there are as many as patches: it
# answers whether the graph is better only because it has more triplets.

# %%
many = torch.arange(8).repeat(50)
ways = {
    "random, one round": lambda g: random_triplets(many, generator=g),
    "random, as many": lambda g: random_triplets(many, generator=g, count=len(many)),
    "any positive": lambda g: PatchGraph(many, torch.cat((e := any_positive(many, g), (e[:, :1] + 1) % 400), dim=1)),
    "connected graph": lambda g: PatchGraph(many, connected_graph(many, g)),
}
rounds = 2 if SMOKE else 20
table = {}
for name, draw in ways.items():
    graphs = [draw(seeded(seed)) for seed in range(rounds)]
    anchors = sum(len(graph.triplets[:, 0].unique()) for graph in graphs) / rounds / len(many)
    pieces = sum(sum(graph.components().values()) for graph in graphs) / rounds / 8
    table[name] = (len(graphs[0].triplets), anchors, pieces)
triplets, anchors, pieces = zip(*table.values(), strict=True)
columns = {
    "way": list(table),
    "triplets": triplets,
    "patches that are anchors": [f"{share:.0%}" for share in anchors],
    "pieces per class": [f"{mean:.2f}" for mean in pieces],
}
plots.table(columns, f"400 patches of eight classes, means of {rounds} draws")

# %% tags=["hide-input"]
# @title Noted for the end
noted["400 patches, fewest pieces first"] = ", ".join(sorted(table, key=lambda name: table[name][2]))
noted["pieces per class in the connected graph"] = table["connected graph"][2]
noted["triplets in one round, and in the graph"] = f"{table['random, one round'][0]}, {table['connected graph'][0]}"

# %% [markdown]
# At equal count random triplets lose most of their islands, yet not all, and still some patches are never an anchor.
# So when you compare the two samplers in notebook 05, compare at equal count as well: otherwise you measure the number
# of triplets and call it connectivity.

# %% [markdown]
# ### Open challenge: a steadier step
#
# A graph is a draw, and each draw pulls in its own direction. All triplets together would pull in one. Choose triplets
# that come nearer to it: as many as there are patches, at most, and you see the labels alone. (Notebook 09 says what
# the graph does on average.)
#
# ```python
# from mmtutorial.classroom.challenges import challenge, leaderboard
#
# challenge("03.steady_step", connected_graph, note="the graph")  # choose(labels, generator) gives triplets (M, 3)
# leaderboard()
# ```
#
# The score is the mean cosine of your step with that of all triplets, on patches of images that no notebook shows. The
# graph can be beaten.
#
# ## 7 To discuss
#
# 1. The argument of section 2 looks at a single batch. The next step draws new patches and a new graph, so over many
#    steps *every* sampler links every patch of a class with every other sooner or later. What is then left of the
#    advantage? Think of the noise of a single step, and of how far the weights move in one.
# 2. The tree of section 3 has $n - 1$ edges, and the class draws $n$. Which one is left over, and what would change
#    without it?
# 3. The first patches of the order have few to choose from, so they are chosen more often. Which patch has the most
#    edges on average? Would a star, everybody with the first, be as good? It is connected as well.
# 4. "Connected" treats a class as one thing. Background, or "building", looks like many. Who wants *one* centre there?
# 5. With classes of unequal size, which class provides most negatives? Is that good?

# %% [markdown] tags=["quiz"]
# ? A class has twelve patches. After a draw of disjoint random triplets you count its pieces. What is the least you
#   can find?
# - 1 | For one piece, twelve nodes need eleven edges. Disjoint triplets give this class six at most.
# + 6 | Each positive edge uses up two patches of the class. Six edges make six pairs, and no pair is joined to
#   another.
# - 4 | Only if a triplet took three patches of the class. The third one is a negative, of another class.
# ? Which rule makes the graph connected in every draw?
# - Every patch is an anchor once. | Drawing among all patches keeps that rule as well, and does not always give one
#   piece.
# - The negative comes from another class. | Negatives are no positive edges and join nothing.
# + The positive is drawn among patches that were visited before. | Each new patch hangs on what hangs together
#   already. Induction does the rest.
# ? Equally many random triplets leave 1.3 pieces a class, and the graph exactly 1. What may you conclude about the
#   trained network?
# - The graph must give better features. | One batch says nothing about hundreds. Notebook 05 compares them at equal
#   count.
# + Nothing yet. | Over many batches each way of matching joins a class. Whether certainty within a batch pays is a
#   question for an experiment.
# - Random triplets never bring a class together. | The next batch draws other triplets, and the pieces of one batch
#   are joined by another.
# ? Everybody takes the first patch of the class as positive: a star. It is connected. What is the price?
# + One patch decides where the class goes. | If that patch has a wrong or unlucky centre, every pull of the class
#   aims at it. The drawn tree spreads its edges over many.
# - It needs more edges than the tree. | A star of n nodes has n - 1 edges, like any tree.
# - It leaves pieces when n is large. | A star is one piece for any n.

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
# - A positive edge asks two patches to meet. What hangs together can have one centre; what does not, need not.
# - Disjoint random triplets leave a class in many pieces and use each patch once at most.
# - Drawing the positive among patches *visited before* makes each class one piece in every draw (induction), and makes
#   each patch an anchor once: $N$ triplets for $N$ patches.
# - Drawing among *all* others of the class gives a random mapping: few pieces, but now and then more than one.
#
# ## Limits
#
# What the authors' code does and the text does not say, as far as we could compare
# ([`resources/sampling_layers.py`](https://github.com/XiaohangZhan/mix-and-match)):
#
# - The first patch of a class gets its positive afterwards, from the whole class; a patch alone in its class is its own
#   positive and is only pushed. Both are as in your function.
# - If the whole batch has one class, the code takes a vector of zeros as negative; here the batch has no triplets.
# - There is one graph for each GPU. Patches on different GPUs are never compared, so "mixed over many images" means the
#   images of one GPU.
# - One positive and one negative an anchor, drawn blindly: no mining of hard cases, no weights.
# - A patch has the class of its *centre pixel*. A wrong or unlucky centre puts an edge where none should be.
#
# And of this notebook: the pull of section 2 has no network in it. A network moves all patches at once, and the push of
# the negatives is not in the picture; that is notebook 04.
#
# ## Links
#
# - The method: Zhan et al., [arXiv:1712.00661](https://arxiv.org/abs/1712.00661). The library's version of exercise 2
#   is in `mmtutorial/graph.py`; it needs a sort where yours compares all pairs.
# - Random trees that grow like this one are *random recursive trees*; random mappings are treated in Flajolet and
#   Odlyzko, *Random mapping statistics* (1990).
