"""What CloudFront's JavaScript runtime 2.0 understands: Node, on which edge functions are tested, knows more.

The lists are in `data/edge_language.yaml`: what isn't there is refused, and may be added when AWS's page has it.
"""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_javascript
import yaml
from tree_sitter import Language, Node, Parser

from local.settings import REPO

_PARSER = Parser(Language(tree_sitter_javascript.language()))
_LISTS = yaml.safe_load((REPO / "tests" / "data" / "edge_language.yaml").read_text())
SYNTAX = frozenset(" ".join(_LISTS["syntax"].values()).split())
METHODS = frozenset(" ".join(_LISTS["methods"].values()).split())
MODULES, GLOBALS = frozenset(_LISTS["modules"].split()), frozenset(_LISTS["globals"].split())
OPERATORS_BEYOND = frozenset({"??", "?.", "&&=", "||=", "??=", "of"})
_AWAITED_IN = frozenset({"variable_declarator", "assignment_expression", "expression_statement", "return_statement"})


def problems(code: str) -> Iterator[str]:
    """Where `code` isn't in the language, by line."""
    root = _PARSER.parse(code.encode()).root_node
    if root.has_error:
        yield "it can't be parsed"
        return
    nodes = list(_below(root))
    declared = {_text(node) for node in nodes if _declares(node)}
    for node in nodes:
        for problem in _problems(node, declared):
            yield f"line {node.start_point.row + 1}: {problem}"


def _problems(node: Node, declared: set[str]) -> Iterator[str]:
    yield from _unknown(node, declared)
    yield from _misplaced(node)
    if node.type == "call_expression":
        yield from _called(node)


def _unknown(node: Node, declared: set[str]) -> Iterator[str]:
    if node.type not in SYNTAX if node.is_named else node.type in OPERATORS_BEYOND:
        yield f"there is no {node.type}"
    if node.type == "regex_flags" and set(_text(node)) - set("gimy"):
        yield f"there are no flags {_text(node)}"
    if node.type == "import_statement" and _text(node.child_by_field_name("source")).strip("'\"") not in MODULES:
        yield f"there is no such module: {_text(node)}"
    if node.type == "identifier" and _text(node) not in declared | GLOBALS:
        yield f"there is no {_text(node)}"


def _misplaced(node: Node) -> Iterator[str]:
    around = node.parent.type if node.parent else ""
    if node.type == "catch_clause" and node.child_by_field_name("parameter") is None:
        yield "a catch names its error"
    if node.type == "await_expression" and around not in _AWAITED_IN:
        yield "await stands alone: in no argument and no larger expression"
    if _is_async(node) and (node.type, around) != ("function_declaration", "program"):
        yield "async functions are no closures"


def _called(node: Node) -> Iterator[str]:
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or function.type != "member_expression":
        return
    name = _text(function.child_by_field_name("property"))
    if name not in METHODS:
        yield f"there is no method {name}"
    if _text(function) == "console.log" and given and len(given.named_children) != 1:
        yield "console.log takes one value"


def _declares(node: Node) -> bool:
    parent = node.parent
    if node.type != "identifier" or parent is None:
        return False
    if parent.type in ("formal_parameters", "import_clause", "rest_pattern"):
        return True
    names = ("left",) if parent.type == "for_in_statement" else ("name", "parameter")
    return node in (parent.child_by_field_name(name) for name in names)


def _is_async(node: Node) -> bool:
    kinds = ("function_declaration", "function_expression", "arrow_function")
    return node.type in kinds and any(child.type == "async" for child in node.children)


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _below(child)


def _text(node: Node | None) -> str:
    return node.text.decode() if node and node.text else ""
