"""`insect-edge status` and the socket it asks through."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from insect_edge.adapters import status_socket
from insect_edge.adapters.status_socket import StatusSocket, address, ask, running_report
from insect_edge.commands import status
from insect_edge.commands.status import command
from insect_edge.errors import StatusError
from insect_edge.protocols import Notice, StatusAsked
from support.health_report import REPORT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_SECONDS = 30.0


def name() -> str:
    """A device that no other test has."""
    return f"test-{uuid.uuid4().hex[:12]}"


@contextmanager
def daemon(device_id: str, content: bytes | None) -> Iterator[None]:
    """A daemon that answers so; one that hangs where there is no content."""
    inbox: SimpleQueue[Notice | None] = SimpleQueue()

    def own() -> None:
        while (notice := inbox.get(timeout=PATIENCE_SECONDS)) is not None:
            if isinstance(notice, StatusAsked) and content is not None:
                notice.answer(content)

    owner = threading.Thread(target=own, daemon=True)
    owner.start()
    with StatusSocket(inbox, device_id=device_id):  # type: ignore[arg-type] # None ends this owner
        yield
    inbox.put(None)
    owner.join(PATIENCE_SECONDS)


def run(monkeypatch: pytest.MonkeyPatch, report: dict[str, Any] | bytes, *arguments: str) -> tuple[int, str]:
    """The command on a machine whose daemon answers so: what it returns, and its output."""
    content = report if isinstance(report, bytes) else json.dumps(report).encode()
    device = name()
    monkeypatch.setattr(status, "device_id", lambda: device)
    with daemon(device, content):
        result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.output


def test_each_who_asks_gets_a_report() -> None:
    """One after the other, made anew each time by the owner."""
    device = name()
    with daemon(device, b'{"state": "ready"}'):
        assert [ask(device) for _ in range(3)] == [b'{"state": "ready"}'] * 3


def test_no_daemon_is_one_clear_line() -> None:
    """Before it has started, and after it is gone."""
    device = name()
    with daemon(device, b"{}"):
        pass
    with pytest.raises(StatusError, match=f"^{device}: no daemon of this device runs on this machine .*: start it"):
        ask(device)


def test_a_daemon_that_hangs_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose owner thread does not answer is there, but not alive."""
    monkeypatch.setattr(status_socket, "ANSWER_SECONDS", 0.05)
    device = name()
    with daemon(device, None), pytest.raises(StatusError, match="runs but does not answer, so it hangs: restart it"):
        ask(device)


def test_somebody_who_leaves_again_does_no_harm() -> None:
    """A connection that is dropped does not keep the next from its answer."""
    device = name()
    with daemon(device, b"{}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as rude:
            rude.connect(address(device))
        assert ask(device) == b"{}"


def test_a_name_that_is_taken_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The second daemon of one device runs without; the first goes on answering."""
    device = name()
    with daemon(device, b"first"), StatusSocket(SimpleQueue(), device_id=device):
        assert ask(device) == b"first"
    (line,) = caplog.messages
    assert "is another one of the same device id running?" in line


def test_ready_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that is ready is exit code 0, whatever it has to remark."""
    code, output = run(monkeypatch, {**REPORT, "state": "ready", "reasons": ["dark"]})
    assert code == 0
    assert output.startswith("greenhouse-1: ready: it is too dark to see anything (dark)\n  camera")


@pytest.mark.parametrize("state", ["starting", "degraded", "failed", "stopping"])
def test_anything_else_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """Scripts need not read the words."""
    assert run(monkeypatch, {**REPORT, "state": state})[0] == 1


def test_json_is_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --json the answer is for programs, whole."""
    code, output = run(monkeypatch, REPORT, "--json")
    assert code == 1
    assert json.loads(output) == REPORT


@pytest.mark.parametrize("answer", [b"hello", b"[]", b"{}", b'{"state": "ready"}', b'{"state": "ready", "broker": 3}'])
def test_an_answer_that_is_no_report_is_an_error(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    """Somebody else behind the name, or another version, is told in one line."""
    with pytest.raises(StatusError, match=r"no JSON|no health report|not understood"):
        run(monkeypatch, answer)


def test_programs_of_ours_ask_whether_a_daemon_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No daemon, one that hangs, one that is another program, and one that is well."""
    monkeypatch.setattr(status_socket, "ANSWER_SECONDS", 0.05)
    assert running_report(name()) == (None, None)
    answers = {None: "hangs", b"hello": "no insect-edge daemon", b"[1]": "another version", b"{}": "another version"}
    for content, why in answers.items():
        device = name()
        with daemon(device, content):
            report, silence = running_report(device)
        assert (report, why in str(silence)) == (None, True)
    device = name()
    with daemon(device, json.dumps(REPORT).encode()):
        assert running_report(device) == (REPORT, None)


def test_nobody_steers_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control characters are shown, not sent."""
    _, output = run(monkeypatch, {**REPORT, "model_id": "\x1b[2Jgone"})
    assert "\x1b" not in output


def test_the_configuration_names_the_device(tmp_path: Path) -> None:
    """With --config the daemon is asked that this configuration belongs to."""
    device = name()
    path = tmp_path / "trap.toml"
    path.write_text(f'device.id = "{device}"\n', encoding="utf-8")
    with daemon(device, json.dumps({**REPORT, "state": "ready"}).encode()):
        result = CliRunner().invoke(command, ["--config", str(path), "--json"], standalone_mode=False)
    assert result.return_value == 0
