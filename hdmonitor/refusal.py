"""What every command may end with instead of a result."""


class Refusal(Exception):
    """It cannot be done: a sentence, or lines, for whoever asked. The command line prints it and fails."""
