"""One record, filters that hold for it and filters that do not: for the model, and for both databases."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record, Task, TaskPriority, TaskStatus


def example_task() -> Record:
    """A task with values of most kinds."""
    record = Record(
        type=RecordType.RECORD_TYPE_TASK, id="1b4e28ba-2fa1-7d2f-883f-0016d3cca427", version=3, external_id="T*1"
    )
    record.task.CopyFrom(
        Task(
            task_name='Measure "A" roof',
            project_name="Roof",
            status=TaskStatus.TASK_STATUS_IN_PROGRESS,
            priority=TaskPriority.TASK_PRIORITY_MEDIUM,
            estimated_time=Duration(seconds=5400),
            percent_complete=Decimal(value="12.50"),
            estimated_cost=Decimal(value="-2"),
            due_date=Date(year=2024, month=2, day=29),
            assigned_user_ids=["u1", "u2"],
            billable=False,
        )
    )
    record.create_time.CopyFrom(Timestamp(seconds=1_705_312_800, nanos=500_000_000))  # 2024-01-15T10:00:00.5Z
    record.custom_fields.update(
        {"cost center": "4711", "n": 5, "flag": True, "empty": "", "none": None, "deep": {"list": ["a", 2, {"a": 1}]}}
    )
    return record


HOLD = [
    "",
    "  \n ",
    'id = "1b4e28ba-2fa1-7d2f-883f-0016d3cca427"',
    "task_id = '1b4e28ba-2fa1-7d2f-883f-0016d3cca427'",
    r"""task_name = 'Measure "A" roof' AND task_name = "Measure \"A\" roof" """,
    'task_name = "Mea*" AND task_name = "*roof" AND task_name = "*A*" AND task_name = "*"',
    r'external_id = "T\*1" AND external_id = "T\**" AND external_id != "T1*"',
    'task_name > "Measure" AND task_name < "measure"',
    'project_name = "Roof"',
    'status = InProgress AND status = "IN_PROGRESS" AND status = TASK_STATUS_IN_PROGRESS AND status != Closed',
    "priority > Low AND priority <= Medium",
    "estimated_time = 5400s AND estimated_time < '5400.000001s' AND estimated_time > -1s",
    "percent_complete = 12.5 AND percent_complete < 100 AND percent_complete > 9 AND estimated_cost < -1.999",
    'due_date = 2024-02-29 AND due_date < "2024-03-01"',
    "create_time = 2024-01-15T11:00:00.500+01:00 AND create_time > '2024-01-15T10:00:00Z'",
    "create_time = '2024-01-15T04:30:00.5-05:30'",
    "billable = false AND billable != true AND version = 3",
    'assigned_user_ids : "u2" AND assigned_user_ids : "u*" AND NOT assigned_user_ids : "u"',
    "category_id = null AND category_id = '' AND NOT task_name = null AND task_name != ''",
    'custom_fields."cost center" = "4711" AND custom_fields."cost center" != 4711 AND custom_fields.n < 10',
    'custom_fields.flag = true AND custom_fields.deep != null AND custom_fields.deep.list : "a"',
    "custom_fields.deep.list : 2 AND NOT custom_fields.deep.list : 1 AND custom_fields.deep.list.a = null",
    "custom_fields.empty = null AND custom_fields.none = '' AND custom_fields.n >= 5 AND NOT custom_fields.n > 5",
    "(status = Todo OR version = 3) AND NOT (status = Todo OR version = 4)",
    "NOT NOT version=3",
]
FAIL = [
    *("category_id = 'x'", "category_id < 'x'", "category_id >= ''", "category_id = '*'"),
    *("due_date = null", "billable = true", "finish_date < 2024-01-01", "actual_time >= 0s"),
    *("task_name = 'measure*'", "task_name = '*Measure'", "task_name = '*measure*'"),
    *("custom_fields.n = '5'", "custom_fields.n > 'a'", "custom_fields.flag = 'true'", "custom_fields.x = '*'"),
    *("custom_fields.n : 5", "custom_fields.deep = '*'", "custom_fields.flag > 'a'", "custom_fields.n < 'z'"),
    *('custom_fields."cost center" > 5', 'custom_fields."cost center" : "4711"', "custom_fields.deep : 'list'"),
]
