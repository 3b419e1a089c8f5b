"""How lists are shown: in columns, for people; cut and grep find their way too."""

import unicodedata
from collections.abc import Iterable, Sequence

import click


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """One line per row, under a head; columns are two blanks apart."""
    lines = [[one_line(cell) for cell in row] for row in (head, *rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        filled = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(filled).rstrip())


def one_line(text: str, *, longest: int | None = None) -> str:
    """The words of a text on one line, cut if they are too many."""
    line = " ".join(text.split())
    return line if longest is None or len(line) <= longest else f"{line[: longest - 1]}…"


def _width(text: str) -> int:
    """How many places of a terminal the text takes: letters of East Asia take two, accents put on others none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )
