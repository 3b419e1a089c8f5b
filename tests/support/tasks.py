"""What Airflow hands to a task: just enough of it to run the task by itself."""

from dataclasses import dataclass, field
from typing import Any, cast

from airflow.sdk import Context


@dataclass
class OneTaskInstance:
    """A task instance that keeps its XComs to itself."""

    dag_id: str = "payroll"
    run_id: str = "manual__1"
    task_id: str = "write"
    map_index: int = -1
    try_number: int = 1
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep the value."""
        self.xcoms[key] = value


def context_of(task_instance: OneTaskInstance) -> Context:
    """The context in which Airflow would run it."""
    return cast("Context", {"ti": task_instance})
