"""A page of documentation, done step by step as a reader would: its shell and Python blocks run, in one shell.

A `text` block after a step is what the step prints, line for line in any order, where … stands for anything. A step
that begins something in the background (its last line ends in &) is over when that says "listening on".
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DONE, FAILED = "@@ done", "@@ failed"


@dataclass(frozen=True, slots=True)
class Step:
    """A block to be run, and what it must print; None: whatever it likes."""

    program: str
    expected: tuple[str, ...] | None


def steps_of(page: str) -> list[Step]:
    """The steps of a page, in order."""
    found: list[Step] = []
    for language, text in BLOCK.findall(page):
        if language == "text":
            found[-1] = Step(found[-1].program, tuple(text.splitlines()))
        else:
            found.append(Step(text if language == "sh" else f"python - <<'@@'\n{text}@@\n", None))
    return found


class Shell:
    """A bash that is told one step after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, step: Step) -> None:
        """The step has run without an error and has printed what it should."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{step.program}\necho '{DONE}'\n")
        self._process.stdin.flush()
        wanted = list(step.expected or ())
        background = step.program.rstrip().endswith("&")
        printed: list[str] = []
        done = heard = False
        while not done or wanted or (background and not heard):
            line = self._line(step, printed)
            done = done or line == DONE
            heard = heard or line.startswith("listening on")
            printed.append(line)
            if matches := [each for each in wanted if _is_like(line, each)]:
                wanted.remove(matches[0])
            elif step.expected is not None and line != DONE:
                message = f"not on the page: {line!r}\nafter\n{step.program}"
                raise AssertionError(message)

    def _line(self, step: Step, printed: list[str]) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line or line.startswith(FAILED):
            said = "\n".join(printed)
            message = f"{line.strip() or 'the shell ended'}\nin\n{step.program}\nwhich printed\n{said}"
            raise AssertionError(message)
        return line.rstrip("\n")


@contextmanager
def shell(folder: Path, **environment: str) -> Iterator[Shell]:
    """A shell in a folder, with the programs of this environment; what it began ends with it."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("CLOCKWIRE_", "AIRFLOW_"))}
    process = subprocess.Popen(
        ["bash"],
        cwd=folder,
        env=bare | {"PATH": programs, "PYTHONUNBUFFERED": "1"} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(f"set -Eu -o pipefail; trap 'echo \"{FAILED}: $BASH_COMMAND\"' ERR\n")
    try:
        yield Shell(process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()


def walk(page: Path, folder: Path, *, instead: Mapping[str, str], **environment: str) -> None:
    """Every step of a page is done. *instead* says what stands for names and addresses that belong to the reader."""
    text = page.read_text()
    for theirs, ours in instead.items():
        text = text.replace(theirs, ours)
    with shell(folder, **environment) as running:
        for step in steps_of(text):
            running.run(step)


def _is_like(line: str, wanted: str) -> bool:
    """Whether the line is the wanted one, whatever stands for its ellipses."""
    return re.fullmatch(".+?".join(map(re.escape, wanted.split("…"))), line) is not None
