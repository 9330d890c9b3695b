"""How torch's threads wait for one another: asleep, so that other programs on the machine do not slow them down.

By default they wait awake, and while one of them has lost its core to another program, all others spin until then.
With both of two cores busy with other work a short run took 69 seconds so, 30 when waiting asleep, 32 with a single
thread; on a machine with less to do 18, 16 and 17 (``mmtutorial run --arms random --set segmentation.schedule.steps=60
--set evaluated=30``, two cores of an AMD EPYC).
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

# GNU's OpenMP, which torch's wheels bring, and Intel's, which conda's bring. Each reads its own when torch is imported.
ASLEEP = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
_OTHERS = ("GOMP_SPINCOUNT", "KMP_LIBRARY")


def wait_asleep(environment: MutableMapping[str, str] = os.environ) -> None:
    """Have threads wait asleep in this process and in all that it starts, unless the user has chosen otherwise.

    It has to come before torch is imported.
    """
    if not any(name in environment for name in (*ASLEEP, *_OTHERS)):
        environment.update(ASLEEP)


def said_of_threads(environment: MutableMapping[str, str] = os.environ) -> str:
    """Say how threads wait."""
    chosen = [f"{name}={environment[name]}" for name in (*ASLEEP, *_OTHERS) if name in environment]
    return f"they wait as told: {', '.join(chosen)}" if chosen else "they wait awake; see OMP_WAIT_POLICY"
