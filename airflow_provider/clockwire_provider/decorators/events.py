"""`@task.clockwire_events`: a function that is handed the events waiting for a consumer.

time_logs = clockwire_asset("payroll", start="latest", event_types=["timelog.*"])

@dag(schedule=[time_logs], max_active_runs=1)
def payroll():
    @task.clockwire_events(asset=time_logs)
    def book(events):
        for event in events: ...

    book()
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from airflow.sdk.bases.decorator import DecoratedOperator, TaskDecorator, task_decorator_factory

from clockwire_provider.drain import Events
from clockwire_provider.operators.events import ClockwireDrainOperator

# What stands for the page while the Dag is parsed: Airflow checks the function's arguments then.
_NO_EVENTS: Events = []


class ClockwireEventsDecoratedOperator(DecoratedOperator, ClockwireDrainOperator):
    """The drain of a decorated function: the page is its first argument; the call in the Dag gives the others."""

    template_fields: Sequence[str] = ClockwireDrainOperator.template_fields
    template_fields_renderers = ClockwireDrainOperator.template_fields_renderers
    custom_operator_name = "@task.clockwire_events"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] = (),
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            python_callable=python_callable,
            op_args=[_NO_EVENTS, *op_args],
            op_kwargs=op_kwargs,
            kwargs_to_upstream={"python_callable": python_callable, "op_args": op_args, "op_kwargs": op_kwargs},
            **kwargs,
        )


def clockwire_events_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function a task that is handed the waiting events; the arguments are those of ClockwireDrainOperator."""
    return task_decorator_factory(
        python_callable=python_callable,
        decorated_operator_class=ClockwireEventsDecoratedOperator,
        **kwargs,
    )
