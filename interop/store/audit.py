"""The audit: entries that are only ever added, chained so that whatever is changed afterwards is found.

An entry is written in the transaction of what it tells of, with an authentication code of its own, so that any number
of workers write at once; a chore seals the entries into the chain, in order, shortly after. Entries older than the
time they are kept go from the chain's beginning, which then starts at a mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from interop.errors import NotFound
from interop.logs import without_identity_codes
from interop.store.audit_chain import BEGINNING, Anchor, Chain, Link, Problem, Verdict
from interop.store.audit_entries import Entry, What
from interop.store.audit_rows import entry_of, link_of, mark_of, mark_row, subjects_of, values_of
from interop.store.audit_tables import AuditMarkRow, AuditRow, AuditSubjectRow
from interop.store.database import Database
from interop.store.tables import TransitionRow

__all__ = ["Audit", "Sought", "begin", "years_before"]

_HEAD, _START = "head", "start"
_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are looked for; what is empty narrows nothing. `client` is the keyed digest of a person.

    `whats` are words any of which will do, None where any word will.
    """

    id: str = ""
    client: str = ""
    document: str = ""
    document_id: str = ""
    delivery: int | None = None
    who: str = ""
    what: What | None = None
    whats: frozenset[What] | None = None
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Audit:
    """The entries of one database. Raises, from every method: Unavailable."""

    def __init__(self, database: Database, key: bytes, new_id: Callable[[], str]) -> None:
        self._database, self._chain, self._new_id = database, Chain(key), new_id

    def pseudonym(self, code: str) -> str:
        """The keyed digest that stands for a person in entries, by the person's identity code or identifier."""
        return self._chain.pseudonym(code)

    def append(self, entry: Entry) -> Entry:
        """The entry as it was written, in a transaction of its own."""
        (written,) = self.append_all([entry])
        return written

    def append_all(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries as they were written, in a transaction of their own."""
        with self._database.write() as session:
            return self.note(session, entries)

    def note(self, session: Session, entries: Sequence[Entry]) -> list[Entry]:
        """The entries as they were written, in the transaction of what they tell of."""
        known = [self._known(one) for one in entries]
        subjects = [values for one in known for values in subjects_of(one)]
        if known:
            session.execute(insert(AuditRow), [values_of(one, self._chain.code(one)) for one in known])
        if subjects:
            session.execute(insert(AuditSubjectRow), subjects)
        return known

    def entry(self, entry_id: str) -> Entry:
        """One entry. Raises: NotFound."""
        with self._database.read() as session:
            row = session.get(AuditRow, entry_id)
            if row is None:
                raise NotFound("There is no entry with this id in the audit.")
            return entry_of(row)

    def entries(self, sought: Sought, *, limit: int = 1000) -> list[Entry]:
        """The latest entries that are looked for, oldest first."""
        query = _narrowed(sought).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)
        with self._database.read() as session:
            return [entry_of(row) for row in session.scalars(query)][::-1]

    def page(self, sought: Sought, limit: int, after: int | None = None, *, oldest_first: bool = False) -> list[Entry]:
        """The next entries of those that have their place in the chain, the newest first.

        In: `after` is the place of the last entry of the page before.
        """
        place = AuditRow.sequence
        query = _narrowed(sought).where(place.is_not(None)).order_by(place if oldest_first else place.desc())
        if after is not None:
            query = query.where(place > after if oldest_first else place < after)
        with self._database.read() as session:
            return [entry_of(row) for row in session.scalars(query.limit(limit))]

    def count(self, sought: Sought) -> int:
        """How many entries are looked for and have their place in the chain."""
        query = _narrowed(sought).where(AuditRow.sequence.is_not(None)).subquery()
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(query)) or 0

    def every(self, sought: Sought) -> Iterator[Entry]:
        """All entries that are looked for, oldest first, read in parts."""
        last: tuple[datetime, str] | None = None
        while True:
            query = _narrowed(sought).order_by(AuditRow.at, AuditRow.id).limit(_AT_A_TIME)
            if last is not None:
                at, entry_id = last
                query = query.where((AuditRow.at > at) | ((AuditRow.at == at) & (AuditRow.id > entry_id)))
            with self._database.read() as session:
                found = [entry_of(row) for row in session.scalars(query)]
            yield from found
            if len(found) < _AT_A_TIME:
                return
            last = found[-1].at, found[-1].id

    # The chain

    def seal(self, at: datetime, *, limit: int = _AT_A_TIME) -> int:
        """How many entries have got their place in the chain; 0 when none waits."""
        waiting = select(AuditRow.id, AuditRow.code).where(AuditRow.sequence.is_(None))
        with self._database.read() as session:
            if session.execute(waiting.limit(1)).first() is None:
                return 0
        with self._database.write() as session:
            self._database.serialize(session, "audit")
            head = mark_of(session, _HEAD) or BEGINNING
            places = []
            for entry_id, code in session.execute(waiting.order_by(AuditRow.at, AuditRow.id).limit(limit)):
                sequence = head.sequence + 1
                head = Anchor(sequence, self._chain.link(head.link, sequence, code), at)
                places.append({"entry": entry_id, "place": sequence, "its_link": head.link})
            if places:
                _put(session, places)
                self._set_mark(session, _HEAD, head)
            return len(places)

    def anchor(self, at: datetime) -> Anchor:
        """The chain's end, all that waits sealed: kept elsewhere, it proves that nothing before it has changed."""
        while self.seal(at):
            pass
        with self._database.read() as session:
            found = mark_of(session, _HEAD)
        if found is None:
            raise NotFound("The end of the audit's chain has been removed. See: interop audit verify.")
        return found

    def verify(self, anchors: Sequence[Anchor] = ()) -> Verdict:
        """What an examination of every entry has found. In: `anchors` are ends that were kept elsewhere."""
        verdict = Verdict()
        with self._database.snapshot() as session:
            ends = {name: self._proven_mark(session, name, verdict) for name in (_START, _HEAD)}
            start = ends[_START] or BEGINNING
            verdict.unverifiable_anchors = sum(one.sequence < start.sequence for one in anchors)
            end = self._chain.check(self._links(session, start, verdict), start, anchors, verdict)
            verdict.head = end
            verdict.problems += _about_the_end(end, ends[_HEAD])
            verdict.problems += [Problem("rewound", one.sequence) for one in anchors if one.sequence > end.sequence]
            self._check_unsealed(session, verdict)
            verdict.problems += _missing_from_the_ledger(session)
        return verdict

    def prune(self, before: datetime, at: datetime, *, limit: int = 10_000) -> int:
        """How many entries older than `before` are gone from the chain's beginning; a part of them at each call."""
        with self._database.write() as session:
            self._database.serialize(session, "audit")
            start, head = mark_of(session, _START), mark_of(session, _HEAD)
            if start is None or head is None:
                return 0
            kept = session.scalar(select(func.min(AuditRow.sequence)).where(AuditRow.at >= before))
            last = min((kept or head.sequence + 1) - 1, start.sequence + limit)
            if last <= start.sequence:
                return 0
            link = session.scalar(select(AuditRow.link).where(AuditRow.sequence == last))
            old = select(AuditRow.id).where(AuditRow.sequence <= last)
            session.execute(delete(AuditSubjectRow).where(AuditSubjectRow.entry.in_(old)))
            session.execute(delete(AuditRow).where(AuditRow.sequence <= last))
            self._set_mark(session, _START, Anchor(last, link or "", before))
            self.note(session, [Entry(at, "exchange", "pruned", cause="kept_long_enough", purpose="operation")])
            return last - start.sequence

    # Inside

    def _known(self, entry: Entry) -> Entry:
        """The entry with an id, and with texts that a column can hold."""
        return replace(
            entry, id=self._new_id(), sequence=None, who=_plain(entry.who, 100), cause=_plain(entry.cause, 100),
            reason=_plain(entry.reason, 1000), receiver=entry.receiver[:64], ground=entry.ground[:100],
            decision=entry.decision[:100], decided_at=entry.decided_at[:40],
            clients=tuple(dict.fromkeys(entry.clients)),
        )  # fmt: skip

    def _links(self, session: Session, start: Anchor, verdict: Verdict) -> Iterator[Link]:
        last = start.sequence
        while True:
            query = select(AuditRow).where(AuditRow.sequence > last).order_by(AuditRow.sequence).limit(_AT_A_TIME)
            rows = session.scalars(query).all()
            verdict.problems += _about_the_index(session, rows)
            for row in rows:
                yield link_of(row)
                last = row.sequence or last
            session.expunge_all()
            if len(rows) < _AT_A_TIME:
                break
        before = select(AuditRow).where(AuditRow.sequence <= start.sequence).limit(_AT_A_TIME)
        verdict.problems += [Problem("inserted", row.sequence or 0, row.id) for row in session.scalars(before)]

    def _check_unsealed(self, session: Session, verdict: Verdict) -> None:
        for row in session.scalars(
            select(AuditRow).where(AuditRow.sequence.is_(None)).execution_options(yield_per=500)
        ):
            verdict.unsealed += 1
            if not self._chain.is_whole(link_of(row)):
                verdict.problems.append(Problem("altered", 0, row.id))

    def _set_mark(self, session: Session, name: str, anchor: Anchor) -> None:
        session.merge(mark_row(name, anchor, self._chain.mark(name, anchor)))

    def _proven_mark(self, session: Session, name: str, verdict: Verdict) -> Anchor | None:
        row, found = session.get(AuditMarkRow, name), mark_of(session, name)
        if row is None or found is None or row.code != self._chain.mark(name, found):
            verdict.problems.append(Problem("ends_altered", row.sequence if row else 0))
            return None
        return found


def begin(session: Session, key: bytes) -> None:
    """Nothing; both ends of the empty chain under this key are marked. To be called once in a database's life."""
    session.add_all(mark_row(name, BEGINNING, Chain(key).mark(name, BEGINNING)) for name in (_START, _HEAD))


def years_before(at: datetime, years: int) -> datetime:
    """The same moment so many years earlier; for 29 February in a common year, 28 February."""
    try:
        return at.replace(year=at.year - years)
    except ValueError:
        return at.replace(year=at.year - years, day=28)


def _plain(text: str, longest: int) -> str:
    return without_identity_codes(text)[:longest]


def _put(session: Session, places: Sequence[dict[str, object]]) -> None:
    table = AuditRow.__table__
    statement = update(table).where(table.c.id == bindparam("entry"))  # type: ignore[arg-type]
    session.connection().execute(
        statement.values(sequence=bindparam("place"), link=bindparam("its_link")), list(places)
    )


def _narrowed(sought: Sought) -> Select[AuditRow]:
    equal = {
        AuditRow.id: sought.id, AuditRow.document: sought.document, AuditRow.document_id: sought.document_id,
        AuditRow.who: sought.who, AuditRow.what: sought.what, AuditRow.outcome: sought.outcome,
        AuditRow.delivery: sought.delivery,
    }  # fmt: skip
    query = select(AuditRow).where(*(column == value for column, value in equal.items() if value not in ("", None)))
    if sought.whats is not None:
        query = query.where(AuditRow.what.in_(sorted(sought.whats)))
    if sought.client:
        of_client = select(AuditSubjectRow.entry).where(AuditSubjectRow.client == sought.client)
        query = query.where(AuditRow.id.in_(of_client))
    if sought.since is not None:
        query = query.where(AuditRow.at >= sought.since)
    if sought.until is not None:
        query = query.where(AuditRow.at < sought.until)
    return query


def _about_the_end(end: Anchor, head: Anchor | None) -> list[Problem]:
    if head is None:
        return []
    if end.sequence < head.sequence:
        missing = range(end.sequence + 1, min(head.sequence, end.sequence + _AT_A_TIME) + 1)
        return [Problem("removed", sequence) for sequence in missing]
    return [Problem("inserted", end.sequence)] if end.sequence > head.sequence or end.link != head.link else []


def _about_the_index(session: Session, rows: Sequence[AuditRow]) -> list[Problem]:
    """The entries whose clients cannot be found by them, or are found by others."""
    ids = [row.id for row in rows]
    found: dict[str, set[str]] = {}
    for start in range(0, len(ids), 500):
        query = select(AuditSubjectRow).where(AuditSubjectRow.entry.in_(ids[start : start + 500]))
        for subject in session.scalars(query):
            found.setdefault(subject.entry, set()).add(subject.client)
    return [
        Problem("index_altered", row.sequence or 0, row.id)
        for row in rows
        if found.get(row.id, set()) != set(row.clients.split())
    ]


def _missing_from_the_ledger(session: Session) -> list[Problem]:
    """The entries that the ledger's transitions name and the audit does not hold: removed before they were sealed."""
    start = mark_of(session, _START)
    query = (
        select(TransitionRow.entry)
        .outerjoin(AuditRow, AuditRow.id == TransitionRow.entry)
        .where(TransitionRow.entry.is_not(None), AuditRow.id.is_(None))
        .limit(_AT_A_TIME)
    )
    if start is not None and start.sequence > 0:
        query = query.where(TransitionRow.at >= start.at)
    return [Problem("removed", 0, entry or "") for entry in session.scalars(query)]
