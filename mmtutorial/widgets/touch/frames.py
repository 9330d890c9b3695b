"""Where outputs of a notebook are shown."""

from __future__ import annotations

import os
import sys


def own_frames() -> bool:
    """Tell whether outputs stand in frames of their own, where a model cannot reach a picture: Colab and VS Code."""
    return "google.colab" in sys.modules or "VSCODE_PID" in os.environ
