"""The gate: whether a document may go to a receiver, on which ground of the law, and what is left out of it. Pure.

A decision is made of the facts of a document (`subject_of`), of a receiver, of what the clients have permitted and
forbidden (`schemas.wills`), and of the moment. The grounds, the access matrix, the kinds of documents and the places
that tell where a client lives are tables. Source: acts 703/2023, 1301/2014 and 661/2009; decree 457/2024.
"""

from __future__ import annotations

from validators.gate.access import duties
from validators.gate.deciding import Decision, Step, decide, decide_on
from validators.gate.disclosing import Disclosure
from validators.gate.documents import kinds, tasks
from validators.gate.facts import Ownership, Plan, PlanPermit, Receiver, Sector, Subject
from validators.gate.grounds import GROUNDS, Ground, Outcome
from validators.gate.questions import QUESTIONS
from validators.gate.subject import subject_of

__all__ = [
    "GROUNDS",
    "QUESTIONS",
    "Decision",
    "Disclosure",
    "Ground",
    "Outcome",
    "Ownership",
    "Plan",
    "PlanPermit",
    "Receiver",
    "Sector",
    "Step",
    "Subject",
    "decide",
    "decide_on",
    "duties",
    "kinds",
    "subject_of",
    "tasks",
]
