"""Carries documents from system to system: each version once, none lost, and none to where it may not go."""

from __future__ import annotations

from interop.exchange.bringing import abandon, bring, deliver, settle
from interop.exchange.causes import CAUSES, cause_in_words
from interop.exchange.delivering import Prepared, prepare
from interop.exchange.exchange import Exchange, Round
from interop.exchange.parts import Examined, Pace, Participant, Parts, Written
from interop.exchange.receiving import Received, receive

__all__ = [
    "CAUSES",
    "Examined",
    "Exchange",
    "Pace",
    "Participant",
    "Parts",
    "Prepared",
    "Received",
    "Round",
    "Written",
    "abandon",
    "bring",
    "cause_in_words",
    "deliver",
    "prepare",
    "receive",
    "settle",
]
