"""Python imports this by itself in a program whose wall clock a test sets.

The program believes to run under systemd, whose time service sets its mark in a folder of the test's and nowhere else,
and looks more often, so that a test need not wait a minute.
"""

import os
from pathlib import Path

from insect_edge.adapters import clock

clock.SYSTEMD_MARK = Path("/")
clock.TIMESYNCD_MARK = Path(os.environ["INSECT_EDGE_TEST_SYNCHRONIZED"])
# Not asked: libfaketime sleeps for wrong times where Python waits for a process.
clock._timedate_says_synced = lambda: False
clock.SystemClock.__init__.__kwdefaults__["probe_interval"] = 0.3
