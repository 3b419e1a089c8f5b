"""Places are shared evenly, and nobody waits always."""

from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.fairness import shared

wants = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(-1, 20), max_size=12)


def test_a_flood_takes_nothing_from_a_trickle():
    assert shared({"flood": 1_000, "trickle": 3, "drop": 1}, 20, lambda: 0.5) == {"drop": 1, "trickle": 3, "flood": 16}


def test_with_fewer_places_than_askers_each_waits_sometimes():
    drawn = iter([0.9, 0.1, 0.5, 0.1, 0.9, 0.5])
    given_places = [shared({"a": 5, "b": 5, "c": 5}, 1, lambda: next(drawn)) for _ in range(2)]

    assert given_places == [{"a": 1}, {"b": 1}]


@given(wants, st.integers(0, 60), st.randoms())
def test_everybody_gets_his_share(wants: dict[str, int], limit: int, random):
    places = shared(wants, limit, random.random)

    assert sum(places.values()) == min(limit, sum(max(0, wanted) for wanted in wants.values()))
    for name, got in places.items():
        assert 0 < got <= wants[name]
    unsatisfied = [name for name, wanted in wants.items() if places.get(name, 0) < wanted]
    for name in unsatisfied:
        assert all(other <= places.get(name, 0) + 1 for other in places.values())
