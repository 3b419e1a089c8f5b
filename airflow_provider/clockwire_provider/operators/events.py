"""A task that works off the events waiting for a consumer."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from airflow.sdk import Asset, BaseOperator, Context
from airflow.sdk.bases.decorator import determine_kwargs
from airflow.sdk.exceptions import AirflowSkipException

from clockwire_provider.drain import Events, drain
from clockwire_provider.feed import Feed
from clockwire_provider.hooks.clockwire import ClockwireHook, hook_of
from clockwire_provider.task_instance import causation_id_of

DEFAULT_PAGE_SIZE = 100
MOST_PAGE_SIZE = 1000


class ClockwireDrainOperator(BaseOperator):
    """Hands the waiting events to a function, page by page; is skipped if there are none.

    The function gets a list of events as dictionaries (`clockwire.client.event_fields_of`): `id`, `type`, `record` and
    so on. After each page it returns from, the consumer is moved past that page: see `clockwire_provider.drain`. A page
    whose task died comes again with the same event ids; write what you make of an event under its id, or under the
    record's id and version, and the repetition changes nothing.

    Give the Dag `max_active_runs=1`, so that one drain at a time works for a consumer. Returns `event_count`,
    `page_count`, the `cursor`, and what the function returned for each page, as `results`.

    :param python_callable: the function; the page is its first argument
    :param op_args: its further arguments
    :param op_kwargs: and those by name; what it asks of Airflow's context by name it gets besides
    :param asset: an asset made by `clockwire_asset`, which says what to drain; it becomes an inlet of the task
    :param consumer: without an asset: the name under which the place is kept
    :param start: without an asset: where a new consumer begins: "latest", "earliest", a time or a cursor
    :param event_types: without an asset: which events, all if empty
    :param filter: without an asset: more conditions, by the field names of EventFilter
    :param page_size: most events of one page, 1 to 1,000
    """

    template_fields: Sequence[str] = (
        "op_args",
        "op_kwargs",
        "consumer",
        "start",
        "event_types",
        "filter",
        "clockwire_conn_id",
    )
    template_fields_renderers = {"op_args": "py", "op_kwargs": "py", "filter": "json"}
    shallow_copy_attrs: Sequence[str] = ("python_callable",)
    ui_color = "#e3f0e8"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] = (),
        op_kwargs: Mapping[str, Any] | None = None,
        asset: Asset | None = None,
        consumer: str = "",
        start: str = "",
        event_types: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        page_size: int = DEFAULT_PAGE_SIZE,
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if asset is not None and (consumer or start or event_types or filter):
            raise ValueError("the asset says what to drain: leave out consumer, start, event_types and filter")
        if inspect.iscoroutinefunction(python_callable) or inspect.isgeneratorfunction(python_callable):
            raise ValueError(
                "the function is called for each page, and done when it returns: it may not be async or yield"
            )
        if not 1 <= page_size <= MOST_PAGE_SIZE:
            raise ValueError(f"page_size is 1 to {MOST_PAGE_SIZE}, not {page_size}")
        self.python_callable = python_callable
        self.op_args: Collection[Any] = list(op_args)
        self.op_kwargs: Mapping[str, Any] = dict(op_kwargs or {})
        if asset is not None:
            # Airflow forgets an asset that no task names, and a missing Dag file then takes its state along.
            self.inlets.append(asset)
            feed = Feed.of_asset(asset)
        else:
            feed = Feed(
                consumer=consumer,
                start=start,
                event_types=event_types,
                filter=filter,
                clockwire_conn_id=clockwire_conn_id,
            )
        self.consumer = feed.consumer
        self.start = feed.start
        self.event_types = feed.event_types
        self.filter = feed.filter
        self.clockwire_conn_id = feed.clockwire_conn_id
        self.page_size = page_size

    def execute(self, context: Context) -> dict[str, Any]:
        """What was worked off."""
        feed = Feed(consumer=self.consumer, start=self.start, event_types=self.event_types, filter=self.filter)
        # What the function raises goes to Airflow as it is, retries and all.
        with hook_of(self, causation_id_of(context)).get_conn() as client:
            drained = drain(client, feed, lambda events: self._handle(events, context), page_size=self.page_size)
        self.log.info("%s events in %s pages for %r", drained.event_count, drained.page_count, feed.consumer)
        if not drained.event_count:
            raise AirflowSkipException(f"no event waits for {feed.consumer!r}")
        return {
            "event_count": drained.event_count,
            "page_count": drained.page_count,
            "cursor": drained.cursor,
            "results": drained.results,
        }

    def _handle(self, events: Events, context: Context) -> Any:
        """Hand one page to the function."""
        arguments = [events, *self.op_args]
        named = determine_kwargs(self.python_callable, arguments, {**context, **self.op_kwargs})
        return self.python_callable(*arguments, **named)
