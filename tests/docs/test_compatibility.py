"""Every row of docs/compatibility.md names a test that exists."""

import ast
import re
from functools import cache

import pytest

from tests.support.repository import ROOT

PAGE = (ROOT / "docs/compatibility.md").read_text()
HEAD = ["as documented", "here", "proved by"]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows(section: str) -> list[list[str]]:
    """The rows of a section's tables, heads and rules left out."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if row != HEAD and not set("".join(row)) <= set("- ")]


SECTIONS = {section.partition("\n")[0]: rows(section) for section in PAGE.split("\n## ")[1:]}
ROWS = [pytest.param(row, id=f"{name}: {row[0]}") for name, found in SECTIONS.items() for row in found]


@pytest.mark.parametrize("row", ROWS)
def test_a_feature_is_there_and_its_test_exists(row: list[str]):
    documented, here, proof = row
    named = NAMED.findall(proof)

    assert documented
    assert here
    assert named
    assert NAMED.sub("", proof).strip(", ") == ""
    assert [f"{file}::{test}" for file, test in named if test not in defined_in(file)] == []


def test_every_section_has_rows_and_stands_in_the_contents():
    contents = re.findall(r"^- \[(.+?)\]", PAGE.partition("\n## ")[0], re.MULTILINE)

    assert list(SECTIONS) == contents
    assert [name for name, found in SECTIONS.items() if not found] == []


def test_nothing_is_there_only_partly():
    assert re.findall(r"\b(partly|partial|planned|later|not yet)\b", " ".join(map(str, SECTIONS.values()))) == []


@cache
def defined_in(file: str) -> frozenset[str]:
    """The tests that a file defines; none if there is no such file."""
    path = ROOT / file
    tree = ast.parse(path.read_text()) if path.is_file() else ast.Module([], [])
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))
