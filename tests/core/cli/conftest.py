"""How commands are run in tests."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from clockwire.cli import main

Run = Callable[..., "Ran"]


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line that a command which succeeded has printed."""
        assert self.code == 0, self.err
        assert self.out.count("\n") == 1, self.out
        return self.out.removesuffix("\n")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `clockwire` with these arguments, in this process."""

    def run_here(*arguments: str, stdin: bytes = b"", **variables: str) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            for name, value in variables.items():
                patched.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        captured = capsys.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    return run_here
