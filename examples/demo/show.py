"""How the demonstration speaks: a line each, with the time since it began."""

import sys
import time

_BEGIN = time.monotonic()
_BOLD, _GREEN, _RED, _PLAIN = ("\033[1m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


def heading(text: str) -> None:
    """What comes next."""
    print(f"\n{_BOLD}{text}{_PLAIN}", flush=True)


def line(text: str) -> None:
    """Something that happened just now."""
    print(f"  {time.monotonic() - _BEGIN:6.1f} s  {text}", flush=True)


def detail(name: str, value: object) -> None:
    """More about the line before."""
    print(f"            {name:24} {value}", flush=True)


def verdict(text: str, *, holds: bool) -> bool:
    """Whether something that had to be seen was seen."""
    mark, colour = ("yes", _GREEN) if holds else ("NO ", _RED)
    print(f"  {colour}{mark}{_PLAIN}  {text}", flush=True)
    return holds
