"""The one owner of what a run leaves: its records, its folder, their reading and writing, and statistics over seeds."""

from mmtutorial.results.folder import ReproductionFolder, RunFolder, StageFolder
from mmtutorial.results.reading import read_arrays, read_curves, read_reproduction, read_results, write_record
from mmtutorial.results.records import ArmScores, Difference, ProxyScores, Results, Scores, subtract
from mmtutorial.results.reproduction import Reproduction, Row

__all__ = [
    "ArmScores",
    "Difference",
    "ProxyScores",
    "Reproduction",
    "ReproductionFolder",
    "Results",
    "Row",
    "RunFolder",
    "Scores",
    "StageFolder",
    "read_arrays",
    "read_curves",
    "read_reproduction",
    "read_results",
    "subtract",
    "write_record",
]
