"""How a response says what a mutation did to the event log."""

from clockwire.model.event import Mutation
from clockwire.v1.common_pb2 import MutationInfo

MOST_LISTED = 100


def mutation_info(mutation: Mutation) -> MutationInfo:
    """The part of a response that tells what was written; of very many events only the first are listed."""
    return MutationInfo(cursor=mutation.cursor, event_ids=mutation.event_ids[:MOST_LISTED])
