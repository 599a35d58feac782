"""What keeps the proof from being made."""


class ProofError(Exception):
    """The proof can't be made; the message says what to mend."""
