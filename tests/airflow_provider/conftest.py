"""A server for what the provider does, and an Airflow home for what it does without a running Airflow."""

import atexit
import json
import os
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from clockwire.client import Client
from tests.support.serving import RunningServer, running_server

# Airflow reads its settings, and makes its home, when it is first imported.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server that may send webhooks to this machine."""
    with running_server(tmp_path_factory.mktemp("clockwire"), "--allow-target", "127.0.0.0/8") as server:
        yield server


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    """A client of that server that may do everything."""
    with server.client() as client:
        yield client


@pytest.fixture
def connection(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an Airflow connection to that server."""
    monkeypatch.setenv("AIRFLOW_CONN_CLOCKWIRE_DEFAULT", connection_json(server))
    return "clockwire_default"


def connection_json(server: RunningServer, **extra: Any) -> str:
    """An Airflow connection to *server*, as a variable of the environment holds it."""
    host, _, port = server.target.rpartition(":")
    return json.dumps(
        {
            "conn_type": "clockwire",
            "host": host,
            "port": int(port),
            "password": server.api_key,
            "extra": {"tls": False, **extra},
        }
    )


@pytest.fixture
def folder_of_the_provider() -> Path:
    """Where the package lies."""
    import clockwire_provider

    return Path(clockwire_provider.__file__).parent


@pytest.fixture
def accepting_endpoint() -> Iterator[str]:
    """The URL of a receiver that accepts every webhook."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Accepting) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{receiver.server_address[1]}/hook"
        receiver.shutdown()
        thread.join()


class _Accepting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Take the body, and say 204."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
