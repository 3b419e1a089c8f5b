"""What is promised of records that are looked for from outside: by name, by mail address, by who they are elsewhere."""

import pytest

from clockwire.model.errors import FieldInvalid
from clockwire.model.inbound_commands import Which
from clockwire.model.mutations import Creation
from clockwire.model.names import GITHUB_LOGIN, SLACK_USER_ID
from clockwire.operations.named_records import NamedRecords
from tests.support.bookkeeping import Bookkeeper, record_of
from tests.support.server import ON_SQLITE
from tests.support.writing import make_workspace


async def ask(books, look):
    """What *look* finds among the records of the workspace."""
    return await books.run(lambda transaction: look(NamedRecords(transaction)))


async def project(books, name):
    found = await ask(books, lambda named: named.project(Which(name=name)))
    return found.project.project_name if found else None


async def test_a_name_is_found_in_any_case_and_just_so_first(books):
    for name in ("Grüße", "GRÜSSE", "Übergröße ✓"):
        await books.create("project", project_name=name)
    assert [await project(books, name) for name in ("Grüße", "GRÜSSE", "übergrösse ✓")] == [
        *("Grüße", "GRÜSSE", "Übergröße ✓")
    ]
    with pytest.raises(FieldInvalid, match="2 open projects are called so"):
        await project(books, "grüsse")


async def test_a_new_name_is_found_and_the_one_before_is_not(books):
    shop = await books.create("project", project_name="Shop")
    shop = await books.update(shop, project_name="Store")
    assert [await project(books, name) for name in ("shop", "store")] == [None, "Store"]
    await books.update(shop, description="Nothing of its name")
    assert await project(books, "store") == "Store"
    await books.delete(shop)
    assert await project(books, "store") is None


async def test_a_task_is_looked_for_in_its_project_and_follows_it(books):
    one, other = [await books.create("project", project_name=name) for name in ("One", "Other")]
    task = await books.create("task", task_name="Meetings", project_id=one.id)
    await books.create("task", task_name="meetings", project_id=other.id)

    def found(place):
        return ask(books, lambda named: named.task(Which(name="MEETINGS"), place))

    assert (await found(one)).id == task.id
    assert (await found(other)).task.project_name == "Other"
    with pytest.raises(FieldInvalid, match="2 open tasks"):
        await found(None)
    await books.delete(await found(other))
    await books.update(task, project_id=other.id)
    assert (await found(one), (await found(other)).id, (await found(None)).id) == (None, task.id, task.id)


async def test_a_user_is_known_by_mail_address_name_and_who_it_is_elsewhere(books):
    custom = {SLACK_USER_ID: "U2CERLKJA", GITHUB_LOGIN: "octocat", "other": "x"}
    ada = await books.create("user", user_name="Ada", email="ada@example.com", custom_fields=custom)
    await books.create("user", user_name="ada@example.com")  # may call himself so, and is not meant
    for text in ("ada", "ADA@example.com", ada.id):
        assert (await ask(books, lambda named, text=text: named.user(text))).id == ada.id

    def linked(field, value):
        return ask(books, lambda named: [each.id for each in named.users_linked(field, value)])

    assert await linked(SLACK_USER_ID, "u2cerlkja") == [ada.id]
    assert await linked(GITHUB_LOGIN, "OctoCat") == [ada.id]
    assert await linked(GITHUB_LOGIN, "U2CERLKJA") == []
    assert await linked(SLACK_USER_ID, "a\0b") == []
    await books.update(ada, user_name="Ada L")
    assert await linked(SLACK_USER_ID, "U2CERLKJA") == [ada.id]


async def test_a_word_longer_than_any_name_is_kept_and_not_looked_for(books):
    longest = "ΐ" * 255  # three times as many without its case
    user = await books.create("user", user_name=longest, custom_fields={SLACK_USER_ID: "U" * 4_000})
    assert (await ask(books, lambda named: named.user(longest))).id == user.id
    assert await ask(books, lambda named: named.users_linked(SLACK_USER_ID, "U" * 4_000)) == []


async def test_what_is_called_like_a_record_s_id_does_not_refer_to_it(books):
    shop, other = [await books.create("project", project_name=name) for name in ("Shop", "Other")]
    await books.create("task", task_name=shop.id, project_id=other.id)
    assert await books.delete(shop) == 1


async def test_names_of_another_workspace_are_not_found(books, database, clock):
    stranger = Bookkeeper(books.work, make_workspace(database, clock))
    await stranger.create("project", project_name="Shop")
    assert await project(books, "Shop") is None


@ON_SQLITE
async def test_finding_costs_the_same_however_many_others_there_are(books):
    shop = await books.create("project", project_name="Shop")
    place = {"project_id": shop.id}
    await books.create("task", task_name="Paint", **place)
    custom = {SLACK_USER_ID: "U1"}
    await books.create("user", user_name="Ada", email="ada@example.com", custom_fields=custom)
    few = await books.run(lambda transaction: steps(transaction, shop))
    for number in range(4):
        tasks = [Creation(record_of("task", task_name=f"{number} {each}", **place)) for each in range(400)]
        users = [
            Creation(record_of("user", user_name=f"{number} {each}", custom_fields={SLACK_USER_ID: f"{number} {each}"}))
            for each in range(100)
        ]
        await books.batch(*tasks)
        await books.batch(*users)
    many = await books.run(lambda transaction: steps(transaction, shop))
    assert many <= few * 1.1


def steps(transaction, shop):
    """How many tens of steps SQLite takes to find a task, a user and who somebody is."""
    counted = 0

    def count():
        nonlocal counted
        counted += 1

    driver = transaction.connection.connection.driver_connection
    driver.set_progress_handler(count, 10)
    try:
        named = NamedRecords(transaction)
        found = [named.task(Which(name="paint"), shop), named.task(Which(name="PAINT"), None)]
        found += [named.user("ada"), named.user("ada@example.com"), *named.users_linked(SLACK_USER_ID, "u1")]
        assert len({each.id for each in found}) == 2
    finally:
        driver.set_progress_handler(None, 0)
    return counted
