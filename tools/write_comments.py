"""What do the contract's comments say of each column? Writes them down, since descriptors forget them at run time.

Usage: write_comments.py DESCRIPTOR_SET OUTPUT, where the set was made by protoc with --include_source_info. The
comments of the fields of Record, its bodies and Timer become a Python module; the same input gives the same bytes.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

FILES = ("clockwire/v1/records.proto", "clockwire/v1/timers.proto")
MESSAGES, FIELDS = FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER, 2  # DescriptorProto.field is number 2
LEFT_OUT = {"RecordKey"}  # in the same file, but no part of a record

HEAD = '''"""What each column means: the comments of proto/, written by tools/generate. Never edited."""
# ruff: noqa: E501

from collections.abc import Mapping

COMMENTS: Mapping[str, str] = {
'''


def main(descriptor_set: str, output: str) -> None:
    """Write the module."""
    files = FileDescriptorSet.FromString(Path(descriptor_set).read_bytes()).file
    described = sorted((file for file in files if file.name in FILES), key=lambda file: FILES.index(file.name))
    lines = [f"    {quoted(name)}: {quoted(text)},\n" for file in described for name, text in comments(file)]
    Path(output).write_text(HEAD + "".join(lines) + "}\n")


def comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """The comment of every field, as "Message.field" and one line of text, in the order of the file."""
    texts = {tuple(each.path): " ".join(each.leading_comments.split()) for each in file.source_code_info.location}
    for number, message in enumerate(file.message_type):
        if message.name not in LEFT_OUT:
            for index, field in enumerate(message.field):
                yield f"{message.name}.{field.name}", texts[MESSAGES, number, FIELDS, index]


def quoted(text: str) -> str:
    """The text as the formatter would write it: in single quotes only where that saves escapes."""
    plain = json.dumps(text, ensure_ascii=False)
    return plain if '"' not in text or "'" in text else "'" + text.replace("\\", "\\\\") + "'"


if __name__ == "__main__":
    main(*sys.argv[1:])
