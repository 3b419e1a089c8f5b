"""How what a dispatcher has to write down is written by another process: the server that it sends for."""

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from clockwire.storage.writer import Job
from clockwire.webhooks.messages import Do


class RemoteWriter:
    """Takes operations as a writer does, from any thread. They are pickled: functions of modules, with values."""

    def __init__(self, say: Callable[[object], None]) -> None:
        """*say* tells the server something."""
        self._say = say
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._jobs: dict[int, Job[Any]] = {}

    def submit(self, job: Job[Any]) -> None:
        """The server writes it when its turn comes."""
        with self._lock:
            number = next(self._numbers)
            self._jobs[number] = job
        self._say(Do(number, job.operation, job.caller.workspace_id))

    def answered(self, number: int, answer: Any) -> None:  # noqa: ANN401 - whatever the operation answers
        """It was written, or refused."""
        with self._lock:
            job = self._jobs.pop(number)
        job.done(answer)
