"""What hashing passwords leaves behind in a server process."""

import subprocess
import sys

import pytest

KEPT_OUT = """
import gc
from app import memory, factory

before = len(gc.get_objects())
memory.freeze_gc()
print(len(gc.get_objects()) / before)
"""

GROWN = """
import ctypes, sys, psutil
from concurrent.futures import ThreadPoolExecutor
from app import memory
from app.services.accounts import passwords

def held():
    return psutil.Process().memory_full_info().uss

if sys.argv[1] == "given back":
    memory.release_large_blocks()
before = held()
with ThreadPoolExecutor(4) as threads:
    for _ in range(3):
        list(threads.map(passwords.hash_password, ["correct horse battery"] * 4))
    print((held() - before) >> 20)
"""


def grown(how: str) -> int:
    """MiB, while the threads that hashed are still there."""
    done = subprocess.run(
        [sys.executable, "-c", GROWN, how], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's habit")
def test_the_memory_that_passwords_are_hashed_in_goes_back() -> None:
    if grown("kept") < 30:
        pytest.skip("this C library gives it back by itself")
    assert grown("given back") < 15  # less than one hash's 19


def test_a_collection_does_not_look_at_what_stays() -> None:
    argv = [sys.executable, "-c", KEPT_OUT]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    assert float(done.stdout) < 0.05
