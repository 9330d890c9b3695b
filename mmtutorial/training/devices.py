"""Which devices train: the processor, a GPU, or several, each with a process of its own (Lightning Fabric)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import ProcessRaisedException

from mmtutorial.errors import InputError
from mmtutorial.settings.machine import Machine
from mmtutorial.training.nodes import NodeEnvironment, works


def make_fabric(machine: Machine, port: int | None = None) -> Fabric:
    """The devices of a machine; with more than one, :func:`on_each_device` starts a process for each.

    Args:
        machine: what trains.
        port: where the processes of several machines meet; None for a free one.

    Raises:
        InputError: there is no such accelerator here, not so many devices, or no such precision.
    """
    node = machine.node
    several = machine.devices > 1 or node is not None
    try:
        fabric = Fabric(
            accelerator=machine.accelerator,
            devices=machine.devices,
            num_nodes=node.count if node else 1,
            precision=machine.precision,  # type: ignore[arg-type]
            # Processes are spawned for a stage and end with it. All else, such as files and scores, is done by one.
            strategy="ddp_spawn" if several else "auto",
            # Named, as inside of SLURM or torchrun another would be chosen, which expects all processes to be there.
            plugins=NodeEnvironment(node, port) if node else LightningEnvironment(),
        )
    except (ValueError, RuntimeError, ImportError) as error:
        raise InputError(
            f"cannot use accelerator '{machine.accelerator}' with precision '{machine.precision}' on "
            f"{machine.devices} device(s): {str(error).rstrip('. ')}; leave these options out for what suits "
            "this machine"
        ) from error
    if not several:
        fabric.launch()
    return fabric


def on_each_device(fabric: Fabric, work: Callable[..., None], *arguments: Any) -> None:
    """Call ``work(fabric, *arguments)`` for each device, at the same time; here, if there is but one.

    Raises:
        InputError: raised by the work on any device; or another machine is gone.
    """
    if fabric.world_size == 1:
        work(fabric, *arguments)
        return
    around = getattr(fabric.strategy, "cluster_environment", None)
    among = around if isinstance(around, NodeEnvironment) else None
    try:
        with among.calling(work, arguments) if among else nullcontext():
            fabric.launch(_work_and_part, work, *arguments)  # type: ignore[arg-type]  # which asks for no arguments
    except ProcessRaisedException as error:
        # The message is the traceback of that process; its last line names the error.
        found = re.search(rf"{InputError.__name__}: (.+)\s*$", str(error))
        if found is None and among is None:
            raise
        lost = "another machine stopped or cannot be reached; see what it said, and go on with --resume"
        raise InputError(found[1] if found else lost) from error


def help_others(machine: Machine) -> None:
    """Do a share of each stage of a run that another machine leads, until it is done.

    Raises:
        InputError: the first machine is gone.
    """
    assert machine.node is not None
    for port, work, arguments in works(machine.node):
        on_each_device(make_fabric(machine, port), work, *arguments)


def _work_and_part(fabric: Fabric, work: Callable[..., None], *arguments: Any) -> None:
    """Work, then close the connection: a process that ends while its threads still listen is now and then aborted."""
    work(fabric, *arguments)
    fabric.barrier()
    distributed.destroy_process_group()


def own_weights(module: nn.Module) -> None:
    """Give this process weights of its own: those sent to a process of this machine lie in memory that all share."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_shared() and not tensor.is_cuda:
            tensor.data = tensor.data.clone()


def mean_over_devices(fabric: Fabric, numbers: Mapping[str, float]) -> dict[str, float]:
    """Each number's mean over the devices; every device must ask at the same time."""
    if fabric.world_size == 1:
        return dict(numbers)
    means = fabric.all_reduce({name: torch.tensor(value) for name, value in numbers.items()}, reduce_op="mean")
    assert isinstance(means, dict)  # as what was given
    return {name: float(mean) for name, mean in means.items()}


def from_all_devices(tensor: Tensor) -> Tensor:
    """Put the tensors of all devices behind one another, gradients included; every device must ask at the same time.

    Args:
        tensor: (N, ...), of the same shape on each device.

    Returns:
        (devices * N, ...), the same on each, in the order of the devices; the tensor itself where there is but one.
        Its gradient, back on the device that a row came from, is the sum of what all devices sent.

    Example:
        >>> from_all_devices(torch.arange(3)).tolist()
        [0, 1, 2]
    """
    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return tensor
    gathered: Tensor = _FromAllDevices.apply(tensor)
    return gathered


class _FromAllDevices(torch.autograd.Function):
    """A gather whose gradient goes home: ``all_gather`` itself passes none on, and the one that did is deprecated."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        found = [torch.empty_like(tensor) for _ in range(distributed.get_world_size())]
        distributed.all_gather(found, tensor.contiguous())
        return torch.cat(found)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.contiguous().clone()
        distributed.all_reduce(gradient)
        return gradient.chunk(distributed.get_world_size())[distributed.get_rank()]


@contextmanager
def repeatable_kernels() -> Iterator[None]:
    """Let cuDNN pick deterministic kernels: the same seed then gives the same numbers on the same GPU."""
    before = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic = before
