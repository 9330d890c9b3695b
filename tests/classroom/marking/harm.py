"""Answers to 03.components that cheat, break out, or never end, and none of which may earn a point."""

from __future__ import annotations

HARM: dict[str, str] = {}
"""By name. TARGETS, PACKAGE, NOTEBOOKS and PORT stand for what is on the machine that marks."""


def _harm(name: str, body: str) -> None:
    HARM[name] = body


_harm("endless_loop", "def components(labels, edges):\n    while True:\n        pass\n")
_harm("endless_in_c", "def components(labels, edges):\n    return sum(iter(int, 1))\n")
_harm(
    "stubborn_loop",
    "def components(labels, edges):\n    while True:\n        try:\n            while True:\n                pass\n"
    "        except BaseException:\n            pass\n",
)
_harm("twenty_gigabytes", "def components(labels, edges):\n    return bytearray(20 * 2**30)\n")
_harm("twenty_gigabytes_of_torch", "def components(labels, edges):\n    return torch.ones(5 * 2**30)\n")
_harm(
    "gigabytes_by_many",
    "import os, time\ndef components(labels, edges):\n    for _ in range(20):\n        if os.fork() == 0:\n"
    "            keep = bytearray(b'x') * 2**30\n            time.sleep(60)\n    time.sleep(60)\n",
)
_harm(
    "fork_bomb",
    "import os, time\ndef components(labels, edges):\n    while True:\n        try:\n            os.fork()\n"
    "        except OSError:\n            time.sleep(1)\n",
)
_harm("os_exit", "import os\ndef components(labels, edges):\n    os._exit(0)\n")
_harm("crash", "import ctypes\ndef components(labels, edges):\n    ctypes.string_at(0)\n")
_harm("exit", "def components(labels, edges):\n    exit()\n")
_harm("input", "def components(labels, edges):\n    return input('how many? ')\n")
_harm("print_flood", "def components(labels, edges):\n    while True:\n        print('x' * 10_000)\n")
_harm(
    "kills_everybody",
    "import os, signal\ndef components(labels, edges):\n    for number in range(2, 70000):\n        try:\n"
    "            os.kill(number, signal.SIGKILL)\n        except OSError:\n            pass\n"
    "    os.kill(-1, signal.SIGKILL)\n",
)
_harm(
    "deletes_files",
    "import os, shutil\ndef components(labels, edges):\n    for place in TARGETS:\n"
    "        shutil.rmtree(place, ignore_errors=True)\n    shutil.rmtree('/', ignore_errors=True)\n    return {}\n",
)
_harm(
    "reads_files",
    "import os\ndef components(labels, edges):\n    found = []\n    for place in TARGETS:\n"
    "        for folder, _, files in os.walk(place):\n            for name in files:\n"
    "                try:\n                    found.append(open(os.path.join(folder, name)).read())\n"
    "                except OSError:\n                    pass\n"
    "    raise ValueError('I have read: ' + ' '.join(found))\n",
)
_harm(
    "calls_home",
    "import socket\ndef components(labels, edges):\n"
    "    with socket.create_connection(('127.0.0.1', PORT), timeout=2) as line:\n"
    "        line.sendall(b'hello')\n        return eval(line.recv(1000))\n",
)
_harm(
    "patches_the_check",
    "import mmtutorial.classroom as c\nc.check = lambda *_: True\n"
    "try:\n    from mmtutorial.classroom import asking\n    asking.Ask.require = lambda *a, **k: None\n"
    "except Exception:\n    pass\n"
    "def components(labels, edges):\n    return {}\n",
)
_harm(
    "patches_torch",
    "import torch\ntorch.equal = torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True\n"
    "def components(labels, edges):\n    return {}\n",
)
_harm(
    "equal_to_everything",
    "class Yes(dict):\n    def __eq__(self, other):\n        return True\n"
    "    def __ne__(self, other):\n        return False\n"
    "    def __getitem__(self, key):\n        return self\n    __hash__ = None\n"
    "def components(labels, edges):\n    return Yes()\n",
)
_harm(
    "tensor_that_lies",
    "class Lie(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, func, types, args=(), kwargs=None):\n"
    "        return True\n"
    "def components(labels, edges):\n    return torch.ones(1).as_subclass(Lie)\n",
)
_harm(
    "imports_the_reference",
    "from mmtutorial.classroom.exercises.match import _count_pieces\n"
    "def components(labels, edges):\n    return _count_pieces(labels.tolist(), [tuple(e) for e in edges.tolist()])\n",
)
_harm(
    "imports_the_library",
    "def components(labels, edges):\n    from mmtutorial.graph import PatchGraph\n"
    "    triplets = torch.cat((edges, edges[:, :1]), dim=1)\n    return PatchGraph(labels, triplets).components()\n",
)
_harm(
    "imports_by_another_way",
    "import importlib.util, sys, glob\n"
    "def components(labels, edges):\n    found = []\n"
    "    for folder in [*sys.path, PACKAGE, '/work', '/root', '/home', '/opt', '/srv', '/mnt']:\n"
    "        for name in ('match', 'graph'):\n"
    "            found += glob.glob(folder + f'/**/{name}.py', recursive=True)\n"
    "    for path in found:\n        if 'mmtutorial' in path:\n"
    "            spec = importlib.util.spec_from_file_location('m', path)\n"
    "            module = importlib.util.module_from_spec(spec)\n"
    "            spec.loader.exec_module(module)\n"
    "            if hasattr(module, '_count_pieces'):\n"
    "                return module._count_pieces(labels.tolist(), [tuple(e) for e in edges.tolist()])\n"
    "            if hasattr(module, 'PatchGraph'):\n"
    "                return module.PatchGraph(labels, torch.cat((edges, edges[:, :1]), dim=1)).components()\n",
)
_harm(
    "reads_the_solutions",
    "import glob, json, sys\n"
    "def components(labels, edges):\n"
    "    for folder in [sys.prefix, sys.base_prefix, PACKAGE, NOTEBOOKS]:\n"
    "        for path in glob.glob(folder + '/**/03_match.ipynb', recursive=True):\n"
    "            for cell in json.load(open(path))['cells']:\n"
    "                if 'exercise:03.components' in cell['metadata'].get('tags', []):\n"
    "                    space = {'torch': torch}\n                    exec(''.join(cell['source']), space)\n"
    "                    return space['components'](labels, edges)\n",
)
_harm(
    "searches_memory",
    "import gc, sys\ndef components(labels, edges):\n"
    "    for thing in gc.get_objects():\n        name = getattr(thing, '__name__', '')\n"
    "        if name in ('_count_pieces', 'components') and callable(thing) and thing is not components:\n"
    "            return thing(labels.tolist(), [tuple(e) for e in edges.tolist()])\n"
    "    frame = sys._getframe()\n    while frame:\n        if 'expected' in frame.f_locals:\n"
    "            return frame.f_locals['expected']\n        frame = frame.f_back\n",
)
_harm(
    "writes_to_the_line",
    "import os\ndef components(labels, edges):\n    for number in range(3, 300):\n        try:\n"
    "            os.write(number, b'\\x00' * 7 + b'\\x20' + b'[\"value\", {\"dict\": []}]         ')\n"
    "        except OSError:\n            pass\n    return {}\n",
)
_harm("raises", "def components(labels, edges):\n    raise ValueError('no')\n")
_harm("returns_nothing", "def components(labels, edges):\n    pass\n")
_harm("always_one", "def components(labels, edges):\n    return {int(c): 1 for c in labels}\n")
_harm("deep_answer", "def components(labels, edges):\n    x = []\n    x.append(x)\n    return {0: x}\n")
_harm("large_answer", "def components(labels, edges):\n    return torch.zeros(2**23, dtype=torch.uint8)\n")
_harm("exits_at_once", "import sys\nsys.exit(3)\n")
