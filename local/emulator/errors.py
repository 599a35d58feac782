"""What goes wrong with the local AWS, in words that end with the next step."""


class EmulatorError(Exception):
    """The local AWS can't be built, started or stopped. The message says why and what to do."""
