"""What the eleven types look like from outside. A changed name here is a broken receiver."""

import subprocess
import sys

import pytest

from clockwire.model.columns import Column
from clockwire.model.errors import FieldInvalid
from clockwire.model.record_types import EVENT_TYPES, RECORD_TYPES, body_of, info_of_token, kind_of, type_of
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record, TimeLog

ENVELOPE = "ExternalID Version Created Modified CreatedBy ModifiedBy CustomFields"
COLUMNS = {
    "project": """
        ProjectID ProjectName ClientID ClientName Status StartDate FinishDate DueDate ClosedDate BillingType
        Currency QuotedCost ClientRate SalaryRate EstimatedHours EstimatedSeconds BudgetAmount BudgetHours
        BudgetSeconds Billable Folder AssemblyLine PurchaseOrder Description ManagerUserID
    """,
    "task": """
        TaskID TaskName ProjectID ProjectName ClientID ClientName SubsystemID SubsystemName CategoryID CategoryName
        Status Priority EstimatedHours EstimatedSeconds ActualHours ActualSeconds Currency EstimatedCost ActualCost
        PercentComplete StartDate FinishDate DueDate ClosedDate AssignedUserIDs Billable Description
    """,
    "timelog": """
        TimeLogID UserID UserName ProjectID ProjectName ProjectTaskID TaskName ClientID ClientName SubsystemID
        SubsystemName CategoryID CategoryName Date StartTime StopTime Duration DurationSeconds Break BreakSeconds
        TimeZone Billable Currency ClientRate SalaryRate ClientCost SalaryCost Description Tags ManuallyEntered
        ApprovalStatus ApprovedBy ApprovedDate InvoiceID
    """,
    "subproject": """
        SubsystemID SubsystemName ProjectID ProjectName ParentID Status Currency ClientRate SalaryRate QuotedCost
        StartDate FinishDate SortOrder
    """,
    "expense": """
        ExpenseID ProjectID ProjectName ProjectTaskID SubsystemID UserID UserName ClientID CategoryID CategoryName
        InventoryID ExpenseType Date Currency Quantity UnitCost Amount Billable EmployeePaid Reimbursable Reimbursed
        InvoiceID ReceiptURL Description
    """,
    "client": """
        ClientID ClientName ContactName ContactEmail ContactPhone Address1 Address2 City State PostalCode Country
        TaxRate TaxID PaymentTerms Currency Active Notes
    """,
    "user": """
        UserID UserName FirstName LastName Email Workgroup Department Role Currency ClientRate SalaryRate HireDate
        TerminationDate WeeklyHours WeeklySeconds TimeZone PayrollID Active
    """,
    "inventory": """
        InventoryID InventoryName SKU Barcode CategoryID QtyInStock ReorderPoint ReorderQty Currency UnitCost
        SalePrice Vendor Location Active Description
    """,
    "category": """
        CategoryID CategoryName CategoryType Currency ClientRate SalaryRate Billable Active
    """,
    "invoice": """
        InvoiceID InvoiceNumber ClientID ClientName ProjectID ProjectName SubsystemID Status InvoiceDate DueDate
        StartDate EndDate Terms PurchaseOrder Currency Subtotal TaxRate Tax Total AmountPaid BalanceDue PaidInFull
        TotalHours TotalSeconds TimeLogIDs ExpenseIDs SentDate PaidDate Note
    """,
    "billingrate": """
        BillingRateID UserID UserName Role ProjectID ProjectName CategoryID CategoryName OptionYear Currency
        ClientRate SalaryRate EffectiveStart EffectiveEnd
    """,
}
FEED = {
    "project": ("Projects", "ProjectID"),
    "task": ("ProjectTasks", "TaskID"),
    "timelog": ("TimeLogs", "TimeLogID"),
    "subproject": ("Subprojects", "SubsystemID"),
    "expense": ("Expenses", "ExpenseID"),
    "client": ("Clients", "ClientID"),
    "user": ("Users", "UserID"),
    "inventory": ("Inventory", "InventoryID"),
    "category": ("Categories", "CategoryID"),
    "invoice": ("Invoices", "InvoiceID"),
    "billingrate": ("BillingRates", "BillingRateID"),
}


def column(token: str, path: str) -> Column:
    return info_of_token(token).columns_by_path[path]


@pytest.mark.parametrize("token", COLUMNS)
def test_the_columns_of_a_type_stand_in_this_order(token):
    names = [column.name for column in info_of_token(token).payload_columns]

    assert names == [*COLUMNS[token].split(), *ENVELOPE.split()]
    assert len(set(names)) == len(names)
    assert not {"event", "id"} & set(names)


def test_the_types_are_named_as_in_the_documented_feed():
    assert {info.token: (info.entity_set, info.key_column) for info in RECORD_TYPES.values()} == FEED
    assert [info.type for info in RECORD_TYPES.values()] == RecordType.values()[1:]


def test_there_are_three_event_types_per_record_type_four_of_closing_and_four_of_timers():
    verbs = {token: ["created", "updated", "deleted"] for token in COLUMNS}
    verbs["project"] += ["closed", "reopened"]
    verbs["task"] += ["closed", "reopened"]

    timers = ["timer.started", "timer.updated", "timer.stopped", "timer.discarded"]

    assert list(EVENT_TYPES) == [*(f"{token}.{verb}" for token in COLUMNS for verb in verbs[token]), *timers]
    assert len(EVENT_TYPES) == 41


def test_event_types_say_what_happened():
    assert EVENT_TYPES["timelog.created"].description == "A time log was created."
    assert EVENT_TYPES["invoice.updated"].description == "An invoice was changed."
    assert EVENT_TYPES["user.created"].description == "A user was created."
    assert all(each.description.endswith(".") for each in EVENT_TYPES.values())


@pytest.mark.parametrize(
    ("token", "path", "reference"),
    [
        ("timelog", "user_id", RecordType.RECORD_TYPE_USER),
        ("timelog", "task_id", RecordType.RECORD_TYPE_TASK),
        ("timelog", "approver_user_id", RecordType.RECORD_TYPE_USER),
        ("timelog", "time_log_id", None),
        ("project", "manager_user_id", RecordType.RECORD_TYPE_USER),
        ("project", "purchase_order", None),
        ("task", "assigned_user_ids", RecordType.RECORD_TYPE_USER),
        ("subproject", "parent_id", RecordType.RECORD_TYPE_SUBPROJECT),
        ("invoice", "time_log_ids", RecordType.RECORD_TYPE_TIME_LOG),
        ("expense", "inventory_id", RecordType.RECORD_TYPE_INVENTORY),
        ("client", "tax_id", None),
        ("user", "payroll_id", None),
        ("user", "external_id", None),
    ],
)
def test_a_reference_knows_the_type_it_leads_to(token, path, reference):
    assert column(token, path).reference_type == reference


@pytest.mark.parametrize(
    ("token", "path", "label_of"),
    [
        ("task", "project_name", "project_id"),
        ("task", "client_id", "project_id"),
        ("task", "client_name", "client_id"),
        ("timelog", "client_id", ""),
        ("timelog", "user_name", "user_id"),
        ("user", "user_name", ""),
        ("user", "first_name", ""),
        ("client", "contact_name", ""),
    ],
)
def test_a_label_knows_the_reference_it_follows(token, path, label_of):
    assert column(token, path).label_of == label_of


def test_columns_carry_what_the_contract_says_of_them():
    assert column("timelog", "user_id").required
    assert column("timelog", "client_cost").output_only
    assert column("subproject", "project_id").immutable
    assert column("project", "status").enum_values == ("Planned", "Active", "OnHold", "Closed")
    assert column("task", "status").enum_values == ("Todo", "InProgress", "Closed")
    assert column("project", "due_date").description == "Promised day."
    assert column("project", "version").description.startswith("1 at creation, plus 1 with each stored change.")
    assert all(each.description for info in RECORD_TYPES.values() for each in info.payload_columns)
    assert {each.kind for info in RECORD_TYPES.values() for each in info.payload_columns} == {
        *("string", "uuid", "bool", "int", "decimal", "date", "timestamp", "duration", "enum", "tags", "object", "list")
    }


def test_whole_seconds_follow_a_duration_and_have_no_path_of_their_own():
    columns = {each.name: each for each in info_of_token("task").payload_columns}

    assert columns["EstimatedSeconds"].path == ""
    assert columns["EstimatedSeconds"].output_only
    assert columns["EstimatedHours"].path == "estimated_time"


def test_what_cannot_be_compared_cannot_be_filtered():
    unfilterable = {each.path for each in info_of_token("timelog").columns if not each.filterable}

    assert unfilterable == {"tags", "create_actor", "update_actor", "custom_fields"}


def test_a_record_is_of_the_type_of_its_body():
    record = Record(time_log=TimeLog(description="x"))

    assert type_of(record) == RecordType.RECORD_TYPE_TIME_LOG
    assert kind_of(record).token == "timelog"
    assert body_of(record) == record.time_log


def test_a_record_without_a_body_is_refused_in_words():
    assert type_of(Record()) == RecordType.RECORD_TYPE_UNSPECIFIED
    with pytest.raises(FieldInvalid, match="exactly one body is needed: project, task, time_log, "):
        kind_of(Record(id="x"))


def test_an_unknown_token_is_refused_with_those_there_are():
    with pytest.raises(FieldInvalid, match="'timelogs' is no record type; there are project, task, timelog"):
        info_of_token("timelogs")


def test_the_model_does_not_load_the_messages_of_the_services():
    code = "import sys, clockwire.model.payloads; assert not any('service' in m or m == 'grpc' for m in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)
