"""A link inside the repository leads somewhere, and every page of docs/ can be found."""

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT, repository_files

LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(file for file in repository_files() if file.suffix == ".md")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path):
    broken = [
        f"{target}#{anchor}" if anchor else target
        for target, anchor in LINK.findall(FENCE.sub("", (ROOT / page).read_text()))
        if not _leads_somewhere(page, target, anchor)
    ]

    assert broken == []


def test_every_page_of_the_documentation_is_in_its_index():
    index = (ROOT / "docs/README.md").read_text()
    pages = {
        str(page.relative_to("docs")) for page in PAGES if page.parts[0] == "docs" and "decisions" not in page.parts
    }

    assert {page for page in pages if f"({page})" not in index} == {"README.md"}


def _leads_somewhere(page: Path, target: str, anchor: str) -> bool:
    path = ROOT / page.parent / target if target else ROOT / page
    return path.exists() and (not anchor or anchor in _anchors(path))


def _anchors(page: Path) -> set[str]:
    """What headings are called in links, as the usual renderers make it."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
