"""Who this server is: `GET /_serviceful/health`.

AWS has no such thing. Stock MiniStack's own health can't tell one server process from the next, which whoever remembers
resources must know: the local AWS forgets everything when it stops.
"""

from ministack import app

from local.emulator import frame
from local.emulator.frame import Server

NAME = "health"


def install(server: Server) -> None:
    auth = frame.require(NAME, app, "AUTH")
    server.routes["/_serviceful/health"] = lambda query: {
        "instance": server.instance,
        "auth": auth,
        "extensions": server.installed,
        "version": frame.PINNED,
    }
