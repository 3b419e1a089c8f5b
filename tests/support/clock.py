"""What time it is in a test: whatever the test says."""

from datetime import timedelta

from clockwire.model.instants import Instant, micros

MORNING: Instant = 1_736_931_600_000_000  # 2025-01-15T09:00:00Z


class MovableClock:
    """A `Clock` that stands still until it is moved."""

    def __init__(self, now: Instant = MORNING) -> None:
        self.now = now

    def __call__(self) -> Instant:
        """The time of this clock."""
        return self.now

    def forward(self, length: timedelta) -> Instant:
        """Moves the clock ahead, and says what time it is then."""
        self.now += micros(length)
        return self.now
