"""Old names of modules that moved: scripts written before keep working, and get the very same module object."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "mmtutorial.devices": "mmtutorial.training.devices",
    "mmtutorial.engine": "mmtutorial.training.engine",
    "mmtutorial.overrides": "mmtutorial.settings.overrides",
    "mmtutorial.presets": "mmtutorial.settings.presets",
    "mmtutorial.report": "mmtutorial.reports.run",
}


class _Moved(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds an old name, imports the new one in its place."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A spec for an old name; None for all others."""
        return importlib.util.spec_from_loader(name, self) if name in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module under its new name, which keeps its own spec."""
        module = importlib.import_module(MOVED[spec.name])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It has run already; importing put the old name's spec into it, which is undone."""
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


def install() -> None:
    """Let old names be imported; called once by the package."""
    if not any(isinstance(finder, _Moved) for finder in sys.meta_path):
        # First: an editable installation has a finder too, which would look in its own folder.
        sys.meta_path.insert(0, _Moved())
