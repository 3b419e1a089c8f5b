"""Nothing is committed that belongs to one machine, and nothing that says it is unfinished."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.repository import ROOT, repository_files

# The brackets keep these patterns from finding themselves. TASK_STATUS_TODO and its like are words of the contract.
UNFINISHED = re.compile(r"(#|//|<!--|\*)\s*(T[O]DO|FI[X]ME|X[X]X|HA[C]K)\b|\b(T[O]DO|FI[X]ME|X[X]X|HA[C]K)\s*[:(]")
FOLDERS_OF_A_PERSON = re.compile(r"/(home|Users)/[\w.-]+/|(?<![\w.])/ro[o]t/")
REGISTRIES = re.compile(r"https?://\S+/simpl[e]\b|python[h]osted\.org|registry\.npm[j]s\.org")
SETTINGS_WITH_REGISTRIES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The text of every file that has one."""
    return {str(file): text for file in repository_files() if (text := _text_of(ROOT / file)) is not None}


def test_nothing_is_marked_as_unfinished(texts):
    assert _found(texts, UNFINISHED) == []


def test_no_file_names_a_folder_of_one_machine(texts):
    own = [re.escape(f"{folder}/") for folder in (ROOT, Path.home()) if len(folder.parts) > 1]

    assert _found(texts, FOLDERS_OF_A_PERSON) == []
    assert _found(texts, re.compile("|".join(own))) == []


def test_no_file_names_a_package_registry(texts):
    assert _found(texts, REGISTRIES) == []
    for host in _registries_of_this_machine():
        assert _found(texts, re.compile(re.escape(host))) == []


def test_constraints_are_names_and_versions_alone(texts):
    lines = [line for line in texts["constraints.txt"].splitlines() if not line.startswith("#")]

    assert [line for line in lines if not re.fullmatch(r"[a-z0-9._-]+==[\w.+]+( ; .+)?", line)] == []


def _text_of(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def _found(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts.items()
        if pattern.pattern and pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def _registries_of_this_machine() -> Iterator[str]:
    """The hosts that packages come from here, where they are not the public ones."""
    pip = [sys.executable, "-m", "pip", "config", "list"]
    settings = [subprocess.run(pip, capture_output=True, text=True, check=False).stdout]
    settings += [os.environ.get(name, "") for name in SETTINGS_WITH_REGISTRIES]
    for url in re.findall(r"https?://[^\s'\"]+", json.dumps(settings)):
        host = urlsplit(url).hostname
        if host and host != "pypi.org":
            yield host
