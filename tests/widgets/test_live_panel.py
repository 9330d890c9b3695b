"""The live panel: what each frame says, that nothing is cut off, and that a cell keeps one picture."""

from __future__ import annotations

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from mmtutorial.errors import InputError
from mmtutorial.widgets import Frame, LivePanel
from tests.notebooks.running import environment
from tests.widgets.explorers import TABLE
from tests.widgets.test_frames import check_layout


class Sized:
    """What the check of a layout asks for."""

    size = (1200, 300)


def watched(**more: object) -> tuple[LivePanel, list[Frame]]:
    frames: list[Frame] = []
    image = torch.randint(0, 256, (3, 16, 16), dtype=torch.uint8)
    truth = torch.randint(0, 3, (16, 16))
    panel = LivePanel(
        "Fine-tuning", 100, ["loss", "purity"], image=image, truth=truth, classes=TABLE, publish=frames.append, **more
    )
    return panel, frames


def test_each_frame_says_where_it_stands() -> None:
    panel, frames = watched(chance=0.11)
    for step in (0, 25, 50, 100):
        panel.show(step, loss=2.5 / (step + 1), purity=step / 200, mask=torch.full((16, 16), step % 3))
    assert len(frames) == 4
    assert frames[1].alt.startswith("Fine-tuning, step 25 of 100. loss 0.10, purity 0.12. Beside it an image")
    assert len({frame.png for frame in frames}) == 4
    for frame in frames:
        check_layout(Sized(), frame)  # type: ignore[arg-type]
    assert panel.curves["purity"][-1] == (100, 0.5)


def test_a_curve_alone_will_do_and_a_value_may_fail_to_be_a_number() -> None:
    frames: list[Frame] = []
    panel = LivePanel("Tuning", 10, ["loss"], publish=frames.append)
    panel.show(5, loss=0.3)
    panel.show(10, loss=0.0)
    check_layout(Sized(), frames[-1])  # type: ignore[arg-type]


def test_what_does_not_fit_is_refused() -> None:
    panel, _ = watched()
    with pytest.raises(InputError, match="there is no curve 'height'; there are: loss, purity"):
        panel.show(1, height=2.0)
    with pytest.raises(InputError, match="pass truth= and classes= as well"):
        LivePanel("x", 1, ["loss"], image=torch.zeros(3, 4, 4, dtype=torch.uint8))


def test_a_cell_keeps_the_last_picture_alone(tmp_path) -> None:
    code = "from mmtutorial.widgets import LivePanel\npanel = LivePanel('Tuning', 3, ['loss'])\n"
    code += "for step in (1, 2, 3):\n    panel.show(step, loss=1 / step)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute(env=environment())
    (output,) = notebook.cells[0].outputs
    assert "Tuning, step 3 of 3. loss 0.33." in output["data"]["text/html"]
