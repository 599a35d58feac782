"""The waiting room: who is admitted, and how fast."""
