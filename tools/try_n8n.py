"""Does a real n8n work with Clockwire? Its workflows register a webhook over HTTP, receive events and verify them.

Usage: try-n8n [FOLDER]. n8n is installed into the folder, ~/.cache/clockwire/n8n if none is named, unless it is there.
It keeps its tables in a PostgreSQL of its own, since the driver for SQLite would have to be compiled.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from n8n_workflows import REGISTER, workflows  # noqa: E402
from sqlalchemy.engine import make_url  # noqa: E402

from clockwire.client import Client  # noqa: E402
from clockwire.model.signing import generate_secret  # noqa: E402
from clockwire.v1.delivery_service_pb2 import GetDeliveryRequest, ListDeliveriesRequest  # noqa: E402
from tests.support.ports import free_port  # noqa: E402
from tests.support.postgresql import running_postgresql  # noqa: E402
from tests.support.serving import running_server  # noqa: E402

VERSION = "1.123.0"  # the last that runs on Node 20
# One of its parts comes from an address outside npm, and another must be as new as what builds on it.
OVERRIDES = {"xlsx": "0.18.5", "@langchain/core": "1.4.0"}
SECONDS_TO_START = 300
QUIET = {
    f"N8N_{name}": "false"
    for name in (
        "DIAGNOSTICS_ENABLED",
        "VERSION_NOTIFICATIONS_ENABLED",
        "TEMPLATES_ENABLED",
        "RUNNERS_ENABLED",
        "SECURE_COOKIE",
    )
}


def main(folder: str = "~/.cache/clockwire/n8n") -> None:
    """Print what n8n was seen to do; exit with 1 if it did not."""
    program = installed(Path(folder).expanduser())
    http, port, secret = free_port(), free_port(), generate_secret().text
    options = ("--allow-target", "127.0.0.1", "--http", f"127.0.0.1:{http}")
    with tempfile.TemporaryDirectory() as scratch, running_server(Path(scratch), *options) as server:
        n8n_url = f"http://127.0.0.1:{port}"
        made = workflows(f"http://127.0.0.1:{http}", n8n_url, api_key=server.api_key, secret=secret)
        with running_n8n(program, Path(scratch), n8n_url), server.client() as client:
            activate(made, n8n_url)
            prove(client, n8n_url)


def activate(made: Sequence[Mapping[str, Any]], n8n_url: str) -> None:
    """The workflows live in n8n, put there as its editor does it."""
    owner = {"email": "ada@example.com", "firstName": "Ada", "lastName": "L", "password": f"N8n{secrets.token_hex(8)}"}
    with requests.Session() as session:
        session.trust_env = False
        session.headers["browser-id"] = "try-n8n"
        _data(session.post(f"{n8n_url}/rest/owner/setup", json=owner, timeout=60))
        for workflow in made:
            saved = _data(session.post(f"{n8n_url}/rest/workflows", json=workflow, timeout=60))
            version = {"versionId": saved["versionId"]}
            _data(session.post(f"{n8n_url}/rest/workflows/{saved['id']}/activate", json=version, timeout=60))


def _data(answer: requests.Response) -> dict[str, Any]:
    """What n8n answers; ends the program if that is an error."""
    if not answer.ok:
        raise SystemExit(f"n8n answers {answer.status_code} at {answer.url}: {answer.text[:1000]}")
    data: dict[str, Any] = answer.json()["data"]
    return data


def prove(client: Client, n8n_url: str) -> None:
    """n8n registers, receives and verifies."""
    registered = requests.get(f"{n8n_url}/webhook/{REGISTER}", timeout=60)
    if not registered.ok:
        raise SystemExit(f"n8n did not register: {registered.status_code} {registered.text[:1000]}")
    subscription = registered.json()["subscription"]
    print(f"n8n registered {subscription['targetUrl']} for {subscription['filter']['eventTypes']}")
    project = client.create("project", project_name="Übergröße ✓")
    gone = client.delete("project", project.record.id)
    for change, event in ((project, "project.created"), (gone, "project.deleted")):
        answer = answered(client, change.mutation.event_ids[0])
        print(f"n8n answered to {event}: {answer}")
        if (answer["event"], answer["signature"]) != (event, "true"):
            raise SystemExit("n8n did not receive what was sent")
    print("n8n registers, receives and verifies.")


def answered(client: Client, event_id: str) -> Mapping[str, str]:
    """What n8n answered to the webhook of an event, by the server's log."""
    [delivery] = client.deliveries.ListDeliveries(ListDeliveriesRequest(event_id=event_id)).deliveries
    request = GetDeliveryRequest(delivery_id=delivery.id, include_bodies=True)
    request.wait_timeout.FromSeconds(60)
    found = client.deliveries.GetDelivery(request, timeout=70)
    answer: Mapping[str, str] = json.loads(found.attempts[-1].response_body)
    return answer


def installed(folder: Path) -> Path:
    """The program, from npm."""
    program = folder / "node_modules/n8n/bin/n8n"
    if not (folder / "ready").exists():
        print(f"installing n8n {VERSION} into {folder}, which takes some minutes", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {"private": True, "dependencies": {"n8n": VERSION}, "overrides": OVERRIDES}
        (folder / "package.json").write_text(json.dumps(wanted))
        flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error")
        subprocess.run(["npm", "install", *flags], cwd=folder, check=True)
        (folder / "ready").touch()
    return program


@contextmanager
def running_n8n(program: Path, scratch: Path, url: str) -> Iterator[None]:
    """n8n, until the end of the block."""
    with running_postgresql() as postgresql, (scratch / "n8n.log").open("wb") as log:
        environment = {**os.environ, **QUIET, **_settings(postgresql.create("n8n"), scratch, url)}
        process = subprocess.Popen(["node", program, "start"], env=environment, stdout=log, stderr=log)
        try:
            _await(url, process, scratch / "n8n.log")
            yield
        finally:
            process.terminate()
            process.wait(60)


def _settings(database_url: str, scratch: Path, url: str) -> Mapping[str, str]:
    database = make_url(database_url)
    return {
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": str(database.query["host"]),
        "DB_POSTGRESDB_DATABASE": str(database.database),
        "DB_POSTGRESDB_USER": str(database.username),
        "N8N_USER_FOLDER": str(scratch),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_PORT": url.rpartition(":")[2],
    }


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """It is ready, workflows and all."""
    ends = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < ends:
        if log.exists() and "Editor is now accessible" in log.read_text(errors="replace"):
            return
        time.sleep(0.5)
    raise SystemExit(f"n8n does not answer at {url}:\n{log.read_text()[-2000:]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
