"""A whole Apache Airflow on this machine: API server, scheduler, Dag processor and triggerer, in a home of its own.

For demonstrations and tests: SQLite, every visitor an admin, all intervals short. Each component is a process group
that can be stopped, killed and started again alone; its log is COMPONENT.log in the home.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

#: Seconds within which things happen on a busy machine too: each component, and each task, is a process that imports
#: Airflow first.
PATIENCE = 240

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
_HEALTH = ("scheduler", "dag_processor", "triggerer")

# The defaults are made for large installations; with these a new or changed Dag is seen within 2 s, and a dead
# triggerer is replaced within 5 s. LocalExecutor keeps as many idle processes as it may run tasks, so few.
_SETTINGS = {
    "CORE__EXECUTOR": "LocalExecutor",
    "CORE__PARALLELISM": "2",
    "CORE__LOAD_EXAMPLES": "False",
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "CORE__TEST_CONNECTION": "Enabled",
    "API__HOST": "127.0.0.1",
    "API__WORKERS": "1",
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "2",
    "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",  # of files that have not changed: parsing them costs a whole CPU
    "DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
    "TRIGGERER__CAPACITY": "50",
    # A busy machine may be slow to answer a task that begins; Airflow would fail it after 5 s.
    "WORKERS__EXECUTION_API_TIMEOUT": "60",
}
# Keys of an Airflow that nobody else can reach and that is thrown away afterwards.
_KEYS = {
    "API_AUTH__JWT_SECRET": "only-for-a-demonstration-on-this-machine-only-for-a-demonstration",
    "CORE__FERNET_KEY": "ZGVtb25zdHJhdGlvbi1kZW1vbnN0cmF0aW9uLTAwMDE=",
}

Found = TypeVar("Found")


@contextlib.contextmanager
def running_airflow(
    home: Path, dags: Path, *, connections: Mapping[str, str], template: Path | None = None
) -> "Iterator[AirflowStack]":
    """A healthy Airflow with these Dags and connections (id to JSON or URI), stopped at the end.

    The empty metadata database is copied from *template*, which is made first if it is not there: that saves 5 s.
    """
    stack = AirflowStack(home, dags, connections=connections)
    try:
        stack.prepare(template)
        stack.start(*COMPONENTS)
        stack.until("Airflow is healthy", stack.is_healthy)
        yield stack
    finally:
        stack.stop(*tuple(stack.running))


class AirflowStack:
    """The components, and the REST API as their admin."""

    def __init__(self, home: Path, dags: Path, *, connections: Mapping[str, str]) -> None:
        self.home = home
        self.address = f"http://127.0.0.1:{_free_port()}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = _environment(home, dags, self.address, connections)
        self._token = ""

    def prepare(self, template: Path | None = None) -> None:
        """An empty metadata database."""
        self.home.mkdir(parents=True, exist_ok=True)
        database = self.home / "airflow.db"
        if template is None or not template.exists():
            subprocess.run(
                [_airflow(), "db", "migrate"], env=self._environment, check=True, capture_output=True, timeout=180
            )
        if template is None:
            return
        if template.exists():
            shutil.copy(template, database)
        else:
            template.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(database, template)

    def start(self, *components: str) -> None:
        """Start these components; they are ready a while later."""
        for name in components:
            arguments = ["--skip-serve-logs"] if name in {"scheduler", "triggerer"} else []
            with (self.home / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [_airflow(), name, *arguments],
                    env=self._environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def stop(self, *components: str) -> None:
        """End these components, and all they started, in an orderly way as long as that takes no more than 20 s."""
        processes = {name: self.running.pop(name) for name in components}
        for process in processes.values():
            _signal(process, signal.SIGTERM)
        for process in processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            _signal(process, signal.SIGKILL)
            process.wait()

    def kill(self, component: str) -> None:
        """End a component, and all it started, as a power failure would."""
        process = self.running.pop(component)
        _signal(process, signal.SIGKILL)
        process.wait()

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """What the REST API answers; HTTPError if it refuses."""
        if not self._token and path != "/auth/token":
            self._token = self.call("GET", "/auth/token")["access_token"]
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.loads(response.read() or b"null")

    def is_healthy(self) -> bool:
        """Whether every component says so."""
        health = self.call("GET", "/api/v2/monitor/health")
        return all(health[name]["status"] == "healthy" for name in _HEALTH)

    def until(self, what: str, look: Callable[[], Found | None], *, seconds: float = PATIENCE) -> Found:
        """What *look* finds once it finds something. Airflow tells nobody when things happen: one has to look."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._check_alive()
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                if found := look():
                    return found
            time.sleep(0.2)
        raise TimeoutError(f"not within {seconds} s: {what}")

    def _check_alive(self) -> None:
        for name, process in self.running.items():
            if process.poll() is not None:
                log = (self.home / f"{name}.log").read_text(errors="replace")
                raise RuntimeError(f"Airflow's {name} has ended:\n{log[-3000:]}")


def _environment(home: Path, dags: Path, address: str, connections: Mapping[str, str]) -> dict[str, str]:
    settings = {
        **_SETTINGS,
        **_KEYS,
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "API__BASE_URL": address,
        "API__PORT": address.rpartition(":")[2],
    }
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW_"))},
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()},
        "AIRFLOW_HOME": str(home),
        # Airflow starts programs of its own by name.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def _airflow() -> str:
    return str(Path(sys.executable).parent / "airflow")


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the whole group: the component and the processes it has forked."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
