from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from mmtutorial.datasets import open_dataset
from mmtutorial.errors import InputError
from mmtutorial.patches import LARGE_PATCH, VOID, PatchBatch, _spread_out, crop_and_resize, sample_patches
from mmtutorial.randomness import seeded

seeds = st.integers(min_value=0, max_value=2**31)


def noise(height: int, width: int, seed: int = 0, dtype: torch.dtype = torch.uint8) -> Tensor:
    """An image without a single black pixel, so that black means outside."""
    pixels = torch.randint(1, 256, (3, height, width), generator=seeded(seed), dtype=torch.uint8)
    return pixels if dtype == torch.uint8 else pixels.to(dtype) / 255


def blotches(height: int, width: int, ids: list[int], seed: int = 0) -> Tensor:
    """A mask of areas with the given ids; every id has a pixel."""
    mask = torch.tensor(ids, dtype=torch.uint8)[torch.randint(len(ids), (height, width), generator=seeded(seed))]
    mask.view(-1)[: len(ids)] = torch.tensor(ids, dtype=torch.uint8)
    return mask


def centre_classes(batch: PatchBatch, masks: list[Tensor]) -> list[int]:
    found = []
    for (x0, y0, x1, y1), image in zip(batch.boxes.tolist(), batch.image_index.tolist(), strict=True):
        found.append(int(masks[image][y0 + (y1 - y0) // 2, x0 + (x1 - x0) // 2]))
    return found


@st.composite
def requests(draw: st.DrawFn) -> dict[str, object]:
    shapes = draw(st.lists(st.tuples(st.integers(3, 24), st.integers(3, 24)), min_size=1, max_size=3))
    masks = []
    for height, width in shapes:
        ids = draw(st.lists(st.sampled_from([0, 1, 2, 7, VOID]), min_size=1, max_size=4, unique=True))
        masks.append(blotches(height, width, ids if ids != [VOID] else [3], draw(seeds)))
    smallest = draw(st.integers(1, 12))
    return {
        "images": [noise(*shape) for shape in shapes],
        "masks": masks,
        "per_image": draw(st.integers(1, 12)),
        "side": (smallest, smallest + draw(st.integers(0, 12))),
        "output_size": draw(st.integers(1, 9)),
        "hundredths": draw(st.integers(0, 100)),
        "background_ids": draw(st.sampled_from([(), (0,), (0, 2), (5,)])),
        "seed": draw(seeds),
    }


@given(request=requests())
def test_patches_keep_their_promises(request: dict) -> None:
    hundredths, seed, masks = request.pop("hundredths"), request.pop("seed"), request["masks"]
    batch = sample_patches(**request, background_share=hundredths / 100, generator=seeded(seed))
    count, size, ids = request["per_image"], request["output_size"], request["background_ids"]
    assert batch.image_index.tolist() == [i for i in range(len(masks)) for _ in range(count)]
    assert batch.images.shape == (len(batch), 3, size, size)
    assert batch.images.dtype == torch.uint8
    assert batch.labels.dtype == batch.boxes.dtype == batch.image_index.dtype == torch.long
    width, height = (batch.boxes[:, 2:] - batch.boxes[:, :2]).T
    assert torch.equal(width, height)
    assert request["side"][0] <= int(width.min()) <= int(width.max()) <= request["side"][1]
    assert VOID not in batch.labels
    assert batch.labels.tolist() == centre_classes(batch, masks)
    for index, mask in enumerate(masks):
        labels = batch.labels[batch.image_index == index].tolist()
        present = set(mask.unique().tolist()) - {VOID}
        wanted = max(1, hundredths * count // 100) if hundredths else 0
        if not present & set(ids):
            wanted = 0
        elif not present - set(ids):
            wanted = count
        on_background = [label in ids for label in labels]
        assert on_background == [False] * (count - wanted) + [True] * wanted
    again = sample_patches(**request, background_share=hundredths / 100, generator=seeded(seed))
    assert torch.equal(batch.images, again.images)
    assert torch.equal(batch.boxes, again.boxes)


@pytest.mark.parametrize(
    ("share", "count", "background"),
    [(0.1, 10, 1), (0.1, 9, 1), (0.1, 20, 2), (0.29, 100, 29), (0.0, 10, 0), (0.001, 10, 1), (1.0, 7, 7), (0.5, 5, 2)],
)
def test_how_many_patches_stand_on_background(share: float, count: int, background: int) -> None:
    mask = blotches(40, 40, [0, 1])
    batch = sample_patches(
        noise(40, 40)[None],
        mask[None],
        per_image=count,
        side=(2, 3),
        output_size=2,
        background_share=share,
        generator=seeded(0),
    )
    assert int((batch.labels == 0).sum()) == background


def test_the_defaults_are_the_authors() -> None:
    mask = torch.zeros(1, 512, 512, dtype=torch.uint8)
    mask[:, 100:400, 50:450] = 12
    batch = sample_patches(noise(512, 512)[None], mask, generator=seeded(0))
    assert batch.images.shape == (10, 3, 128, 128)
    assert batch.labels.tolist() == [12] * 9 + [0]
    sides = batch.boxes[:, 2] - batch.boxes[:, 0]
    assert 64 <= int(sides.min()) < int(sides.max()) <= 256
    assert repr(batch) == "PatchBatch(10 patches of 128x128 pixels, 2 classes, from 1 images)"


def test_images_with_only_one_of_object_and_background_carry_true_labels() -> None:
    for ids in ([4, VOID], [0, VOID]):
        masks = blotches(30, 30, ids)[None]
        batch = sample_patches(noise(30, 30)[None], masks, side=(4, 9), output_size=4, generator=seeded(1))
        assert batch.labels.tolist() == [ids[0]] * 10


def test_street_scenes_draw_all_classes_alike() -> None:
    """Without background ids, id 0 (road) comes as often as its area has it."""
    mask = torch.ones(40, 40, dtype=torch.uint8)
    mask[:10] = 0
    batch = sample_patches(
        [noise(40, 40)], [mask], per_image=400, side=(1, 1), output_size=1, background_ids=(), generator=seeded(0)
    )
    assert 0.15 < float((batch.labels == 0).float().mean()) < 0.35


def drawn_centres(masks: Tensor, **settings: object) -> tuple[PatchBatch, Tensor]:
    images = torch.zeros(len(masks), 3, *masks.shape[1:], dtype=torch.uint8)
    batch = sample_patches(images, masks, output_size=1, **settings)
    half = (batch.boxes[:, 2] - batch.boxes[:, 0]) // 2
    return batch, batch.boxes[:, :2] + half[:, None]


def test_centres_are_uniform_over_the_labelled_pixels_of_each_kind() -> None:
    mask = torch.tensor([[0, 0, 1, 2], [255, 0, 1, 1], [0, 255, 2, 1]], dtype=torch.uint8)
    batch, centres = drawn_centres(mask.expand(2500, 3, 4), per_image=2, side=(1, 1), generator=seeded(0))
    at = centres[:, 1] * 4 + centres[:, 0]
    for pool in (torch.nonzero(mask.flatten() == 0).flatten(), torch.nonzero((mask.flatten() % 255) > 0).flatten()):
        counts = [int((at == pixel).sum()) for pixel in pool]
        assert sum(counts) == 2500
        assert chisquare(counts).pvalue > 1e-3
    assert len(batch) == 5000


def test_without_background_ids_centres_are_uniform_over_all_labelled_pixels() -> None:
    mask = torch.tensor([[0, 0, 1], [255, 0, 1]], dtype=torch.uint8)
    _, centres = drawn_centres(
        mask.expand(2000, 2, 3), per_image=1, side=(1, 1), generator=seeded(1), background_ids=()
    )
    counts = [int(((centres[:, 0] == x) & (centres[:, 1] == y)).sum()) for y, x in (mask != 255).nonzero().tolist()]
    assert sum(counts) == 2000
    assert chisquare(counts).pvalue > 1e-3


def test_sides_are_uniform_with_both_ends_and_independent_of_the_centre() -> None:
    mask = torch.ones(2, 2, dtype=torch.uint8)
    batch, centres = drawn_centres(mask.expand(3000, 2, 2), per_image=1, side=(3, 7), generator=seeded(3))
    sides = batch.boxes[:, 2] - batch.boxes[:, 0]
    cells = (sides - 3) * 4 + centres[:, 1] * 2 + centres[:, 0]
    assert chisquare(cells.bincount(minlength=20).numpy()).pvalue > 1e-3


@given(seed=seeds, side=st.integers(3, 12))
@settings(max_examples=25)
def test_majority_labels_agree_with_counting(seed: int, side: int) -> None:
    masks = [blotches(12, 17, [0, 1, 2, 9, VOID], seed), blotches(20, 9, [3, 4, VOID], seed + 1)]
    batch = sample_patches(
        [noise(12, 17), noise(20, 9)], masks, side=(1, side), output_size=2, label_by="majority", generator=seeded(seed)
    )
    for label, (x0, y0, x1, y1), image in zip(batch.labels, batch.boxes.tolist(), batch.image_index, strict=True):
        mask = masks[int(image)].tolist()
        inside = [
            mask[y][x]
            for y in range(max(y0, 0), min(y1, len(mask)))
            for x in range(max(x0, 0), min(x1, len(mask[0])))
            if mask[y][x] != VOID
        ]
        assert int(label) == min(set(inside), key=lambda c: (-inside.count(c), c))


def test_majority_and_centre_draw_the_same_boxes() -> None:
    images, masks = noise(30, 30)[None], blotches(30, 30, [0, 1, 2, VOID])[None]
    first, second = (
        sample_patches(images, masks, side=(3, 9), output_size=3, label_by=rule, generator=seeded(0))
        for rule in ("centre", "majority")
    )
    assert torch.equal(first.boxes, second.boxes)
    assert not torch.equal(first.labels, second.labels)


def covered_share(box: list[int], earlier: list[list[int]], height: int, width: int) -> float:
    """Share of a box, as far as it lies in the image, that earlier boxes cover; pixel by pixel."""

    def pixels(b: list[int]) -> set[tuple[int, int]]:
        return {(x, y) for x in range(max(b[0], 0), min(b[2], width)) for y in range(max(b[1], 0), min(b[3], height))}

    own = pixels(box)
    return len(own & set().union(*map(pixels, earlier))) / len(own) if earlier else 0.0


@pytest.mark.parametrize("seed", range(6))
def test_object_patches_overlap_by_more_than_60_percent_only_as_a_last_resort(seed: int) -> None:
    mask = torch.zeros(60, 60, dtype=torch.uint8)
    mask[20:40, 15:45] = 1
    batch = sample_patches([noise(60, 60)], [mask], side=(8, 20), output_size=2, generator=seeded(seed))
    boxes = batch.boxes.tolist()[:9]
    shares = [covered_share(box, boxes[:i], 60, 60) for i, box in enumerate(boxes)]
    kept = [share <= 0.6 for share in shares]
    assert kept[:3] == [True] * 3
    # What was topped up stands behind what was kept.
    assert kept == sorted(kept, reverse=True)


def test_with_room_no_two_object_patches_overlap_much() -> None:
    mask = torch.ones(200, 200, dtype=torch.uint8)
    for seed in range(5):
        boxes = sample_patches(
            [noise(200, 200)], [mask], side=(30, 60), output_size=2, generator=seeded(seed)
        ).boxes.tolist()
        assert all(covered_share(box, boxes[:i], 200, 200) <= 0.6 for i, box in enumerate(boxes))


def test_one_pixel_of_object_still_gives_all_its_patches() -> None:
    mask = torch.zeros(30, 30, dtype=torch.uint8)
    mask[3, 28] = 5
    batch = sample_patches([noise(30, 30)], [mask], side=(7, 7), output_size=2, generator=seeded(0))
    assert batch.labels.tolist() == [5] * 9 + [0]
    assert batch.boxes[:9].tolist() == [[25, 0, 32, 7]] * 9


def test_the_walk_over_candidates_by_hand() -> None:
    """Kept ones cover together; a share is of the box itself and of its part inside; rejects top up in order."""
    candidates = np.array(
        [
            [0, 0, 10, 10],  # kept
            [3, 0, 13, 10],  # 70 % covered: rejected, and so covers nothing
            [4, 0, 14, 10],  # exactly 60 %: kept
            [8, 0, 18, 10],  # 60 % covered by the last kept one: kept
            [-9, 0, 1, 10],  # one column inside, all of it covered: rejected
            [0, 0, 30, 30],  # large, 20 % covered: kept
        ]
    )
    kept, rejected = [0, 2, 3, 5], [1, 4]
    for wanted in range(7):
        expected = (kept + rejected)[:wanted]
        assert np.array_equal(_spread_out(candidates, wanted, (30, 30)), candidates[expected])


def slow_crop(image: Tensor, box: tuple[int, int, int, int], size: int) -> np.ndarray:
    """Bilinear samples on a regular grid, averaged over each output pixel, one number at a time."""
    pixels = image.double().numpy()
    _, height, width = pixels.shape

    def at(y: float, x: float) -> np.ndarray:
        total = np.zeros(len(pixels))
        for row in (math.floor(y), math.floor(y) + 1):
            for column in (math.floor(x), math.floor(x) + 1):
                if 0 <= row < height and 0 <= column < width:
                    total += (1 - abs(y - row)) * (1 - abs(x - column)) * pixels[:, row, column]
        return total

    x0, y0, x1, _ = box
    step = (x1 - x0) / size
    grid = math.ceil(step)
    inside = [(i + 0.5) / grid for i in range(grid)]
    out = np.zeros((3, size, size))
    for row in range(size):
        for column in range(size):
            samples = [at(y0 + (row + u) * step - 0.5, x0 + (column + v) * step - 0.5) for u in inside for v in inside]
            out[:, row, column] = np.mean(samples, axis=0)
    return out


BOXES = [(0, 0, 8, 8), (2, 1, 9, 8), (-3, -2, 8, 9), (5, 6, 21, 22), (-4, 3, 0, 7), (3, 3, 4, 4), (-20, -20, -9, -9)]


@pytest.mark.parametrize("size", [1, 3, 4, 8])
def test_crops_agree_with_a_slow_bilinear_mean(size: int) -> None:
    images = [noise(10, 13, 0, torch.float64), noise(16, 7, 1, torch.float64)]
    boxes = torch.tensor(BOXES * 2)
    index = torch.arange(2).repeat_interleave(len(BOXES))
    found = crop_and_resize(images, boxes, index, size)
    assert found.dtype == torch.float64
    for patch, box, image in zip(found, boxes.tolist(), index, strict=True):
        expected = torch.from_numpy(slow_crop(images[int(image)], box, size))
        torch.testing.assert_close(patch, expected, rtol=0, atol=1e-9)


def padded_crop(image: Tensor, box: tuple[int, ...]) -> Tensor:
    """Zeros all round, then a slice."""
    x0, y0, x1, y1 = (place + 300 for place in box)
    return F.pad(image, [300])[:, y0:y1, x0:x1]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("box", BOXES)
def test_a_patch_of_the_output_size_is_the_plain_zero_padded_crop(box: tuple[int, ...], dtype: torch.dtype) -> None:
    image = noise(10, 13, 0, dtype)
    found = crop_and_resize(image[None], torch.tensor([box]), torch.tensor([0]), box[2] - box[0])
    assert found.dtype == dtype
    torch.testing.assert_close(found[0], padded_crop(image, box), rtol=0, atol=1e-6 if dtype.is_floating_point else 0)


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_shrinking_by_a_whole_factor_is_the_box_mean(factor: int) -> None:
    image = noise(31, 40, 0, torch.float32)
    box = (-factor, 2, 5 * factor, 2 + 6 * factor)
    found = crop_and_resize([image], torch.tensor([box]), torch.tensor([0]), 6)
    expected = torch.nn.functional.avg_pool2d(padded_crop(image, box), factor)
    torch.testing.assert_close(found[0], expected, rtol=0, atol=1e-5)


def smooth(height: int, width: int) -> Tensor:
    y, x = torch.arange(height)[:, None] / height, torch.arange(width)[None] / width
    return torch.stack([torch.sin(3 * x + y), torch.cos(2 * y - x), x * y]).float() / 2 + 0.5


@pytest.mark.parametrize(("side", "size"), [(40, 17), (50, 33), (23, 24), (20, 48), (64, 10)])
def test_other_factors_are_close_to_torchvisions_antialiased_resize(side: int, size: int) -> None:
    image = smooth(90, 100)
    found = crop_and_resize([image], torch.tensor([[11, 7, 11 + side, 7 + side]]), torch.tensor([0]), size)[0]
    expected = F.resize(
        padded_crop(image, (11, 7, 11 + side, 7 + side)),
        [size, size],
        interpolation=InterpolationMode.BILINEAR,
        antialias=True,
    )
    inner = slice(2, -2)
    assert float((found - expected)[:, inner, inner].abs().max()) < 0.01


def test_fine_texture_does_not_alias() -> None:
    """A checkerboard shrunk by any factor is grey; plain bilinear sampling would show stripes."""
    board = (torch.arange(64)[:, None] + torch.arange(64)) % 2 * 254
    image = board.to(torch.uint8).expand(3, 64, 64)
    for side in (32, 41, 50):
        found = crop_and_resize([image], torch.tensor([[4, 4, 4 + side, 4 + side]]), torch.tensor([0]), 16)
        assert float((found.float() - 127).abs().max()) < 45


def test_uint8_and_float_agree_but_for_rounding() -> None:
    image = noise(40, 30)
    boxes, index = torch.tensor([[3, 4, 25, 26], [-5, -5, 20, 20]]), torch.zeros(2, dtype=torch.long)
    whole = crop_and_resize([image], boxes, index, 9)
    exact = crop_and_resize([image.float()], boxes, index, 9)
    assert whole.dtype == torch.uint8
    assert torch.equal(whole, exact.round().to(torch.uint8))


def test_a_small_image_among_large_ones_is_zero_outside_itself() -> None:
    images = [torch.full((3, 5, 6), 200, dtype=torch.uint8), torch.full((3, 20, 20), 90, dtype=torch.uint8)]
    found = crop_and_resize(images, torch.tensor([[0, 0, 8, 8], [0, 0, 8, 8]]), torch.tensor([0, 1]), 8)
    expected = torch.zeros(8, 8, dtype=torch.uint8)
    expected[:5, :6] = 200
    assert torch.equal(found[0, 0], expected)
    assert bool((found[1] == 90).all())


def test_a_patch_shows_its_own_image_round_its_own_pixel() -> None:
    """End to end, with an output as large as the patch: the middle pixel is the one that gave the label."""
    masks = [blotches(14, 19, [0, 1, 2], 0), blotches(23, 11, [0, 3], 1)]
    images = [mask.expand(3, *mask.shape) * 10 + 5 for mask in masks]
    batch = sample_patches(images, masks, side=(7, 7), output_size=7, generator=seeded(0))
    assert torch.equal(batch.images[:, 0, 3, 3].long(), batch.labels * 10 + 5)


def test_a_tensor_and_a_list_of_images_are_the_same() -> None:
    images, masks = torch.stack([noise(20, 20, s) for s in range(3)]), torch.stack([blotches(20, 20, [0, 1])] * 3)
    one = sample_patches(images, masks, side=(4, 9), output_size=4, generator=seeded(0))
    other = sample_patches(list(images), [m.long() for m in masks], side=(4, 9), output_size=4, generator=seeded(0))
    assert torch.equal(one.images, other.images)
    assert torch.equal(one.labels, other.labels)


def test_only_the_generator_given_is_used() -> None:
    before = torch.get_rng_state()
    generator = seeded(0)
    draws = [
        sample_patches(
            [noise(20, 20)], [blotches(20, 20, [0, 1])], side=(4, 9), output_size=4, generator=generator
        ).boxes
        for _ in range(2)
    ]
    assert not torch.equal(*draws)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"per_image": 0}, "per_image is 0 and output_size 4; both must be 1 or more"),
        ({"output_size": 0}, "both must be 1 or more"),
        ({"side": (0, 4)}, "1 <= smallest <= largest"),
        ({"side": (9, 4)}, "1 <= smallest <= largest"),
        ({"background_share": -0.1}, "give a share between 0 and 1"),
        ({"background_share": 1.5}, "give a share between 0 and 1"),
        ({"label_by": "center"}, "did you mean 'centre'"),
        ({"masks": [torch.ones(5, 5)] * 2}, "1 images and 2 masks; give one mask for each"),
        ({"images": [], "masks": []}, "0 images and 0 masks"),
        ({"masks": [torch.ones(6, 5, dtype=torch.uint8)]}, "give masks of the same height and width"),
        ({"masks": [torch.full((5, 5), 257)]}, r"mask 0 .* outside 0\.\.255; give integer class ids"),
        ({"masks": [torch.full((5, 5), -2)]}, "give integer class ids"),
        ({"masks": [torch.full((5, 5), 1.0)]}, "mask 0 is torch.float32"),
        ({"masks": [torch.full((5, 5), VOID)]}, "image 0 is void everywhere; leave the image out or label it"),
    ],
)
def test_bad_arguments_are_refused(wrong: dict, message: str) -> None:
    good = {"images": [noise(5, 5)], "masks": [blotches(5, 5, [0, 1])], "side": (2, 4), "output_size": 4}
    with pytest.raises(InputError, match=message):
        sample_patches(**{**good, **wrong}, generator=seeded(0))


def test_the_void_image_of_several_is_named() -> None:
    masks = [blotches(5, 5, [0, 1]), torch.full((5, 5), VOID)]
    with pytest.raises(InputError, match="mask of image 1 is void"):
        sample_patches([noise(5, 5)] * 2, masks, side=(2, 4), output_size=4, generator=seeded(0))


def test_patches_of_real_photos_of_different_sizes(real_data: Path) -> None:
    photos = open_dataset("voc", real_data, split="trainaug", labeled=8)
    images, masks = zip(*photos, strict=True)
    assert len({image.shape for image in images}) > 1
    batch = sample_patches(images, masks, generator=seeded(0))
    assert batch.images.shape == (80, 3, 128, 128)
    assert batch.labels.tolist() == centre_classes(batch, list(masks))
    assert VOID not in batch.labels
    share = float((batch.labels == 0).float().mean())
    assert share == pytest.approx(0.1)
    # Photos are rougher than the smooth images above: the two ways of shrinking differ by under 1 % of the range.
    for patch, box, index in list(zip(batch.images, batch.boxes.tolist(), batch.image_index, strict=True))[::9]:
        expected = F.resize(padded_crop(images[int(index)].as_subclass(Tensor), tuple(box)), [128, 128])
        assert float((patch.float() - expected.float()).abs().mean()) < 3


def triangle(size: int, side: int) -> np.ndarray:
    """(S, side) weights of Pillow's bilinear filter: a triangle as wide as an output pixel, or two pixels at least."""
    step = side / size
    reach = max(step, 1.0)
    centres = (np.arange(size) + 0.5) * step
    weights = np.maximum(0, 1 - np.abs(np.arange(side) + 0.5 - centres[:, None]) / reach)
    found: np.ndarray = weights / weights.sum(1, keepdims=True)
    return found


LARGE = [
    (0, 0, 96, 96),
    (10, 4, 210, 204),
    (-40, -7, 60, 93),
    (150, 90, 290, 230),
    (-300, -300, -100, -100),
    (5, 5, 25, 25),
]


@pytest.mark.parametrize("size", [LARGE_PATCH, 128])
def test_large_patches_of_stored_photos_are_within_a_level_of_a_slow_triangle(size: int) -> None:
    images = [noise(180, 250, 0), noise(120, 200, 1)]
    boxes, index = torch.tensor(LARGE * 2), torch.arange(2).repeat_interleave(len(LARGE))
    found = crop_and_resize(images, boxes, index, size)
    assert found.dtype == torch.uint8
    for patch, box, image in zip(found, boxes.tolist(), index.tolist(), strict=True):
        weights = triangle(size, box[2] - box[0])
        expected = weights @ padded_crop(images[image], tuple(box)).double().numpy() @ weights.T
        assert np.abs(patch.numpy() - expected).max() < 1.001


def test_large_patches_are_about_as_those_of_floats(real_data: Path) -> None:
    """On photos, where neighbours are alike; on noise the two ways of shrinking differ by more."""
    (photo,) = (image for image, _ in open_dataset("voc", real_data, split="trainaug", labeled=1))
    boxes, index = torch.tensor([[20, 10, 270, 260], [-30, 40, 150, 220]]), torch.zeros(2, dtype=torch.long)
    found = crop_and_resize([photo], boxes, index, 128).float()
    exact = crop_and_resize([photo.float()], boxes, index, 128)
    assert float((found - exact).abs().mean()) < 1.5
