"""The recipe of today: a Celery task that POSTs one signed webhook, and the loop that enqueues it.

As the tutorials have it: Redis as the broker, two worker processes, `requests.post`, an HMAC of the body, and
Celery's own retries. Run as a program it is the producer: it connects, says "ready", waits for a line, enqueues, and
prints when it began.
"""

import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from pathlib import Path

import requests
from celery import Celery

app = Celery("recipe", broker=os.environ["BENCH_BROKER"])
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True

_SECRET = os.environ["BENCH_SECRET"].encode()
_TIMEOUT_SECONDS = 15


@app.task(name="deliver", autoretry_for=(requests.RequestException,), retry_backoff=True, max_retries=9)
def deliver(url: str, event_id: str, event: dict[str, object]) -> None:
    """One attempt; if it fails, Celery makes the next one later."""
    body = json.dumps(event, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-ST-Webhook-Signature": "sha256=" + hmac.new(_SECRET, body, hashlib.sha256).hexdigest(),
        "webhook-id": event_id,
    }
    requests.post(url, data=body, headers=headers, timeout=_TIMEOUT_SECONDS).raise_for_status()


def enqueue(urls: list[str], event: dict[str, object], count: int) -> float:
    """So many deliveries of the event are on their way, the endpoints taking turns; answers when it began."""
    with app.connection_for_write() as connection:
        connection.connect()
        print("ready", flush=True)
        sys.stdin.readline()
        start_time = time.time()
        for number in range(count):
            deliver.delay(urls[number % len(urls)], str(uuid.uuid4()), event)
    return start_time


if __name__ == "__main__":
    print(enqueue(**json.loads(Path(sys.argv[1]).read_text())), flush=True)
    sys.stdin.readline()  # it stays until it has been measured
