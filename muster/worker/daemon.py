"""The worker: what a machine of Muster's runs, from its start to its end."""

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
from muster.worker.agents.adapters.registry import Registry
from muster.worker.agents.adapters.registry import read as read_adapters
from muster.worker.agents.agent_mounts import installed
from muster.worker.agents.health import AgentHealth
from muster.worker.agents.probe import Probe
from muster.worker.attempts.context import AttemptContext
from muster.worker.clock import boot_seconds
from muster.worker.git.repositories import Repositories
from muster.worker.health import PAUSES, Wellness, lacks
from muster.worker.home_lock import HomeLock
from muster.worker.journal.journal import Journal
from muster.worker.layout import Layout
from muster.worker.lease.fence import Fence
from muster.worker.lease.lease import Lease, LeaseKeeper
from muster.worker.limits import sandbox_limits
from muster.worker.limits.sandbox_limits import RoomLimits
from muster.worker.machine_facts import Vitals
from muster.worker.maintenance import Maintenance
from muster.worker.orders import Orders
from muster.worker.sandbox import interpreter, uids
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandbox import Room
from muster.worker.sandbox.sandboxes import Rooms
from muster.worker.sandbox.uids import Identities, Identity
from muster.worker.server.connection import Channel
from muster.worker.server.credentials import CredentialStore
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.token_renewal import Membership
from muster.worker.settings import Settings
from muster.worker.shim import client as shim_client
from muster.worker.terminals.terminals import Terminals
from muster.worker.tunnels.tunnels import Tunnels
from muster.worker.upgrades.canary import Leash
from muster.worker.upgrades.upgrades import Situation, Upgrades

_DEFAULTS = Settings()

log = logging.getLogger(__name__)


class Daemon:
    """Runs with one home, until `stop` or until the server decommissions it."""

    def __init__(
        self, home: Path, settings: Settings = _DEFAULTS, leash: Leash | None = None
    ) -> None:
        """With a `leash` it is tried itself, and takes no release. Raises BadAdapter, NotEnrolled,
        BadServer, HomeInUse, HomeUnreachable, TooFewUids, NoIdentityLeft."""
        self._leash = leash
        adapters = read_adapters(settings.agents)
        self._stop_agents = settings.stop_agents_on_exit
        layout = self._layout = _layout(home, settings)
        self._home_lock = HomeLock(home)
        self._membership = Membership(CredentialStore(layout.credentials))
        # While we have neither threads nor children: it may move us to another control group.
        slots = self._membership.current.slots
        self._limits = sandbox_limits.settled(home, slots, settings.limits)
        self._lease = Lease()
        wake = threading.Event()  # there is something to send
        self._journal = Journal(layout.journal, wake.set)
        streams = LogStreams(wake.set)
        identities = _identities(layout, settings, slots)
        # Before any attempt's: what helps is not to take the last one from under an attempt.
        own = self._own = identities.claim_own(slots)
        rooms = self._rooms = _rooms(layout, settings, self._limits, adapters, own)
        health = AgentHealth(look=_look(rooms.for_programs(own["agents"])), adapters=adapters)
        repositories = Repositories(layout)
        self.upgrades = self._made_upgrades(settings.keep_release)
        wellness = self._wellness = self._made_wellness(identities)
        told = (rooms.facts, settings.labels, lambda: self.upgrades.facts)
        capabilities = partial(wellness.told, health.capabilities)
        self._vitals = Vitals(home, capabilities, repositories.urls, *told)
        changed = health.changed = self._vitals.refresh
        self._maintenance = Maintenance(
            layout, repositories, changed, keep_days=settings.mirror_days
        )
        self._channel = Channel(
            self._membership, self._journal, streams, self._lease, self._vitals, wake, __version__
        )
        self._terminals = Terminals(
            layout, own["screens"], self._membership, self._channel.say, streams.shown
        )
        self._tunnels = Tunnels(
            rooms, self._journal, self._lease, self._machine_id, settings.tunnel_command
        )
        context = AttemptContext(
            rooms=rooms,
            journal=self._journal,
            streams=streams,
            lease=self._lease,
            identities=identities,
            health=health,
            repositories=repositories,
            terminals=self._terminals,
            changed=changed,
            tunnels=self._tunnels,
            limits=self._limits,
            narrates=lambda: rooms.python_missing is None,
            takes_questions=self._channel.takes_questions,
            wellness=wellness,
            reconnect=self._channel.reconnect,
        )
        self._orders = Orders(context, self.upgrades.hear)

    def run(self) -> None:
        """Returns when all is put away.

        Raises OSError if a decommissioned machine cannot erase what it made.
        """
        attempts = self._orders.attempts
        self._resume()
        if why := self._rooms.python_missing:
            self._wellness.doubt(why)  # before there is work, which could only fail here
        keeper = LeaseKeeper(self._lease, attempts.shims)
        fence = Fence(self._lease, self._layout.attempts)
        self._maintenance.start()
        self.upgrades.start()
        if self._leash is not None:
            self._channel.on_heard = self._leash.say_heard
        log.info("machine %s, %d attempts held", self._membership.current.name, len(attempts))
        if labels := self._vitals.latest.labels:
            log.info("labels: %s", ", ".join(f"{name}={value}" for name, value in labels.items()))
        log.info("rooms: %s", "; ".join([self._rooms.level, *self._rooms.lacks]))
        decommissioned = self._channel.run(self._orders)
        self.upgrades.close()
        keeper.close()
        fence.close()
        self._maintenance.close()
        if decommissioned:
            log.warning("this machine has been decommissioned; what runs here is ended")
        # Who is tried, or leaves for a release, is followed by another daemon.
        is_last = self._leash is None and self.upgrades.begun is None
        self._put_away(kill=decommissioned or (self._stop_agents and is_last))
        if decommissioned:
            orphans.erase(self._layout)
            self._limits.clear(())
            self._home_lock.erase()
            log.warning("what it made in %s is erased", self._layout.home)
        self._home_lock.close()

    def stop(self) -> None:
        """Ends `run`, from any thread."""
        self._channel.stop()

    def end_what_was_left(self) -> None:
        """After `run`, where no other daemon follows after all: it ends as one that was last."""
        if self._stop_agents:
            orphans.end(self._layout)

    def _made_upgrades(self, keeps: bool) -> Upgrades:
        return Upgrades(
            self._layout,
            lambda: self._membership.current,
            self._situation,
            self.stop,
            self._refresh,
            keeps=keeps,
            is_tried=self._leash is not None,
        )

    def _made_wellness(self, identities: Identities) -> Wellness:
        return Wellness(partial(lacks, self._rooms, identities), self._refresh, PAUSES)

    def _refresh(self) -> None:
        self._vitals.refresh()

    def _situation(self) -> Situation:
        """For the moment of leaving for another release."""
        held = self._orders.attempts.described()
        is_busy = any(each.state in ("working", "publishing") for each in held)
        deadline = self._lease.deadline
        return Situation(
            connected=self._channel.is_heard and not self._lease.is_over,
            busy="until nothing runs here" if is_busy else "",
            # Tunnels end with the daemon, and somebody is at work in there.
            open="until the tunnel is closed" if self._tunnels.is_any_open else "",
            lease=None if deadline is None else deadline - boot_seconds(),
        )

    def _machine_id(self) -> str:
        return self._membership.current.machine_id

    def _resume(self) -> None:
        """Goes on with the attempts that are known, and clears away what belongs to none."""
        known = orphans.clear(self._layout, set(self._own))
        self._limits.clear(key.name for key in known)
        self._journal.forget_all_but(set(known))
        self._tunnels.resume(known)
        self._orders.attempts.resume(known)
        self._tunnels.report_left()

    def _put_away(self, *, kill: bool) -> None:
        self._tunnels.close_all()
        if kill:
            self._orders.attempts.end()
        else:
            self._orders.attempts.leave()
        self._limits.tidy()
        self._terminals.close()
        self._wellness.close()
        self._vitals.close()
        self._membership.close()
        self._journal.close()


def _layout(home: Path, settings: Settings) -> Layout:
    layout = Layout(home, settings.file_roots, settings.own_ssh_hosts)
    layout.make()
    return layout


def _identities(layout: Layout, settings: Settings, slots: int) -> Identities:
    """Raises TooFewUids."""
    uids.require_enough(settings.uids, slots)
    return Identities(layout.identities, settings.uids)


def _rooms(
    layout: Layout,
    settings: Settings,
    limits: RoomLimits,
    adapters: Registry,
    own: Mapping[str, Identity | None],
) -> Rooms:
    """Raises HomeUnreachable, UnsafeMounts."""
    rooms = detect(
        layout,
        most=settings.room,
        limits=limits.limits,
        directories=settings.room_directories,
        programs=partial(installed, adapters, layout.home),
        bwrap=settings.bwrap,
    )
    interpreter.remove_copies(layout.interpreters, rooms.interpreter)
    # Its mounts are checked with it: those of what is installed and mounted at the start.
    rooms.for_programs(None).command("true")
    if rooms.level != "full" and os.geteuid() == 0:
        layout.require_reachable()
        layout.open_mirrors()
    elif not shim_client.at_work(layout.attempts):  # what is may have begun without a room
        layout.close_mirrors()
    return replace(rooms, groups=limits.made, checker=own.get("work", own["screens"]))


def _look(room: Room) -> Probe:
    """How agents are looked for: as an attempt would, as far as there is a room for it."""
    if room.level == "none":
        return probe.HERE if room.uid is None else probe.as_user(room.uid)
    return probe.in_room(room)
