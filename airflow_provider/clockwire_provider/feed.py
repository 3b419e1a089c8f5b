"""Which events a Dag consumes, from where on, and under which name its place is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Asset

_EXTRA = "clockwire"


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """The matching events after the place of a consumer.

    A consumer belongs to one feed: two feeds with different filters under one name would skip each other's events.
    """

    consumer: str
    start: str
    event_types: Sequence[str] = ()
    filter: Mapping[str, Any] | None = None
    clockwire_conn_id: str = "clockwire_default"

    def __post_init__(self) -> None:
        """Refuse what would be refused later, in the triggerer, where nobody reads it."""
        if not self.consumer:
            raise ValueError("consumer is empty: it is the name under which the place in the log is kept")
        if not self.start:
            raise ValueError('start is empty: where a new consumer begins is said: "latest", "earliest" or a time')
        if self.start.startswith("consumer:"):
            raise ValueError(f"a feed begins at a place in the log, not at another consumer: {self.start!r}")
        if isinstance(self.event_types, str):
            raise ValueError(f"event_types is a list: [{self.event_types!r}]")  # noqa: TRY004 - as every bad value here

    def as_extra(self) -> dict[str, Any]:
        """The form in which an asset carries the feed."""
        return {_EXTRA: {**asdict(self), "event_types": list(self.event_types), "filter": dict(self.filter or {})}}

    @classmethod
    def of_asset(cls, asset: "Asset") -> "Feed":
        """The feed of an asset made by `clockwire_asset`."""
        extra: Any = asset.extra.get(_EXTRA)
        if not isinstance(extra, dict):
            raise ValueError(f"the asset {asset.name!r} was not made by clockwire_asset()")  # noqa: TRY004
        return cls(**extra)
