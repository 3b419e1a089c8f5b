"""The process that sends a server's webhooks: `python -m clockwire.sending`, which the server starts.

It runs a dispatcher and has no database: its server tells it of fresh deliveries, and writes down what it claims and
what came of its attempts. It ends when it is told to, and at once if its server has ended: another one may be about to
take over.
"""

import os
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial

import structlog
from sqlalchemy import make_url

from clockwire.garbage import collect_garbage_rarely
from clockwire.logs import configure_logs
from clockwire.model.delivery import Attempted, ClaimedDelivery
from clockwire.model.instants import system_clock
from clockwire.model.vault import Vault
from clockwire.operations.dispatch import Settled
from clockwire.processes.frames import Incoming, Outgoing
from clockwire.secret_keys import secret_keys
from clockwire.settings import Settings
from clockwire.webhooks.addresses import AddressPolicy
from clockwire.webhooks.dispatcher import Dispatcher
from clockwire.webhooks.messages import (
    Acknowledged,
    Begin,
    Changed,
    Deliver,
    Done,
    Ready,
    Report,
    Stop,
    Test,
    Tested,
    Wake,
)
from clockwire.webhooks.remote_writer import RemoteWriter
from clockwire.webhooks.resolver import Resolver

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 1.0
_USUAL_ROOM = 60  # of a subscription of which nothing is held


def main() -> None:
    """Sends until the server says to stop, over the socket whose descriptor is the only argument."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they are for the server, which then says to stop
    end = socket.socket(fileno=int(sys.argv[1]))
    incoming = Incoming(end)
    begin = incoming.next()
    if not isinstance(begin, Begin):
        return  # the server has ended already
    configure_logs(begin.settings.log_level, begin.settings.log_format)
    try:
        sent_all = _send(begin, incoming, Outgoing(end))
    except Exception:
        log.exception("sending failed")
        sent_all = False
    if not sent_all:
        os._exit(1)


def _send(begin: Begin, incoming: Incoming, outgoing: Outgoing) -> bool:
    """Whether everything was settled, once there is nobody any more who says what to do."""
    sending = Sending(begin.settings, begin.lease, incoming, outgoing)
    sending.start()
    collect_garbage_rarely()
    while not sending.heard_out.wait(_LOOK_SECONDS) and not incoming.ended:
        pass  # the dispatcher's thread hears of the end at once, unless it is in trouble
    while (message := incoming.next()) is not None:
        sending.hear(message)
    return sending.stopped


class Sending:
    """A dispatcher, and what it needs, in the service of another process."""

    def __init__(self, settings: Settings, lease: str, incoming: Incoming, outgoing: Outgoing) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        vault = Vault(secret_keys(settings.secret_key, settings.secret_key_file, make_url(settings.database)))
        self._resolver = Resolver(AddressPolicy(settings.allow_target))
        self._writer = RemoteWriter(outgoing.say)
        self._dispatcher = Dispatcher(
            self._writer,
            vault,
            self._resolver,
            clock=system_clock,
            ended=self._written,
            settled=self._note,
            lease=lease,
        )
        # What follows belongs to the dispatcher's thread.
        self._received: Counter[str] = Counter()
        self._limits: dict[str, int] = {}
        self._active: set[str] = set()
        self._heard = 0
        self._settled: Sequence[Settled] = ()
        self.stopped = False
        #: Set when the dispatcher's thread does not listen to the server any more, because it is to stop.
        self.heard_out = threading.Event()

    def start(self) -> None:
        """Deliveries are sent from now on. The dispatcher's thread hears of them itself: no other has to wake it."""
        self._dispatcher.attend(self._incoming.descriptor, self._listen)
        self._dispatcher.start()
        self._outgoing.say(Ready())

    def _listen(self) -> None:
        """Does what the server has said by now, until it says to stop, or has ended."""
        try:
            for message in self._incoming.here():
                self.hear(message)
                if isinstance(message, Stop):
                    break
            else:
                return
        except EOFError:
            pass
        except Exception:
            log.exception("sending failed")
            os._exit(1)
        self._dispatcher.leave(self._incoming.descriptor)
        self.heard_out.set()

    def hear(self, message: object) -> None:
        """Does what the server says."""
        match message:
            case Deliver(claimed):
                self._dispatcher.take(claimed, self._taken)
            case Wake(number, subscription_ids):
                self._dispatcher.tell(partial(self._woken, number, subscription_ids))
            case Done(number, answer):
                self._writer.answered(number, answer)
            case Changed(number, workspace_ids):
                self._dispatcher.subscriptions_changed(workspace_ids)
                self._outgoing.say(Acknowledged(number))
            case Test(number, claimed):
                self._dispatcher.begin_test(claimed, partial(self._tested, number))
            case Stop(grace_seconds):
                threading.Thread(target=self._stop, args=[grace_seconds], name="stopping", daemon=True).start()

    def _taken(self, claimed: Sequence[ClaimedDelivery]) -> None:
        subscription_ids = [each.subscription.id for each in claimed]
        self._received.update(subscription_ids)
        self._active.update(subscription_ids)

    def _woken(self, number: int, subscription_ids: Collection[str]) -> None:
        self._dispatcher.wake(subscription_ids)
        self._heard = number
        self._active.update(subscription_ids)
        for id_ in subscription_ids:
            self._limits.pop(id_, None)

    def _tested(self, number: int, attempted: Attempted) -> None:
        self._outgoing.say(Tested(number, attempted.outcome, dict(attempted.request_headers)))

    def _note(self, settled: Sequence[Settled]) -> None:
        self._settled = settled

    def _written(self, ended: Sequence[str]) -> None:
        """Tells what ended, and how many more deliveries are welcome now."""
        limits = {}
        for id_, room in self._dispatcher.rooms(self._active).items():
            limit = self._received[id_] + (_USUAL_ROOM if room is None else room)
            if room is None:
                self._active.discard(id_)
            if limit != self._limits.get(id_):
                limits[id_] = self._limits[id_] = limit
        attempts, self._settled = self._settled, ()
        report = Report(tuple(ended), self._heard, limits, attempts, self._dispatcher.stalled_seconds)
        self._outgoing.say(report)

    def _stop(self, grace_seconds: float) -> None:
        self._dispatcher.stop(grace_seconds)
        self._resolver.close()
        self.stopped = True
        self._outgoing.finish()


if __name__ == "__main__":
    main()
