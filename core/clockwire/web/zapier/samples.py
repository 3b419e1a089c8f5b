"""What is shown where a workspace has nothing to show yet: the objects of TimeTracker's documentation."""

from collections.abc import Mapping
from typing import Any, Final

Sample = Mapping[str, Any]

_BEGIN, _END = "2024-01-15T10:00:00.000Z", "2024-01-15T12:30:00.000Z"
_WORKSPACE = {"id": "abc12345-e89b-12d3-a456-426614174003", "name": "Development Team"}
_MEMBER = {"id": "def67890-e89b-12d3-a456-426614174004", "name": "John Doe"}
_CUSTOMER = {
    "id": "456e7890-e89b-12d3-a456-426614174001",
    "name": "Tech Startup Inc.",
    "email": "contact@techstartup.example",
    "phone": "+1-555-0123",
    "status": "active",
    "type": "company",
}

STOPPED: Final[Sample] = {
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "description": "Working on user authentication implementation",
    "date": "2024-01-15T00:00:00.000Z",
    "startTime": _BEGIN,
    "endTime": _END,
    "duration": 9000,
    "billable": True,
    "action": "stop_timer",
    "workspace": _WORKSPACE,
    "teamMember": _MEMBER,
    "project": {"id": "456e7890-e89b-12d3-a456-426614174001", "name": "Mobile App Development"},
    "task": {"id": "789e0123-e89b-12d3-a456-426614174002", "name": "Implement user authentication"},
    "tags": [
        {"id": "ghi11111-e89b-12d3-a456-426614174005", "name": "authentication"},
        {"id": "jkl22222-e89b-12d3-a456-426614174006", "name": "mobile"},
    ],
    "createdAt": _BEGIN,
    "updatedAt": _END,
}
STARTED: Final[Sample] = {name: value for name, value in STOPPED.items() if name not in {"endTime", "duration"}} | {
    "action": "start_timer",
    "updatedAt": _BEGIN,
}
MANUAL: Final[Sample] = {**STOPPED, "action": "manual_entry"}
CLIENT: Final[Sample] = {
    "id": "c1a2b3c4-d5e6-7890-abcd-ef1234567890",
    "name": "Acme Corporation",
    "email": "contact@acme.example",
    "phone": "+1-800-555-0199",
    "address": "456 Innovation Drive, Silicon Valley, CA 94043",
    "status": "active",
    "type": "company",
    "workspace": {"id": "w1b2c3d4-e5f6-7890-abcd-ef0987654321", "name": "Acme Main Workspace"},
    "createdAt": "2024-01-15T10:30:00.000Z",
    "updatedAt": "2024-01-15T10:30:00.000Z",
}
PROJECT: Final[Sample] = {
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "name": "New Mobile App Project",
    "description": "Development of a new mobile application",
    "status": "active",
    "workspace": {"id": "345e6789-e89b-12d3-a456-426614174004", "name": "Development Team"},
    "client": _CUSTOMER,
    "defaultBillable": True,
    "defaultBillableRate": 75.0,
    "estimatedHours": 200.0,
    "estimatedBudget": 15000.0,
    "isPrivate": False,
    "createdAt": _BEGIN,
    "updatedAt": _BEGIN,
}
TASK: Final[Sample] = {
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "name": "Implement user authentication",
    "description": "Add user authentication system to the mobile app",
    "project": {"id": "456e7890-e89b-12d3-a456-426614174001", "name": "Mobile App Development"},
    "client": {**_CUSTOMER, "id": "789e0123-e89b-12d3-a456-426614174002", "name": "Acme Corporation"},
    "workspace": _WORKSPACE,
    "teamMembers": [
        {
            **_MEMBER,
            "email": "john.doe@acme.example",
            "avatar": "",
            "designation": "Senior Developer",
            "department": "Engineering",
            "status": "active",
            "role": {
                "id": "ghi11111-e89b-12d3-a456-426614174005",
                "name": "Developer",
                "description": "Software development role",
            },
            "billableRate": 75.0,
        }
    ],
    "status": "todo",
    "priority": "high",
    "estimatedHours": 8.0,
    "dueDate": "2024-01-31T00:00:00.000Z",
    "createdAt": _BEGIN,
    "updatedAt": _BEGIN,
}
