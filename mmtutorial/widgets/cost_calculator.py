"""Scale up: hours and memory from throughput that the reader has measured."""

from __future__ import annotations

from dataclasses import dataclass

from mmtutorial import words
from mmtutorial.plots import style
from mmtutorial.settings.presets import get_preset
from mmtutorial.widgets.toolkit.canvas import TITLE, Canvas
from mmtutorial.widgets.toolkit.controls import Choice, Slider, State
from mmtutorial.widgets.toolkit.drawable import Facts
from mmtutorial.widgets.toolkit.explorer import Explorer

_STAGES = ("proxy task", "tuning", "fine-tuning")
_COLOURS = (style.SAFE_COLOURS[4], style.SAFE_COLOURS[1], style.SAFE_COLOURS[2])
_NOTE = "Dashed: cards of 8, 16, 24, 40 and 80 GB. The rates are examples until you put in what you have measured."
_RATES = ("proxy_rate", "patch_rate", "image_rate")
BYTES_PER_WEIGHT = 16
"""Weight, gradient and the two moments of AdamW, four bytes each. SGD with momentum needs 12."""


@dataclass(frozen=True)
class CostFacts(Facts):
    """What one state costs.

    Attributes:
        items: Images, patches and images that the three stages of a run go through.
        speed: How many times as fast as one GPU.
        hours: Of each stage of one run.
        run_hours: Of one run.
        total_hours: Of all runs.
        images_per_gpu: That a GPU holds at once while fine-tuning.
        weights_gb: Gigabytes of weights, gradients and moments on each GPU.
        activations_gb: Gigabytes of activations on each GPU.
    """

    items: tuple[int, int, int]
    speed: float
    hours: tuple[float, ...]
    run_hours: float
    total_hours: float
    images_per_gpu: int
    weights_gb: float
    activations_gb: float

    @property
    def memory_gb(self) -> float:
        """Gigabytes on each GPU while fine-tuning."""
        return self.weights_gb + self.activations_gb


class CostCalculator(Explorer[CostFacts]):
    """Hours by stage and memory of a GPU, from numbers that the reader sets.

    The steps are those of the preset; the rates are yours: measure them with a short run on your machine.
    """

    name = "cost calculator"
    size = (1200, 560)

    def __init__(self) -> None:
        self.controls = (
            Choice("preset", "preset", ("class", "paper"), "paper"),
            Slider("proxy_rate", "proxy task, images per second", 1, 5000, 200),
            Slider("patch_rate", "tuning, patches per second", 1, 20000, 1000),
            Slider("image_rate", "fine-tuning, images per second", 1, 5000, 50),
            Slider("gpus", "GPUs", 1, 8, 1),
            Slider("gain", "what each further GPU adds, %", 0, 100, 85, 5),
            Slider("runs", "runs (arms times seeds)", 1, 100, 10),
            Slider("weights", "weights, millions", 0.1, 150.0, 15.0, 0.1),
            Slider("activations", "memory of one image, MB", 1, 4000, 300),
        )

    def nearest(self, name: str, value: float) -> float:
        """Return the value nearest to a measured one that a slider can show.

        Example:
            >>> CostCalculator().nearest("proxy_rate", 12345.6), CostCalculator().nearest("gpus", 2.4)
            (5000, 2)
        """
        slider = self.slider(name)
        kept = min(max(value, slider.low), slider.high)
        return round(kept) if slider.whole else kept

    def facts(self, state: State) -> CostFacts:
        """Return hours of each stage of one run, of all runs, and gigabytes on each GPU while fine-tuning."""
        preset = get_preset(state["preset"])
        tuned = preset.tuning.schedule
        items = (
            preset.proxy.schedule.steps * preset.proxy.schedule.images_a_step,
            tuned.steps * tuned.images_a_step * preset.tuning.patches,
            preset.segmentation.schedule.steps * preset.segmentation.schedule.images_a_step,
        )
        speed = 1 + (state["gpus"] - 1) * state["gain"] / 100
        hours = tuple(n / (state[rate] * speed) / 3600 for n, rate in zip(items, _RATES, strict=True))
        # A GPU holds one batch at a time, however many share the batches of a step.
        images = preset.segmentation.schedule.images
        return CostFacts(
            items=items,
            speed=speed,
            hours=hours,
            run_hours=sum(hours),
            total_hours=sum(hours) * state["runs"],
            images_per_gpu=images,
            weights_gb=state["weights"] * 1e6 * BYTES_PER_WEIGHT / 1e9,
            activations_gb=images * state["activations"] / 1000,
        )

    def draw(self, canvas: Canvas, state: State, facts: CostFacts) -> None:
        """Draw a bar of hours and a bar of memory with their sums."""
        canvas.text(8, 28, f"One run of preset {state['preset']}: {duration(facts.run_hours)}", size=TITLE, bold=True)
        whole = max(facts.run_hours, 1e-12)
        left = 8.0
        for hours, color in zip(facts.hours, _COLOURS, strict=True):
            right = left + 1184 * hours / whole
            canvas.box(left, 46, right, 96, fill=color)
            left = right
        units = ("images", "patches", "images")
        for row, (stage, color) in enumerate(zip(_STAGES, _COLOURS, strict=True)):
            base = 136 + 36 * row
            canvas.box(8, base - 16, 28, base + 4, fill=color, edge=style.INK, width=1)
            canvas.text(40, base, stage)
            canvas.text(400, base, duration(facts.hours[row]), anchor="rs", bold=True)
            work = f"{facts.items[row]:,} {units[row]} at {state[_RATES[row]]:,} a second"
            canvas.text(430, base, f"{work} and GPU", fit=760)
        gpus = words.count(state["gpus"], "GPU")
        canvas.text(8, 256, f"{gpus}: {facts.speed:.2f} times as fast as one.")
        runs = words.count(state["runs"], "run")
        canvas.text(8, 300, f"{runs}: {duration(facts.total_hours)}", size=TITLE, bold=True)
        self._memory(canvas, facts)

    def alt(self, state: State, facts: CostFacts) -> str:
        """Say hours and memory in words."""
        stages = [f"{name} {duration(h)}" for name, h in zip(_STAGES, facts.hours, strict=True)]
        return (
            f"One run of preset {state['preset']} on {words.count(state['gpus'], 'GPU')}: {words.listed(stages)}, "
            f"together {duration(facts.run_hours)}. {words.count(state['runs'], 'run')}: "
            f"{duration(facts.total_hours)}. Memory of each GPU while fine-tuning: {memory(facts.memory_gb)}."
        )

    def _memory(self, canvas: Canvas, facts: CostFacts) -> None:
        canvas.text(8, 364, f"Memory of each GPU: {memory(facts.memory_gb)}", size=TITLE, bold=True)
        parts = (facts.weights_gb, facts.activations_gb)
        scale = 1168 / max(80.0, facts.memory_gb)
        left = 8.0
        for size, color in zip(parts, (style.SAFE_COLOURS[5], style.SAFE_COLOURS[0]), strict=True):
            canvas.box(left, 400, left + scale * size, 436, fill=color)
            left += scale * size
        for limit in (8, 16, 24, 40, 80):
            x = 8 + scale * limit
            canvas.dashes((x, 392), (x, 444), style.INK, 2, 4)
            # Where the scale is long, the marks of small cards meet.
            if limit in (16, 80) or scale > 6:
                canvas.text(x, 462, str(limit), size=15, anchor="ms")
        canvas.text(8, 500, f"weights, gradients and moments {memory(parts[0])}", color="#8A3F73")
        images = words.count(facts.images_per_gpu, "image")
        canvas.text(600, 500, f"{images} at once {memory(parts[1])}", color=style.SAFE_COLOURS[0])
        canvas.text(8, 540, _NOTE, size=15, color=style.QUIET, fit=1184)


def duration(hours: float) -> str:
    """Write a time as seconds, minutes, hours or days, whichever fits."""
    seconds = hours * 3600
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:,.1f} days"


def memory(gigabytes: float) -> str:
    """Write gigabytes as a reader says them: in megabytes where there is less than one."""
    return f"{gigabytes:.1f} GB" if gigabytes >= 1 else f"{1000 * gigabytes:.0f} MB"
