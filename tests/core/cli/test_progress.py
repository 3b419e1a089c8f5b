"""A person who waits is told what for; a file is not."""

import io
import sys

import pytest

from clockwire.cli.progress import waiting


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("error", [None, ValueError])
def test_what_is_waited_for_stands_on_the_terminal_until_it_is_over(monkeypatch, error):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    try:
        with waiting("3/7  Save a new project"):
            assert terminal.getvalue() == "3/7  Save a new project …"
            if error:
                raise error
    except ValueError:
        pass

    assert terminal.getvalue() == "3/7  Save a new project …\r\033[K"


def test_a_file_is_told_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    with waiting("3/7  Save a new project"):
        pass

    assert file.getvalue() == ""
