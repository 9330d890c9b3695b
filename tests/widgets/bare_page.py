"""A page with the front end alone: no JupyterLab, yet the real figure answers its moves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmtutorial.widgets.touch.figure import FRONT_END

TRAITS = ("name", "key", "controls", "state", "scene", "art", "move", "answer")

# What anywidget gives a front end, as far as ours asks for it.
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>bare</title>
<style>body { margin: 8px; background: Canvas; color-scheme: light dark; }</style></head>
<body><div id="box"></div>
<script type="module">
window.code = %(code)s;
const front = await import(URL.createObjectURL(new Blob([window.code], { type: "text/javascript" })));
const values = %(values)s, listeners = {};
const take = (changed) => {
  Object.assign(values, changed);
  for (const name of Object.keys(changed)) (listeners[`change:${name}`] ?? []).forEach((listen) => listen());
};
window.model = {
  get: (name) => values[name], set: (name, value) => take({ [name]: value }),
  on: (name, listen) => (listeners[name] ??= []).push(listen), off: (name, listen) => {
    listeners[name] = (listeners[name] ?? []).filter((other) => other !== listen);
  },
  save_changes: async () => take(await window.answered(values)), take,
};
window.triplet = front.triplet;
window.stop = front.default.render({ model, el: document.getElementById("box") });
window.ready = true;
</script></body></html>"""


def traits(figure: Any, names: Sequence[str] = TRAITS) -> dict[str, Any]:
    """What the front end knows of a figure."""
    return {name: json.loads(json.dumps(getattr(figure, name))) for name in names}


@contextmanager
def bare_page(
    browser: Any,
    figure: Any,
    width: int = 1000,
    *,
    front_end: Path = FRONT_END,
    names: Sequence[str] = TRAITS,
    sent: Sequence[str] = ("move",),
    **context: Any,
) -> Iterator[Any]:
    """A page that shows a figure; what is asked of the network or goes wrong in it fails the test.

    The front end knows the traits ``names``, and sends those in ``sent``.
    """
    page = browser.new_context(viewport={"width": width, "height": 800}, **context).new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
    page.on(
        "request", lambda asked: trouble.append(asked.url) if not asked.url.startswith(("blob:", "data:")) else None
    )

    def answered(values: dict[str, Any]) -> dict[str, Any]:
        for name in sent:
            setattr(figure, name, values[name])
        return {name: now for name, now in traits(figure, names).items() if now != values[name]}

    page.expose_function("answered", answered)
    values = json.dumps(traits(figure, names))
    text = {"code": json.dumps(front_end.read_text(encoding="utf-8")), "values": values}
    page.set_content(_PAGE % {name: value.replace("</", "<\\/") for name, value in text.items()})
    page.wait_for_function("window.ready")
    yield page
    page.context.close()
    assert trouble == []
