"""JupyterLab as a learner has it: a server of its own, and a page in Chromium that notes everything that goes wrong."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.notebooks.running import environment

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SIZE = {"width": 1280, "height": 800}
PATIENCE = 240
"""Seconds for a server to start or a notebook to run: far above what they take, for a machine that is busy."""

_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

# A kernel's error may reach nothing that is shown, such as one out of a widget's callback. It does pass the socket.
_KERNEL_ERROR = re.compile(rb'"msg_type":\s*"error"')
_MESSAGE = re.compile(rb'"evalue":\s*"((?:[^"\\]|\\.)*)"')


@contextmanager
def jupyterlab(folder: Path, settings: Path) -> Iterator[str]:
    """A JupyterLab on a folder, with nothing of the user's own: settings, kernels, history. Gives its address."""
    places = {
        name: str(settings / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    variables = {**environment(), **places, "IPYTHONDIR": str(settings / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.port=0"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    for name, values in _SETTINGS.items():
        file = settings / "jupyter_config_dir" / "lab" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    log = settings / "server.log"
    with log.open("w") as file:
        server = subprocess.Popen(command, cwd=folder, env=variables, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield _address(server, Path(places["JUPYTER_RUNTIME_DIR"]), log)
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """The address of a server, once it answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        for about in runtime.glob("jpserver-*.json"):
            try:
                address = str(json.loads(about.read_text())["url"])
                with urlopen(f"{address}api/status", timeout=5):
                    return address
            except (ValueError, URLError):
                pass  # not yet
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


class LabPage:
    """A page of JupyterLab with one notebook.

    Attributes:
        page: Playwright's page.
        errors: Messages of the browser's console and of the kernel, as they came.
    """

    def __init__(self, browser: Any, address: str) -> None:
        self.page = browser.new_page(viewport=SIZE)
        self.page.set_default_timeout(30_000)
        self.errors: list[str] = []
        self._address = address
        self.page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        self.page.on("console", self._console)
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._received))

    def run_all(self, notebook: str) -> None:
        """Opens a notebook and runs all its cells, until the last is done or one fails."""
        self._open(notebook)
        # The command's promise says nothing of use: it ends early where a cell fails, and late where one is busy.
        self.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self._wait(
            """() => {
                const panel = window.jupyterapp.shell.currentWidget;
                const cells = panel.content.model.toJSON().cells.filter((cell) => cell.cell_type === "code");
                const failed = cells.some((cell) => cell.outputs.some((output) => output.output_type === "error"));
                const over = failed || cells.at(-1).execution_count !== null;
                return over && panel.sessionContext.session?.kernel?.status === "idle";
            }"""
        )

    def reopen(self, notebook: str) -> None:
        """Saves the notebook, ends its kernel, and opens it anew."""
        self.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self._open(notebook)

    def code_cells(self) -> list[dict[str, Any]]:
        """The code cells with their outputs; from JupyterLab's model, for the page holds those in view alone."""
        cells = self.page.evaluate("window.jupyterapp.shell.currentWidget.content.model.toJSON().cells")
        return [{**cell, "place": place} for place, cell in enumerate(cells) if cell["cell_type"] == "code"]

    def failed_cells(self) -> list[str]:
        """What the error outputs of the notebook say."""
        outputs = [output for cell in self.code_cells() for output in cell["outputs"]]
        return [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]

    def scroll_to_widget(self) -> Any:
        """Brings the first widget of the notebook into view and returns its locator."""
        self._scroll_to(lambda data: "application/vnd.jupyter.widget-view+json" in data)
        return self.page.locator(".widget-vbox", has=self.page.locator("img.widget-image")).first

    def scroll_to_figure(self) -> Any:
        """Brings the first figure to touch into view, waits until it lives, and returns the locator of its place."""
        self._scroll_to(lambda data: "data-touch" in "".join(data.get("text/html", "")))
        place = self.page.locator("[data-touch]").first
        place.locator("[data-live]").wait_for()
        return place

    def _open(self, notebook: str) -> None:
        self.page.goto(f"{self._address}lab/tree/{notebook}?reset")
        self._wait("() => window.jupyterapp?.shell.currentWidget?.sessionContext?.isReady")

    def _scroll_to(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Brings the first cell with such an output into view."""
        cells = self.code_cells()
        place = next(c["place"] for c in cells if any(wanted(o.get("data", {})) for o in c["outputs"]))
        self.page.evaluate(
            """async (place) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = place;
                await notebook.scrollToItem(place, "start");
            }""",
            place,
        )

    def first_picture(self) -> int:
        """Width in pixels of the picture that the notebook opens with, once it is loaded; it is brought into view."""
        self.page.evaluate("void window.jupyterapp.shell.currentWidget.content.scrollToItem(0, 'start')")
        picture = self.page.locator(".jp-MarkdownOutput img").first
        picture.wait_for()
        return int(picture.evaluate("async (image) => (await image.decode(), image.naturalWidth)"))

    def close(self) -> None:
        """Closes the page."""
        self.page.close()

    def _wait(self, condition: str) -> None:
        self.page.wait_for_function(condition, timeout=1000 * PATIENCE, polling=200)

    def _console(self, message: Any) -> None:
        # JupyterLab shows an attached picture by its bare name first and puts the picture in its place at once.
        if message.type == "error" and not message.location.get("url", "").startswith("attachment:"):
            self.errors.append(f"console: {message.text} ({message.location.get('url')})")

    def _received(self, payload: str | bytes) -> None:
        raw = payload.encode() if isinstance(payload, str) else payload
        if _KERNEL_ERROR.search(raw):
            said = _MESSAGE.search(raw)
            self.errors.append(f"kernel: {said[1].decode() if said else raw[:500]!r}")
