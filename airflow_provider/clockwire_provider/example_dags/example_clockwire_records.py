"""A Dag that writes records, keeps a webhook subscription, and waits until a project is closed.

Needs a connection `clockwire_default` of type Clockwire whose key has the scopes records.read, records.write,
events.read, subscriptions.read and subscriptions.write. Trigger it with a `webhook_url` to have the subscription made;
without one that step is skipped.
"""

# mypy: disable-error-code="call-arg, arg-type"

from datetime import timedelta

from airflow.sdk import DAG, Param, task

from clockwire_provider.operators.records import (
    ClockwireCreateRecordOperator,
    ClockwireGetRecordOperator,
    ClockwireUpdateRecordOperator,
)
from clockwire_provider.operators.subscriptions import ClockwireSubscribeOperator
from clockwire_provider.sensors.events import ClockwireEventSensor

with DAG(
    dag_id="example_clockwire_records",
    schedule=None,
    catchup=False,
    params={"webhook_url": Param(None, type=["null", "string"], description="where closed projects are announced")},
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["example", "clockwire"],
    doc_md=__doc__,
) as dag:
    # By its id in the CRM the client is found again: however often this runs, there is one.
    client = ClockwireUpdateRecordOperator(
        task_id="client",
        record_type="client",
        external_id="crm-4711",
        allow_missing=True,
        fields={"client_name": "Acme Tools", "payment_terms": "NET30"},
    )

    # A retry is the same request and makes no second project, also if the first answer was lost.
    project = ClockwireCreateRecordOperator(
        task_id="project",
        record_type="project",
        fields={
            "project_name": "Website {{ run_id }}",
            "client_id": "{{ ti.xcom_pull('client')['id'] }}",
            "quoted_cost": "12500.50",
            "estimated_time": "120:00",
        },
    )

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def webhook_wanted(params: dict[str, str | None]) -> bool:
        return bool(params["webhook_url"])

    # The secret that the receiver needs is made by the server and kept in an Airflow variable, never in an XCom.
    subscription = ClockwireSubscribeOperator(
        task_id="subscription",
        name="airflow-closed-projects",
        target_url="{{ params.webhook_url }}",
        event_types=["project.closed"],
        secret_variable="clockwire_closed_projects_secret",  # noqa: S106 - the name of a variable
    )

    close = ClockwireUpdateRecordOperator(
        task_id="close",
        trigger_rule="none_failed",
        record_type="project",
        record_id="{{ ti.xcom_pull('project')['id'] }}",
        fields={"status": "Closed"},
    )

    # Waiting begins at the place after the project was created, so it does not matter that it is closed already.
    closed = ClockwireEventSensor(
        task_id="closed",
        start="{{ ti.xcom_pull('project', key='cursor') }}",
        event_types=["project.closed"],
        filter={"record_ids": ["{{ ti.xcom_pull('project')['id'] }}"]},
        timeout=600,
        deferrable=True,
    )

    final = ClockwireGetRecordOperator(
        task_id="final",
        record_type="project",
        record_id="{{ ti.xcom_pull('closed')['record_id'] }}",
    )

    client >> project >> webhook_wanted() >> subscription >> close >> closed >> final
