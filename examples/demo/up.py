"""`make up`: a Clockwire and a real Airflow with the example Dags, until Ctrl-C. Nothing is kept for the next time."""

import shutil
import signal
import socket
import threading
from contextlib import closing
from pathlib import Path

from airflow_stack import running_airflow
from clockwire_server import running_clockwire
from connection import connection_to
from show import detail, heading, line

import clockwire_provider

CACHE = Path(__file__).parents[2] / ".cache"
FOLDER = CACHE / "up"
USUAL_PORT = 50051


def main() -> None:
    """Both run until somebody ends them."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    shutil.rmtree(FOLDER, ignore_errors=True)
    heading("Starting")
    with running_clockwire(FOLDER / "clockwire", listen=f"127.0.0.1:{_free_port()}") as server:
        line("Clockwire answers; Airflow starts, which takes a while")
        dags = Path(clockwire_provider.__path__[0]) / "example_dags"
        connections = {"clockwire_default": connection_to(server)}
        template = CACHE / "airflow-template.db"
        with running_airflow(FOLDER / "airflow", dags, connections=connections, template=template) as airflow:
            heading("Running, until Ctrl-C")
            detail("Clockwire, gRPC", f"{server.address}, without TLS")
            detail("its API key", server.api_key)
            detail("its workspace", server.workspace_id)
            detail("Airflow", f"{airflow.address}, no login needed: every visitor is an admin")
            detail("Airflow's connection", "clockwire_default")
            detail("files and logs", FOLDER)
            heading("To follow the event log")
            print(f"  export CLOCKWIRE_API_KEY={server.api_key}")
            print(f"  .venv/bin/clockwire events tail --server {server.address}")
            stopping.wait()
            heading("Stopping")
    line("stopped")


def _free_port() -> int:
    """The usual port, or any that is free."""
    for port in (USUAL_PORT, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("there is no free port")


if __name__ == "__main__":
    main()
