"""What is due, and what counts as having been done. Pure, time is an argument."""
