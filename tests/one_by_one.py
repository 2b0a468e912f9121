"""`hdmonitor` that tells each alarm at once by itself: for tests that time or count single alarms.

People are told what comes in a flood together, and what comes and goes as that.
"""

import sys

from hdmonitor.alerts import flapping, folding, pacing
from hdmonitor.cli import main
from hdmonitor.model import NO_TIME

MANY = 1_000_000

if __name__ == "__main__":
    folding.FEW = folding.TOGETHER = flapping.COMES_AND_GOES = MANY
    pacing.URGENT_WAITS = pacing.OTHER_WAITS = (NO_TIME,)
    sys.exit(main())
