"""The figures that are watched: right counts, names of systems and states alone, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from interop.errors import Unavailable
from interop.exchange.metrics import Metrics
from tests.store.databases import database_url, new_database, postgresql_base

__all__ = ["database_url", "new_database", "postgresql_base"]


def values(text: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, sample.labels["system"], *(v for k, v in sample.labels.items() if k != "system")): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_figures_tell_what_stands_where_and_nothing_of_a_document(world: Any, database_url: str) -> None:
    world.url = database_url
    world.source.file("Viesti 010280-952L", world.plan(goal="Salainen 010181-900C"))
    world.quick.sends = [Unavailable("Away.")] * 100
    exchange = world.exchange()
    world.later(exchange, 3, seconds=30)
    metrics = Metrics(exchange.parts.store)
    text = metrics.text(world.now)
    found = values(text)
    assert found["interop_deliveries", "quick", "pending"] == 1
    assert found["interop_deliveries", "slow", "delivered"] == 1
    assert found["interop_documents", "source", "accepted"] == 1
    assert found["interop_oldest_waiting_seconds", "quick", "pending"] == 90
    assert found["interop_attempts", "quick"] == 3
    assert found["interop_circuit_open", "quick"] == 0
    assert found["interop_delivery_seconds_count", "slow"] == 1
    assert found["interop_delivery_seconds_bucket", "slow", "+Inf"] == 1
    for word in ("Salainen", "Viesti", "010280", "010181", "1.2.246"):
        assert word not in text.decode()
    world.quick.sends = []
    world.later(exchange, 4)
    again = values(metrics.text(world.now + timedelta(seconds=1)))
    assert again["interop_delivery_seconds_count", "quick"] == 1
    assert again["interop_delivery_seconds_count", "slow"] == 1
    assert ("interop_deliveries", "quick", "pending") not in again
