"""How places are shared between those who want some: evenly, so that a flood takes nothing from a trickle."""

from collections.abc import Callable, Mapping


def shared(wants: Mapping[str, int], limit: int, random: Callable[[], float]) -> dict[str, int]:
    """How many of *limit* places each gets: never more than it wants, and nobody two more than who wants more.

    If there are fewer places than askers it is drawn who waits, so nobody waits always.
    """
    askers = sorted((wanted, random(), name) for name, wanted in wants.items() if wanted > 0)
    given: dict[str, int] = {}
    for index, (wanted, _, name) in enumerate(askers):
        left = len(askers) - index
        # The rest of an uneven share goes to those who come last: to who wants most.
        share = min(wanted, limit // left)
        limit -= share
        if share:
            given[name] = share
    return given
