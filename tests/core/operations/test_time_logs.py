"""What is promised of time logs: what follows from what, where time may be logged, and what it costs."""

from datetime import date

import pytest

from clockwire.model.errors import FieldInvalid, HierarchyInvalid, RecordClosed, RecordLocked, ReferenceMissing
from clockwire.model.identifiers import new_id
from clockwire.v1.common_pb2 import Tag
from clockwire.v1.records_pb2 import (
    APPROVAL_STATUS_APPROVED,
    APPROVAL_STATUS_OPEN,
    BILLING_TYPE_CATEGORY_RATE,
    BILLING_TYPE_FIXED,
    BILLING_TYPE_NON_BILLABLE,
    BILLING_TYPE_OPTION_YEAR_RATE,
    BILLING_TYPE_PROJECT_RATE,
    BILLING_TYPE_ROLE_RATE,
    BILLING_TYPE_USER_RATE,
    PROJECT_STATUS_CLOSED,
    PROJECT_STATUS_ON_HOLD,
    TASK_STATUS_CLOSED,
)
from tests.support.bookkeeping import at, creation, hours, value

DAY = date(2025, 1, 15)


@pytest.fixture
async def ann(books):
    return await books.create("user", user_name="Ann", client_rate="100", salary_rate="60", role="Painter")


@pytest.fixture
async def shop(books):
    client = await books.create("client", client_name="Acme", currency="EUR")
    return await books.create("project", project_name="Shop", client_id=client.id, start_date=date(2023, 3, 1))


@pytest.fixture
async def paint(books, shop):
    return await books.create("task", task_name="Paint", project_id=shop.id)


async def log(books, ann, **fields):
    times = {} if {"start_time", "date"} & fields.keys() else {"date": DAY, "duration": 1}
    return await books.create("timelog", user_id=ann.id, **times, **fields)


async def test_a_log_follows_its_task_to_project_client_and_currency(books, ann, shop, paint):
    made = await log(books, ann, task_id=paint.id)

    assert made.time_log.project_id == shop.id
    assert made.time_log.client_id == shop.project.client_id
    assert made.time_log.currency == "EUR"
    assert (made.time_log.task_name, made.time_log.project_name, made.time_log.client_name) == ("Paint", "Shop", "Acme")


async def test_duration_and_day_follow_from_start_and_end(books, ann):
    made = await log(books, ann, start_time=at(9), end_time=at(17, 30), break_time=0.5)

    assert hours(made.time_log.duration) == 8
    assert made.time_log.date == value("date", DAY)


@pytest.mark.parametrize(("zone", "expected"), [("Pacific/Auckland", 16), ("America/New_York", 15), ("", 15)])
async def test_the_day_of_a_log_is_that_of_its_zone(books, ann, zone, expected):
    made = await log(books, ann, start_time=at(23), end_time=at(23, 30), time_zone=zone)

    assert made.time_log.date.day == expected


async def test_the_zone_is_the_users_else_the_workspaces(books):
    kiwi = await books.create("user", user_name="Kiri", time_zone="Pacific/Auckland")
    other = await books.create("user", user_name="Bo")

    assert (await log(books, kiwi, start_time=at(23), end_time=at(24))).time_log.date.day == 16
    assert (await log(books, other)).time_log.time_zone == "UTC"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"date": DAY}, "duration"),
        ({"date": DAY, "duration": 0}, "duration"),
        ({"date": DAY, "duration": 25}, "duration"),
        ({"start_time": at(9)}, "duration"),
        ({"start_time": at(9), "end_time": at(9)}, "end_time"),
        ({"start_time": at(9), "end_time": at(8)}, "end_time"),
        ({"start_time": at(9), "end_time": at(10), "duration": 2}, "duration"),
        ({"start_time": at(9), "end_time": at(10), "break_time": 1}, "duration"),
        ({"start_time": at(9), "end_time": at(34)}, "duration"),
        ({"date": DAY, "end_time": at(10), "duration": 1}, "end_time"),
        ({"date": DAY, "duration": 1, "time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
async def test_times_must_agree(books, ann, fields, wrong):
    with pytest.raises(FieldInvalid, match=f"record.time_log.{wrong}"):
        await log(books, ann, **fields)


async def test_what_was_derived_is_derived_again_when_its_sources_change(books, ann, shop):
    made = await log(books, ann, start_time=at(9), end_time=at(10), project_id=shop.id)
    longer = await books.update(made, end_time=at(12))
    moved = await books.update(longer, start_time=at(33), end_time=at(34))

    assert (hours(longer.time_log.duration), longer.time_log.date.day) == (3, 15)
    assert (hours(moved.time_log.duration), moved.time_log.date.day) == (1, 16)


async def test_a_task_must_be_of_the_project(books, ann, shop, paint):
    other = await books.create("project", project_name="Other")
    phase = await books.create("subproject", subproject_name="Phase", project_id=shop.id)

    with pytest.raises(HierarchyInvalid, match="task_id"):
        await log(books, ann, task_id=paint.id, project_id=other.id)
    with pytest.raises(HierarchyInvalid, match="subproject_id"):
        await log(books, ann, subproject_id=phase.id, project_id=other.id)


@pytest.mark.parametrize("status", [PROJECT_STATUS_CLOSED, PROJECT_STATUS_ON_HOLD])
async def test_no_time_is_logged_to_a_project_that_is_not_open(books, ann, shop, status):
    made = await log(books, ann, project_id=shop.id)
    await books.update(shop, status=status)

    with pytest.raises(RecordClosed):
        await log(books, ann, project_id=shop.id)
    with pytest.raises(RecordClosed):
        await books.update(made, duration=2)
    assert (await books.update(made, description="allowed")).version == 2


async def test_no_time_is_logged_to_a_closed_task_or_subproject_or_by_an_inactive_user(books, ann, shop, paint):
    phase = await books.create("subproject", subproject_name="Phase", project_id=shop.id, status=PROJECT_STATUS_CLOSED)
    gone = await books.create("user", user_name="Gone", active=False)
    await books.update(paint, status=TASK_STATUS_CLOSED)

    with pytest.raises(RecordClosed, match="task"):
        await log(books, ann, task_id=paint.id)
    with pytest.raises(RecordClosed, match="subproject"):
        await log(books, ann, project_id=shop.id, subproject_id=phase.id)
    with pytest.raises(RecordClosed, match="inactive"):
        await log(books, gone)


async def test_costs_are_rounded_half_even_to_the_minor_unit(books, ann, shop):
    third = await log(books, ann, project_id=shop.id, date=DAY, duration=0.5, client_rate="0.05", salary_rate="0.07")
    yen = await log(books, ann, date=DAY, duration=0.5, billable=True, client_rate="3", currency="JPY")

    assert (third.time_log.client_cost.value, third.time_log.salary_cost.value) == ("0.02", "0.04")
    assert yen.time_log.client_cost.value == "2"


async def test_what_is_not_billable_costs_the_client_nothing(books, ann, shop):
    made = await log(books, ann, project_id=shop.id, billable=False, currency="USD")

    assert made.time_log.client_rate.value == "100"
    assert (made.time_log.client_cost.value, made.time_log.salary_cost.value) == ("0.00", "60.00")


async def test_logs_are_billable_as_task_or_project_say(books, ann, shop):
    never = await books.create("project", project_name="Own", billing_type=BILLING_TYPE_NON_BILLABLE)
    task = await books.create("task", task_name="Free", project_id=shop.id, billable=False)

    assert (await log(books, ann, project_id=shop.id)).time_log.billable is True
    assert (await log(books, ann, task_id=task.id)).time_log.billable is False
    assert (await log(books, ann, project_id=never.id)).time_log.billable is False
    assert (await log(books, ann)).time_log.billable is False
    with pytest.raises(FieldInvalid, match="never billed"):
        await log(books, ann, project_id=never.id, billable=True)


@pytest.mark.parametrize(
    ("billing_type", "rate"),
    [
        (0, "70"),
        (BILLING_TYPE_USER_RATE, "100"),
        (BILLING_TYPE_CATEGORY_RATE, "80"),
        (BILLING_TYPE_PROJECT_RATE, "70"),
        (BILLING_TYPE_FIXED, "0"),
        (BILLING_TYPE_ROLE_RATE, ""),
        (BILLING_TYPE_OPTION_YEAR_RATE, ""),
    ],
)
async def test_the_billing_type_says_whose_rate_it_is(books, ann, billing_type, rate):
    category = await books.create("category", category_name="Labor", client_rate="80")
    project = await books.create("project", project_name="P", billing_type=billing_type, client_rate="70")
    made = await log(books, ann, project_id=project.id, category_id=category.id)

    assert made.time_log.client_rate.value == rate
    assert made.time_log.salary_rate.value == "60"


async def test_a_subproject_may_have_its_own_rate(books, ann):
    project = await books.create("project", project_name="P", client_rate="70")
    phase = await books.create("subproject", subproject_name="S", project_id=project.id, client_rate="75")

    assert (await log(books, ann, project_id=project.id, subproject_id=phase.id)).time_log.client_rate.value == "75"


async def test_the_billing_rate_with_most_keys_wins_then_the_most_personal_then_the_latest(books, ann, shop):
    rates = [
        {"client_rate": "1"},
        {"client_rate": "2", "project_id": shop.id},
        {"client_rate": "3", "role": "Painter"},
        {"client_rate": "4", "user_id": ann.id, "effective_start_date": date(2024, 1, 1)},
        {"client_rate": "5", "user_id": ann.id, "effective_start_date": date(2025, 1, 1)},
        {"client_rate": "6", "project_id": shop.id, "option_year": 2},
        {"client_rate": "7", "user_id": ann.id, "project_id": shop.id},
    ]
    found = []
    for rate in rates:
        await books.create("billingrate", currency="EUR", **rate)
        found.append((await log(books, ann, project_id=shop.id)).time_log.client_rate.value)

    assert found == ["1", "2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize(
    "keys",
    [
        {"role": "Cook"},
        {"option_year": 1},
        {"effective_end_date": date(2025, 1, 14)},
        {"effective_start_date": date(2025, 1, 16)},
        {"currency": "USD"},
        {"project_id": "other"},
    ],
)
async def test_a_billing_rate_that_does_not_match_is_not_used(books, ann, keys):
    shop = await books.create("project", project_name="P", currency="EUR", start_date=date(2023, 3, 1), client_rate="9")
    other = await books.create("project", project_name="Other")
    keys = {name: other.id if each == "other" else each for name, each in keys.items()}
    await books.create("billingrate", client_rate="1", **{"currency": "EUR", **keys})

    assert (await log(books, ann, project_id=shop.id)).time_log.client_rate.value == "9"


async def test_rates_stay_as_they_were_when_the_log_was_written(books, ann, shop):
    made = await log(books, ann, date=DAY, duration=1)
    await books.update(ann, client_rate="200")

    assert (await books.update(made, description="x")).time_log.client_rate.value == "100"
    assert (await books.update(made, date=date(2025, 1, 14))).time_log.client_rate.value == "200"


async def test_a_rate_that_is_sent_is_used(books, ann, shop):
    made = await log(books, ann, project_id=shop.id, client_rate="12.50")

    assert (made.time_log.client_rate.value, made.time_log.client_cost.value) == ("12.50", "12.50")


async def test_a_task_holds_the_sums_of_its_logs_without_a_version_or_an_event(books, ann, shop, paint):
    rated = {"client_rate": "10", "task_id": paint.id}
    one = await log(books, ann, **rated)
    other = await log(books, ann, **rated, date=DAY, duration=2)
    task = await books.read(paint)
    assert (hours(task.task.actual_time), task.task.actual_cost.value, task.version) == (3, "30.00", 1)

    await books.update(one, duration=4)
    assert hours((await books.read(paint)).task.actual_time) == 6
    await books.update(other, task_id=None)
    await books.delete(one)
    task = await books.read(paint)
    assert (hours(task.task.actual_time), task.task.actual_cost.value, task.version) == (0, "0.00", 1)
    assert "task.updated" not in await books.types()


async def test_an_approved_log_changes_in_approval_and_billing_only(books, ann, shop):
    made = await log(books, ann, project_id=shop.id)
    approved = await books.update(made, approval_status=APPROVAL_STATUS_APPROVED, approver_user_id=ann.id)

    assert approved.time_log.HasField("approve_time")
    with pytest.raises(RecordLocked):
        await books.update(approved, duration=2)
    with pytest.raises(RecordLocked):
        await books.update(approved, description="no")
    assert (await books.update(approved, client_rate="5")).time_log.client_cost.value == "5.00"
    opened = await books.update(approved, approval_status=APPROVAL_STATUS_OPEN)
    assert (opened.time_log.approver_user_id, opened.time_log.HasField("approve_time")) == ("", False)
    assert hours((await books.update(opened, duration=2)).time_log.duration) == 2


async def test_tags_are_made_on_first_use_and_found_without_regard_to_case(books, ann):
    first = await log(books, ann, tags=[Tag(name="Urgent"), Tag(name="Late")])
    second = await log(books, ann, tags=[Tag(name="URGENT")])
    third = await log(books, ann, tags=[Tag(id=second.time_log.tags[0].id, name="ignored")])

    assert [tag.name for tag in first.time_log.tags] == ["Urgent", "Late"]
    assert first.time_log.tags[0] == second.time_log.tags[0] == third.time_log.tags[0]
    with pytest.raises(ReferenceMissing):
        await log(books, ann, tags=[Tag(id=new_id(0))])


async def test_a_batch_sums_up_in_its_task(books, ann, paint):
    made = [creation("timelog", user_id=ann.id, task_id=paint.id, date=DAY, duration=1, client_rate="1")] * 10
    await books.batch(*made)

    assert (await books.read(paint)).task.actual_cost.value == "10.00"


async def test_a_cost_that_no_amount_can_hold_is_refused(books, ann, shop):
    with pytest.raises(FieldInvalid, match="18 digits"):
        await log(books, ann, project_id=shop.id, date=DAY, duration=24, client_rate="9" * 18)
