"""What MQTT's reason codes mean to the person who has to do something about them.

Source: MQTT 5.0, table 2-6 and sections 3.2.2.2, 3.4.2.1 and 3.14.2.1.
"""

from __future__ import annotations

FAILURE = 0x80
"""Codes from here on say that something was refused."""
QUOTA_EXCEEDED = 0x97
UNSUPPORTED_PROTOCOL = 0x84

_CONNECTION = {
    0x00: "the broker ended the connection without a reason: see its log",
    0x81: "the broker calls the packet malformed: report it with the broker's name and version",
    0x82: "the broker calls it a protocol error: report it with the broker's name and version",
    0x84: "the broker does not speak this MQTT version: set the other one, or auto",
    0x85: "the broker does not accept the client id: allow the device id on the broker",
    0x86: "wrong user name or password: correct them here or on the broker",
    0x87: "not authorised: give this user (or certificate) the right to connect, or set a user name and password "
    "that the broker knows",
    0x88: "the broker is not available: it should come back by itself",
    0x89: "the broker is busy: it should take the connection later",
    0x8A: "banned by the broker: lift the ban there",
    0x8B: "the broker is shutting down: it should come back by itself",
    0x8C: "the broker does not accept this way to log in: use a user name and password, or a certificate",
    0x8D: "the broker heard nothing for too long: the network may be bad",
    0x8E: "another client with the same client id took over: give every device its own id",
    0x90: "the broker does not accept the last will's topic: check the topic root and the rights of this user",
    0x93: "the broker was sent more at once than it takes: report it with the broker's name and version",
    0x95: "a message is larger than the broker takes: raise its limit, or make snapshots smaller",
    0x97: "the broker's quota is used up: raise it there",
    0x98: "the broker's administrator ended the connection: ask there",
    0x9A: "the broker does not retain messages: allow it there",
    0x9B: "the broker does not support QoS 1: use one that does",
    0x9C: "the broker wants another server to be used: set that host",
    0x9D: "the broker has moved: set its new host",
    0x9F: "the broker takes no more connections just now: it should take one later",
}
_PASSING = {0x88, 0x89, 0x8B, 0x8D, 0x8E, 0x93, 0x95, 0x97, 0x9F, 0x80, 0x83}
"""Failures that may be over at the next attempt."""
_MESSAGE = {
    0x80: "no reason given: see the broker's log",
    0x83: "the broker does not take it: see the broker's log",
    0x87: "not authorised: give this user the right to write the topic",
    0x90: "topic not accepted: check the topic root and the rights of this user",
    0x97: "quota exceeded: raise it on the broker",
    0x99: "payload not accepted: see the broker's log",
}
_SUBSCRIPTION = {
    0x80: "see the broker's log, and give this user the right to read it",
    0x87: "not authorised: give this user the right to read it",
    0x8F: "the broker does not accept the topic filter: correct it",
    0x97: "the broker's quota is used up: raise it there",
    0x9E: "the broker does not support shared subscriptions: use another filter",
    0xA1: "the broker does not support subscription identifiers: see its log",
    0xA2: "the broker does not support wildcards: name each topic",
}


def connection_refused(code: int) -> str:
    """Why a connection was refused or ended by the broker, and what to do, in one line."""
    return _CONNECTION.get(code, f"the broker gave reason 0x{code:02X}: see its log")


def stays_refused(code: int) -> bool:
    """Whether a connection refused with this code will be refused again until somebody does something."""
    return code >= FAILURE and code not in _PASSING


def message_refused(code: int) -> str:
    """Why a message was refused, and what to do, in one line."""
    return _MESSAGE.get(code, f"reason 0x{code:02X}: see the broker's log")


def subscription_refused(topic: str, code: int) -> str:
    """Which subscription was refused, why, and what to do, in one line (MQTT 5.0, section 3.9.3)."""
    return f"{topic}: subscription refused: {_SUBSCRIPTION.get(code, f'reason 0x{code:02X}: see the broker log')}"
