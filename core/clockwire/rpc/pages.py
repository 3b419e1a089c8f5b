"""How long a page of a list is."""

from clockwire.model.errors import FieldInvalid

USUAL_PAGE = 100
LARGEST_PAGE = 1_000


def page_size(asked: int) -> int:
    """How many entries a page holds: 0 leaves it to us, too many are cut. FieldInvalid for a negative number."""
    if asked < 0:
        raise FieldInvalid.of("page_size", "must not be negative")
    return min(asked or USUAL_PAGE, LARGEST_PAGE)
