"""The talk, made once for all tests of a process."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def made() -> str:
    pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    from talk.page import page

    return page()


@pytest.fixture(scope="session")
def written(made: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("talk") / "talk.html"
    path.write_text(made, encoding="utf-8")
    return path
