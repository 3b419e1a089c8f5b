"""How log lines look: events with fields, for programs as JSON, for people as text."""

import logging
import sys
from collections.abc import Mapping, Sequence

import orjson
import structlog
from structlog.typing import Processor

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("auto", "json", "text")


def configure_logs(level: str, format_: str) -> None:
    """Every line goes to standard error, those of libraries too; secrets are no part of any of them."""
    as_json = format_ == "json" or (format_ == "auto" and not sys.stderr.isatty())
    shared: Sequence[Processor] = (
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    renderer: Sequence[Processor] = (
        (structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_json))
        if as_json
        else (
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        )
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(level, [*shared], list(renderer))


def _configure_libraries(level: str, shared: list[Processor], renderer: list[Processor]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(LEVELS[level], logging.WARNING))


def _json(line: Mapping[str, object], **_: object) -> str:
    """When, how important and what come first."""
    head = {name: line[name] for name in ("timestamp", "level", "event") if name in line}
    return orjson.dumps(head | {name: value for name, value in line.items() if name not in head}, default=str).decode()
