"""Prometheus metrics from Postgres, the same in every server process."""

from collections.abc import Iterable, Iterator, Mapping

from flask import current_app
from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from app.domain import fleet_counters
from app.domain.agents import KNOWN
from app.domain.fleet_counters import FleetCounter
from app.services.counters import fleet as fleet_counts
from app.services.counters import gauges
from app.services.counters.fleet import CounterValue
from app.services.notify import audit_stream, deliveries

Counts = Mapping[str, CounterValue]


class DatabaseCollector(Collector):
    """Reads all of them for each scrape. Raises SQLAlchemyError."""

    def collect(self) -> Iterator[Metric]:
        yield _status_gauge("muster_tasks", "Tasks.", gauges.tasks())
        yield _status_gauge("muster_machines", "Machines.", gauges.machines())
        total, used = gauges.slots()
        slots = GaugeMetricFamily("muster_slots", "Slots of connected machines.", labels=["kind"])
        slots.add_metric(["total"], total)
        slots.add_metric(["used"], used)
        yield slots
        reconnects = "Reconnections of machines."
        yield CounterMetricFamily(
            "muster_machine_reconnects", reconnects, value=gauges.reconnects()
        )
        yield from _machine_metrics()
        yield from _delivery_metrics()
        untold = "Audit log entries not yet sent to bots."
        yield GaugeMetricFamily(
            "muster_audit_entries_waiting", untold, audit_stream.count_pending()
        )

    def describe(self) -> list[Metric]:
        return []  # otherwise, registering would collect


def _status_gauge(name: str, text: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["status"])
    for status, count in counts.items():
        family.add_metric([status], count)
    return family


def _machine_metrics() -> Iterator[Metric]:
    counts = fleet_counts.read_counters()
    ends, refused = counts[FleetCounter.ATTEMPTS_ENDED], counts[FleetCounter.REPORTS_REFUSED]
    events = counts[FleetCounter.TASK_EVENTS]
    yield _counter(
        "muster_attempts_ended", "Ended attempts.", "outcome", fleet_counters.OUTCOMES, ends
    )
    yield _failure_counter(counts[FleetCounter.TASK_FAILURES])
    yield _counter(
        "muster_task_events", "Task events.", "type", fleet_counters.COUNTED_EVENTS, events
    )
    what = "Machine reports without effect."
    yield _counter("muster_reports_refused", what, "reason", fleet_counters.Refusal, refused)
    yield _margin_histogram(counts[FleetCounter.LEASE_MARGINS])
    yield from _usage_metrics(counts[FleetCounter.USAGE])
    lease = current_app.config["LEASE_SECONDS"]
    yield GaugeMetricFamily("muster_lease_seconds", "Lease duration.", value=lease)


def _usage_metrics(counts: Counts) -> Iterator[Metric]:
    by_agent = {
        agent: dict.fromkeys((*fleet_counters.TOKENS, fleet_counters.COST), CounterValue())
        for agent in KNOWN
    }
    for label, count in counts.items():
        agent, kind = label.split(" ")
        by_agent.setdefault(agent, {})[kind] = count
    tokens = CounterMetricFamily(
        "muster_agent_tokens", "Tokens used by agents.", labels=["agent", "kind"]
    )
    cost = CounterMetricFamily("muster_agent_cost", "Cost of the tokens.", labels=["agent"])
    for agent, found in by_agent.items():
        for kind, count in found.items():
            if kind == fleet_counters.COST:
                cost.add_metric([agent], count.amount)
            else:
                tokens.add_metric([agent, kind], count.times)
    yield tokens
    yield cost


def _delivery_metrics() -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "muster_deliveries", "Chat deliveries that haven't been sent.", labels=["platform", "state"]
    )
    for labels, number in deliveries.count_unsent().items():
        waiting.add_metric(labels, number)
    yield waiting
    tries = CounterMetricFamily(
        "muster_delivery_attempts", "Delivery attempts.", labels=["platform", "result"]
    )
    for labels, number in deliveries.count_tries().items():
        tries.add_metric(labels, number)
    yield tries


def _counter(
    name: str, text: str, label: str, values: Iterable[str], counts: Counts
) -> CounterMetricFamily:
    """Create a counter with all label values, at 0 if there are none.

    Prometheus can't compute a rate for a series that starts above 0.
    """
    family = CounterMetricFamily(name, text, labels=[label])
    for value in values:
        family.add_metric([value], counts.get(value, CounterValue()).times)
    return family


def _failure_counter(counts: Counts) -> CounterMetricFamily:
    known = dict.fromkeys(fleet_counters.CODES, 0)
    for code, count in counts.items():
        known[fleet_counters.code_label(code)] += count.times
    family = CounterMetricFamily("muster_task_failures", "Task failures.", labels=["code"])
    for code, times in known.items():
        family.add_metric([code], times)
    return family


def _margin_histogram(counts: Counts) -> HistogramMetricFamily:
    by_bound = {float(label): count.times for label, count in counts.items()}
    below = [
        (bound, sum(n for met, n in by_bound.items() if met <= bound))
        for bound in fleet_counters.MARGINS
    ]
    return HistogramMetricFamily(
        "muster_lease_margin_ratio",
        "Fraction of the lease left when a busy machine's next heartbeat arrived.",
        buckets=[*((str(bound), n) for bound, n in below), ("+Inf", sum(by_bound.values()))],
        sum_value=sum(count.amount for count in counts.values()),
    )
