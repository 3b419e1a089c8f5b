"""How lists are shown: in columns, for people; cut and grep find their way too."""

from collections.abc import Iterable, Sequence

import click


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """One line per row, under a head; columns are two blanks apart."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
