"""`hdmonitor run` as it is, in a process in which something can be broken from outside.

Commands are lines on standard input: `end NAME` ends the thread of that name with an exception, `stall` holds
the core inside its next transaction, `go on` releases it, `threads` prints the names of all threads.
"""

import ctypes
import sys
import threading

from hdmonitor import cli
from hdmonitor.adapters import heartbeat, timer
from hdmonitor.journal import Journal

going_on = threading.Event()
going_on.set()
commit = Journal.commit


def stallable(*arguments, **named):
    going_on.wait()
    commit(*arguments, **named)


def end(name):
    (thread,) = (thread for thread in threading.enumerate() if thread.name == name)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))


def obey():
    for line in sys.stdin:
        match line.split():
            case ["end", *name]:
                end(" ".join(name))
            case ["stall"]:
                going_on.clear()
            case ["go", "on"]:
                going_on.set()
            case ["threads"]:
                names = ", ".join(thread.name for thread in threading.enumerate())
                print("threads:", names, flush=True)  # noqa: T201  # the answer


Journal.commit = stallable
timer.BEAT_SECONDS = heartbeat.EVERY = 1  # a thread that sleeps dies when it wakes
threading.Thread(target=obey, name="breaker", daemon=True).start()
sys.exit(cli.main())
