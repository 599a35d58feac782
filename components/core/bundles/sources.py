"""What a handler is made of, found by reading its imports and never by running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import BundleError

PACKAGE = "handlers"

PROVIDED = frozenset({"boto3", "botocore"})
"""In Lambda's Python runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included"""

REFUSED = frozenset({"pulumi", "pulumi_aws", "components", "serviceful"})
"""Of the program that deploys a handler, so never in one."""


@dataclass(frozen=True)
class Sources:
    """A handler's own files and what they import from elsewhere."""

    files: dict[str, bytes]
    """Content by path below the source root, such as `handlers/convert/zip.py`."""

    packages: frozenset[str]
    """Top-level names that must come from a lock file."""


def trace(module: str, root: Path) -> Sources:
    """Follow `module`'s imports within `handlers`, wherever in a file they stand, but for those under TYPE_CHECKING.

    Raises BundleError for a module that does not exist, has no function `handler`, or imports what a handler may not.
    """
    waiting, files, packages = [module], {}, set()
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = _file(name, root)
        if path is None:
            raise BundleError(f"{name}: there is no such module below {root}")
        content = path.read_bytes()
        tree = ast.parse(content, str(path))
        if name == module and "handler" not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}:
            raise BundleError(f"{name}: it defines no function `handler`")
        files[path.relative_to(root).as_posix()] = content
        files |= {data.relative_to(root).as_posix(): data.read_bytes() for data in _data(path)}
        waiting += _parents(name)
        for imported in _imports(tree, name, root):
            top = imported.partition(".")[0]
            if top == PACKAGE:
                waiting.append(imported)
            elif top in REFUSED:
                raise BundleError(f"{name} imports {top}: a handler runs without the program that deploys it")
            elif top not in sys.stdlib_module_names and top not in PROVIDED:
                packages.add(top)
    return Sources(files, frozenset(packages))


def _data(path: Path) -> list[Path]:
    """What a package reads at run time: the JSON files beside its `__init__.py`."""
    return sorted(path.parent.glob("*.json")) if path.name == "__init__.py" else []


def _imports(tree: ast.AST, name: str, root: Path) -> Iterator[str]:
    """Dotted names of modules; what is taken out of a module may be one, too."""
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise BundleError(f"{name}:{node.lineno}: write relative imports in full, from {PACKAGE} down")
            yield node.module
            within = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (module for module in within if _file(module, root) is not None)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            yield from (inner for branch in node.orelse for inner in (branch, *_running(branch)))
        else:
            yield node
            yield from _running(node)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _file(name: str, root: Path) -> Path | None:
    base = root.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)
