"""The comparison that the project exists to show: arms, runner, results."""

from mmtutorial.experiment.arms import ARMS, Arm, parse_arms
from mmtutorial.experiment.data import ExperimentData, Request
from mmtutorial.experiment.pictures import write_pictures
from mmtutorial.experiment.plan import Plan
from mmtutorial.experiment.results import write_results
from mmtutorial.experiment.runner import Runner

__all__ = [
    "ARMS",
    "Arm",
    "ExperimentData",
    "Plan",
    "Request",
    "Runner",
    "parse_arms",
    "write_pictures",
    "write_results",
]
