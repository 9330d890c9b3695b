"""A figure to touch as a piece of a page that needs no kernel: the scenes of its states are recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

from mmtutorial.errors import InputError
from mmtutorial.widgets.toolkit.controls import Play, specification
from mmtutorial.widgets.toolkit.scenic import Scenic

_FRONT_END, _MODEL = (Path(__file__).with_name(name) for name in ("touch.js", "recorded.js"))

_PAGE = """<div data-recorded="{key}">{picture}</div>
<script type="module">
const load = (code) => import(URL.createObjectURL(new Blob([code], {{ type: "text/javascript" }})));
const [front, recorded] = [await load({front}), await load({model})];
const el = document.querySelector('[data-recorded="{key}"]');
front.default.render({{ model: recorded.recordedModel({record}), el }});
</script>"""


def recorded(
    explorer: Scenic[Any], *, over: Mapping[str, Sequence[Any]], free: Sequence[str] = (), **values: Any
) -> str:
    """Return HTML of a figure that can be touched without a kernel, in a book or an exported page.

    Args:
        explorer: What is shown.
        over: Controls that can be moved, each with all values of which scenes are recorded.
        free: Controls that can be moved and whose answer the browser knows by itself.
        **values: The state at first, and of all that cannot be moved.

    Returns:
        A ``div`` with the picture of the first state, which stays where scripts do not run, and a script that puts the
        figure in its place. It asks nothing of the network.

    Raises:
        InputError: A value is out of range, or a name is no control's.
    """
    names = {control.name for control in explorer.controls}
    if unknown := {*over, *free} - names:
        raise InputError(f"the {explorer.name} has no control {', '.join(sorted(unknown))}; it has {', '.join(names)}")
    first = explorer.state(**values)
    scenes = {}
    for chosen in product(*over.values()):
        state = explorer.state(**{**first, **dict(zip(over, chosen, strict=True))})
        limits = {name: list(ends) for name, ends in explorer.limits(state).items()}
        scenes[_compact(list(chosen))] = {
            "kind": explorer.figure,
            **explorer.scene(state),
            "limits": limits,
            "idle": list(explorer.idle(state)),
        }
    here = scenes.get(_compact([first[name] for name in over]))
    if here is None:
        raise InputError(f"the state at first, {dict(first)}, is not among those that are recorded; record its values")
    movable = {*over, *free}
    shown = [c for c in explorer.controls if c.name in movable or (isinstance(c, Play) and c.slider in over)]
    traits = {"name": explorer.name, "controls": specification(shown), "state": dict(first), "art": explorer.art(first)}
    record = {
        "traits": traits,
        "over": list(over),
        "scene": here,
        "scenes": {key: {k: v for k, v in scene.items() if v != here.get(k)} for key, scene in scenes.items()},
    }
    return _PAGE.format(
        key=uuid4().hex,
        picture=explorer.static(**first)._repr_html_(),
        front=_in_script(_FRONT_END.read_text(encoding="utf-8")),
        model=_in_script(_MODEL.read_text(encoding="utf-8")),
        record=_in_script(record),
    )


def _compact(values: list[Any]) -> str:
    """JSON as JavaScript's ``stringify`` writes it: 30 and not 30.0."""
    whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values]
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


def _in_script(value: Any) -> str:
    """JSON that does not end the script it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("</", "<\\/")
