"""The broker: what a message that was sent to oneself says about rights."""

from __future__ import annotations

from dataclasses import dataclass

from insect_edge.doctor.findings import Finding, failure, good, warning
from insect_edge.mqtt import reason_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """A message that was published and subscribed to by the same connection.

    Attributes:
        topic: of it.
        protocol: `5` or `3.1.1`.
        subscribe_code: reason code of the subscription; None where none came in time.
        publish_code: reason code of the acknowledgement; None where none came in time.
        seconds: until it came back; None where it did not in time.
        patience: seconds that each of the three was waited for.
    """

    topic: str
    protocol: str
    subscribe_code: int | None
    publish_code: int | None
    seconds: float | None
    patience: float


def judge_round_trip(trip: RoundTrip) -> tuple[Finding, ...]:
    """Whether the trap may write its topics, and read them; under 3.1.1 only the way back tells."""
    return (_publish(trip), _back(trip))


def _facts(trip: RoundTrip) -> dict[str, str | int | float | None]:
    return {
        "topic": trip.topic,
        "protocol": trip.protocol,
        "subscribe_code": trip.subscribe_code,
        "publish_code": trip.publish_code,
        "seconds": trip.seconds,
    }


def _publish(trip: RoundTrip) -> Finding:
    facts, code = _facts(trip), trip.publish_code
    if code is None:
        what = f"{trip.topic}: not acknowledged within {trip.patience:g} s"
        return failure("publish", what, "see the broker's log, and check the network", **facts)
    if code >= reason_codes.FAILURE:
        return failure("publish", f"{trip.topic}: refused: {reason_codes.message_refused(code)}", None, **facts)
    told = "" if trip.protocol == "5" else ", which under MQTT 3.1.1 says nothing about rights"
    return good("publish", f"{trip.topic}: acknowledged{told}", **facts)


def _back(trip: RoundTrip) -> Finding:
    facts = _facts(trip)
    rights = f"let this user read and write {trip.topic.rsplit('/', 1)[0]}/#"
    if trip.seconds is not None:
        return good("round trip", f"{trip.seconds * 1e3:.0f} ms to the broker and back (MQTT {trip.protocol})", **facts)
    if trip.publish_code is None or trip.publish_code >= reason_codes.FAILURE:
        return failure("round trip", "nothing came back, for nothing was taken", rights, **facts)
    if trip.protocol == "5":
        # The acknowledgement was true, so it arrived; a subscription that an ACL forbids Mosquitto grants nevertheless.
        what = "messages arrive, but this user may not read its own topics: it hears no commands"
        return warning("round trip", what, rights, **facts)
    if trip.subscribe_code is None or trip.subscribe_code >= reason_codes.FAILURE:
        what = "this user may not read its own topics, so under MQTT 3.1.1 nobody can tell whether its messages arrive"
        return warning("round trip", what, rights, **facts)
    what = "it was acknowledged and did not come back: the broker's access control drops it without a word"
    return failure("round trip", what, rights, **facts)
