"""Several machines that train one network. The first does all that one machine would; others help with each stage.

What has to be done everywhere at the same time is sent by a store of torch, which the first machine hosts, or torchrun.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import time
from collections.abc import Callable, Iterator, MutableMapping
from datetime import timedelta
from typing import Any

from lightning_fabric.plugins.environments.lightning import LightningEnvironment, find_free_network_port
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from torch.distributed import DistError, Store, TCPStore  # type: ignore[attr-defined]

from mmtutorial.errors import InputError
from mmtutorial.settings.machine import Node

_CHUNK = 2**20
"""Bytes of a message's parts: a store takes no more than a few million at once."""
_LOOK = 0.1
"""Seconds between two looks whether there is something to do."""
_PATIENCE = timedelta(minutes=10)
"""For machines of one job to start."""
_OF_TORCHRUN = ("RANK", "LOCAL_RANK", "GROUP_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "NODE_RANK")


def this_node(environment: MutableMapping[str, str] = os.environ) -> Node | None:
    """Where torchrun or srun has put this process among several machines; None where there is but one.

    What torchrun says is taken out of the environment, as libraries would act on it too.

    Raises:
        InputError: there is more than one process a machine.
    """
    if "TORCHELASTIC_RUN_ID" in environment and int(environment.get("GROUP_WORLD_SIZE", 1)) > 1:
        each = int(environment["LOCAL_WORLD_SIZE"])
        hosted = environment.pop("TORCHELASTIC_USE_AGENT_STORE", "") == "True"
        found = {name: environment.pop(name, "") for name in _OF_TORCHRUN}
        rank, count = int(found["GROUP_RANK"]), int(environment["GROUP_WORLD_SIZE"])
        address, port = found["MASTER_ADDR"], int(found["MASTER_PORT"])
    elif int(environment.get("SLURM_STEP_NUM_NODES", 1)) > 1:
        rank, count = int(environment["SLURM_NODEID"]), int(environment["SLURM_STEP_NUM_NODES"])
        each = -(-int(environment["SLURM_STEP_NUM_TASKS"]) // count)
        address = SLURMEnvironment.resolve_root_node_address(environment["SLURM_STEP_NODELIST"])
        port, hosted = 15000 + int(environment["SLURM_JOB_ID"]) % 10000, False
    else:
        return None
    if each != 1:
        raise InputError(
            f"{each} processes were started on each machine; start one (torchrun --nproc-per-node 1, srun "
            "--ntasks-per-node 1), and name its devices with --devices"
        )
    return Node(rank, count, address, port, hosted)


class NodeEnvironment(LightningEnvironment):
    """What Lightning asks of where it runs.

    Args:
        node: this machine.
        port: of the first machine, at which the processes of a stage meet; None for a free one.
    """

    def __init__(self, node: Node, port: int | None = None) -> None:
        super().__init__()
        self.node = node
        self._main_port = port or find_free_network_port()

    @property
    def creates_processes_externally(self) -> bool:
        """Each machine starts those of its own devices."""
        return False

    @property
    def main_address(self) -> str:
        """The first machine."""
        return self.node.address

    def node_rank(self) -> int:
        """This machine's number."""
        return self.node.rank

    @contextlib.contextmanager
    def calling(self, work: Callable[..., None], arguments: tuple[Any, ...]) -> Iterator[None]:
        """Have all other machines do the same work at the same time, if this is the first."""
        if self.node.rank:
            yield
            return
        store = _connected(self.node)
        name = f"work {store.add('works', 1)}"
        keys = _send(store, name, pickle.dumps((self.main_port, work, arguments)))
        try:
            yield
        finally:
            for key in keys:
                store.delete_key(key)


@contextlib.contextmanager
def leading(node: Node | None) -> Iterator[None]:
    """Keep the store for as long as the block runs, and let the others go at its end."""
    if node is None:
        yield
        return
    store = _connected(node, first=True)
    try:
        yield
    finally:
        _send(store, f"work {store.add('works', 1)}", b"")
        deadline = time.monotonic() + 10
        while store.add("gone", 0) < node.count - 1 and time.monotonic() < deadline:
            time.sleep(_LOOK)


def works(node: Node) -> Iterator[tuple[int, Callable[..., None], tuple[Any, ...]]]:
    """What the first machine asks this one to do: the port, a function and what it is called with.

    Raises:
        InputError: the first machine is gone.
    """
    try:
        store = _connected(node)
        for number in itertools.count(1):
            while not store.check([f"work {number}"]):
                time.sleep(_LOOK)
            found = _receive(store, f"work {number}")
            if not found:
                store.add("gone", 1)
                return
            yield pickle.loads(found)
    except DistError as error:
        raise InputError(
            f"the first of {node.count} machines, {node.address}, does not answer or has stopped; see what it said"
        ) from error


def _connected(node: Node, first: bool = False) -> Store:
    return TCPStore(
        node.address, node.port, is_master=first and not node.hosted, timeout=_PATIENCE, wait_for_workers=False
    )


def _send(store: Store, name: str, message: bytes) -> list[str]:
    """Send a message, its length last. Returns the keys used."""
    parts = [message[start : start + _CHUNK] for start in range(0, len(message), _CHUNK)]
    keys = [f"{name}, {index}" for index in range(len(parts))]
    for key, part in zip(keys, parts, strict=True):
        store.set(key, part)  # type: ignore[arg-type]  # which takes bytes as well
    store.set(name, str(len(parts)))
    return [*keys, name]


def _receive(store: Store, name: str) -> bytes:
    return b"".join(store.get(f"{name}, {index}") for index in range(int(store.get(name))))
