"""The process that sends webhooks, as its server sees it."""

from collections.abc import Callable, Sequence

from clockwire.processes.child import Child
from clockwire.settings import Settings
from clockwire.webhooks.messages import Begin


class SendingProcess(Child):
    """Runs a dispatcher, until it or this process ends."""

    def __init__(
        self, settings: Settings, *, lease: str, inherited: Sequence[int], drained: Callable[[], None]
    ) -> None:
        """It begins to start. *inherited* are descriptors it keeps open; *drained* is as in `Outgoing`."""
        super().__init__("clockwire.sending", inherited=inherited, drained=drained)
        self.say(Begin(settings=settings, lease=lease))
