"""Names, addresses and ports, made up."""

from hypothesis import strategies as st

from muster.worker.egress.hosts import address_from_bytes

LABELS = st.from_regex(r"[a-z1-9_-][a-z0-9_-]{0,20}[a-z_-]", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(".".join)
ADDRESSES = st.ip_addresses().map(lambda ip: address_from_bytes(ip.packed))
PORTS = st.integers(1, 65535)
