"""A network camera: an HTTP server that streams motion JPEG, as cheap Wi-Fi cameras do."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_INTERVAL_SECONDS = 0.02


class MjpegServer:
    """Streams one picture again and again from a free loopback port until closed.

    Args:
        picture: (height, width, 3) uint8 in B, G, R order.

    Attributes:
        flowing: cleared, no more frames come but the connection stays; set, they come again.
    """

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self.flowing = threading.Event()
        self.flowing.set()
        self._stopping = threading.Event()
        self._jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def address(self) -> str:
        """Where the stream is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/stream.mjpg"

    def close(self) -> None:
        """Hang up on everybody."""
        self._stopping.set()
        self.flowing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One viewer."""

            def do_GET(self) -> None:
                """Stream until the viewer or the server has had enough."""
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(server._jpeg)
                with suppress(OSError):
                    while not server._stopping.wait(_INTERVAL_SECONDS):
                        server.flowing.wait()
                        self.wfile.write(part + server._jpeg + b"\r\n")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
