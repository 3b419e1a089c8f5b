"""What of GitHub's webhooks concerns us: issues that open and close, and comments that are commands.

https://docs.github.com/en/webhooks/webhook-events-and-payloads says what they hold.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clockwire.model.errors import FieldInvalid

_LONGEST_NAME = 200
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue, as a task is named after it."""

    title: str
    repository: str
    #: Its own name for itself, "github:owner/name#12", and its repository's.
    external_id: str
    repository_external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEvent:
    """What happened to an issue: "opened", "closed", "reopened" or "comment"; anything else is none of ours."""

    what: str
    issue: Issue
    #: Of a comment: who wrote what.
    login: str = ""
    text: str = ""


def read_github(event: str, payload: Mapping[str, Any]) -> IssueEvent | None:
    """What happened, None for what concerns nobody here. Raises FieldInvalid for a payload that is not GitHub's."""
    action = payload.get("action")
    if event == "issues" and action in ("opened", "closed", "reopened"):
        return IssueEvent(what=str(action), issue=_issue(payload))
    if event == "issue_comment" and action == "created":
        comment = _at(payload, "comment")
        text = _text(comment, "comment", "body").strip()
        if text.startswith("/"):
            login = _text(_at(comment, "user", "comment"), "comment.user", "login")
            return IssueEvent(what="comment", issue=_issue(payload), login=login, text=text)
    return None


def _issue(payload: Mapping[str, Any]) -> Issue:
    issue, repository = _at(payload, "issue"), _at(payload, "repository")
    number = issue.get("number")
    if not isinstance(number, int) or number < 1:
        raise FieldInvalid.of("issue.number", "is needed")
    full_name = _name(_text(repository, "repository", "full_name"))
    return Issue(
        title=_name(_text(issue, "issue", "title")) or f"#{number}",
        repository=_name(_text(repository, "repository", "name")),
        external_id=f"github:{full_name[:160]}#{number}",
        repository_external_id=f"github:{full_name[:160]}",
    )


def _at(payload: Mapping[str, Any], name: str, within: str = "") -> Mapping[str, Any]:
    value = payload.get(name)
    if not isinstance(value, dict):
        raise FieldInvalid.of(f"{within}.{name}" if within else name, "is needed, and holds fields")
    return value


def _text(payload: Mapping[str, Any], path: str, name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str):
        raise FieldInvalid.of(f"{path}.{name}", "is needed, and is a text")
    return value


def _name(text: str) -> str:
    """In one line, as long as names may be, and without what no name may hold."""
    return " ".join(_CONTROL.sub(" ", text).split())[:_LONGEST_NAME].strip()
