"""What does a person mean who writes "/track [task] in [project]"? Read as TrackingTime documents it for chats.

Task names may hold " in ": what counts is the last one, and what stands in quotes or brackets stays together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from clockwire.model.errors import FieldInvalid
from clockwire.model.values.text import check_text

_BRACKETS: Mapping[str, str] = {'"': '"', "“": "”", "[": "]"}
_VERBS = ("track", "stop", "status")
_IN = re.compile(" in ", re.IGNORECASE)
_LONGEST = 1_000
_LONGEST_NAME = 200
HELP = "there are /track [task] in [project], /stop and /status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A command as a person wrote it."""

    #: "track", "stop" or "status".
    verb: str
    task: str = ""
    project: str = ""


def read_spoken(text: str) -> Spoken:
    """The command that a line holds. Raises FieldInvalid for anything else."""
    if len(text) > _LONGEST:
        raise FieldInvalid.of("text", f"has {len(text):,} characters, at most {_LONGEST:,} are allowed")
    verb, _, rest = " ".join(text.split()).partition(" ")
    verb = verb.lower()
    if not verb.startswith("/") or verb[1:] not in _VERBS:
        raise FieldInvalid.of("text", f"is no command: {HELP}")
    task, project = _task_and_project(rest)
    if verb == "/track" and not (task or project):
        raise FieldInvalid.of("text", "does not say what to track: write /track [task] in [project]")
    return Spoken(verb=verb[1:], task=_name("task", task), project=_name("project", project))


def _name(field: str, text: str) -> str:
    return check_text(field, text, _LONGEST_NAME)


def _task_and_project(text: str) -> tuple[str, str]:
    split = _before_brackets(text) or _at_last_in(text)
    return split or (_bare(text), "")


def _before_brackets(text: str) -> tuple[str, str] | None:
    """What stands before a project in brackets or quotes."""
    for opening, closing in _BRACKETS.items():
        begin = text.rfind(opening, 0, -1) if text.endswith(closing) else -1
        head = f" {text[:begin]}" if begin >= 0 else ""
        if head.lower().endswith(" in "):
            return _bare(head[1:-4]), text[begin + 1 : -1].strip()
    return None


def _at_last_in(text: str) -> tuple[str, str] | None:
    if _is_bracketed(text):
        return None
    places = [match.start() for match in _IN.finditer(f" {text}")]
    return (_bare(text[: max(places[-1] - 1, 0)]), _bare(text[places[-1] + 3 :])) if places else None


def _is_bracketed(text: str) -> bool:
    closing = _BRACKETS.get(text[:1])
    return closing is not None and len(text) > 1 and text.find(closing, 1) == len(text) - 1


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1].strip() if _is_bracketed(text) else text
