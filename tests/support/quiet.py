"""A log that says nothing but errors, for tests that make thousands of calls or read what a command prints."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def quiet_log() -> Iterator[None]:
    """Only errors are logged, in plain text."""
    before = structlog.get_config()
    formatter = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    # A logger that kept this would stay quiet when others test what it says.
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, formatter], wrapper_class=quiet, cache_logger_on_first_use=False
    )
    try:
        yield
    finally:
        structlog.configure(**before)
