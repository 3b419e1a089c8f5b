"""Somebody who has built on TimeTracker's endpoints: knows their addresses, and nothing of ours."""

import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.support.http import HttpAnswer, ask
from tests.support.server import Served

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
PREFIX = "/api/integrations/zapier"
#: Nobody listens there.
HOOK = "https://127.0.0.1:9/hooks/catch/123456/abcdef/"


@dataclass(frozen=True)
class Zap:
    """A caller with a key."""

    server: Served
    key: str = ""

    @property
    def workspace_id(self) -> str:
        """The workspace that was chosen in the Zap."""
        return self.server.workspace_id

    async def subscribe(self, *events: str, url: str = HOOK, **more: object) -> HttpAnswer:
        """The answer to a subscription."""
        return await self.post("webhooks/subscribe", {"url": url, "events": [*events], **more})

    async def unsubscribe(self, webhook_id: str) -> HttpAnswer:
        """The answer to ending one."""
        return await self._ask(f"webhooks/{webhook_id}", method="DELETE")

    async def fallback(self, trigger: str) -> HttpAnswer:
        """What a trigger shows before anything has happened."""
        return await self._ask(f"triggers/{trigger}/fallback", method="GET")

    async def create(self, kind: str, **fields: object) -> HttpAnswer:
        """The answer to creating something in the workspace."""
        return await self.post(f"triggers/{kind}", {"workspace_id": self.workspace_id, **fields})

    async def find(self, kind: str, **fields: object) -> HttpAnswer:
        """What is found in the workspace, asked with POST."""
        return await self.post(f"triggers/{kind}/find", {"workspace_id": self.workspace_id, **fields})

    async def find_by_get(self, kind: str, **fields: str) -> HttpAnswer:
        """The same, asked with GET."""
        query = urlencode({"workspace_id": self.workspace_id, **fields})
        return await self._ask(f"triggers/{kind}/find?{query}", method="GET")

    async def post(self, path: str, body: object) -> HttpAnswer:
        """The answer to any POST."""
        return await self._ask(path, body)

    async def _ask(self, path: str, body: object = None, **terms: Any) -> HttpAnswer:
        if self.key:
            terms["authorization"] = f"Bearer {self.key}"
        return await ask(self.server, f"{PREFIX}/{path}", body, **terms)
