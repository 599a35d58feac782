"""The proof as one page for a reviewer: nothing in it is fetched from anywhere."""

from .render import page

__all__ = ["page"]
