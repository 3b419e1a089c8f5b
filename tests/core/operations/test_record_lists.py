"""What is promised of lists: every record once, in order, a page at a time, and a cursor to go on from."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.cursor import decode_cursor
from clockwire.model.errors import FieldInvalid, FilterInvalid, PageTokenInvalid
from clockwire.model.instants import DAY
from clockwire.model.masks import read_mask
from clockwire.operations.record_lists import Listing, list_records
from clockwire.v1.common_pb2 import RECORD_TYPE_CLIENT, RECORD_TYPE_PROJECT
from tests.support.bookkeeping import creation

TYPE = RECORD_TYPE_CLIENT


@pytest.fixture
async def clients(books):
    names = ["d", "b", "e", "a", "c"]
    return [await books.create("client", client_name=name, city="Bonn" if name < "d" else "") for name in names]


async def page(books, clock, **asked):
    asked = {"type": TYPE, "page_size": 2, "digest": b"request", "read_mask": read_mask(FieldMask()), **asked}
    listing = Listing(now=clock(), **asked)
    return await books.work.database.read(list_records, books.caller.workspace_id, listing)


async def pages(books, clock, **asked):
    found = [await page(books, clock, **asked)]
    while found[-1].next_page_token:
        found.append(await page(books, clock, page_token=found[-1].next_page_token, **asked))
    return found


def names(found):
    return ["".join(each.client.client_name for each in page.records) for page in found]


async def test_pages_hold_every_record_once_in_order(books, clock, clients):
    assert names(await pages(books, clock, order_by="client_name")) == ["ab", "cd", "e"]
    assert names(await pages(books, clock, order_by="client_name desc")) == ["ed", "cb", "a"]
    assert names(await pages(books, clock, order_by="city, client_name", page_size=3)) == ["abc", "de"]


async def test_a_full_last_page_has_no_token(books, clock, clients):
    assert names(await pages(books, clock, page_size=5, order_by="client_name")) == ["abcde"]


async def test_a_filter_chooses(books, clock, clients):
    found = await pages(books, clock, filter='city = "Bonn" AND client_name > "a"', order_by="client_name")

    assert names(found) == ["bc"]


async def test_the_cursor_is_that_of_the_first_page(books, clock, clients):
    first = await page(books, clock)
    await books.create("client", client_name="f")
    second = await page(books, clock, page_token=first.next_page_token)

    assert second.cursor == first.cursor
    assert decode_cursor(first.cursor, books.caller.workspace_id).sequence == 5


async def test_a_token_is_good_for_its_own_list_for_three_days(books, clock, clients):
    token = (await page(books, clock)).next_page_token

    with pytest.raises(PageTokenInvalid):
        await page(books, clock, page_token=token, digest=b"another")
    clock.now += 4 * DAY
    with pytest.raises(PageTokenInvalid):
        await page(books, clock, page_token=token)


async def test_a_read_mask_shows_what_was_asked_for(books, clock, clients):
    mask = read_mask(FieldMask(paths=["client.client_name"]))
    found = await pages(books, clock, order_by="client_name", read_mask=mask)

    assert names(found) == ["ab", "cd", "e"]
    assert found[0].records[0].id == ""


async def test_lists_have_labels_and_are_ordered_by_them(books, clock, clients):
    for client in clients:
        await books.create("project", project_name="P", client_id=client.id)
    found = await pages(books, clock, type=RECORD_TYPE_PROJECT, order_by="client_name")

    assert [each.project.client_name for page in found for each in page.records] == ["a", "b", "c", "d", "e"]


async def test_a_page_stays_below_a_mebibyte(books, clock):
    await books.batch(*[creation("client", client_name="x", notes="ü" * 10_000) for _ in range(60)])
    found = await pages(books, clock, page_size=1000)

    assert [len(page.records) for page in found] == [49, 11]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"type": 0}, FieldInvalid),
        ({"type": 99}, FieldInvalid),
        ({"filter": "no such"}, FilterInvalid),
        ({"order_by": "nothing"}, FieldInvalid),
        ({"page_token": "x"}, PageTokenInvalid),
    ],
)
async def test_a_list_that_makes_no_sense_is_refused(books, clock, asked, error):
    with pytest.raises(error):
        await page(books, clock, **asked)
