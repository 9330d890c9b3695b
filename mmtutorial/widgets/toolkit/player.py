"""A player that needs no kernel: frames drawn beforehand, with buttons, a slider and the arrow keys."""

from __future__ import annotations

import base64
import hashlib
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from PIL import Image

from mmtutorial.errors import InputError
from mmtutorial.files import write_bytes
from mmtutorial.widgets.toolkit.controls import valued
from mmtutorial.widgets.toolkit.drawable import Drawable
from mmtutorial.widgets.toolkit.frame import Frame

WIDTH = 1000
"""Frames are stored this wide at most."""
MOST_BYTES = 980_000
"""The whole player is kept below this, by the quality of its frames."""
_QUALITIES = (80, 65, 50, 35, 20)

# Without JavaScript, and in print, the first frame and its description remain.
_PLAYER = Template("""\
<figure data-scrubber="$key" tabindex="0" aria-label="$title" style="margin:0;max-width:${width}px">
$frames
<div role="group" aria-label="Player" style="display:flex;gap:8px;align-items:center;font:16px sans-serif">
<button type="button" data-do="first" aria-label="First frame">&#9198;&#xFE0E;</button>
<button type="button" data-do="back" aria-label="Step back">&#9664;&#xFE0E;</button>
<button type="button" data-do="play" aria-label="Play" aria-pressed="false">Play</button>
<button type="button" data-do="next" aria-label="Step forward">&#9654;&#xFE0E;</button>
<button type="button" data-do="last" aria-label="Last frame">&#9197;&#xFE0E;</button>
<input type="range" min="0" max="$last" value="0" step="1" aria-label="$control" style="flex:1;min-width:80px">
<output aria-live="off" style="min-width:12em">$label</output>
</div>
</figure>
<script>
(() => {
  const root = document.querySelector('[data-scrubber="$key"]:not([data-ready])');
  if (!root) return;
  root.dataset.ready = "yes";
  const frames = [...root.querySelectorAll("img")], last = frames.length - 1;
  const range = root.querySelector("input"), play = root.querySelector('[data-do="play"]');
  let now = 0, timer = null;
  const show = (k) => {
    now = Math.min(last, Math.max(0, k));
    frames.forEach((frame, i) => { frame.hidden = i !== now; });
    range.value = now;
    root.querySelector("output").textContent = frames[now].dataset.label;
    range.setAttribute("aria-valuetext", frames[now].dataset.label);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    play.setAttribute("aria-label", "Play");
    play.setAttribute("aria-pressed", "false");
  };
  const start = () => {
    if (now === last) show(0);
    timer = setInterval(() => { show(now + 1); if (now === last) stop(); }, $milliseconds);
    play.textContent = "Pause";
    play.setAttribute("aria-label", "Pause");
    play.setAttribute("aria-pressed", "true");
  };
  const go = (k) => { stop(); show(k); };
  const acts = {
    first: () => go(0), back: () => go(now - 1), next: () => go(now + 1), last: () => go(last),
    play: () => { if (timer) stop(); else start(); },
  };
  root.querySelectorAll("button").forEach((b) => b.addEventListener("click", acts[b.dataset.do]));
  range.addEventListener("input", () => go(Number(range.value)));
  const keys = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last", " ": "play" };
  root.addEventListener("keydown", (event) => {
    // The slider and the buttons have keys of their own.
    const own = event.target === range || (event.target.tagName === "BUTTON" && event.key === " ");
    if (own || !keys[event.key]) return;
    event.preventDefault();
    acts[keys[event.key]]();
  });
  show(0);
})();
</script>
""")

_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>$title</title></head>
<body>
$player</body>
</html>
""")


@dataclass(frozen=True, repr=False)
class Scrubber:
    """A player. A notebook shows it, with or without a kernel.

    Attributes:
        title: What it shows.
        html: The player as a piece of a page.
        frames: How many frames it has.
    """

    title: str
    html: str
    frames: int

    def page(self) -> str:
        """Return the player as a page of its own."""
        return _PAGE.substitute(title=html.escape(self.title), player=self.html)

    def save(self, path: Path) -> None:
        """Write the page."""
        write_bytes(path, self.page().encode())

    def __repr__(self) -> str:
        return f"Scrubber({self.title}, {self.frames} frames, {len(self.html) // 1000} kB)"

    def _repr_html_(self) -> str:
        return self.html


def scrubber(
    explorer: Drawable[Any], control: str, values: Sequence[Any] | None = None, *, milliseconds: int = 700, **state: Any
) -> Scrubber:
    """Draw frames beforehand and put them into a player.

    Args:
        explorer: What is shown.
        control: The control that is moved.
        values: Its values, a frame each; by default every value of a slider or choice.
        milliseconds: Time between two frames while playing.
        **state: The other controls; defaults elsewhere.

    Raises:
        InputError: There is no such control, a value is out of its range, there are no values, or the frames
            are too many for a page.
    """
    known = {c.name: c for c in valued(explorer.controls)}
    if control not in known:
        raise InputError(f"there is no control '{control}'; there are: {', '.join(known)}")
    chosen = list(known[control].samples(10**6) if values is None else values)
    if not chosen:
        raise InputError(f"no values of {control} were given; give one for each frame")
    frames = [explorer.static(**{**state, control: value}) for value in chosen]
    description = known[control].description
    labels = [f"{description}: {value}" for value in chosen]
    stored = _stored(frames)
    key = hashlib.sha256("".join(stored).encode()).hexdigest()[:12]
    text = _PLAYER.substitute(
        key=key,
        title=html.escape(explorer.name, quote=True),
        control=html.escape(description, quote=True),
        width=WIDTH,
        last=len(frames) - 1,
        label=html.escape(labels[0]),
        milliseconds=milliseconds,
        frames="\n".join(
            _image(data, frame.alt, label, place)
            for place, (data, frame, label) in enumerate(zip(stored, frames, labels, strict=True))
        ),
    )
    return Scrubber(explorer.name, text, len(frames))


def _image(data: str, alt: str, label: str, place: int) -> str:
    """Return the tag of one frame; all but the first are hidden until their turn."""
    hidden = " hidden" if place else ""
    words, name = html.escape(alt, quote=True), html.escape(label, quote=True)
    return f'<img src="data:image/webp;base64,{data}" alt="{words}" data-label="{name}" width="100%"{hidden}>'


def _stored(frames: Sequence[Frame]) -> list[str]:
    """Return all frames as base64 text, at the best quality at which together they are small enough."""
    small = [_shrunk(frame.image) for frame in frames]
    # Lines and flat colours are smaller without loss, and sharper; photographs are not.
    exact = [_webp(image, lossless=True) for image in small]
    for quality in _QUALITIES:
        smallest = [
            min(whole, _webp(image, quality=quality), key=len) for whole, image in zip(exact, small, strict=True)
        ]
        stored = [base64.b64encode(data).decode("ascii") for data in smallest]
        room = MOST_BYTES - 4000 - sum(len(frame.alt) + 200 for frame in frames)
        if sum(map(len, stored)) <= room:
            return stored
    raise InputError(f"{len(frames)} frames are too many for a page of 1 MB; give fewer values")


def _shrunk(image: Image.Image) -> Image.Image:
    height = round(image.height * WIDTH / image.width)
    return image.resize((WIDTH, height), Image.Resampling.LANCZOS) if image.width > WIDTH else image


def _webp(image: Image.Image, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", method=4, **how)
    return buffer.getvalue()
