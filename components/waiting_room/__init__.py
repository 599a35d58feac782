"""Keep a burst at the edge, and let it in at the pace of the application."""

from .args import Origin, Room, VirtualWaitingRoomArgs
from .component import VirtualWaitingRoom

__all__ = ["Origin", "Room", "VirtualWaitingRoom", "VirtualWaitingRoomArgs"]
