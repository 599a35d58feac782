"""A small deployment engine: Pulumi's monitor and analyzer protocols over one state file."""
