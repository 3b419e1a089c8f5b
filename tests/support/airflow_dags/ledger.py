"""A Dag that writes down which events it was handed, and fails for as long as a file says so."""

import json
from pathlib import Path
from typing import Any

from airflow.sdk import dag, task

from clockwire_provider.assets import clockwire_asset

FOLDER = Path(__file__).parent
projects = clockwire_asset("ledger", start="latest", event_types=["project.*"], first_rering_seconds=5)


@dag(dag_id="ledger", schedule=[projects], max_active_runs=1, catchup=False)
def ledger() -> None:
    """Drain into a file."""

    @task.clockwire_events(asset=projects, page_size=20)
    def write_down(events: list[dict[str, Any]]) -> None:
        if (FOLDER / "FAIL").exists():
            raise RuntimeError("told to fail")
        with (FOLDER / "ledger.jsonl").open("a") as file:
            file.writelines(json.dumps([event["id"], event["record_id"]]) + "\n" for event in events)

    write_down()  # type: ignore[call-arg] # the page is handed in when it runs


ledger()
