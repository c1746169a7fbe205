"""Run by a Python that has GStreamer: a network camera on loopback, at 25 frames a second in H.264 over RTSP.

Each frame shows its number as sixteen black or white fields. `rtsp_server.py PORT [USER PASSWORD]`; prints a line when
it serves.
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 # the versions have to be chosen first

RATE, BITS, FIELD, HEIGHT = 25, 16, 20, 48
PIPELINE = (
    f"( appsrc name=picture is-live=true format=time do-timestamp=true block=false "
    f"caps=video/x-raw,format=GRAY8,width={BITS * FIELD},height={HEIGHT},framerate={RATE}/1 "
    f"! videoconvert ! video/x-raw,format=I420 "
    f"! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={RATE} bitrate=512 "
    f"! rtph264pay name=pay0 pt=96 config-interval=1 )"
)


class Camera(GstRtspServer.RTSPMediaFactory):
    """Counts while somebody looks."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.set_launch(PIPELINE)
        self.set_shared(True)
        self.connect("media-configure", self.configured)

    def configured(self, _: object, media: GstRtspServer.RTSPMedia) -> None:
        """Give each viewer's pipeline its pictures."""
        source = media.get_element().get_by_name("picture")
        GLib.timeout_add(1000 // RATE, self.push, source)

    def push(self, source: Gst.Element) -> bool:
        """One frame; false once nobody takes it any more."""
        row = b"".join((b"\xff" if self.number >> bit & 1 else b"\x00") * FIELD for bit in range(BITS))
        self.number += 1
        taken: bool = source.emit("push-buffer", Gst.Buffer.new_wrapped(row * HEIGHT)) == Gst.FlowReturn.OK
        return taken


def restrict(server: GstRtspServer.RTSPServer, factory: Camera, *, user: str, password: str) -> None:
    """Let in whoever has the password."""
    role = "viewer"
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", role)
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role(role, right, True)  # noqa: FBT003 # its own signature
    factory.set_permissions(permissions)


def main(port: str, *login: str) -> None:
    """Serve until killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = Camera()
    if login:
        restrict(server, factory, user=login[0], password=login[1])
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    sys.stdout.write("serving\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
