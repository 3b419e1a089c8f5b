"""What do the contract's comments say? All of them, by the names of what they stand at, for the OpenAPI document.

Usage: write_contract_comments.py DESCRIPTOR_SET OUTPUT, where the set was made by protoc with --include_source_info.
The comments of services, calls, messages, fields, enums and their values become JSON, "Message.field" to its text.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

PACKAGE = "clockwire.v1"
#: Numbers of fields of FileDescriptorProto, DescriptorProto, ServiceDescriptorProto and EnumDescriptorProto.
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, NESTED, NESTED_ENUMS = 2, 3, 4
METHODS = VALUES = 2

Texts = Mapping[tuple[int, ...], str]


def main(descriptor_set: str, output: str) -> None:
    """Write the file."""
    files = FileDescriptorSet.FromString(Path(descriptor_set).read_bytes()).file
    found = {name: text for file in files if file.package == PACKAGE for name, text in comments(file) if text}
    Path(output).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")


def comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """The name of everything that may have a comment, and the comment."""
    texts = {tuple(each.path): _paragraphs(each.leading_comments) for each in file.source_code_info.location}
    for number, service in enumerate(file.service):
        yield from _with_parts(service.name, texts, (SERVICES, number), METHODS, service.method)
    for number, enum in enumerate(file.enum_type):
        yield from _with_parts(enum.name, texts, (ENUMS, number), VALUES, enum.value)
    for number, message in enumerate(file.message_type):
        yield from _of_message(message, message.name, texts, (MESSAGES, number))


def _of_message(message: DescriptorProto, name: str, texts: Texts, path: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    yield from _with_parts(name, texts, path, FIELDS, message.field)
    for number, enum in enumerate(message.enum_type):
        yield from _with_parts(f"{name}.{enum.name}", texts, (*path, NESTED_ENUMS, number), VALUES, enum.value)
    for number, nested in enumerate(message.nested_type):
        yield from _of_message(nested, f"{name}.{nested.name}", texts, (*path, NESTED, number))


def _with_parts(
    name: str, texts: Texts, path: tuple[int, ...], kind: int, parts: Sequence[Any]
) -> Iterator[tuple[str, str]]:
    yield name, texts.get(path, "")
    for number, part in enumerate(parts):
        yield f"{name}.{part.name}", texts.get((*path, kind, number), "")


def _paragraphs(comment: str) -> str:
    """The comment with its paragraphs, each on one line."""
    return "\n\n".join(" ".join(each.split()) for each in comment.split("\n\n")).strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
