"""What a daemon does when it is asked over MQTT, and what it answers."""

from __future__ import annotations

import json
import signal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.control.desk import BURST, CAPTURE_SECONDS
from insect_edge.domain import Message
from insect_edge.protocols import Signalled
from support.daemon_world import EMPTY, GONE, ROOT, SLUG, World, visit, world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def never(_: float) -> str:
    """Nothing ever comes."""
    return EMPTY


def command(name: str, payload: bytes = b"", *, retain: bool = False, correlation: bytes | None = None) -> Message:
    """What somebody publishes to ask for something."""
    topic = f"{ROOT}/command/{name}"
    return Message(topic=topic, payload=payload, qos=1, retain=retain, correlation_data=correlation)


def asked(here: World, *commands: Message, at: float = 5.0, until: float = 30.0, response: str | None = None) -> None:
    """Run the daemon and ask it meanwhile."""
    here.at(at, lambda: [here.broker.inject(each, response_topic=response) for each in commands])
    here.stop_after(until)
    here.daemon.run()


def answer(here: World, name: str) -> dict[str, Any]:
    """The one answer to a command."""
    (reply,) = here.told(f"command/{name}/reply")
    assert next(iter(reply)) == "schema"
    assert isinstance(reply, dict)
    return reply


def test_status_answers_with_the_health_report(tmp_path: Path) -> None:
    """The result is what the health topic would say now."""
    with world(tmp_path, never) as here:
        asked(here, command("status", b'{"id": "42"}'))
        reply = answer(here, "status")
        assert (reply["ok"], reply["error"], reply["id"], reply["command"]) == (True, None, "42", "status")
        assert reply["result"]["schema"] == "insect-edge/health/1"
        assert reply["result"]["state"] == "ready"


def test_capture_publishes_a_picture_and_then_says_so(tmp_path: Path) -> None:
    """The picture is new, retained, and before its answer; a slow camera rate does not hold it up."""
    with world(tmp_path, never, config="camera.rate = 0.02\npolicy.end_after = 100\nhealth.interval = 1") as here:
        asked(here, command("capture"), at=5.0, until=20.0)
        pictures = here.broker.payloads(f"{ROOT}/snapshot")
        assert [picture[:2] for picture in pictures] == [b"\xff\xd8"]
        reply = answer(here, "capture")
        assert reply["result"]["bytes"] == len(pictures[0])
        topics = [message.topic for message in here.broker.published]
        assert topics.index(f"{ROOT}/snapshot") < topics.index(f"{ROOT}/command/capture/reply")


def test_pictures_that_are_asked_for_do_not_put_off_the_next_look(tmp_path: Path) -> None:
    """Five in a row, and the daemon still looks by itself every ten seconds."""
    looks: list[float] = []

    def script(seconds: float) -> str:
        looks.append(seconds)
        return EMPTY

    with world(tmp_path, script, config="camera.rate = 0.1\npolicy.end_after = 100\nhealth.interval = 1") as here:
        for number in range(5):
            here.at(61.0 + 2 * number, lambda: here.broker.inject(command("capture")))
        here.stop_after(120.0)
        here.daemon.run()
    gaps = [later - before for before, later in pairwise(looks)]
    assert sum(gap < 3 for gap in gaps if gap) >= 4
    assert max(gaps) <= 10.5


def test_capture_without_a_camera_is_answered_with_the_reason(tmp_path: Path) -> None:
    """Nobody waits for ever."""

    def gone_after_three(seconds: float) -> str:
        return GONE if seconds > 3 else EMPTY

    with world(tmp_path, gone_after_three) as here:
        asked(here, command("capture"), at=5.0, until=5 + 2 * CAPTURE_SECONDS)
        reply = answer(here, "capture")
        assert not reply["ok"]
        assert "unplugged" in reply["error"]
        assert not here.broker.payloads(f"{ROOT}/snapshot")


def test_a_test_alert_goes_the_way_of_alerts_and_is_no_detection(tmp_path: Path) -> None:
    """It is numbered and stored like a real one, marked, and no event, count or picture comes with it."""
    with world(tmp_path, visit(SLUG, first=10, last=14)) as here:
        asked(here, command("test-alert"), at=2.0)
        (trial,) = here.told("alert/test")
        (real,) = here.told("alert/slug")
        assert (trial["test"], trial["label"], trial["role"], trial["score"]) == (True, "test", None, 0.0)
        assert real["test"] is False
        assert (trial["alert_seq"], real["alert_seq"]) == (1, 2)
        assert trial["event_id"] == answer(here, "test-alert")["result"]["event_id"]
        assert "test" not in {detection["label"] for detection in here.told("detection")}
        assert here.told("counts")[-1]["alerts"] == {"slug": 1}


@pytest.mark.parametrize(
    ("made", "name", "why"),
    [
        (command("format-disk"), "format-disk", "unknown command"),
        (command("status", b"now!"), "status", "no JSON"),
        (command("test-alert", retain=True), "test-alert", "retained"),
        (command("test-alert", b"x" * 5000), "test-alert", "5000 bytes"),
    ],
)
def test_what_is_refused_is_answered_and_not_obeyed(tmp_path: Path, made: Message, name: str, why: str) -> None:
    """An error in the answer, and nothing else happens."""
    with world(tmp_path, never) as here:
        asked(here, made)
        reply = answer(here, name)
        assert not reply["ok"]
        assert why in reply["error"]
        assert reply["result"] is None
        assert not here.told("alert/test")


def test_a_command_that_was_retained_before_is_not_obeyed_at_the_start(tmp_path: Path) -> None:
    """What a broker kept is answered with an error on each connection."""
    with world(tmp_path, never) as here:
        here.broker.inject(command("test-alert", b"{}", retain=True))
        here.at(5.0, here.broker.drop)
        here.stop_after(30)
        here.daemon.run()
        replies = here.told("command/test-alert/reply")
        assert len(replies) == 2
        assert all("retained" in reply["error"] for reply in replies)
        assert not here.told("alert/test")


def test_the_answer_goes_where_the_asker_wants_it(tmp_path: Path) -> None:
    """Response topic and correlation data of MQTT 5 are honoured."""
    with world(tmp_path, never) as here:
        asked(here, command("status", correlation=b"7"), response="phone/inbox")
        (reply,) = [message for message in here.broker.published if message.topic == "phone/inbox"]
        assert reply.correlation_data == b"7"
        assert not reply.retain
        assert not here.told("command/status/reply")


def test_a_flood_of_commands_is_obeyed_and_answered_in_moderation(tmp_path: Path) -> None:
    """Beyond the allowance there is an error, and beyond that silence; the daemon goes on looking."""
    with world(tmp_path, visit(SLUG, first=10, last=14)) as here:
        asked(here, *[command("status")] * 500, at=5.0)
        replies = here.told("command/status/reply")
        assert [reply["ok"] for reply in replies] == [True] * BURST + [False] * BURST
        assert len(here.told("alert/slug")) == 1


def test_commands_can_be_switched_off(tmp_path: Path) -> None:
    """Then nothing is even listened to."""
    with world(tmp_path, never, config="mqtt.commands = false") as here:
        asked(here, command("status"), command("test-alert"))
        assert not [message for message in here.broker.published if message.topic.endswith("/reply")]
        assert not here.told("alert/test")


def test_a_refused_subscription_is_told(tmp_path: Path) -> None:
    """Health says why commands go unheard; everything else goes on."""
    with world(tmp_path, visit(SLUG, first=10, last=14)) as here:
        here.broker.refused_filters[f"{ROOT}/command/+"] = 0x87
        here.stop_after(100)
        here.daemon.run()
        reasons = {report["broker"]["reason"] for report in here.told("health")}
        assert f"{ROOT}/command/+: subscription refused: not authorised: give this user the right to read it" in reasons
        assert len(here.told("alert/slug")) == 1


def descriptions(here: World) -> list[bytes]:
    """What Home Assistant was told."""
    return here.broker.payloads("homeassistant/device/trap/config")


def test_home_assistant_is_told_again_when_it_has_started(tmp_path: Path) -> None:
    """Once at the connection, once for each birth, and not for its retained echo or its end."""
    birth = Message(topic="homeassistant/status", payload=b"online", qos=0, retain=False)
    end = Message(topic="homeassistant/status", payload=b"offline", qos=0, retain=False)
    kept = Message(topic="homeassistant/status", payload=b"online", qos=0, retain=True)
    with world(tmp_path, never, config="home_assistant.enabled = true") as here:
        here.broker.inject(kept)
        asked(here, birth, end)
        first, again = descriptions(here)
        assert first == again
        assert json.loads(first)["cmps"]["capture"]["command_topic"] == f"{ROOT}/command/capture"


def test_home_assistant_is_told_nothing_unless_asked_for(tmp_path: Path) -> None:
    """Nothing is published outside the device's own topics by default."""
    with world(tmp_path, visit(SLUG, first=10, last=14)) as here:
        here.stop_after(30)
        here.daemon.run()
        assert all(message.topic.startswith(f"{ROOT}/") for message in here.broker.published)


def test_presence_and_counts_follow_the_events(tmp_path: Path) -> None:
    """A dashboard that connects at any time knows who is there and how many came today."""
    with world(tmp_path, visit(SLUG, first=10, last=14)) as here:
        here.stop_after(60)
        here.daemon.run()
        told = here.told("counts")
        assert [(each["present"], each["events"]) for each in told] == [
            ([], {}),
            (["slug"], {"slug": 1}),
            ([], {"slug": 1}),
        ]
        assert told[-1]["last_pest"]["label"] == "slug"


def reloading(here: World, *, at: float = 5.0) -> None:
    """SIGHUP comes."""
    here.at(at, lambda: here.inbox.put(Signalled(number=signal.SIGHUP)))


def rewritten(here: World, text: str) -> Callable[[], object]:
    """The configuration file gets another text."""
    return lambda: here.write(text)


def test_a_new_configuration_is_taken_over_while_running(tmp_path: Path) -> None:
    """Roles, alert rule and rate change between two frames; nothing that is open is lost."""
    with world(tmp_path, visit(SLUG, first=10, last=24)) as here:
        here.at(1.0, rewritten(here, 'policy.roles.slug = "beneficial"\nhealth.interval = 10\ncamera.rate = 0.5'))
        asked(here, command("reload"), until=40.0)
        reply = answer(here, "reload")
        assert reply["result"]["changed"] == ["camera.rate", "policy.roles", "health.interval"]
        assert {detection["role"] for detection in here.told("detection")} == {"beneficial"}
        assert not here.told("alert/slug")


def test_sighup_reloads_too_and_systemd_is_told(tmp_path: Path) -> None:
    """RELOADING with the time, then READY again."""
    with world(tmp_path, visit(SLUG, first=10, last=14)) as here:
        here.at(1.0, rewritten(here, 'alerts.never = ["slug"]'))
        reloading(here)
        here.stop_after(40)
        here.daemon.run()
        assert not here.told("alert/slug")
        begun = [line.startswith("RELOADING=1\nMONOTONIC_USEC=") for line in here.systemd].index(True)
        assert here.systemd[begun + 1 : begun + 3] == ["STATUS=ready", "READY=1"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("alerts.minimum_score = 7", "[alerts] minimum_score = 7"),
        ("nonsense = ", "line "),
        ('alerts.never = ["unicorn"]', "has no such label"),
        ('mqtt.host = "elsewhere"', "[mqtt] host: cannot change while running: restart"),
        (
            'alerts.never = ["slug"]\nmqtt.keepalive = 60\nmodel.threads = 2',
            "[model] threads, [mqtt] keepalive: cannot",
        ),
        ("camera.rate = 5.5", "[camera] rate = 5.5: the camera was opened for 5 at most: restart the service"),
    ],
)
def test_a_configuration_that_cannot_be_taken_over_changes_nothing(tmp_path: Path, text: str, why: str) -> None:
    """The old one stays in force whole, and the reason is in the answer, the log and systemd's status, in one line."""
    with world(tmp_path, visit(SLUG, first=10, last=14)) as here:
        here.at(1.0, rewritten(here, text))
        asked(here, command("reload"), until=40.0)
        reply = answer(here, "reload")
        assert why in reply["error"]
        assert "\n" not in reply["error"]
        assert any(
            line.startswith("STATUS=ready") and "; configuration not reloaded: " in line and why in line
            for line in here.systemd
        )
        assert len(here.told("alert/slug")) == 1


def test_an_open_event_and_removed_overrides_survive_a_reload(tmp_path: Path) -> None:
    """A role that is taken out of the file goes back to what the card says; the event under way goes on."""
    with world(tmp_path, visit(SLUG, first=3, last=40), config='policy.roles.slug = "neutral"') as here:
        here.at(8.0, rewritten(here, ""))
        asked(here, command("reload"), at=10.0, until=60.0)
        ids = {detection["event_id"] for detection in here.told("detection")}
        assert len(ids) == 1
        assert here.classifier.card.labels[1].role == "pest"
