"""The section on metrics, from their collectors; nothing is read from Postgres."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import product
from typing import NamedTuple
from unittest.mock import patch

from flask import Flask
from prometheus_client import REGISTRY, Metric

from app.api import metrics, request_hooks
from app.console import reports
from app.domain.chat import BotPlatform
from app.domain.delivery import DeliveryState
from app.domain.machine import MachineStatus
from app.domain.task import TaskStatus
from app.http_server import metrics as connections
from app.services.counters import fleet, gauges
from app.services.counters.fleet import CounterValue
from app.services.notify import audit_stream, deliveries
from tests.docs.reference.markdown import (
    format_code,
    format_sentence,
    format_table,
    join_blocks,
)
from tests.docs.reference.texts import TEXTS, format_intro

LOCAL_MARK = r" \*"
OPEN_LABELS = frozenset({"agent", "code", "directive", "le", "method", "route"})
"""Labels with many values, or with values from outside."""
RESULTS = ("sent", "retried", "died")
REJECTIONS = {"reason": ["evicted", "limit", "no_proxy"]}
LOCAL = (
    request_hooks.REQUESTS,
    request_hooks.DURATION,
    reports.REPORTS,
    connections.REJECTED_CONNECTIONS,
)


class Described(NamedTuple):
    """A metric as it is exported, with its labels' values as far as they are few."""

    name: str
    kind: str
    labels: dict[str, list[str]]
    text: str
    is_local: bool


def render(app: Flask) -> str:
    rows = [
        (
            f"`{each.name}`{LOCAL_MARK if each.is_local else ''}",
            each.kind,
            ", ".join(_describe_label(name, each.labels[name]) for name in each.labels),
            format_sentence(each.text),
            TEXTS["alerts"].get(each.name, ""),
        )
        for each in sorted(list_metrics(app))
    ]
    return join_blocks(
        format_intro("metrics"),
        format_table(("metric", "type", "labels", "meaning", "alert when"), rows),
    )


def _describe_label(name: str, values: list[str]) -> str:
    return f"`{name}` ({format_code(values)})" if values else f"`{name}`"


def list_metrics(app: Flask) -> list[Described]:
    """All metrics of the server."""
    with app.app_context(), _empty_database():
        stored = [
            _describe(family, is_local=False) for family in metrics.DatabaseCollector().collect()
        ]
    local = [family for collector in LOCAL for family in collector.describe()]
    names = {
        family.name: collector._labelnames for collector in LOCAL for family in collector.describe()
    }
    found = [_describe(family, is_local=True, labels=names[family.name]) for family in local]
    known = {each.name for each in REGISTRY.collect() if each.name.startswith("muster_")}
    assert known <= set(names), f"not on the page: {known - set(names)}"
    return [*stored, *found]


def _describe(
    family: Metric, *, is_local: bool, labels: tuple[str, ...] | None = None
) -> Described:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    declared = labels if labels is not None else getattr(family, "_labelnames", ())
    values = REJECTIONS if family.name == "muster_connections_rejected" else _label_values(family)
    shown = {label: values.get(label, []) for label in declared}
    return Described(name, family.type, shown, family.documentation, is_local)


def _label_values(family: Metric) -> dict[str, list[str]]:
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for sample in family.samples:
        for label, value in sample.labels.items():
            if label not in OPEN_LABELS:
                values[label].setdefault(value)
    return {label: list(found) for label, found in values.items()}


def _empty_database() -> ExitStack:
    """The collector's readers, as they are without a row."""
    stack = ExitStack()
    for target, name, value in _readings():
        stack.enter_context(patch.object(target, name, lambda value=value: value))
    return stack


def _readings() -> Iterator[tuple[object, str, object]]:
    platforms = [platform.value for platform in BotPlatform]
    unsent = [state.value for state in DeliveryState if state is not DeliveryState.SENT]
    yield gauges, "tasks", {status.value: 0 for status in TaskStatus}
    yield gauges, "machines", {status.value: 0 for status in MachineStatus}
    yield gauges, "slots", (0, 0)
    yield gauges, "reconnects", 0
    yield fleet, "read_counters", defaultdict(dict[str, CounterValue])
    yield audit_stream, "count_pending", 0
    yield deliveries, "count_unsent", _zeros(platforms, unsent)
    yield deliveries, "count_tries", _zeros(platforms, RESULTS)


def _zeros(*labels: Iterable[str]) -> dict[tuple[str, ...], int]:
    return dict.fromkeys(product(*labels), 0)
