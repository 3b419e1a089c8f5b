"""How often a process that serves looks for garbage."""

import gc

_GARBAGE = 50_000  # objects


def collect_garbage_rarely() -> None:
    """Few of our objects form cycles, and many live as long as a group of operations or a request does.

    With Python's own thresholds the collector runs many times a group, and takes a seventh of what a write costs.
    """
    gc.freeze()
    gc.set_threshold(_GARBAGE, 20, 20)
