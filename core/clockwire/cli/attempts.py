"""What came of an attempt to send a webhook, in words."""

from http import HTTPStatus

from clockwire.v1.deliveries_pb2 import DeliveryAttempt


def is_delivered(attempt: DeliveryAttempt) -> bool:
    """Whether it was accepted."""
    return attempt.outcome == DeliveryAttempt.OUTCOME_SUCCEEDED


def outcome_in_words(attempt: DeliveryAttempt) -> str:
    """What was answered and after how long, or why there was no answer."""
    took = f"after {attempt.duration.ToTimedelta().total_seconds() * 1000:.0f} ms"
    if attempt.http_status:
        return f"answered {_status(attempt.http_status)} {took}"
    return f"{attempt.error or DeliveryAttempt.Outcome.Name(attempt.outcome)} {took}"


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
