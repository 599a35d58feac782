"""State machine definitions: read, held against good practice, and turned into the permissions that they need."""
