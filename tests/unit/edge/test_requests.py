"""Which commands are obeyed, and where their answers go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.control.rate import Allowance
from insect_edge.control.requests import LARGEST_PAYLOAD, Command, Refusal, ReplyTo, Request, decide
from insect_edge.protocols import Received
from support.payloads import TOPICS


def asked(name: str = "status", **changes: Any) -> Received:
    """A command as it comes."""
    facts: dict[str, Any] = {"generation": 1, "topic": TOPICS.command(name), "payload": b"", "retain": False}
    return Received(**{**facts, **changes})


def refused(message: Received) -> Refusal:
    """What is not obeyed, and why."""
    decision = decide(message, topics=TOPICS, closed_roots=("homeassistant",))
    assert isinstance(decision, Refusal)
    assert "\n" not in decision.error
    return decision


@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("payload", [b"", b" ", b"{}", b'{"id": "7"}'])
def test_known_commands_with_an_empty_payload_or_an_id_are_obeyed(command: Command, payload: bytes) -> None:
    """Without a response topic the answer goes beside the command."""
    decision = decide(asked(command, payload=payload), topics=TOPICS)
    assert decision == Request(
        command=command,
        reply_to=ReplyTo(topic=f"{TOPICS.command(command)}/reply", request_id="7" if b"id" in payload else None),
    )


def test_an_answer_goes_to_the_response_topic_with_its_correlation_data() -> None:
    """What MQTT 5 carries for the asker comes back to him."""
    message = asked(response_topic="phone/answers", correlation_data=b"\x00\x01")
    decision = decide(message, topics=TOPICS)
    assert decision.reply_to == ReplyTo(topic="phone/answers", correlation_data=b"\x00\x01")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (asked("selfdestruct"), "unknown command"),
        (asked("STATUS"), "unknown command"),
        (asked(retain=True), "retained"),
        (asked(payload=b" " * (LARGEST_PAYLOAD + 1)), f"{LARGEST_PAYLOAD + 1} bytes"),
        (asked(payload=b"now"), "no JSON"),
        (asked(payload=b"\xff"), "no JSON"),
        (asked(payload=b"[" * 1000), "no JSON"),
        (asked(payload=b"[]"), "no JSON object"),
        (asked(payload=b'{"path": "/etc"}'), 'unknown key "path"'),
        (asked(payload=b'{"id": 7}'), "id must be"),
        (asked(payload=b'{"id": ""}'), "id must be"),
        (asked(payload=b'{"id": "\\ud800"}'), "id must be"),
        (asked(payload=json.dumps({"id": "x" * 65}).encode()), "id must be"),
        (asked(response_topic=""), "no answer may be sent"),
        (asked(response_topic="a/#"), "no answer may be sent"),
        (asked(response_topic="a\nb"), "no answer may be sent"),
        (asked(response_topic="$SYS/x"), "no answer may be sent"),
        (asked(response_topic="x" * 2000), "no answer may be sent"),
        (asked(response_topic=TOPICS.alert("slug")), "no answer may be sent"),
        (asked(response_topic=TOPICS.command("reload")), "no answer may be sent"),
        (asked(response_topic="insect-edge/other/command/reload"), "no answer may be sent"),
        (asked(response_topic="homeassistant/sensor/x/config"), "no answer may be sent"),
    ],
)
def test_what_is_not_understood_or_not_safe_is_refused(message: Received, why: str) -> None:
    """Nothing is guessed at, nothing retained is obeyed, nobody writes by our hand where he may not."""
    decision = refused(message)
    assert why in decision.error
    assert decision.reply_to.topic.startswith(TOPICS.command(""))
    assert decision.reply_to.topic.endswith("/reply")


def test_our_own_reply_topics_may_be_named() -> None:
    """Asking for an answer where it would go anyway is no offence."""
    decision = decide(asked(response_topic=TOPICS.command_reply("status")), topics=TOPICS)
    assert isinstance(decision, Request)


def test_an_unspeakable_name_is_answered_under_unknown() -> None:
    """Only names made of plain letters become part of a topic."""
    assert refused(asked("Größe")).reply_to.topic == TOPICS.command_reply("unknown")


@given(payload=st.binary(max_size=80), name=st.text(max_size=20), response=st.none() | st.text(max_size=30))
def test_whatever_comes_gets_a_decision_with_an_address_that_can_be_published_to(
    payload: bytes, name: str, response: str | None
) -> None:
    """No input raises, and no answer goes to a topic filter."""
    message = asked(name.replace("/", ""), payload=payload, response_topic=response)
    topic = decide(message, topics=TOPICS).reply_to.topic
    assert topic
    assert not set(topic) & set("#+\0")


def test_an_allowance_is_spent_and_comes_back() -> None:
    """So many at once, then one every so often, never more than at the start."""
    allowance = Allowance(burst=2, every=10)
    assert [allowance.take(0.0) for _ in range(3)] == [True, True, False]
    assert [allowance.take(10.0) for _ in range(2)] == [True, False]
    assert [allowance.take(1000.0) for _ in range(3)] == [True, True, False]
