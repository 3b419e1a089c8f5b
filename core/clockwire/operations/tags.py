"""Which tags are there? Asked in bulk by id or name; a name that is new makes a tag."""

from collections.abc import Iterable

from clockwire.model.errors import ReferenceMissing
from clockwire.model.identifiers import is_id, new_id
from clockwire.storage.records import TagRow, insert_tags, select_tags
from clockwire.storage.transaction import Transaction
from clockwire.v1.common_pb2 import Tag


class Tags:
    """The tags that one operation needs."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._known: dict[str, Tag] = {}  # by id and by folded name
        self._new: list[TagRow] = []

    def load(self, tags: Iterable[Tag]) -> None:
        """These tags are known, if they exist. They come from a caller and may be wrong in any way."""
        ids, names = set(), set()
        for tag in tags:
            if is_id(tag.id):
                ids.add(tag.id)
            elif "\0" not in tag.name:
                names.add(tag.name.casefold())
        workspace_id = self._transaction.workspace.id
        for row in select_tags(self._transaction.connection, workspace_id, ids=ids, folded_names=names):
            self._know(row)

    def named(self, tags: Iterable[Tag], field: str) -> list[Tag]:
        """Each tag once, by its id, else by its name. Raises ReferenceMissing for an unknown id."""
        found = (self._find(tag) or self._make(tag, field) for tag in tags)
        return [*{tag.id: tag for tag in found}.values()]

    def flush(self) -> None:
        """The database holds the tags that were made."""
        insert_tags(self._transaction.connection, self._transaction.workspace.id, self._new)
        self._new = []

    def _find(self, tag: Tag) -> Tag | None:
        key = tag.id or tag.name.casefold()
        if key not in self._known:
            self.load([tag])
        return self._known.get(key)

    def _make(self, tag: Tag, field: str) -> Tag:
        if tag.id:
            raise ReferenceMissing(field, "tag", tag.id)
        row = TagRow(new_id(self._transaction.now), tag.name, tag.name.casefold())
        self._new.append(row)
        return self._know(row)

    def _know(self, row: TagRow) -> Tag:
        tag = Tag(id=row.id, name=row.name)
        self._known[row.id] = self._known[row.folded_name] = tag
        return tag
