"""How what was caught goes on to another URL, unchanged, so that its signatures hold there too."""

from http import HTTPStatus
from urllib.parse import urlsplit

import click
import requests

from clockwire.cli.catching import Caught, Reply

_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 5, 25
_LARGEST_ANSWER = 64 * 1024
# Those of the connection it came by, and those that the next request has of its own.
_LEFT_OUT = {"host", "content-length", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}


def forward(caught: Caught, url: str) -> Reply:
    """What the other URL answers; 502 if it does not. No proxy stands between, and no redirect is followed."""
    headers = {name: value for name, value in caught.headers if name.lower() not in _LEFT_OUT}
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.request(
                caught.method,
                url,
                data=caught.body,
                headers=headers,
                timeout=(_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER),
                allow_redirects=False,
                stream=True,
            )
            body = _beginning(answer)
        except (requests.RequestException, OSError) as error:
            return Reply(HTTPStatus.BAD_GATEWAY, note=f"not forwarded to {url}: {_why(error)}")
    took = f"{answer.elapsed.total_seconds() * 1000:.0f} ms"
    note = f"forwarded to {url}: {answer.status_code} {answer.reason} after {took}".replace("  ", " ")
    return Reply(answer.status_code, body, answer.headers.get("Content-Type", ""), note)


def check_url(url: str) -> str:
    """The URL, if webhooks can be sent on to it."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"{url!r} is not a URL like http://127.0.0.1:8080/hook"
        raise click.BadParameter(message, param_hint="--forward")
    return url


def _beginning(answer: requests.Response) -> bytes:
    """What is answered, cut where it becomes too much for the webhook's sender."""
    body = b""
    for part in answer.iter_content(_LARGEST_ANSWER):
        body += part
        if len(body) >= _LARGEST_ANSWER:
            break
    return body[:_LARGEST_ANSWER]


def _why(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "nobody answers there, or not to the end"
    return str(error)
