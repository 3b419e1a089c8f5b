"""Two processes say things to each other: whole, in order, and without waiting for who does not listen."""

import socket
import threading

import pytest

from clockwire.processes.frames import Incoming, Outgoing, socket_pair


@pytest.fixture
def ends():
    ours, theirs = socket_pair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def drained():
    return threading.Event()


@pytest.fixture
def outgoing(ends, drained):
    outgoing = Outgoing(ends[0], drained=drained.set)
    yield outgoing
    outgoing.close()


@pytest.fixture
def incoming(ends):
    return Incoming(ends[1])


def test_what_is_said_is_heard_in_order_large_or_small(outgoing, incoming):
    said = [("small", 1), b"\0" * 3_000_000, ("small", 2), [], b"x" * 70_000]
    for each in said:
        outgoing.say(each)

    assert [incoming.next() for _ in said] == said


def test_who_does_not_listen_holds_up_nobody_and_hears_all_of_it_later(outgoing, incoming, drained):
    for number in range(100):
        outgoing.say((number, b"\0" * 100_000))
    assert outgoing.full
    assert outgoing.waits

    assert [incoming.next()[0] for _ in range(100)] == list(range(100))
    assert drained.wait(5)
    assert not outgoing.full
    assert not outgoing.waits


def test_what_comes_after_something_that_waits_waits_behind_it(outgoing, incoming):
    outgoing.say(b"\0" * 5_000_000)
    outgoing.say("small")

    assert len(incoming.next()) == 5_000_000
    assert incoming.next() == "small"


def test_the_end_of_the_other_process_is_heard(ends, outgoing, incoming):
    ends[0].shutdown(socket.SHUT_RDWR)

    assert incoming.next() is None
    outgoing.say("to nobody")


def test_a_frame_that_was_cut_short_is_the_end(ends, incoming):
    ends[0].sendall(b"\0\0\0\x10half")
    ends[0].close()

    assert incoming.next() is None


def test_finishing_says_everything_first(ends, outgoing, incoming):
    outgoing.say(b"\0" * 5_000_000)
    finishing = threading.Thread(target=outgoing.finish)
    finishing.start()

    assert len(incoming.next()) == 5_000_000
    assert incoming.next() is None
    finishing.join(5)
    assert not finishing.is_alive()


def test_what_has_come_is_heard_without_waiting_and_the_end_after_it(ends, outgoing, incoming):
    assert list(incoming.here()) == []
    outgoing.say("first")
    outgoing.say("second")
    ends[0].shutdown(socket.SHUT_WR)

    heard = incoming.here()
    assert [next(heard), next(heard)] == ["first", "second"]
    with pytest.raises(EOFError):
        [*incoming.here()]


def test_a_frame_that_comes_in_pieces_is_heard_once_it_is_whole(outgoing, incoming):
    outgoing.say(b"x" * 300_000)

    pieces = 0
    while not (heard := [*incoming.here()]):
        pieces += 1
    assert heard == [b"x" * 300_000]
    assert pieces > 0


def test_the_end_is_known_before_all_is_heard(ends, outgoing, incoming):
    assert not incoming.ended
    outgoing.say("unheard")
    assert not incoming.ended
    ends[0].close()

    assert incoming.ended
    assert incoming.next() == "unheard"
    assert incoming.next() is None
