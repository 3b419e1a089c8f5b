"""What docs/ says of settings, commands, types, errors and deliveries is what the code says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

PROGRAM = ROOT / "tools" / "write_reference.py"


def test_the_reference_is_what_the_code_says():
    checked = subprocess.run([sys.executable, PROGRAM, "--check"], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("page", "count", "words"),
    [
        ("reference/event-types.md", 41, ["`timelog.created`", "`billingrate.deleted`", "`timer.discarded`"]),
        ("reference/errors.md", 33, ["`CURSOR_EXPIRED`", "`OUT_OF_RANGE`", "`earliest_cursor`"]),
        ("reference/metrics.md", 13, ["`clockwire_calls_total`", "`method`, `code`", "histogram"]),
        ("reference/settings.md", 18, ["`--allow-target CIDR`", "`CLOCKWIRE_SECRET_KEY`"]),
    ],
)
def test_a_page_lists_all_there_is(page: str, count: int, words: list[str]):
    part = (ROOT / "docs" / page).read_text().partition("<!-- from the code")[2].partition("<!-- end -->")[0]

    assert sum(line.startswith("| ") for line in part.splitlines()) == count + 2  # with the head and its rule
    assert [word for word in words if word not in part] == []


def test_the_reference_knows_every_command_and_every_column():
    commands = (ROOT / "docs/reference/cli.md").read_text()
    columns = (ROOT / "docs/reference/record-types.md").read_text()

    assert commands.count("\n## clockwire ") == 30
    assert columns.count("\n## ") - 1 == 11
    assert "| `ApprovedBy` | `approver_user_id` |" in columns


def test_a_part_that_is_changed_or_missing_is_noticed(tmp_path: Path):
    pages = {path.name: path.read_text() for path in (ROOT / "docs").rglob("*.md") if path.name != "README.md"}
    pages["errors.md"] = pages["errors.md"].replace("`CURSOR_EXPIRED`", "`CURSOR_EXPIERD`")
    pages["scopes.md"] = ""
    (tmp_path / "docs").mkdir()
    for name, text in pages.items():
        (tmp_path / "docs" / name).write_text(text)

    said = _checked(tmp_path)

    assert "docs/errors.md is not what the code says" in said
    assert "'scopes' is on 0 pages" in said
    assert said.count("\n") == 1


def _checked(root: Path) -> str:
    """What the check says of the pages under another root."""
    program = (
        f"import sys; sys.path.insert(0, {str(PROGRAM.parent)!r})\n"
        "import write_reference, pathlib\n"
        f"write_reference.ROOT = pathlib.Path({str(root)!r})\n"
        "sys.exit(write_reference.main('--check'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return done.stdout.strip()
