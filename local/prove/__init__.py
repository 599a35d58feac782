"""The proof of least privilege: every grant of the deployed system is needed, and nothing more is granted."""
