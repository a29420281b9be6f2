"""Mutation testing of tables: removes or bends one row at a time and asks whether a case notices.

A row whose change makes no difference to what is written or read serves no case: either no case holds its field, or the
row does nothing. Source of the idea: mutation testing; none of the compared engines offers it for mappings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mappings.engine import Mapping
from mappings.places import Each
from mappings.tables import Row, Table, describe
from schemas.samples import full_record
from schemas.structures import Field, Structure

__all__ = ["cases", "unnoticed"]


def cases(structure: Structure) -> list[dict[str, Any]]:
    """Records' trees: one with every field filled, and for each depth one whose groups end there, empty."""
    record = full_record(structure)
    full = {"envelope": record.envelope | {"placeholders": ["status"]}, "content": record.body}
    depths = range(max(len(field.path) for field in structure))
    return [full, *({"envelope": record.envelope, "content": _hollow(structure.fields, depth)} for depth in depths)]


def _hollow(fields: tuple[Field, ...], depth: int) -> dict[str, Any]:
    """The groups of the fields, with groups in them down to a depth, and without any value."""
    groups = [field for field in fields if field.is_group] if depth else []
    return {f.key: [_hollow(f.children, depth - 1)] if f.repeats else _hollow(f.children, depth - 1) for f in groups}


def unnoticed(table: Table, records: list[dict[str, Any]]) -> list[str]:
    """The rows of which no case notices the removal, or the bend, each as a person writes it, with its line.

    In: `records` are the cases, as records' trees.
    """
    expected = [_both_ways(Mapping(table), record) for record in records]
    return [
        f"{table.name}, line {row.line}: {describe(row)}"
        for row, mutants in _mutants(table)
        if any([_both_ways(Mapping(mutant), record) for record in records] == expected for mutant in mutants)
    ]


def _mutants(table: Table) -> Iterator[tuple[Row, list[Table]]]:
    """For each row that writes: the table without it, and the table in which it writes to another place."""
    for index, row in enumerate(table.rows):
        if row.format is None:
            continue
        before, after = table.rows[:index], table.rows[index + 1 :]
        mutants = [replace(table, rows=(*before, *after))]
        if isinstance(row.format[-1], str) and not row.is_group:
            bent = replace(row, format=(*row.format[:-1], f"{row.format[-1]}-bent"))
            mutants.append(replace(table, rows=(*before, bent, *after)))
        yield row, mutants


def _both_ways(mapping: Mapping, record: dict[str, Any]) -> tuple[Any, Any]:
    """What is written of the record, and what is read of that again. Every top part is there, as formats give it."""
    tops = {str(row.format[0]) for row in mapping.table.rows if row.format and row.record is None}
    repeated = {str(row.format[0]) for row in mapping.table.rows if row.format and Each() in row.format[1:2]}
    written = mapping.write(record, {top: {} for top in tops - repeated}).tree
    return written, mapping.read(written).tree
