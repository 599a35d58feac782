"""Business events: validated, appended once, and projected into what readers ask for."""
