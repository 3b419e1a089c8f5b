"""How one attempt is made: the host is looked up, the stored bytes are signed, and the POST is sent."""

from collections.abc import Callable
from functools import lru_cache, partial

from clockwire.model.delivery import Attempted, ClaimedDelivery
from clockwire.model.errors import TargetUrlRefused
from clockwire.model.instants import SECOND, Clock, Instant
from clockwire.model.outcome import LONGEST_ERROR, Outcome, OutcomeKind
from clockwire.model.subscription import Subscription
from clockwire.model.target import Target, check_target_url
from clockwire.model.vault import Vault
from clockwire.webhooks.envelopes import Envelopes
from clockwire.webhooks.exchange import SendRequest
from clockwire.webhooks.resolver import Resolution, Resolver, Unresolved
from clockwire.webhooks.sender import Sender

Done = Callable[[Attempted], None]
Tell = Callable[[Callable[[], None]], None]


class Posting:
    """Makes one attempt of a delivery: looks its host up, signs, sends. Belongs to the dispatcher's thread."""

    def __init__(self, sender: Sender, vault: Vault, resolver: Resolver, clock: Clock, tell: Tell) -> None:
        """*tell* has something done on the dispatcher's thread."""
        self._sender = sender
        self._envelopes = Envelopes(vault)
        self._resolver = resolver
        self._clock = clock
        self._tell = tell
        self._closed = False

    def close(self) -> None:
        """Ends every attempt; of those that were sent nobody knows what came of them."""
        self._closed = True
        self._sender.close()

    def begin(self, claimed: ClaimedDelivery, done: Done) -> None:
        """The attempt is under way; *done* hears what came of it, once, and within the subscription's timeout."""
        start_time = self._clock()
        subscription = claimed.subscription
        try:
            target = target_of(subscription)
        except TargetUrlRefused as error:
            outcome = _unsent(OutcomeKind.ADDRESS_REFUSED, str(error), start_time, 0)
            done(Attempted(claimed=claimed, outcome=outcome, request_headers={}))
            return
        if (known := self._resolver.known(target)) is not None:
            self._resolved(claimed, target, start_time, done, known)
            return
        go_on = partial(self._resolved, claimed, target, start_time, done)
        answer = self._resolver.resolve(target, timeout_seconds=subscription.timeout / SECOND)
        answer.add_done_callback(lambda found: self._tell(partial(go_on, found.result())))

    def _resolved(
        self, claimed: ClaimedDelivery, target: Target, start_time: Instant, done: Done, found: Resolution
    ) -> None:
        if self._closed:
            return  # its lease ends by itself
        now = self._clock()
        if isinstance(found, Unresolved):
            outcome = _unsent(found.kind, found.problem, start_time, now - start_time)
            done(Attempted(claimed=claimed, outcome=outcome, request_headers={}))
            return
        headers = self._envelopes.of(claimed.subscription).headers_of(claimed, now)
        request = SendRequest(
            target=target,
            addresses=found,
            headers=headers.sent,
            body=claimed.body,
            timeout_ms=(claimed.subscription.timeout - (now - start_time)) // 1000,
            ca_certificate_pem=claimed.subscription.ca_certificate_pem,
        )
        self._sender.send(
            request,
            lambda outcome: done(Attempted(claimed=claimed, outcome=outcome, request_headers=headers.logged)),
        )


def target_of(subscription: Subscription) -> Target:
    """Where the subscription's webhooks go. That http is allowed there is for the resolver to say."""
    return _target(subscription.target_url)


@lru_cache(maxsize=4096)
def _target(url: str) -> Target:
    return check_target_url(url, http_allowed=True)


def _unsent(kind: OutcomeKind, problem: str, start_time: Instant, duration: int) -> Outcome:
    return Outcome(kind=kind, start_time=start_time, duration=duration, error=problem[:LONGEST_ERROR])
