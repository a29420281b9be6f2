"""Learns clients' wills from documents that are taken in: permits, prohibitions and non-disclosure orders.

They are known before the document itself is, so that no crash between the two can lose a prohibition.
"""

from __future__ import annotations

from interop.exchange.parts import Parts
from mappings.wills import wills_in
from schemas.record import Record

__all__ = ["learn"]


def learn(parts: Parts, source: str, record: Record) -> int:
    """How many wills were new. Learning again does no harm. In: a record that is taken in, from this system."""
    wills = wills_in(record)
    return parts.store.wills.learn(wills, source, parts.clock()) if wills else 0
