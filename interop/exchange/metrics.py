"""The exchange's figures for Prometheus: how many deliveries stand where, for how long, and how long they took.

Names of systems and states are the only labels: nothing of a document. The one home of the metrics library. Source:
Prometheus text exposition format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from interop.store import Store

__all__ = ["MEDIA_TYPE", "Metrics"]

MEDIA_TYPE = CONTENT_TYPE_LATEST
"""The media type of the text."""

_BOUNDS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)
_WAITING = ("pending", "accepted", "unknown", "held")


@dataclass(slots=True)
class _Durations:
    """How many deliveries to one system took how long."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(_BOUNDS, seconds)] += 1
        self.seconds += seconds

    def cumulative(self) -> Iterator[tuple[str, float]]:
        total = 0
        for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self.buckets, strict=True):
            total += count
            yield bound, total


class Metrics:
    """The figures of one store. It remembers how far it has read, so that a reading costs what is new since the last.

    Safe to share between threads.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._took: dict[str, _Durations] = {}
        self._read = 0

    def text(self, at: datetime) -> bytes:
        """All figures at a moment, in Prometheus's text form. Raises: Unavailable."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collected(self._families(at)))
        return generate_latest(registry)

    def _families(self, at: datetime) -> list[Metric]:
        return [*self._deliveries(at), self._documents(), self._arrivals(), self._circuits(at), self._durations()]

    def _deliveries(self, at: datetime) -> Iterator[Metric]:
        figures = self._store.counts.deliveries()
        count = GaugeMetricFamily("interop_deliveries", "Deliveries by system and state.", labels=["system", "state"])
        oldest = GaugeMetricFamily(
            "interop_oldest_waiting_seconds", "Age of the oldest delivery that waits, by system and state.",
            labels=["system", "state"],
        )  # fmt: skip
        attempts = GaugeMetricFamily("interop_attempts", "Attempts to send so far, by system.", labels=["system"])
        tries: dict[str, int] = {}
        for one in figures:
            count.add_metric([one.receiver, one.state], one.count)
            tries[one.receiver] = tries.get(one.receiver, 0) + one.attempts
            if one.state in _WAITING:
                oldest.add_metric([one.receiver, one.state], max(0.0, (at - one.oldest).total_seconds()))
        for system, number in tries.items():
            attempts.add_metric([system], number)
        yield from (count, oldest, attempts)

    def _documents(self) -> Metric:
        family = GaugeMetricFamily("interop_documents", "Documents by sender and status.", labels=["system", "status"])
        return _counted(family, self._store.counts.documents())

    def _arrivals(self) -> Metric:
        family = GaugeMetricFamily(
            "interop_arrivals", "What senders hold for us, by state.", labels=["system", "state"]
        )
        return _counted(family, self._store.counts.arrivals())

    def _circuits(self, at: datetime) -> Metric:
        family = GaugeMetricFamily("interop_circuit_open", "1 while a system is left alone.", labels=["system"])
        resting = set(self._store.circuits.resting(at))
        for one in self._store.circuits.all():
            family.add_metric([one.system], float(one.system in resting))
        return family

    def _durations(self) -> Metric:
        with self._lock:
            while found := self._store.counts.took(self._read):
                for one in found:
                    self._took.setdefault(one.receiver, _Durations()).add(one.seconds)
                self._read = found[-1].id
            family = HistogramMetricFamily(
                "interop_delivery_seconds", "From the receipt of a document to its delivery, by system.",
                labels=["system"],
            )  # fmt: skip
            for system, durations in sorted(self._took.items()):
                family.add_metric([system], list(durations.cumulative()), durations.seconds)
        return family


@dataclass(frozen=True, slots=True, eq=False)
class _Collected:
    """Figures already taken, as the library wants to be given them."""

    families: list[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families


def _counted(family: GaugeMetricFamily, found: Iterable[tuple[str, str, int]]) -> Metric:
    for system, state, count in found:
        family.add_metric([system, state], count)
    return family
