"""How what filters ask of an event is kept beside it, so that most events can be passed over unread."""

import orjson

from clockwire.model.event import LogEntry
from clockwire.model.event_filter import EventIndex, Matcher
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record
