"""Embedding frames: aligned, saved, read back; and what the t-SNE explorer writes of them."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmtutorial.embedding import knn_purity
from mmtutorial.errors import InputError
from mmtutorial.patches import PatchBatch
from mmtutorial.randomness import seeded
from mmtutorial.widgets import EmbeddingFrames, TsneExplorer, embedding_frames
from mmtutorial.widgets.embedding_frames import GREY, HUES, _aligned, colour_bins
from mmtutorial.widgets.tsne_explorer import Picked
from tests.widgets.explorers import TABLE, embedding_arrays


@pytest.fixture(scope="module")
def batch() -> PatchBatch:
    generator = seeded(0)
    images = torch.randint(0, 256, (24, 3, 16, 16), generator=generator, dtype=torch.uint8)
    labels = torch.arange(24) % 3
    return PatchBatch(images, labels, torch.zeros(24, 4), torch.arange(24) // 4)


@pytest.fixture(scope="module")
def along(batch: PatchBatch) -> dict[int, torch.Tensor]:
    generator = seeded(1)
    noise = torch.randn(24, 5, generator=generator)
    centres = torch.eye(5)[batch.labels]
    return {50: noise * 0.2 + 3 * centres, 0: noise, 25: noise + centres}


@pytest.fixture(scope="module")
def frames(batch: PatchBatch, along: dict[int, torch.Tensor]) -> EmbeddingFrames:
    return embedding_frames(along, batch, TABLE, perplexities=(3, 6), thumbnail=8)


def test_frames_are_in_order_and_carry_the_purity(
    frames: EmbeddingFrames, batch: PatchBatch, along: dict[int, torch.Tensor]
) -> None:
    assert frames.steps.tolist() == [0, 25, 50]
    wanted = [knn_purity(along[s], batch.labels, batch.image_index) for s in (0, 25, 50)]
    np.testing.assert_allclose(frames.purity, wanted)
    assert frames.tsne.shape == (2, 3, 24, 2)
    assert frames.pca.dtype == frames.tsne.dtype == np.float32
    assert frames.patches.shape == (24, 3, 8, 8)
    np.testing.assert_allclose(np.abs(frames.tsne).max(axis=(2, 3)), 1, rtol=1e-6)
    assert np.abs(frames.pca).max() == pytest.approx(1)
    assert repr(frames) == "EmbeddingFrames(24 patches, steps 0 to 50)"


def test_what_is_saved_is_read_back(frames: EmbeddingFrames, tmp_path: Path) -> None:
    frames.save(tmp_path / "frames.npz")
    again = EmbeddingFrames.load(tmp_path / "frames.npz")
    for field in fields(frames):
        if field.name != "classes":
            np.testing.assert_array_equal(getattr(again, field.name), getattr(frames, field.name))
    assert again.classes == frames.classes
    assert TsneExplorer(again).static().png == TsneExplorer(frames).static().png
    with np.load(tmp_path / "frames.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored.files)


def test_a_file_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    for name, data in (("text.npz", b"no archive"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=r"cannot read embedding frames from .*; check the path"):
            EmbeddingFrames.load(tmp_path / name)
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    for name in ("other.npz", "none.npz"):
        with pytest.raises(InputError, match="cannot read embedding frames"):
            EmbeddingFrames.load(tmp_path / name)


def test_layouts_are_turned_and_mirrored_back() -> None:
    rng = np.random.default_rng(0)
    layout = rng.normal(size=(20, 2)) * (2, 1)
    turn = np.array([[np.cos(2.0), -np.sin(2.0)], [np.sin(2.0), np.cos(2.0)]])
    for change in (turn, turn @ np.diag([1, -1]), -np.eye(2)):
        first, second = _aligned([layout, layout @ change + 5])
        np.testing.assert_allclose(second, first, atol=1e-9)
        assert np.linalg.norm(second) == pytest.approx(np.linalg.norm(first))


def test_each_patch_has_the_bin_of_its_prevailing_hue() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (0, 0, 0), (255, 0, 20), (0, 255, 255)]
    patches = np.array(colours, dtype=np.uint8)[:, :, None, None] * np.ones((1, 1, 4, 4), dtype=np.uint8)
    named = ["grey" if b == GREY else HUES[b] for b in colour_bins(patches)]
    # A third of the circle falls between lime (90 degrees) and green (135), nearer to green.
    assert named == ["red", "green", "blue", "grey", "grey", "red", "cyan"]
    mixed = patches[:1].copy()
    mixed[0, :, :3] = np.array([0, 250, 0], dtype=np.uint8)[:, None, None]
    assert HUES[int(colour_bins(mixed)[0])] == "green"


def test_wrong_embeddings_are_refused(batch: PatchBatch) -> None:
    with pytest.raises(InputError, match="give at least one of each"):
        embedding_frames({}, batch, TABLE)
    with pytest.raises(InputError, match="23 embeddings at step 5 for 24 patches"):
        embedding_frames({5: torch.zeros(23, 4)}, batch, TABLE)
    good = embedding_arrays()
    with pytest.raises(InputError, match="purity has shape"):
        replace(good, purity=good.purity[:-1])
    with pytest.raises(InputError, match="a patch for each label"):
        replace(good, patches=good.patches[:-1])


def test_the_words_give_step_purity_and_patch() -> None:
    frames = embedding_arrays()
    explorer = TsneExplorer(frames)
    facts = explorer.facts(explorer.state(moment=3, look=True, point=7, perplexity=5.0))
    assert facts["step"] == 75
    assert facts["purity"] == frames.purity[3]
    assert facts["perplexity"] == 5
    assert facts.picked == Picked(patch=7, label="cat", image=1, colour="pink")
    alt = explorer.static(moment=3, look=True, point=7, perplexity=5.0).alt
    assert "after 75 tuning steps: t-SNE of perplexity 5 and PCA, coloured by class" in alt
    assert "images 0.90; before tuning 0.20. Patch 7: cat, image 1, mostly pink." in alt
    assert "nothing" not in alt


def test_one_moment_and_one_perplexity_will_do() -> None:
    frames = embedding_arrays(moments=1)
    single = replace(frames, perplexities=frames.perplexities[:1], tsne=frames.tsne[:1])
    explorer = TsneExplorer(single)
    assert "perplexity" not in [control.name for control in explorer.controls]
    assert explorer.static().png


def test_each_moment_looks_different() -> None:
    explorer = TsneExplorer(embedding_arrays())
    pictures = {explorer.static(moment=k, colour_by=c).png for k in range(4) for c in ("class", "image", "colour")}
    assert len(pictures) == 12
