"""How a task, or a trigger, calls a Clockwire server."""

import os
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from clockwire_provider.hooks.connection import target_of, terms_of

if TYPE_CHECKING:
    from clockwire.client import AsyncClient, Client

TEST_SECONDS = 2.0


class ClockwireHook(BaseHook):
    """Clients for the server of a connection of type `clockwire`.

    Nothing is imported, read or opened before a client is asked for, and no client outlives its `with`: Airflow forks
    its tasks, and a gRPC channel does not survive a fork.
    """

    conn_name_attr = "clockwire_conn_id"
    default_conn_name = "clockwire_default"
    conn_type = "clockwire"
    hook_name = "Clockwire"

    def __init__(self, clockwire_conn_id: str = default_conn_name, *, causation_id: str = "") -> None:
        super().__init__()
        self.clockwire_conn_id = clockwire_conn_id
        self.causation_id = causation_id

    def get_conn(self) -> "Client":
        """A blocking client, for tasks: `with hook.get_conn() as client`."""
        from clockwire.client import Client

        self._warn_of_fork_setting()
        connection = self.get_connection(self.clockwire_conn_id)
        return Client(target_of(connection), **terms_of(connection, causation_id=self.causation_id))

    async def aget_client(self) -> "AsyncClient":
        """A client for the running event loop, for triggers: `async with await hook.aget_client() as client`."""
        from clockwire.client import AsyncClient

        connection = await self.aget_connection(self.clockwire_conn_id)
        return AsyncClient(target_of(connection), **terms_of(connection, causation_id=self.causation_id))

    def test_connection(self) -> tuple[bool, str]:
        """Whether the connection works, and in words what is wrong or what it leads to; within 3 seconds."""
        from clockwire_provider.hooks.diagnosis import diagnose

        connection = self.get_connection(self.clockwire_conn_id)
        try:
            return diagnose(target_of(connection), {**terms_of(connection), "timeout": TEST_SECONDS, "retries": 0})
        except ValueError as error:
            return False, f"The connection cannot work: {error}"

    def _warn_of_fork_setting(self) -> None:
        if os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "").lower() in {"0", "false"}:
            self.log.warning(
                "GRPC_ENABLE_FORK_SUPPORT is off: a task hangs for ever if the process it was forked from has used "
                "gRPC. Leave it unset."
            )


def hook_of(task: Any, causation_id: str = "") -> ClockwireHook:
    """The hook for the connection that *task* names."""
    return ClockwireHook(task.clockwire_conn_id, causation_id=causation_id)
