"""What all explorers are: something that can be drawn in many states, and its live widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmtutorial.widgets.toolkit.drawable import Drawable, FactsT

if TYPE_CHECKING:
    from mmtutorial.widgets.toolkit.shell import Shell


class Explorer(Drawable[FactsT]):
    """An interactive picture: ``explorer.widget()`` shows it with its controls; the rest draws without."""

    def widget(self) -> Shell:
        """Return the picture with its controls, for a notebook.

        Raises:
            InputError: ipywidgets is not there.
        """
        from mmtutorial.widgets.toolkit.shell import Shell

        return Shell(self)
