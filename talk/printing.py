"""The talk on paper: printed by Chromium, a page a slide."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from mmtutorial.errors import InputError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
READY = "document.documentElement.dataset.pages === 'ready'"
"""Set by the page when all its slides stand on pages."""


def write_pdf(page: Path, pdf: Path) -> Path:
    """Print a talk, 1920 x 1080 a page, with bookmarks and with the alt texts inside.

    Args:
        page: The talk as HTML.
        pdf: Where the PDF goes.

    Raises:
        InputError: Playwright or a Chromium is missing; the message names the remedy.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise InputError(
            "there is no PDF: Playwright is missing; install it by pip install 'playwright>=1.45'"
        ) from None
    with sync_playwright() as started:
        browser = _browser(started)
        try:
            shown = browser.new_page(viewport={"width": 1920, "height": 1080})
            shown.goto(f"{page.resolve().as_uri()}?print-pdf")
            shown.wait_for_function(READY)
            shown.pdf(path=pdf, width="1920px", height="1080px", print_background=True, tagged=True, outline=True)
        finally:
            browser.close()
    return pdf


def _browser(started: Any) -> Any:
    """Playwright's own Chromium where it has been downloaded, else the machine's."""
    own = Path(started.chromium.executable_path)
    found = str(own) if own.exists() else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise InputError(
            "there is no PDF: no Chromium was found; install one (on Debian and Ubuntu 'apt install chromium', "
            "elsewhere 'playwright install chromium'), or open talk.html?print-pdf in a browser of yours and print"
        )
    # Without a sandbox: the page is our own, and in a container there is none to be had.
    return started.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
