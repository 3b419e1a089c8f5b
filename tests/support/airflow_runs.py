"""What became of a Dag's run, as Airflow's REST API tells it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

from examples.demo.airflow_stack import AirflowStack

_ENDED = {"success", "failed"}


@dataclass(frozen=True)
class DagRun:
    """A run that was asked for."""

    airflow: AirflowStack
    dag_id: str
    run_id: str

    @property
    def state(self) -> str:
        """The state of the whole run."""
        return str(self._asked()["state"])

    @property
    def queued_at(self) -> datetime:
        """When Airflow made it."""
        return datetime.fromisoformat(self._asked()["queued_at"])

    @property
    def states(self) -> dict[str, str | None]:
        """The state of each task."""
        return {task["task_id"]: task["state"] for task in self._tasks()}

    def wait(self) -> None:
        """It has ended, well or not."""
        self._until("it has ended", lambda: self.state in _ENDED)

    def wait_for(self, task_id: str, state: str) -> None:
        """A task of it is in this state; AssertionError with the whole story if the run ends before."""
        self._until(f"{task_id} is {state}", lambda: self.states[task_id] == state or self.state in _ENDED)
        assert self.states[task_id] == state, self.story()

    def check(self, expected: Mapping[str, str]) -> None:
        """Its tasks have ended like this; AssertionError with the whole story if not."""
        assert self.states == expected, self.story()

    def check_tries(self) -> None:
        """No task was tried again but those that Airflow itself had lost, by its own account."""
        asked = f"/api/v2/eventLogs?dag_id={self.dag_id}&run_id={quote(self.run_id)}&event={quote('state mismatch')}"
        lost = Counter(each["task_id"] for each in self.airflow.call("GET", asked)["event_logs"])
        tries = {task["task_id"]: task["try_number"] for task in self._tasks()}
        assert tries == {task_id: 1 + lost[task_id] for task_id in tries}, self.story()

    def returned(self, task_id: str) -> Any:
        """What a task that succeeded has returned."""
        return self._asked(f"/taskInstances/{task_id}/xcomEntries/return_value?deserialize=true")["value"]

    def story(self) -> str:
        """What became of each task, and the log of those that neither succeeded nor were left out."""
        lines = [f"the run {self.run_id} of {self.dag_id} is {self.state}"]
        for task in self._tasks():
            lines.append(f"{task['task_id']}: {task['state']}, tried {task['try_number']} times, {task['start_date']}")
            if task["state"] not in {"success", "skipped"}:
                for number in range(1, task["try_number"] + 1):
                    lines.append(f"  its log, try {number}:")
                    lines.extend(f"    {json.dumps(line)}" for line in self._log(task["task_id"], number))
        return "\n".join(lines)

    def _until(self, what: str, look: Callable[[], bool]) -> None:
        try:
            self.airflow.until(what, look)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.story()}") from error

    def _log(self, task_id: str, try_number: int) -> list[Any]:
        try:
            return list(self._asked(f"/taskInstances/{task_id}/logs/{try_number}?full_content=true")["content"])
        except HTTPError as error:  # there is none: it never began
            return [str(error)]

    def _tasks(self) -> list[dict[str, Any]]:
        return list(self._asked("/taskInstances")["task_instances"])

    def _asked(self, path: str = "") -> Any:
        return self.airflow.call("GET", f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}{path}")


def start_run(airflow: AirflowStack, dag_id: str, conf: Mapping[str, Any]) -> DagRun:
    """A run of a Dag, with these values for its templates."""
    asked = {"logical_date": None, "conf": dict(conf)}
    return DagRun(airflow, dag_id, airflow.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", asked)["dag_run_id"])


def runs(airflow: AirflowStack, dag_id: str, *, state: str = "") -> list[DagRun]:
    """The latest runs of a Dag, only those in this state if one is given; the last one first."""
    chosen = f"&state={state}" if state else ""
    found = airflow.call("GET", f"/api/v2/dags/{dag_id}/dagRuns?order_by=-run_after&limit=20{chosen}")["dag_runs"]
    return [DagRun(airflow, dag_id, run["dag_run_id"]) for run in found]
