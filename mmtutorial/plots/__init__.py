"""Pictures: arrays in, figures with alt text out, in one style.

Every function returns a :class:`Picture`. Nothing here knows of training, of files or of a display.
"""

from mmtutorial.plots.ablations import Setting, ablation_curves
from mmtutorial.plots.beside import Pair, ours_beside_theirs
from mmtutorial.plots.cost import Spent, accuracy_for_time
from mmtutorial.plots.curves import Curve, lines, loss_curves, tuning_curves
from mmtutorial.plots.embeddings import before_after
from mmtutorial.plots.graphs import GraphFacts, graph_facts, graph_pair
from mmtutorial.plots.html_table import Table, shown, table
from mmtutorial.plots.intervals import Interval, arm_intervals, difference_intervals
from mmtutorial.plots.patches import patch_boxes, patch_grid
from mmtutorial.plots.picture import Picture
from mmtutorial.plots.proxies import proxy_rows
from mmtutorial.plots.segmentation import predictions
from mmtutorial.plots.style import ClassStyle, class_styles
from mmtutorial.plots.tables import class_iou, confusion_matrix
from mmtutorial.plots.tiles import tiles

__all__ = [
    "ClassStyle",
    "Curve",
    "GraphFacts",
    "Interval",
    "Pair",
    "Picture",
    "Setting",
    "Spent",
    "Table",
    "ablation_curves",
    "accuracy_for_time",
    "arm_intervals",
    "before_after",
    "class_iou",
    "class_styles",
    "confusion_matrix",
    "difference_intervals",
    "graph_facts",
    "graph_pair",
    "lines",
    "loss_curves",
    "ours_beside_theirs",
    "patch_boxes",
    "patch_grid",
    "predictions",
    "proxy_rows",
    "shown",
    "table",
    "tiles",
    "tuning_curves",
]
