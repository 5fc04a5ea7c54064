"""The customers that a check would have stored: in a file, so that memory stays flat however many they are."""

import json
import marshal
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm.services.customer_data import ChannelData, CustomerData
from crm.services.importing.merge import Record
from crm.services.importing.plan import Plan
from crm.services.importing.rows import Key

_SCHEMA = """
    PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000; PRAGMA locking_mode=EXCLUSIVE;
    CREATE TABLE records (id INTEGER PRIMARY KEY, pk INTEGER, state BLOB NOT NULL);
    CREATE UNIQUE INDEX records_pk ON records (pk) WHERE pk IS NOT NULL;
    CREATE TABLE keys (key TEXT, record INTEGER, PRIMARY KEY (key, record)) WITHOUT ROWID;
"""
_BETWEEN = "\x1f"  # no cleaned value has it
_HELD = "SELECT key, record FROM keys WHERE key IN (SELECT value FROM json_each(?))"
_OF_STORED = "SELECT id FROM records WHERE pk IN (SELECT value FROM json_each(?))"
_STATES = "SELECT id, state FROM records WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"


@dataclass(frozen=True, slots=True)
class _Place:
    id: int
    external_id: str  # as it was when the record was loaded


@dataclass
class Found:
    """What a chunk of rows may mean: the records, and the keys that the rows find them by."""

    records: list[Record] = field(default_factory=list)
    keys: list[tuple[Key, Record]] = field(default_factory=list)


class Shadow:
    """A throw-away SQLite file: up to a kilobyte on disk for every row that would be stored where the plan updates
    or restores customers, a quarter of that else.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        path.unlink(missing_ok=True)
        self.path, self.plan = path, plan
        self._whole = plan.on_duplicate == "update" or plan.restore
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._file.executescript(_SCHEMA)
        self._places: dict[Record, _Place] = {}  # of what was loaded for the present chunk
        self._last = 0

    def close(self) -> None:
        """Throw it away."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def load(self, keys: Collection[Key], pks: Collection[int]) -> Found:
        """The records that hold one of the keys, and those of stored customers among `pks`, as they would be now."""
        held = self._file.execute(_HELD, [json.dumps([_BETWEEN.join(key) for key in keys])]).fetchall()
        ids = {pk for _key, pk in held}
        ids |= {pk for (pk,) in self._file.execute(_OF_STORED, [json.dumps(list(pks))])}
        states = self._file.execute(_STATES, [json.dumps(list(ids))])
        by_id = {pk: _record(marshal.loads(state)) for pk, state in states}  # noqa: S302  (nobody else writes it)
        self._places = {record: _Place(pk, record.data.external_id) for pk, record in by_id.items()}
        claimed = [(key.partition(_BETWEEN), by_id[pk]) for key, pk in held]
        return Found(list(by_id.values()), [((name, value), record) for (name, _, value), record in claimed])

    def store(self, new: Iterable[Record], changed: Iterable[Record]) -> None:
        """Remember what a chunk has decided on."""
        states, keys, gone = [], [], []
        for record in (*new, *changed):
            place = self._places.get(record)
            if place is None:
                self._last += 1
            elif place.external_id not in ("", record.data.external_id):
                gone.append((f"external_id{_BETWEEN}{place.external_id}", place.id))
            pk = place.id if place else self._last
            states.append((pk, record.pk, marshal.dumps(_state(record, self._whole))))
            keys += [(_BETWEEN.join(key), pk) for key in record.keys]
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", states)
        self._file.executemany("DELETE FROM keys WHERE key = ? AND record = ?", gone)
        self._file.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", keys)
        self._file.execute("COMMIT")


def _state(record: Record, whole: bool) -> tuple[Any, ...]:
    data = record.data
    if not whole:
        data = CustomerData(data.name, external_id=data.external_id)
    channels = [(one.type, one.value, one.label, one.is_primary, one.normalized) for one in data.channels]
    fields = (data.name, data.kind, data.company, data.city, data.notes, data.external_id)
    return fields, data.tags, channels, data.attributes, record.pk, record.version, record.archived, record.balances


def _record(state: tuple[Any, ...]) -> Record:
    fields, tags, channels, attributes, pk, version, archived, balances = state
    data = CustomerData(*fields, tags, [ChannelData(*one) for one in channels], attributes)  # type: ignore[call-arg]
    return Record(data, pk, version, archived, balances=balances)
