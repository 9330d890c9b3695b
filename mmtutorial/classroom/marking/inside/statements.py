"""A notebook as statements: which names each reads and binds, and which are needed for one function.

An answer is tried without the rest of its notebook: only with the statements that its function needs, in the order in
which they stand. So a cell that was moved, split, repeated or broken elsewhere costs nobody an answer.
"""

from __future__ import annotations

import ast
import dis
import linecache
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

_READS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_GLOBALS"}
_MAGIC = ("%", "!", "?")


@dataclass(frozen=True)
class Statement:
    """One statement of a notebook.

    Attributes:
        code: compiled.
        text: its first line.
        reads: names of the notebook that it reads, also within functions that it defines.
        binds: names of the notebook that it gives a value.
        alters: names whose value it alters without binding them, as ``table[1] = 2`` does.
        imports: whether it is an import.
    """

    code: CodeType
    text: str
    reads: frozenset[str]
    binds: frozenset[str]
    alters: frozenset[str]
    imports: bool


@dataclass(frozen=True)
class Answer:
    """A place at which a notebook gives an answer.

    Attributes:
        place: number of the statement.
        expression: what was handed to ``check(...)`` there; None where the statement binds the function's name.
    """

    place: int
    expression: CodeType | None = None


class Notebook:
    """The statements of all cells, from the top."""

    def __init__(self, sources: Iterable[str]) -> None:
        """Read the cells. What is no Python is left out; halves of a cell that was split are put together."""
        self.statements: list[Statement] = []
        self._nodes: list[ast.stmt] = []
        for number, tree in enumerate(_joined(list(sources))):
            self._take(number, *tree)

    def _take(self, number: int, source: str, tree: ast.Module) -> None:
        file = f"<cell {number}>"
        lines = source.splitlines(keepends=True)
        # So that a traceback shows the learner's lines, and inspect finds the source.
        linecache.cache[file] = (len(source), None, lines, file)
        for node in tree.body:
            try:
                code = compile(ast.Module([node], []), file, "exec", dont_inherit=True)
            except (SyntaxError, ValueError):  # A return outside a function, say.
                continue
            reads, binds = set(_names(code, _READS)), set(_bound(code))
            imports = isinstance(node, (ast.Import, ast.ImportFrom))
            text = lines[node.lineno - 1].strip() if node.lineno <= len(lines) else ""
            alters = frozenset(_altered(node)) - binds
            self.statements.append(Statement(code, text, frozenset(reads), frozenset(binds), alters, imports))
            self._nodes.append(node)

    def answers(self, exercise: str) -> list[Answer]:
        """Where the notebook answers an exercise: the last place first, what was handed to a check last of all."""
        name = exercise.rpartition(".")[2]
        binding = [Answer(place) for place, found in enumerate(self.statements) if name in found.binds]
        checked = [
            Answer(place, expression)
            for place, node in enumerate(self._nodes)
            for expression in _checked(node, exercise, name)
        ]
        return binding[::-1] + checked[::-1]

    def needed(self, answer: Answer, exercise: str) -> list[Statement]:
        """The statements that an answer needs, in their order."""
        wanted = {exercise.rpartition(".")[2]} if answer.expression is None else set(_names(answer.expression, _READS))
        imported = {bound for found in self.statements if found.imports for bound in found.binds}
        # What has a value by the time of the answer keeps it, whatever a later cell makes of the name.
        settled = {bound for found in self.statements[: answer.place + 1] for bound in found.binds}
        chosen: set[int] = set()
        grown = True
        while grown:
            grown = False
            for place, found in enumerate(self.statements):
                still_open = wanted - settled if place > answer.place else wanted
                if place in chosen or not _touches(found, still_open, imported):
                    continue
                chosen.add(place)
                wanted |= found.reads
                grown = True
        return [self.statements[place] for place in sorted(chosen)]


def _touches(found: Statement, wanted: set[str], imported: set[str]) -> bool:
    return bool(found.binds & wanted or found.alters & (wanted - imported))


def _joined(sources: Sequence[str]) -> list[tuple[str, ast.Module]]:
    """Each cell with its tree; a cell that is no Python by itself is tried behind the one before it."""
    found: list[tuple[str, ast.Module | None]] = []
    for source in sources:
        tree = _parsed(source)
        if found and (tree is None or found[-1][1] is None):
            both = f"{found[-1][0]}\n{source}"
            together = _parsed(both)
            if together is not None:
                found[-1] = (both, together)
                continue
        found.append((source, tree))
    return [(source, tree) for source, tree in found if tree is not None]


def _parsed(source: str) -> ast.Module | None:
    for text in (source, _without_magic(source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _without_magic(source: str) -> str:
    """Lines for IPython or a shell become ``pass``."""
    kept = []
    for line in source.splitlines():
        bare = line.lstrip()
        magic = bare.startswith(_MAGIC) or bare.endswith("?")
        kept.append(line[: len(line) - len(bare)] + "pass" if magic else line)
    return "\n".join(kept)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _names(code: CodeType, operations: set[str]) -> Iterator[str]:
    for part in _codes(code):
        for step in dis.get_instructions(part):
            if step.opname in operations and isinstance(step.argval, str):
                yield step.argval


def _bound(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            yield step.argval
    yield from _names(code, {"STORE_GLOBAL"})


def _root(node: ast.AST) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _altered(statement: ast.stmt) -> Iterator[str]:
    """Roots of what is assigned to a part of, and of the methods called as statements."""
    for node in ast.walk(statement):
        parts: list[ast.AST] = []
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            parts.append(node)
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
        ):
            parts.append(node.value)
        for part in parts:
            root = _root(part)
            if root is not None:
                yield root


def _checked(statement: ast.stmt, exercise: str, name: str) -> Iterator[CodeType]:
    """What a statement hands to the check of an exercise, compiled, where that is not the function's name."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return
    for node in ast.walk(statement):
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        first, second = node.args[:2]
        named = isinstance(first, ast.Constant) and first.value == exercise
        if named and not (isinstance(second, ast.Name) and second.id == name):
            yield compile(ast.Expression(second), "<check>", "eval", dont_inherit=True)


def run(statements: Iterable[Statement], names: dict[str, Any]) -> list[str]:
    """Run statements; return what went wrong, a line each. One that fails does not keep the next from running."""
    failed = []
    for statement in statements:
        try:
            exec(statement.code, names)
        except BaseException as error:  # SystemExit as well: exit() in a notebook ends nothing here.
            said = " ".join(str(error).split())
            failed.append(f"{statement.text}: {type(error).__name__}: {said}"[:300])
    return failed
