"""By which words are records looked for from outside? Names, and who a user is elsewhere; without regard to case.

They are kept where references are, each in the place of the id that is referred to. So what is called so is found by a
key, whatever number of others there is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from clockwire.v1.common_pb2 import RECORD_TYPE_PROJECT, RECORD_TYPE_TASK, RECORD_TYPE_USER
from clockwire.v1.records_pb2 import Record

#: The custom fields of a user that say who this is in a service that sends here.
SLACK_USER_ID: Final = "slack_user_id"
GITHUB_LOGIN: Final = "github_login"

#: A field, and what it holds.
Word = tuple[str, str]

# No id begins so: what is called like a record's id is not taken for something that refers to the record.
_MARK = "="
_LONGEST = 255


def words_of(record: Record) -> Sequence[Word]:
    """Each field by which the record is looked for, and the key of what it holds."""
    read = _WORDS.get(record.type)
    return [(field, key_of(word)) for field, word in read(record) if word] if read else ()


def key_of(word: str) -> str:
    """The form in which words are compared."""
    return _MARK + word.casefold()


def linked(field: str) -> str:
    """A custom field, as it is called among the fields of words."""
    return f"custom_fields.{field}"


def _words_of_user(record: Record) -> Iterator[Word]:
    yield "user_name", record.user.user_name
    for field in (SLACK_USER_ID, GITHUB_LOGIN):
        if field in record.custom_fields.fields:
            word = record.custom_fields.fields[field].string_value
            yield linked(field), word if len(word) <= _LONGEST else ""


_WORDS: Mapping[int, Callable[[Record], "Iterator[Word] | Sequence[Word]"]] = {
    RECORD_TYPE_PROJECT: lambda record: [("project_name", record.project.project_name)],
    RECORD_TYPE_TASK: lambda record: [("task_name", record.task.task_name)],
    RECORD_TYPE_USER: _words_of_user,
}
