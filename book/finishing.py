"""What is mended in the pages that Sphinx wrote."""

from __future__ import annotations

import re
from pathlib import Path

# What scrolls sideways can be reached by keyboard.
_SCROLLS = re.compile(r"<pre>|<div class=\"(?:cell_output docutils container|output text_html|table-wrapper[^\"]*)\"")


def finish(folder: Path) -> None:
    """Mend all pages in a folder."""
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        text = text.replace('class="caption" role="heading"', 'class="caption" role="heading" aria-level="2"')
        path.write_text(_SCROLLS.sub(_reachable, text), encoding="utf-8")


def _reachable(found: re.Match[str]) -> str:
    return found[0].removesuffix(">") + ' tabindex="0"' + (">" if found[0].endswith(">") else "")
