"""Which parts of docs/ follow from the code? Writes them, between the marks that the pages hold.

Usage: write_reference.py [--check]. A part stands between `<!-- from the code: NAME -->` and `<!-- end -->`; what is
outside is written by people. With --check nothing is written, and a page that is not what the code says is an error.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import reference_commands
import reference_deliveries
import reference_errors
import reference_events
import reference_metrics
import reference_settings

ROOT = Path(__file__).parents[1]
PART = re.compile(r"(<!-- from the code: ([a-z0-9 -]+) -->\n).*?(<!-- end -->)", re.DOTALL)

PARTS: Mapping[str, Callable[[], str]] = {
    **reference_settings.PARTS,
    **reference_commands.PARTS,
    **reference_events.PARTS,
    **reference_errors.PARTS,
    **reference_metrics.PARTS,
    **reference_deliveries.PARTS,
}


def main(*args: str) -> int:
    """0 if every page is what the code says, now or already."""
    pages = {path: path.read_text() for path in sorted((ROOT / "docs").rglob("*.md"))}
    problems = _misplaced(pages)
    for path, text in pages.items():
        fresh = PART.sub(_written, text)
        if fresh != text and "--check" in args:
            problems.append(f"{path.relative_to(ROOT)} is not what the code says: run tools/write-reference")
        elif fresh != text:
            path.write_text(fresh)
            print(f"wrote {path.relative_to(ROOT)}")
    print("\n".join(problems) or "The reference in docs/ is what the code says.")
    return 1 if problems else 0


def _misplaced(pages: Mapping[Path, str]) -> list[str]:
    """Parts that no page has, that two have, or that nobody knows."""
    used = [name for text in pages.values() for _, name, _ in PART.findall(text)]
    unknown = [f"{name!r} is no part that follows from the code" for name in used if name not in PARTS]
    counts = {name: used.count(name) for name in PARTS}
    return unknown + [f"{name!r} is on {count} pages, not on one" for name, count in counts.items() if count != 1]


def _written(part: re.Match[str]) -> str:
    begin, name, end = part.groups()
    return f"{begin}{PARTS[name]().rstrip()}\n{end}" if name in PARTS else part.group()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
