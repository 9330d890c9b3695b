"""A place of its own for a process: no network, no other processes, no files but those it needs, and limits.

By the namespaces of Linux (``man 7 namespaces``): of mounts, processes, network, System V messages and host name; and
of users, unless the one who marks is root, who becomes nobody instead. Everything is called through the C library, as
Python has had ``os.unshare`` since 3.12 only, and ``mount`` never.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import secrets
import struct
import time
from dataclasses import dataclass
from typing import NoReturn

_NEW = {"mounts": 0x20000, "host name": 0x4000000, "messages": 0x8000000, "processes": 0x20000000, "net": 0x40000000}
_NEW_USERS = 0x10000000
_BIND, _REC, _PRIVATE, _RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT = 4096, 16384, 1 << 18, 1, 2, 4, 8, 32
_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_NOBODY = 65534
_SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS, _SET_PDEATHSIG = 4, 22, 38, 1
_LOOK = 0.05
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ETC = ("ld.so.cache", "localtime", "nsswitch.conf", "mime.types", "alternatives")
HOME = "/tmp/home"
"""Where the process works: empty, in memory, and gone with it."""


class Impossible(OSError):
    """This system does not let one make such a place."""


@dataclass(frozen=True)
class Limits:
    """What a process may take.

    Attributes:
        memory: bytes beyond what it starts with.
        seconds: of processor time.
        processes: at once, threads as well; 0: no limit.
        file: bytes of one file; all of its files together may have four times as many.
    """

    memory: int = 2 * 2**30
    seconds: int = 120
    processes: int = 64
    file: int = 2**26


@dataclass(frozen=True)
class Place:
    """What a process may see.

    Attributes:
        shown: folders, read-only: Python, its packages, and the open part of ours.
        hidden: folders within them that are not to be seen.
    """

    shown: tuple[str, ...]
    hidden: tuple[str, ...] = ()


def enter(place: Place, limits: Limits) -> None:
    """Move this process into a place of its own; its next child is alone there.

    Raises:
        Impossible: the system refuses.
    """
    root = os.geteuid() == 0
    user, group = os.getuid(), os.getgid()
    flags = sum(_NEW.values()) | (0 if root else _NEW_USERS)
    _call("unshare", flags)
    if not root:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _mount(None, "/", None, _REC | _PRIVATE)
    _furnish(place, limits)


def close_the_door() -> None:
    """Take the last steps in the first process of the place: its own view of processes, and nothing to be written."""
    # While the old root, with its own /proc, is still there: without root's rights Linux allows it no later.
    with contextlib.suppress(OSError):  # A container may not allow it at all. Then there is no /proc.
        _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    _call("umount2", b"/.old", _DETACH)
    os.rmdir("/.old")
    _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)


def give_up_rights(limits: Limits, memory_now: int) -> None:
    """Give up all rights in the process that runs the learner's code, for good."""
    limit(limits, memory_now)
    if os.geteuid() == 0:
        # A user of its own, so that the processes of one do not count as another's; in some containers there is none.
        own = 2_000_000_000 + secrets.randbelow(100_000_000)
        os.setgroups([])
        for user in (own, _NOBODY):
            with contextlib.suppress(OSError):
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                break
        if os.geteuid() == 0:
            raise Impossible("root cannot become somebody else here")
    else:
        _call("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))
    _prctl(_SET_NO_NEW_PRIVS, 1)
    _forbid_calls()
    os.chdir(HOME)


def limit(limits: Limits, memory_now: int) -> None:
    """Set the limits of this process and of its children."""
    kinds = {
        resource.RLIMIT_AS: memory_now + limits.memory,
        resource.RLIMIT_CPU: limits.seconds,
        **({resource.RLIMIT_NPROC: limits.processes} if limits.processes else {}),
        resource.RLIMIT_FSIZE: limits.file,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in kinds.items():
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def memory_of_this_process() -> int:
    """Bytes of address space that this process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def guard(child: int, most: int) -> NoReturn:
    """Watch over a child as the first process of its place, in nobody's reach; everything there ends with this.

    Args:
        child: ends the place when it ends.
        most: bytes that all processes of the place may hold together; each by itself has a limit of its own.
    """
    _prctl(_SET_DUMPABLE, 0)
    while True:
        with contextlib.suppress(ChildProcessError):
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == child:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
            if ended:
                continue
        if _held() > most:
            os._exit(137)
        time.sleep(_LOOK)


def _held() -> int:
    """Bytes that all other processes of the place hold of their own; 0 where there is no /proc to tell."""
    pages = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            with contextlib.suppress(OSError, ValueError, IndexError):  # It may have ended meanwhile.
                with open(f"/proc/{name}/statm") as file:
                    _, resident, shared = map(int, file.read().split()[:3])
                pages += resident - shared
    return pages * resource.getpagesize()


def die_with_parent() -> None:
    """Have this process killed when its parent ends."""
    _prctl(_SET_PDEATHSIG, 9)


def _furnish(place: Place, limits: Limits) -> None:
    new = "/tmp"
    _mount("tmpfs", new, "tmpfs", _NOSUID | _NODEV, "size=16m,mode=755")
    old = f"{new}/.old"
    os.mkdir(old)
    _pivot(new, old)  # The old root is at /.old from here on.
    os.mkdir("/tmp")  # First, as what is shown may lie below it.
    _mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, f"size={4 * limits.file},mode=1777")
    for path in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", *place.shown):
        _show(path)
    for name in _ETC:
        _show(f"/etc/{name}")
    for path in place.hidden:
        if os.path.isdir(path):
            _mount("tmpfs", path, "tmpfs", _RDONLY | _NOSUID | _NODEV, "size=0,mode=555")
    for name in ("proc", "dev"):
        os.makedirs(f"/{name}", exist_ok=True)
    _write("/etc/passwd", f"student:x:{os.getuid() or _NOBODY}:{os.getgid() or _NOBODY}::{HOME}:/bin/false\n")
    for name in _DEVICES:
        _write(f"/dev/{name}", "")
        _mount(f"/.old/dev/{name}", f"/dev/{name}", None, _BIND)
    os.makedirs("/dev/shm")
    _mount("tmpfs", "/dev/shm", "tmpfs", _NOSUID | _NODEV | _NOEXEC, f"size={limits.file},mode=1777")
    os.mkdir(HOME)
    os.chmod(HOME, 0o777)


def _show(path: str) -> None:
    """Let a file, folder or link of the old root be seen at its own place."""
    behind = f"/.old{path}"
    if os.path.lexists(path) or not os.path.lexists(behind):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.islink(behind):
        os.symlink(os.readlink(behind), path)
        return
    if os.path.isdir(behind):
        os.makedirs(path, exist_ok=True)
    else:
        _write(path, "")
    _mount(behind, path, None, _BIND | _REC)
    _make_readonly(path)


def _make_readonly(path: str) -> None:
    # struct mount_attr: set, clear, propagation, user namespace.
    wanted = struct.pack("QQQQ", _RDONLY | _NOSUID | _NODEV, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path.encode(), _AT_RECURSIVE, wanted, len(wanted)) != 0:
        _mount(None, path, None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV)


def _pivot(new: str, old: str) -> None:
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise Impossible(f"no way known to change the root on {platform.machine()}")
    _call("syscall", number, new.encode(), old.encode())
    os.chdir("/")


def _forbid_calls() -> None:
    """Forbid system calls that no answer needs and that reach into the kernel or other processes.

    Where the kernel has no filters (or the machine is of another kind), the namespaces have to do.
    """
    known = _MACHINES.get(platform.machine())
    if known is None:
        return
    column, kind = known
    # Classic BPF. Another architecture's calls have other numbers, so those are refused first, then x32's.
    tests = [(0x15, 0, kind), (0x20, 0, 0), (0x35, 1, 0x40000000)]
    tests += [(0x15, 1, numbers[column]) for numbers in _FORBIDDEN.values()]
    refusal = len(tests) + 2
    steps = [struct.pack("HBBI", 0x20, 0, 0, 4)]
    for place, (code, refuses, value) in enumerate(tests, start=1):
        there = refusal - place - 1
        yes, no = (there, 0) if refuses else (0, 0 if code == 0x20 else there)
        steps.append(struct.pack("HBBI", code, yes, no, value))
    steps += [struct.pack("HBBI", 0x06, 0, 0, result) for result in (_ALLOW, _REFUSE)]
    filters = ctypes.create_string_buffer(b"".join(steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(filters))
    with contextlib.suppress(OSError):
        _prctl(_SET_SECCOMP, 2, program)


_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # the latter with EPERM
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_FORBIDDEN = {
    # call: its number on each of these machines
    "ptrace": (101, 117),
    "mount": (165, 40),
    "umount2": (166, 39),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
}


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    given = [None if text is None else text.encode() for text in (source, target, kind)]
    _call("mount", *given, ctypes.c_ulong(flags), options.encode() or None)


def _prctl(option: int, *arguments: int | bytes) -> None:
    _call("prctl", option, *arguments, *[0] * (4 - len(arguments)))


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise Impossible(number, f"{name}: {os.strerror(number)}")
