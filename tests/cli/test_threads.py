"""Threads wait asleep, in the command and in what it starts, unless the user chose otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mmtutorial.cli.threads import ASLEEP, said_of_threads, wait_asleep

FIRST = "import sys; import mmtutorial.cli.commands; print('torch' in sys.modules)"


def test_it_comes_before_torch() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("name", [*ASLEEP, "GOMP_SPINCOUNT", "KMP_LIBRARY"])
def test_the_user_s_choice_stands(name: str) -> None:
    chosen = {name: "mine"}
    wait_asleep(chosen)
    assert chosen == {name: "mine"}


def test_nothing_chosen_is_asleep_and_the_number_of_threads_is_the_user_s() -> None:
    chosen = {"OMP_NUM_THREADS": "3"}
    wait_asleep(chosen)
    assert chosen == {"OMP_NUM_THREADS": "3", **ASLEEP}
    assert said_of_threads(chosen) == "they wait as told: OMP_WAIT_POLICY=PASSIVE, KMP_BLOCKTIME=0"
    assert said_of_threads({}) == "they wait awake; see OMP_WAIT_POLICY"


def test_the_command_waits_asleep_and_says_so() -> None:
    others = {name: value for name, value in os.environ.items() if name not in (*ASLEEP, "OMP_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-m", "mmtutorial.cli", "doctor"], capture_output=True, text=True, env=others, check=False
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("[OK]   threads ")]
    assert "OMP_WAIT_POLICY=PASSIVE" in line
