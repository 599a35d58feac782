"""A waiting room in front of a shop: 600 visitors a minute, each for ten minutes."""

import pulumi
from serviceful import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs

room = VirtualWaitingRoom("room", VirtualWaitingRoomArgs(rooms=[Room("shop", capacity=600)]))

pulumi.export("controller", room.controller.function.name)
