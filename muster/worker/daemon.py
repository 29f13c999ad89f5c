"""The worker's daemon, from its start to its exit."""

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from muster import __version__
from muster.worker import orphans
from muster.worker.agents import probe
from muster.worker.agents.adapters.registry import AdapterRegistry
from muster.worker.agents.adapters.registry import load_adapters as read_adapters
from muster.worker.agents.agent_mounts import builtin_agent_mounts
from muster.worker.agents.health import AgentHealth
from muster.worker.agents.probe import Probe
from muster.worker.attempts.context import AttemptContext
from muster.worker.clock import boot_seconds
from muster.worker.git.repositories import Repositories
from muster.worker.git.repository_checks import RepositoryChecks
from muster.worker.health import RECHECK_DELAYS_SECONDS, MachineHealth, find_problem
from muster.worker.home_lock import HomeLock
from muster.worker.journal.journal import Journal
from muster.worker.layout import Layout
from muster.worker.lease.fence import Fence
from muster.worker.lease.lease import Lease, LeaseNotifier
from muster.worker.limits import sandbox_limits
from muster.worker.limits.sandbox_limits import SandboxLimits
from muster.worker.machine_facts import FactCollector
from muster.worker.maintenance import Maintenance
from muster.worker.orders import OrderDispatcher
from muster.worker.sandbox import interpreter, uids
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import Identity, UidAllocator
from muster.worker.server.connection import ControlChannel
from muster.worker.server.credentials import CredentialStore
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.token_renewal import TokenRenewal
from muster.worker.settings import Settings
from muster.worker.shim import client as shim_client
from muster.worker.terminals.terminals import Terminals
from muster.worker.tunnels.tunnels import Tunnels
from muster.worker.upgrades.canary import Watchdog
from muster.worker.upgrades.upgrades import UpgradeReadiness, Upgrades

_DEFAULTS = Settings()

log = logging.getLogger(__name__)


class Daemon:
    """Runs with one home, until `stop` or until the server decommissions the machine."""

    def __init__(
        self, home: Path, settings: Settings = _DEFAULTS, leash: Watchdog | None = None
    ) -> None:
        """With a `leash` the daemon is a canary, and installs no release. Raises BadAdapter,
        NotEnrolled, BadServer, HomeInUse, HomeUnreachable, TooFewUids, NoIdentityLeft."""
        self._watchdog = leash
        adapters = read_adapters(settings.agents)
        self._stop_agents = settings.stop_agents_on_exit
        layout = self._layout = _create_layout(home, settings)
        self._home_lock = HomeLock(home)
        self._token_renewal = TokenRenewal(CredentialStore(layout.credentials))
        # Before there are threads or children, because it may move us to another control group.
        slots = self._token_renewal.current.slots
        self._limits = sandbox_limits.create_limits(home, slots, settings.limits)
        self._lease = Lease()
        wake = threading.Event()  # there is something to send
        self._journal = Journal(layout.journal, wake.set)
        streams = LogStreams(wake.set)
        identities = _create_uid_allocator(layout, settings, slots)
        # Before any attempt's, because helpers must not take the last one from an attempt.
        own = self._own_identities = identities.claim_daemon_identities(slots)
        rooms = self._sandboxes = _create_sandboxes(layout, settings, self._limits, adapters, own)
        probe = _agent_probe(rooms.for_programs(own["agents"]))
        runner, store = rooms.has_python, layout.agent_versions
        health = AgentHealth(look=probe, adapters=adapters, has_runner=runner, store=store)
        repositories = Repositories(layout)
        self.upgrades = self._create_upgrades(settings.no_auto_upgrade)
        wellness = self._health = self._create_health(identities)
        fact_sources = (rooms.facts, settings.labels, lambda: self.upgrades.facts)
        capabilities = partial(wellness.override_capabilities, health.capabilities)
        self._fact_collector = FactCollector(home, capabilities, repositories.urls, *fact_sources)
        changed = health.on_change = self._fact_collector.refresh
        self._maintenance = Maintenance(
            layout, repositories, changed, keep_days=settings.mirror_days
        )
        self._channel = self._create_channel(streams, wake)
        self._terminals = self._create_terminals(own["screens"], streams)
        self._tunnels = Tunnels(
            rooms, self._journal, self._lease, self._machine_id, settings.tunnel_command
        )
        context = AttemptContext(
            sandboxes=rooms,
            journal=self._journal,
            streams=streams,
            lease=self._lease,
            uid_allocator=identities,
            agent_health=health,
            repositories=repositories,
            terminals=self._terminals,
            on_change=changed,
            tunnels=self._tunnels,
            limits=self._limits,
            has_runner=rooms.has_python,
            machine_health=wellness,
            reconnect=self._channel.reconnect,
            fetch_file=self._token_renewal.fetch_file,
        )
        self._checks = RepositoryChecks(layout, self._channel.send)
        self._orders = OrderDispatcher(context, self.upgrades.set_offer, self._checks.start)

    def run(self) -> None:
        """Run the daemon; return when everything is closed.

        Raises OSError if a decommissioned machine can't delete its files.
        """
        attempts = self._orders.attempts
        self._resume()
        if why := self._sandboxes.python_missing:
            self._health.report_failure(why)  # before there is work, which could only fail here
        keeper = LeaseNotifier(self._lease, attempts.shims)
        fence = Fence(self._lease, self._layout.attempts)
        self._maintenance.start()
        self.upgrades.start()
        if self._watchdog is not None:
            self._channel.on_heartbeat_ack = self._watchdog.notify_ready
        log.info("machine %s, %d attempts", self._token_renewal.current.name, len(attempts))
        if labels := self._fact_collector.latest.labels:
            log.info("labels: %s", ", ".join(f"{name}={value}" for name, value in labels.items()))
        log.info("sandboxes: %s", "; ".join([self._sandboxes.level, *self._sandboxes.missing]))
        decommissioned = self._channel.run(self._orders)
        self.upgrades.close()
        keeper.close()
        fence.close()
        self._maintenance.close()
        self._checks.close()
        if decommissioned:
            log.warning("this machine was decommissioned; stopping everything that runs here")
        # Another daemon follows a canary, and one that exits for a release.
        is_last = self._watchdog is None and self.upgrades.canary_choice is None
        self._shut_down(kill=decommissioned or (self._stop_agents and is_last))
        if decommissioned:
            orphans.erase_home(self._layout)
            self._limits.remove_stale_groups(())
            self._home_lock.erase()
            log.warning("deleted its files in %s", self._layout.home)
        self._home_lock.close()

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._channel.stop()

    def stop_orphans(self) -> None:
        """Stop orphans after `run`, if no other daemon follows after all."""
        if self._stop_agents:
            orphans.stop_all(self._layout)

    def _create_upgrades(self, keeps: bool) -> Upgrades:
        return Upgrades(
            self._layout,
            lambda: self._token_renewal.current,
            self._upgrade_readiness,
            self.stop,
            self._refresh_facts,
            keeps=keeps,
            is_tried=self._watchdog is not None,
        )

    def _create_channel(self, streams: LogStreams, wake: threading.Event) -> ControlChannel:
        return ControlChannel(
            self._token_renewal,
            self._journal,
            streams,
            self._lease,
            self._fact_collector,
            wake,
            __version__,
        )

    def _create_terminals(self, identity: Identity | None, streams: LogStreams) -> Terminals:
        send = self._channel.send
        parts = (self._layout, identity, self._token_renewal, send, streams.notify_flood)
        made = Terminals(*parts)
        self._channel.waiting_terminals = made.waits.current
        made.waits.on_change = self._channel.beat_now
        return made

    def _create_health(self, identities: UidAllocator) -> MachineHealth:
        return MachineHealth(
            partial(find_problem, self._sandboxes, identities),
            self._refresh_facts,
            RECHECK_DELAYS_SECONDS,
        )

    def _refresh_facts(self) -> None:
        self._fact_collector.refresh()

    def _upgrade_readiness(self) -> UpgradeReadiness:
        """Return whether the daemon can exit now for another release."""
        held = self._orders.attempts.describe_all()
        is_busy = any(each.state in ("working", "publishing") for each in held)
        deadline = self._lease.deadline
        return UpgradeReadiness(
            connected=self._channel.has_heartbeat_ack and not self._lease.is_expired,
            busy="until nothing runs here" if is_busy else "",
            # Tunnels end with the daemon, and a user is working in them.
            open="until the tunnel is closed" if self._tunnels.is_any_open else "",
            lease=None if deadline is None else deadline - boot_seconds(),
        )

    def _machine_id(self) -> str:
        return self._token_renewal.current.machine_id

    def _resume(self) -> None:
        """Resume the known attempts, and remove orphans."""
        known = orphans.remove_orphans(self._layout, set(self._own_identities))
        self._limits.remove_stale_groups(key.name for key in known)
        self._journal.forget_others(set(known))
        self._tunnels.end_orphaned(known)
        self._orders.attempts.resume(known)
        self._tunnels.report_orphaned()

    def _shut_down(self, *, kill: bool) -> None:
        self._tunnels.close_all()
        if kill:
            self._orders.attempts.kill()
        else:
            self._orders.attempts.detach()
        self._limits.remove_empty_groups()
        self._terminals.close()
        self._health.close()
        self._fact_collector.close()
        self._token_renewal.close()
        self._journal.close()


def _create_layout(home: Path, settings: Settings) -> Layout:
    layout = Layout(home, settings.file_roots, settings.own_ssh_hosts)
    layout.make()
    return layout


def _create_uid_allocator(layout: Layout, settings: Settings, slots: int) -> UidAllocator:
    """Raises TooFewUids."""
    uids.require_enough(settings.uids, slots)
    return UidAllocator(layout.identities, settings.uids)


def _create_sandboxes(
    layout: Layout,
    settings: Settings,
    limits: SandboxLimits,
    adapters: AdapterRegistry,
    own: Mapping[str, Identity | None],
) -> Sandboxes:
    """Raises HomeUnreachable, UnsafeMounts."""
    rooms = detect(
        layout,
        most=settings.max_sandbox_level,
        limits=limits.limits,
        directories=settings.sandbox_directories,
        programs=partial(builtin_agent_mounts, adapters, layout.home),
        bwrap=settings.bwrap,
    )
    interpreter.remove_copies(layout.interpreters, rooms.interpreter)
    # This also checks its mounts: those of installed programs and those mounted at the start.
    rooms.for_programs(None).command("true")
    if rooms.level != "full" and os.geteuid() == 0:
        layout.require_reachable()
        layout.open_mirrors()
    elif not shim_client.find_busy_directories(
        layout.attempts
    ):  # attempts that exist may have started without a sandbox
        layout.close_mirrors()
    return replace(rooms, groups=limits.make_groups, checker=own.get("work", own["screens"]))


def _agent_probe(room: Sandbox) -> Probe:
    """Return the probe for agents: it runs as an attempt would, in a sandbox if there is one."""
    if room.level == "none":
        return probe.DAEMON_PROBE if room.uid is None else probe.as_user(room.uid)
    return probe.in_sandbox(room)
