"""Formulas as MathML, which browsers draw themselves: nothing is fetched, and a screen reader can read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latex2mathml.converter import convert

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator


def _inline(writer: HTML5Translator, node: nodes.math) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(f'<span class="math">{convert(node.astext())}</span>')
    raise SkipNode


def _block(writer: HTML5Translator, node: nodes.math_block) -> None:
    from docutils.nodes import SkipNode

    formula = convert(node.astext(), display="block")
    writer.body.append(f'<div class="math" tabindex="0" role="group" aria-label="formula">{formula}</div>')
    raise SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx how formulas are written."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
