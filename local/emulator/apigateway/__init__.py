"""The data plane of REST APIs: one call, its mapping templates, and what it does in the name of a role."""
