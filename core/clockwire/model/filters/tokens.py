"""What words a filter is made of, and where each of them stands."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from clockwire.model.errors import FilterInvalid
from clockwire.model.values.text import forbidden_in

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'"
_NO_MORE = r"(?![\w.])"
_ESCAPED = {"\\": "\\", '"': '"', "'": "'", "*": "*", "n": "\n", "t": "\t"}
_LONGEST_SHOWN = 40


class TokenKind(Enum):
    """What a token is."""

    TIME = auto()
    DURATION = auto()
    NUMBER = auto()
    STRING = auto()
    PATH = auto()
    OPERATOR = auto()
    OPEN = auto()
    CLOSE = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a filter as it is written, and where it begins, counted in characters from 0."""

    kind: TokenKind
    text: str
    position: int

    def refused(self, problem: str) -> FilterInvalid:
        """The error that points at this token."""
        return FilterInvalid(problem, position=self.position, token=shortened(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """What a quoted string says, and at which of its ends any text may stand."""

    text: str
    open_start: bool
    open_end: bool


_PATTERN = re.compile(
    "|".join(
        (
            rf"(?P<TIME>\d{{4}}-\d\d-\d\d(?:[Tt][0-9:.]+(?:[Zz]|[+-]\d\d:\d\d)?)?{_NO_MORE})",
            rf"(?P<DURATION>-?\d+(?:\.\d+)?s{_NO_MORE})",
            rf"(?P<NUMBER>-?\d+(?:\.\d+)?{_NO_MORE})",
            rf"(?P<PATH>{_NAME}(?:\.(?:{_NAME}|{_QUOTED}))*)",
            rf"(?P<STRING>{_QUOTED})",
            r"(?P<OPERATOR>!=|<=|>=|[=<>:])",
            r"(?P<OPEN>\()",
            r"(?P<CLOSE>\))",
        )
    ),
    re.ASCII | re.DOTALL,
)
_STEP = re.compile(rf"{_NAME}|{_QUOTED}", re.ASCII | re.DOTALL)
_BLANKS = re.compile(r"[ \t\r\n]*")
_UNKNOWN = re.compile(r"[^\s()=<>!:]+|.", re.DOTALL)


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of a filter in their order; the last is END. Raises FilterInvalid at what is none."""
    position = _after_blanks(text, 0)
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _unknown(text, position)
        yield Token(TokenKind[match.lastgroup], match.group(), position)
        position = _after_blanks(text, match.end())
    yield Token(TokenKind.END, "", len(text))


def steps_of(path: Token) -> tuple[str, ...]:
    """The names a path is made of, quoted ones without their quotes."""
    return tuple(
        "".join(character for character, _ in _characters(step, path)) if step[0] in "\"'" else step
        for step in _STEP.findall(path.text)
    )


def string_of(token: Token) -> Literal:
    r"""What a quoted literal says: a `*` at an end stands for any text, ``\*`` is an asterisk."""
    characters = list(_characters(token.text, token))
    stars = [index for index, (character, escaped) in enumerate(characters) if character == "*" and not escaped]
    open_start, open_end = 0 in stars, len(characters) - 1 in stars
    if len(stars) > open_start + (open_end and len(characters) > 1):
        raise token.refused(r"'*' may stand at an end of a string only; write \* for an asterisk")
    inner = characters[open_start : len(characters) - (open_end and len(characters) > 1)]
    text = unicodedata.normalize("NFC", "".join(character for character, _ in inner))
    _check_text(text, token)
    return Literal(text=text, open_start=open_start, open_end=open_end)


def shortened(text: str) -> str:
    """The text, or its beginning if it is long."""
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _after_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _characters(quoted: str, token: Token) -> Iterator[tuple[str, bool]]:
    """The characters between the quotes, and whether each was written with a backslash."""
    rest = iter(quoted[1:-1])
    for character in rest:
        if character != "\\":
            yield character, False
            continue
        escaped = next(rest)
        if escaped not in _ESCAPED:
            raise token.refused(rf"unknown escape \{shortened(escaped)}; there are \\ \" \' \* \n \t")
        yield _ESCAPED[escaped], True


def _check_text(text: str, token: Token) -> None:
    if forbidden := forbidden_in(text):
        raise token.refused(f"the character {forbidden} is not allowed in text")


def _unknown(text: str, position: int) -> FilterInvalid:
    match = _UNKNOWN.match(text, position)
    token = Token(TokenKind.END, match.group() if match else "", position)
    if token.text[:1] in {'"', "'"}:
        return token.refused("the string is not closed")
    return token.refused(f"{shortened(token.text)!r} is neither a path, a literal, an operator nor a bracket")
