from __future__ import annotations

import errno
import socket

import pytest

from insect_edge.mqtt import reason_codes
from insect_edge.mqtt.connection_errors import Ending, describe, tls_failure


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "broker: unknown host (Name or service not known)"),
        (TimeoutError("timed out"), "broker:1883: no answer in time"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "broker:1883: nobody listens there"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "broker:1883: hung up while connecting"),
        (OSError(errno.ENETUNREACH, "unreachable"), "broker:1883: no route"),
        (OSError(errno.EHOSTUNREACH, "unreachable"), "broker:1883: no route"),
        (OSError(errno.EMFILE, "too many files"), "broker:1883: cannot connect"),
    ],
)
def test_the_networks_failures_may_pass(error: OSError, words: str) -> None:
    """One line with a remedy, and another try is worth it."""
    text, stays = describe(error, host="broker", port=1883)
    assert text.startswith(words)
    assert ": " in text.removeprefix(words)
    assert not stays


def test_a_setting_that_cannot_be_used_stays_so() -> None:
    """Our own sentence comes through."""
    assert describe(ValueError("CA file x: set another"), host="b", port=1) == ("CA file x: set another", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required", "set certificate and key"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "no TLS on that port"),
        ("[SSL: SOMETHING_ELSE] whatever", "check the TLS settings"),
    ],
)
def test_tls_failures_are_told_apart(text: str, words: str) -> None:
    """OpenSSL's words stay in the line for those who search for them."""
    assert words in tls_failure(text)
    assert text in tls_failure(text)


def test_what_is_found_out_first_counts() -> None:
    """A refusal is followed by a hang-up, which is not the reason."""
    ending = Ending(host="broker", port=1883)
    assert not ending.known
    ending.refused(0x86)
    ending.lost()
    assert ending.reason() == ("broker: wrong user name or password: correct them here or on the broker", True)


def test_a_peer_that_says_nothing_is_asked_about() -> None:
    """Hanging up before any answer leaves the cause unknown, so that an older protocol is tried."""
    ending = Ending(host="broker", port=1883)
    ending.lost()
    assert not ending.known
    assert ending.reason() == ("broker:1883: hung up without an answer: is a broker there?", False)


def test_an_accepted_connection_that_ends_was_lost() -> None:
    """The network's fault, or the broker's end."""
    ending = Ending(host="broker", port=1883)
    ending.accepted()
    ending.lost()
    assert ending.known
    assert "the connection was lost" in ending.reason()[0]
    assert "client id" not in ending.reason()[0]


def test_under_3_1_1_a_clash_of_client_ids_is_suspected() -> None:
    """Only MQTT 5 says that another client took over; before, the connection just ends."""
    ending = Ending(host="broker", port=1883)
    ending.accepted(tells_why=False)
    ending.lost()
    assert "no other client has the same client id" in ending.reason()[0]


@pytest.mark.parametrize("code", range(0x80, 0x100))
def test_every_refusal_has_one_line(code: int) -> None:
    """Known codes have words, unknown ones their number."""
    for text in (reason_codes.connection_refused(code), reason_codes.message_refused(code)):
        assert text
        assert "\n" not in text
        assert ": " in text


def test_wrong_passwords_stay_refused_and_busy_brokers_do_not() -> None:
    """Only what somebody has to correct waits long."""
    assert reason_codes.stays_refused(0x86)
    assert reason_codes.stays_refused(0x87)
    assert not reason_codes.stays_refused(0x88)
    assert not reason_codes.stays_refused(0x89)
    assert not reason_codes.stays_refused(0x00)
