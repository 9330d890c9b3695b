"""Figures one touches, in a real browser without JupyterLab: the front end, and the figure that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
import torch

from mmtutorial.randomness import seeded
from mmtutorial.triplet import triplet_distances, triplet_loss
from mmtutorial.widgets import GraphExplorer, PipelineMap, TripletExplorer, TsneExplorer
from mmtutorial.widgets.graph_explorer import BY_HAND
from mmtutorial.widgets.toolkit.controls import Memory, Slider
from tests.notebooks.lab_page import CHROMIUM
from tests.widgets.explorers import embedding_arrays, explorer_of

pytest.importorskip("anywidget", reason="anywidget is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)

from mmtutorial.widgets.touch.figure import TouchFigure  # noqa: E402
from tests.widgets.bare_page import bare_page  # noqa: E402

expect = playwright.expect
Open = Callable[..., AbstractContextManager[Any]]
HAND = {"mode": BY_HAND, "patches": 12, "classes": 3}
ROLES = ("anchor", "positive", "negative")


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    """Opens a page on a figure."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield partial(bare_page, browser)
        browser.close()


def by_hand() -> tuple[TouchFigure, GraphExplorer]:
    explorer = explorer_of("graph")
    assert isinstance(explorer, GraphExplorer)
    return explorer.touch(**HAND), explorer


def patch(page: Any, node: int, panel: int = 0) -> Any:
    return page.locator(f'[data-key="patch {panel} {node}"]')


def tie(page: Any, first: int, second: int) -> None:
    patch(page, first).click()
    patch(page, second).click()


def pieces(page: Any) -> dict[str, int]:
    found = {}
    for text in page.locator("section").first.locator("[data-pieces]").all_text_contents():
        name, count = re.fullmatch(r"(.*): (\d+) pieces?", text).groups()
        found[name] = int(count)
    return found


def rows_of(explorer: GraphExplorer) -> list[list[int]]:
    return explorer._drawing(explorer.state(**HAND)).connected.triplets.tolist()


def test_two_clicks_tie_two_patches_and_undo_takes_it_back(opened: Open) -> None:
    figure, explorer = by_hand()
    anchor, positive, _ = rows_of(explorer)[0]
    name = explorer._name(int(explorer._drawing(figure.state).labels[anchor]))
    with opened(figure) as page:
        before = pieces(page)
        tie(page, anchor, positive)
        expect(page.locator(f'[data-edge="{anchor} {positive}"]')).to_have_count(1)
        assert tuple(figure.state["choices"]) == (anchor, positive)
        assert pieces(page) == {**before, name: before[name] - 1}
        expect(page.locator(".mm-told")).to_contain_text(f"Patch {anchor} is tied to {positive}. 1 of 12")
        page.get_by_role("button", name="undo").click()
        expect(page.locator("[data-edge]")).to_have_count(0)
        assert pieces(page) == before


def test_a_wrong_tie_is_refused_with_its_rule(opened: Open) -> None:
    figure, explorer = by_hand()
    rows, labels = rows_of(explorer), explorer._drawing(figure.state).labels.tolist()
    anchor, positive, _ = rows[0]
    other = next(i for i, label in enumerate(labels) if label != labels[anchor])
    fresh = [i for i, label in enumerate(labels) if label == labels[anchor] and i not in (anchor, positive)]
    told, broken = ".mm-told", "li[data-broken]"
    with opened(figure) as page:
        tie(page, anchor, positive)
        expect(page.locator("[data-edge]")).to_have_count(1)
        kept = tuple(figure.state["choices"])
        for pair, rule, why in (
            ((positive, other), 2, "A positive has the same class."),
            ((fresh[0], positive), 2, "was not visited before"),
        ):
            tie(page, *pair)
            expect(page.locator(told)).to_contain_text(why)
            expect(page.locator(told)).to_have_attribute("data-mood", "bad")
            expect(page.locator(broken)).to_have_count(1)
            assert page.locator("li").nth(rule - 1).get_attribute("data-broken") is not None
            assert tuple(figure.state["choices"]) == kept
        tie(page, positive, anchor)
        expect(page.locator("[data-edge]")).to_have_count(2)
        expect(page.locator(broken)).to_have_count(0)
        tie(page, anchor, positive)
        expect(page.locator(told)).to_contain_text("Rule 1. Both patches have been visited.")


def test_the_whole_graph_by_keyboard_alone(opened: Open) -> None:
    figure, explorer = by_hand()
    rows = rows_of(explorer)
    with opened(figure) as page:
        patch(page, rows[0][0]).focus()
        seen = {rows[0][0]}
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp") * 6:
            page.keyboard.press(key)
            seen.add(int(page.evaluate("document.activeElement.dataset.node")))
        assert len(seen) > 3, "arrows lead to other patches"
        page.keyboard.press("Enter")
        expect(page.locator('[aria-pressed="true"]')).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.locator('[role=button][aria-pressed="true"]')).to_have_count(0)
        for step, (anchor, positive, _) in enumerate(rows, 1):
            patch(page, anchor).focus()
            page.keyboard.press("Enter")
            patch(page, positive).focus()
            page.keyboard.press(" ")
            expect(page.locator("section").first.locator("[data-edge]")).to_have_count(step)
        expect(page.locator(".mm-told")).to_contain_text("All visited. Every class is one piece.")
        expect(page.locator(".mm-told")).to_have_attribute("data-mood", "good")
        assert set(pieces(page).values()) == {1}
        expect(page.locator("h4").nth(1)).to_have_text("Class-wise connected graph")
        facts = explorer.facts(explorer.state(**figure.state))
        assert set(facts.left.pieces.values()) == {1}
        assert facts.left == facts.right
        page.get_by_role("button", name="start again").focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-edge]")).to_have_count(0)
        expect(page.get_by_role("button", name="start again")).to_be_focused()


def test_pointing_at_a_patch_shows_its_triplet_on_both_sides(opened: Open) -> None:
    explorer = explorer_of("graph")
    figure = explorer.touch()
    anchor, positive, negative = explorer._drawing(figure.state).connected.triplets[5].tolist()
    with opened(figure) as page:
        for show in (lambda: patch(page, anchor, 1).hover(), lambda: patch(page, anchor, 1).focus()):
            page.mouse.move(2, 2)
            show()
            right = page.locator("section").nth(1)
            assert right.locator("[data-positive]").get_attribute("data-positive") == str(positive)
            assert right.locator("[data-negative]").get_attribute("data-negative") == str(negative)
            said = page.locator("[data-role=triplet]").text_content()
            assert f"Anchor: positive {positive}, negative {negative} (dashed)." in said
        label = patch(page, anchor, 1).get_attribute("aria-label")
        assert f"positive {positive}, negative {negative}" in label


def test_the_loss_in_the_browser_is_that_of_the_library(opened: Open) -> None:
    draws = seeded(0)
    angles = torch.randint(0, 360, (300, 3), generator=draws)
    margins = torch.rand(300, generator=draws, dtype=torch.float64) * 4.5
    states = [
        {**dict(zip(ROLES, row, strict=True)), "margin": margin}
        for row, margin in zip(angles.tolist(), margins.tolist(), strict=True)
    ]
    with opened(TripletExplorer().touch()) as page:
        found = page.evaluate("(states) => states.map(window.triplet)", states)
    for row, margin, seen in zip(torch.deg2rad(angles.double()), margins.tolist(), found, strict=True):
        places, one = torch.stack((row.cos(), row.sin()), dim=1), torch.tensor([[0, 1, 2]])
        near, far = triplet_distances(places, one)
        loss = triplet_loss(places, one, margin=margin).item()
        assert seen["near"] == pytest.approx(near.item(), abs=1e-6)
        assert seen["far"] == pytest.approx(far.item(), abs=1e-6)
        assert seen["loss"] == pytest.approx(loss, abs=1e-6)
        assert seen["open"] is (loss > 0)


def loss_shown(page: Any) -> float:
    return float(page.locator("[data-number=loss]").get_attribute("data-value"))


def test_dragging_on_the_circle_moves_the_loss_and_python_follows(opened: Open) -> None:
    figure = TripletExplorer().touch(anchor=50, positive=80, negative=30)
    with opened(figure) as page:
        before = loss_shown(page)
        circle = page.locator("svg", has=page.locator("[role=slider]")).bounding_box()
        handle = page.locator("[data-role=negative]").bounding_box()
        page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        page.mouse.down()
        for x in (0.6, 0.4, 0.1):
            page.mouse.move(circle["x"] + x * circle["width"], circle["y"] + circle["height"] / 2)
        page.mouse.up()
        expect(page.locator("[data-role=negative]")).to_have_attribute("aria-valuenow", "180")
        page.wait_for_function("model.get('answer').count === model.get('move').count")
        assert figure.state["negative"] == 180
        facts = figure.explorer.facts(figure.explorer.state(**figure.state))
        assert loss_shown(page) == pytest.approx(facts.loss, abs=1e-6)
        assert loss_shown(page) < before
        expect(page.locator(".mm-told[data-mood=good]")).to_contain_text("closed")


def test_the_circle_answers_without_waiting_for_python(opened: Open) -> None:
    """Key down and the new number come in one turn of the page: nothing is asked in between."""
    with opened(TripletExplorer().touch()) as page:
        before, after = page.evaluate(
            """() => {
                const loss = () => Number(document.querySelector("[data-number=loss]").dataset.value);
                const handle = document.querySelector("[data-role=positive]"), before = loss();
                handle.dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp", bubbles: true }));
                return [before, loss()];
            }"""
        )
    assert before != after


def test_the_circle_by_keyboard(opened: Open) -> None:
    figure = TripletExplorer().touch(anchor=355, negative=88)
    with opened(figure) as page:

        def press(role: str, *keys: str) -> int:
            page.locator(f"[data-role={role}]").focus()
            for key in keys:
                page.keyboard.press(key)
            page.wait_for_function("model.get('answer').count === model.get('move').count && !model.pending")
            return int(page.locator(f"[data-role={role}]").get_attribute("aria-valuenow"))

        assert press("anchor", "ArrowLeft", "PageUp") == 6
        assert press("positive", "Home") == 0
        page.get_by_label("non-negative features").focus()
        page.keyboard.press("Space")
        expect(page.locator("[data-role=anchor]")).to_have_attribute("aria-valuemax", "90")
        assert press("negative", "ArrowUp", "ArrowUp", "ArrowUp") == 90
        assert press("anchor", "End") == 90
        page.wait_for_function("model.get('state').anchor === 90")
        assert (figure.state["anchor"], figure.state["negative"], figure.state["non_negative"]) == (90, 90, True)


def test_the_share_of_active_triplets_is_python_s(opened: Open) -> None:
    figure = TripletExplorer().touch()
    with opened(figure) as page:
        for margin in (0.0, 0.55, 2.1, 4.5):
            page.locator('[data-key="control margin"]').fill(str(margin))
            page.wait_for_function("(margin) => model.get('state').margin === margin", arg=margin)
            share = figure.explorer.facts(figure.explorer.state(**figure.state)).active_share
            expect(page.get_by_text(f"{round(100 * share)} % of 60 triplets are active")).to_have_count(1)


def test_a_point_of_a_map_shows_its_patch_and_its_neighbours_in_both(opened: Open) -> None:
    explorer = explorer_of("t-SNE")
    figure = explorer.touch(moment=2)
    near = figure.scene["neighbours"]
    with opened(figure) as page:
        for key in ("t-SNE", "PCA"):
            page.mouse.move(2, 2)
            page.locator(f'[data-key="{key} 7"]').focus()
            assert [int(e.get_attribute("data-shown")) for e in page.locator("[data-shown]").all()] == [7, *near[7]]
            for place in (0, 1):
                lines = page.locator("svg:has([data-node])").nth(place).locator("[data-neighbour]")
                assert sorted(int(e.get_attribute("data-neighbour")) for e in lines.all()) == sorted(near[7])
        page.keyboard.press("ArrowLeft")
        other = int(page.evaluate("document.activeElement.dataset.node"))
        assert other != 7
        assert page.locator("[data-shown]").first.get_attribute("data-shown") == str(other)
        page.keyboard.press("Escape")
        expect(page.locator("[data-shown]")).to_have_count(0)
        page.locator('[data-key="t-SNE 3"]').hover(force=True)
        expect(page.locator("[data-shown]").first).to_have_count(1)
        page.locator('[data-key="control moment"]').fill("3")
        expect(page.locator("h4").first).to_have_text("t-SNE after 75 steps")
        assert figure.state["moment"] == 3


def test_with_embeddings_the_neighbours_are_the_true_ones() -> None:
    frames = embedding_arrays()
    places = torch.randn(30, 6, generator=seeded(2))
    explorer = TsneExplorer(frames, {3: places})
    unit = places / places.norm(dim=1, keepdim=True)
    scene = explorer.scene(explorer.state(moment=3))
    for node, found in enumerate(scene["neighbours"]):
        apart = (unit - unit[node]).norm(dim=1)
        apart[torch.from_numpy(frames.groups) == frames.groups[node]] = torch.inf
        assert found == apart.argsort()[:5].tolist()
        alike = sum(int(frames.labels[other] == frames.labels[node]) for other in found)
        assert scene["of_neighbours"][node].startswith(f"{alike} of its 5 nearest in the full embedding")
    assert "on the t-SNE map" in explorer.scene(explorer.state(moment=0))["of_neighbours"][0]


def test_a_click_or_an_arrow_shows_a_stage(opened: Open) -> None:
    figure = PipelineMap().touch()
    names = [stage.name for stage in figure.explorer.stages]
    with opened(figure) as page:
        page.get_by_role("tab", name="Tune").click()
        expect(page.get_by_role("tabpanel")).to_contain_text("features after")
        page.wait_for_function("model.get('state').stage === 'Tune'")
        assert figure.state["stage"] == "Tune"
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", selected=True)).to_have_text("Segment")
        expect(page.get_by_role("tab", selected=True)).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", selected=True)).to_have_text(names[0])
        page.keyboard.press("End")
        page.wait_for_function("model.get('state').stage === 'Segment'")
        figure.state = {**figure.state, "stage": "Mix"}
        page.evaluate(
            "(changed) => model.take(changed)", {"state": figure.state, "answer": figure.answer, "scene": figure.scene}
        )
        expect(page.get_by_role("tab", selected=True)).to_have_text("Mix")


FIGURES: dict[str, Callable[[], TouchFigure]] = {
    "graph": lambda: explorer_of("graph").touch(),
    "by hand": lambda: by_hand()[0],
    "circle": lambda: TripletExplorer().touch(),
    "map": lambda: explorer_of("t-SNE").touch(),
    "stages": lambda: PipelineMap().touch(),
}
each = pytest.mark.parametrize("name", FIGURES)
OWN = {
    "graph": {"positive", "join", "look", "node"},
    "circle": set(ROLES),
    "map": {"look", "point"},
    "stages": {"stage", "back", "next"},
}
SMALL = """() => [...document.querySelectorAll(".mm-touch *")].filter((e) => e.checkVisibility()
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && !e.closest("style"))
    .map((e) => [parseFloat(getComputedStyle(e).fontSize) * (e.ownerSVGElement?.getScreenCTM()?.a ?? 1), e.textContent])
    .filter(([size]) => size < 12)"""
WIDE = """() => [...document.querySelectorAll(".mm-touch *")].filter((e) => e.checkVisibility() && !e.closest("style")
    && e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map((e) => e.outerHTML.slice(0, 120))"""


@each
def test_every_control_is_there_unless_it_does_nothing(name: str, opened: Open) -> None:
    figure = FIGURES[name]()
    explorer = figure.explorer
    with opened(figure) as page:
        for control in explorer.controls:
            if isinstance(control, Memory) or control.name in OWN[explorer.figure]:
                assert page.locator(f'[data-key="control {control.name}"]').count() == 0
                continue
            found = page.locator(f'[data-key="control {control.name}"]')
            applies = control.name not in explorer.idle(explorer.state(**figure.state))
            expect(found).to_be_visible(visible=applies)
            if isinstance(control, Slider) and applies:
                before = figure.state[control.name]
                found.focus()
                page.keyboard.press("ArrowLeft" if before > control.low else "ArrowRight")
                page.wait_for_function(
                    "([name, value]) => model.get('state')[name] !== value", arg=[control.name, before]
                )
                expect(page.locator(f'[data-key="control {control.name}"]')).to_be_focused()


@each
@pytest.mark.parametrize("width", [420, 600, 900, 1280])
def test_type_is_large_enough_and_nothing_sticks_out(name: str, width: int, opened: Open) -> None:
    with opened(FIGURES[name](), width) as page:
        assert page.evaluate(SMALL) == []
        assert page.evaluate(WIDE) == []
        page.set_viewport_size({"width": width * 2 // 3, "height": 533})  # as at 150 %
        page.wait_for_timeout(100)
        assert page.evaluate(WIDE) == []


def luminances(page: Any) -> tuple[float, float]:
    """Of type and of ground."""
    colours = page.locator(".mm-touch").evaluate(
        "(e) => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    )
    weights = (0.2126, 0.7152, 0.0722)
    linear = [[(int(v) / 255) ** 2.2 for v in re.findall(r"\d+", colour)[:3]] for colour in colours]
    ink, paper = (sum(w * v for w, v in zip(weights, channels, strict=True)) for channels in linear)
    return ink, paper


def test_the_picture_follows_the_theme(opened: Open) -> None:
    for scheme in ("light", "dark"):
        with opened(PipelineMap().touch(), color_scheme=scheme) as page:
            ink, paper = luminances(page)
            assert (paper > ink) is (scheme == "light")
            assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 7
            # JupyterLab's own theme comes before that of the system.
            page.add_style_tag(content=":root { --jp-content-font-color1: #808000; --jp-layout-color0: #000080; }")
            assert page.locator(".mm-touch").evaluate("(e) => getComputedStyle(e).color") == "rgb(128, 128, 0)"


def test_the_live_figure_takes_the_place_of_its_picture_and_gives_it_back(opened: Open) -> None:
    figure = PipelineMap().touch()
    page_of_cell = figure._repr_mimebundle_()[0]["text/html"]
    with opened(figure) as page:
        page.evaluate(
            """async () => {
                window.stop();
                const front = await import(URL.createObjectURL(new Blob([window.code], { type: "text/javascript" })));
                window.stop = front.default.initialize({ model });
            }"""
        )
        page.evaluate("(html) => { document.body.innerHTML = html; }", page_of_cell)
        page.locator("[data-live]").wait_for()
        expect(page.locator("[data-touch] > img")).to_be_hidden()
        page.evaluate("window.stop()")
        expect(page.locator("[data-touch] > img")).to_be_visible()
        expect(page.locator("[data-live]")).to_have_count(0)
