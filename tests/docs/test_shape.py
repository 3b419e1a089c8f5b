"""Every file stays small enough to be read at one go, says what it is for, and lies where it is looked for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT, python_files

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def test_files_are_short_enough_to_be_read_at_one_go():
    sizes = {str(file): len(_text(file).splitlines()) for file in python_files()}

    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FILE} == {}


def test_functions_do_one_step():
    sizes = {f"{file}:{name}": size for file in python_files() for name, size in _functions(file)}

    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION} == {}


def test_files_say_first_which_question_they_answer():
    assert [str(file) for file in python_files() if not ast.get_docstring(ast.parse(_text(file)))] == []


def test_files_are_named_for_what_is_in_them():
    assert [str(file) for file in python_files() if NAMES_THAT_SAY_NOTHING & {*file.parts, file.stem}] == []


def test_tests_are_found_by_their_names():
    tests = [file for file in python_files() if file.parts[0] == "tests" and file.parts[1] != "support"]

    assert [str(file) for file in tests if not file.name.startswith("test_") and file.name != "conftest.py"] == []


@pytest.mark.parametrize(("tests", "package"), [("core", "core/clockwire"), ("airflow_provider", "clockwire_provider")])
def test_tests_lie_where_the_code_lies(tests: str, package: str):
    folders = {file.parts[2] for file in python_files() if file.parts[:2] == ("tests", tests) and len(file.parts) > 3}
    home = ROOT / package if tests == "core" else ROOT / tests / package

    assert [folder for folder in sorted(folders) if not (home / folder).is_dir()] == []


def _text(file: Path) -> str:
    return (ROOT / file).read_text()


def _functions(file: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file, and how many lines each has."""
    for node in ast.walk(ast.parse(_text(file))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno - node.lineno + 1
