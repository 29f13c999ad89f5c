"""Machines: enrollment, heartbeats, orders, reports, drains and losses."""
