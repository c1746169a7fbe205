"""Every error the product raises on purpose. A message states what, with which value, and what to do.

The leaves also inherit the builtin a caller would otherwise have expected, so `except ValueError` around
configuration code, say, keeps working.
"""

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: systemd is told not to restart on it."""


class InsectEdgeError(Exception):
    """Root of all errors raised on purpose; `exit_code` is what the process ends with when nobody handles it."""

    exit_code = EXIT_FAILURE


class ConfigError(InsectEdgeError, ValueError):
    """The configuration cannot be used; the message lists every problem, one a line."""

    exit_code = EXIT_CONFIG


class ModelError(InsectEdgeError, ValueError):
    """A model, its labels or its card cannot be used or do not verify."""


class ImageError(InsectEdgeError, ValueError):
    """A picture cannot be read: absent, empty, truncated, too large or no picture at all."""


class CameraError(InsectEdgeError, OSError):
    """The camera cannot be opened or stopped delivering frames."""


class CameraTimeoutError(CameraError, TimeoutError):
    """No frame came before the deadline of one capture."""


class InferenceError(InsectEdgeError, RuntimeError):
    """The interpreter failed on a tensor that the model contract allows."""


class OutboxError(InsectEdgeError, OSError):
    """The outbox cannot be opened or written."""


class OutboxFullError(OutboxError):
    """There is no room on the disk for the outbox; nothing was written, and a later try may succeed."""


class StateError(InsectEdgeError, ValueError):
    """What an earlier process remembered cannot be read; whoever asked starts afresh."""


class StatusError(InsectEdgeError, ConnectionError):
    """The daemon on this machine cannot be asked how it is, or does not answer."""


class PublishError(InsectEdgeError, ConnectionError):
    """The broker cannot be reached or refused; `retry` tells the two kinds of failure apart."""

    def __init__(self, message: str, *, retry: bool) -> None:
        super().__init__(message)
        self.retry = retry
