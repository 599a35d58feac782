"""Running functions as Lambda does: `bootstrap` runs inside the function's process, the rest inside the server."""
