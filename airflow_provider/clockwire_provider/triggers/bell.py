"""When the bell is rung for a consumer that is behind.

An asset event is a doorbell, not the data: Airflow may merge rings, or lose one, and a run may fail. So the bell looks
at the level, not at the edge: as long as events wait for the consumer it is rung again, less and less often; news is
rung for at once, unless an earlier ring has not been answered yet.
"""

from dataclasses import dataclass
from typing import Literal

FIRST_RERING_SECONDS = 20.0
LONGEST_RERING_SECONDS = 900.0
SHORTEST_LOOK_SECONDS = 2.0
IDLE_LOOK_SECONDS = 50.0

Ring = Literal["new", "behind"]


@dataclass(frozen=True, slots=True)
class Level:
    """How things stand: the consumer's place, and the sequence of the first event that waits for it, if any."""

    cursor: str
    waiting: int | None


class Bell:
    """What has been rung for, and when to ring again."""

    def __init__(self, *, first: float = FIRST_RERING_SECONDS, longest: float = LONGEST_RERING_SECONDS) -> None:
        self._first = first
        self._longest = longest
        self._rung_for: int | None = None
        self._cursor = ""
        self._delay = first
        self._due = 0.0

    def look(self, level: Level, newest: int, now: float) -> Ring | None:
        """Whether to ring now, given the level and the newest event that was seen."""
        moved, self._cursor = level.cursor != self._cursor, level.cursor
        if level.waiting is None:
            self._rung_for = None
            return None
        if self._rung_for is None or level.waiting > self._rung_for:
            self._ring(max(newest, level.waiting), now, delay=self._first)
            return "new"
        if moved:
            self._ring(self._rung_for, now, delay=self._first)
            return None
        if now < self._due:
            return None
        self._ring(self._rung_for, now, delay=min(self._delay * 2, self._longest))
        return "behind"

    def seconds_to_next_look(self, now: float) -> float:
        """How long news may be waited for before looking again."""
        if self._rung_for is None:
            return IDLE_LOOK_SECONDS
        look = max(SHORTEST_LOOK_SECONDS, self._delay / 10)
        return max(0.0, min(look, self._due - now, IDLE_LOOK_SECONDS))

    def _ring(self, sequence: int, now: float, *, delay: float) -> None:
        self._rung_for, self._delay, self._due = sequence, delay, now + delay
