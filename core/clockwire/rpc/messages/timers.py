"""What requests for timers mean, and how starting one is answered."""

from collections.abc import Sequence

from clockwire.model.errors import FieldInvalid, PageTokenInvalid
from clockwire.model.event import Mutation
from clockwire.model.instants import Instant
from clockwire.model.page_token import PageToken
from clockwire.model.values import check_id, check_timestamp
from clockwire.operations.timer_changes import TimerTarget
from clockwire.operations.timers import Started
from clockwire.rpc.messages.mutations import mutation_info
from clockwire.storage.timers import Place, TimerQuery
from clockwire.v1 import timer_service_pb2 as messages

_MOST_IDS = 100
_OnRunning = messages.StartTimerRequest.OnRunning


def target_of(request: messages.StopTimerRequest | messages.DiscardTimerRequest) -> TimerTarget:
    """The timer that is meant."""
    return TimerTarget(timer_id=request.timer_id, user_id=request.user_id)


def stops_running(request: messages.StartTimerRequest) -> bool:
    """Whether a timer that runs is stopped. Raises FieldInvalid."""
    if request.on_running not in _OnRunning.values():
        raise FieldInvalid.of("on_running", f"{request.on_running} is not known")
    return request.on_running == messages.StartTimerRequest.ON_RUNNING_STOP


def stop_time_of(request: messages.StopTimerRequest) -> Instant | None:
    """When the timer is to end, if that is not now. Raises FieldInvalid."""
    return check_timestamp("stop_time", request.stop_time) if request.HasField("stop_time") else None


def timer_query(request: messages.ListTimersRequest) -> TimerQuery:
    """Which timers the request asks for. Raises FieldInvalid."""
    before = request.started_before
    return TimerQuery(
        user_ids=_ids("user_ids", request.user_ids),
        project_ids=_ids("project_ids", request.project_ids),
        started_before=check_timestamp("started_before", before) if request.HasField("started_before") else None,
        include_ended=request.include_ended,
    )


def place_of(token: PageToken) -> Place:
    """Where the page before ended. Raises PageTokenInvalid."""
    match token.position:
        case (int(start), str(id_)):
            return start, id_
        case _:
            raise PageTokenInvalid("is malformed")


def start_response(started: Started, mutation: Mutation) -> messages.StartTimerResponse:
    """The timer that runs, and the time log of the one that was stopped for it."""
    stopped = started.stopped.time_log if started.stopped else None
    return messages.StartTimerResponse(timer=started.timer, stopped_time_log=stopped, mutation=mutation_info(mutation))


def _ids(field: str, ids: Sequence[str]) -> Sequence[str]:
    if len(ids) > _MOST_IDS:
        raise FieldInvalid.of(field, f"has {len(ids)} entries; at most {_MOST_IDS} are allowed")
    return [check_id(f"{field}[{index}]", id_) for index, id_ in enumerate(ids)]
