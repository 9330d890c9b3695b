"""Processes that work beside this one, and never outlive it."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import torch
from tqdm.auto import tqdm

from mmtutorial.errors import InputError

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """End this process, which another one started, when that one ends in whatever way."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent.pid:  # It ended before the kernel was told.
            os._exit(1)
    else:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


@contextlib.contextmanager
def worker_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes for as long as the block runs; whatever ends it early ends them at once.

    They share the processor's cores, draw no progress bars, and leave Ctrl-C to this process.

    Args:
        count: how many.

    Raises:
        InputError: one of them was killed.
    """
    others = set(multiprocessing.active_children())
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, torch.get_num_threads() // count))
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        # Each of the first tasks starts one, which inherits the environment and what signals are blocked.
        with _environment({"TQDM_DISABLE": "1", "OMP_NUM_THREADS": threads}), _no_interrupts():
            for _ in range(count):
                pool.submit(os.getpid)
        yield pool
    except BaseException as error:
        for worker in set(multiprocessing.active_children()) - others:
            worker.kill()
        pool.shutdown(cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise InputError(
                "a worker process was killed, by someone or by the system for want of memory; run the same command "
                "with --resume, and with fewer --workers if memory is short: what was complete is kept"
            ) from None
        raise
    pool.shutdown()


def _begin() -> None:
    end_with_parent()
    # A lock for this process alone: that of all processes would be left behind, with a warning, where it is killed.
    tqdm.set_lock(threading.RLock())


@contextlib.contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait, and what is started meanwhile never see it. Windows cannot."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
