"""Two machines that train one network: here two torchruns on one, which talk by gloo."""

from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from mmtutorial.errors import InputError
from mmtutorial.files import read_tensors
from mmtutorial.settings.machine import Node
from mmtutorial.training.nodes import NodeEnvironment, leading, this_node, works
from tests.tiny_run import arguments

RUN = (
    *("run", *arguments(segmentation__schedule__parts=2, segmentation__schedule__steps=4), "--network", "tiny"),
    *("--arms", "random", "--accelerator", "cpu", "--out"),
)
TORCHRUN = {
    **{"TORCHELASTIC_RUN_ID": "x", "TORCHELASTIC_USE_AGENT_STORE": "True", "GROUP_WORLD_SIZE": "3", "GROUP_RANK": "1"},
    **{"LOCAL_WORLD_SIZE": "1", "WORLD_SIZE": "3", "RANK": "1", "LOCAL_RANK": "0"},
    **{"MASTER_ADDR": "node1", "MASTER_PORT": "29500"},
}
SRUN = {
    **{"SLURM_STEP_NUM_NODES": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NODEID": "1"},
    **{"SLURM_STEP_NODELIST": "node[07-08]", "SLURM_JOB_ID": "4711042"},
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def run_on_two(*words: str) -> list[tuple[int, str]]:
    """Exit codes and what was written, the first machine first."""
    port = str(free_port())
    started = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1"),
                *("--node-rank", str(rank), "--master-addr", "127.0.0.1", "--master-port", port),
                *("-m", "mmtutorial.cli", *words),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        said = [process.communicate(timeout=600)[0] for process in started]
    finally:
        for process in started:
            process.kill()
    return [(process.returncode, text) for process, text in zip(started, said, strict=True)]


def test_two_machines_do_what_one_does(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "mmtutorial.cli", *RUN, str(tmp_path / "one")], check=True)
    first, second = run_on_two(*RUN, str(tmp_path / "two"))
    assert [first[0], second[0]] == [0, 0], first[1] + second[1]
    assert "mIoU" in first[1]
    assert "mIoU" not in second[1]
    [one], [two] = (list((tmp_path / name).rglob("model.safetensors")) for name in ("one", "two"))
    (expected, _), (found, _) = read_tensors(one), read_tensors(two)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-5)


def test_work_reaches_the_other_machine_and_the_end_too() -> None:
    first, second = (Node(rank, 2, "127.0.0.1", port) for port in [free_port()] for rank in (0, 1))
    large = "x" * 3_000_000
    with ThreadPoolExecutor(1) as pool:
        with leading(first):
            asked, around = works(second), NodeEnvironment(first)
            for number in range(2):
                with around.calling(print, (number, large)):
                    assert next(asked) == (around.main_port, print, (number, large))
            rest = pool.submit(list, asked)
        assert rest.result(timeout=30) == []


def test_without_the_first_machine_the_others_end_in_one_line() -> None:
    node = Node(1, 2, "127.0.0.1", free_port())
    code = (
        "import time; from mmtutorial.training.nodes import *; from mmtutorial.settings.machine import Node\n"
        f"first = Node(0, 2, '127.0.0.1', {node.port})\n"
        "with leading(first), NodeEnvironment(first).calling(print, ()): time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as first:
        asked = works(node)
        assert next(asked)[1:] == (print, ())
        first.kill()
        with pytest.raises(InputError, match=r"the first of 2 machines, 127\.0\.0\.1, does not answer") as caught:
            next(asked)
    assert "\n" not in str(caught.value)


def test_torchrun_is_read_and_taken_out() -> None:
    around = dict(TORCHRUN)
    assert this_node(around) == Node(1, 3, "node1", 29500, hosted=True)
    assert set(around) == {"TORCHELASTIC_RUN_ID", "GROUP_WORLD_SIZE", "LOCAL_WORLD_SIZE"}
    with pytest.raises(InputError, match=r"4 processes .* --nproc-per-node 1"):
        this_node(TORCHRUN | {"LOCAL_WORLD_SIZE": "4"})


def test_srun_is_read() -> None:
    assert this_node(dict(SRUN)) == Node(1, 2, "node07", 16042)
    with pytest.raises(InputError, match=r"4 processes .* --ntasks-per-node 1"):
        this_node(SRUN | {"SLURM_STEP_NUM_TASKS": "8"})


@pytest.mark.parametrize(
    "around", [{}, {"SLURM_NNODES": "2", "SLURM_NODEID": "0"}, SRUN | {"SLURM_STEP_NUM_NODES": "1"}]
)
def test_one_machine_is_alone(around: dict[str, str]) -> None:
    """Inside of an allocation of several machines, but not started by srun, a command is alone too."""
    assert this_node(dict(around)) is None
