"""Interactive pictures: each a pure function from a state to a frame, with a thin shell of core ipywidgets.

``explorer.widget()`` is live, ``explorer.static(...)`` draws one state for print, ``scrubber(...)`` is a player that
needs no kernel. Only ``widget()`` needs ipywidgets.
"""

from mmtutorial.widgets.cost_calculator import CostCalculator
from mmtutorial.widgets.embedding_frames import EmbeddingFrames, embedding_frames
from mmtutorial.widgets.examples import Labelled
from mmtutorial.widgets.graph_explorer import GraphExplorer
from mmtutorial.widgets.live_panel import LivePanel
from mmtutorial.widgets.loss_switch import LossSwitch
from mmtutorial.widgets.patch_explorer import PatchExplorer
from mmtutorial.widgets.pipeline_map import PipelineMap, StageCard
from mmtutorial.widgets.proxy_explorer import FeatureMap, ProxyExample, ProxyExplorer
from mmtutorial.widgets.pull_explorer import PullExplorer
from mmtutorial.widgets.result_browser import ResultBrowser
from mmtutorial.widgets.table_explorer import TableExplorer
from mmtutorial.widgets.toolkit.controls import State
from mmtutorial.widgets.toolkit.explorer import Explorer
from mmtutorial.widgets.toolkit.frame import Frame
from mmtutorial.widgets.toolkit.player import Scrubber, scrubber
from mmtutorial.widgets.triplet_explorer import TripletExplorer
from mmtutorial.widgets.tsne_explorer import TsneExplorer

__all__ = [
    "CostCalculator",
    "EmbeddingFrames",
    "Explorer",
    "FeatureMap",
    "Frame",
    "GraphExplorer",
    "Labelled",
    "LivePanel",
    "LossSwitch",
    "PatchExplorer",
    "PipelineMap",
    "ProxyExample",
    "ProxyExplorer",
    "PullExplorer",
    "ResultBrowser",
    "Scrubber",
    "StageCard",
    "State",
    "TableExplorer",
    "TripletExplorer",
    "TsneExplorer",
    "embedding_frames",
    "scrubber",
]
