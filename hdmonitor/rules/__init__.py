"""How values are judged: the alarm state machine and silence. Pure, time is an argument."""
