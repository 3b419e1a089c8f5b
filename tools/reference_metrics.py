"""What is counted for Prometheus: the part of docs/reference/metrics.md."""

from collections.abc import Callable, Mapping

from reference_tables import code, table

from clockwire.metrics import METRICS
from clockwire.model.outcome import OutcomeKind


def metrics() -> str:
    """Every metric of our own."""
    return table(
        ("metric", "kind", "labels", "meaning"),
        (
            (
                code(metric.name),
                metric.kind.__name__.lower(),
                ", ".join(code(label) for label in metric.labels),
                metric.meaning,
            )
            for metric in METRICS.values()
        ),
    )


def outcomes() -> str:
    """What the label `outcome` may be."""
    return ", ".join(code(kind.name.lower()) for kind in OutcomeKind) + "."


PARTS: Mapping[str, Callable[[], str]] = {"metrics": metrics, "outcomes of attempts": outcomes}
