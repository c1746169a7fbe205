"""Models on the installed trap: one that is sound proves itself, one that fails makes way for the one before."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from support.pi_machine import UNIT
from support.pi_roots import ROOT

if TYPE_CHECKING:
    from support.pi_machine import PiMachine

pytestmark = [pytest.mark.pi, pytest.mark.thorough]

TRIES_SECONDS = 180.0
"""Three starts, with what lies between them on the older systemd."""


def put_bundle(machine: PiMachine, name: str) -> str:
    """A copy of the default model under another name, where the machine sees it."""
    folder = machine.other_wheels / name
    shutil.copytree(ROOT / "models" / "garden-pests-v2", folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(card | {"model_id": name}), encoding="utf-8")
    return f"/srv/other/{name}"


def in_use(machine: PiMachine) -> str:
    """The model the daemon has loaded last."""
    loaded = [line["MESSAGE"] for line in machine.journal() if line["MESSAGE"].startswith("model ")]
    return next(words.split(" ")[1].rstrip(",") for words in reversed(loaded) if " labels, on " in words)


def test_a_sound_model_is_used_and_a_bad_one_makes_way(ready: PiMachine, facts: dict[str, str]) -> None:
    """A second model proves itself; a third, whose golden vector no longer fits, is given up after three starts."""
    ready.run("insect-edge", "model", "install", put_bundle(ready, "second"), "--use")
    ready.restart()
    ready.wait_until_ready()
    assert in_use(ready) == "second"
    assert ready.says("model second has proven itself")

    ready.run("insect-edge", "model", "install", put_bundle(ready, "third"), "--use")
    path = "/var/lib/insect-edge/models/third/card.json"
    card = json.loads(ready.run("cat", path))
    card["golden"]["score"] = 0.3  # as a processor that computes otherwise would find it
    ready.write(path, json.dumps(card), mode=0o644)
    began = time.monotonic()
    ready.ask("systemctl", "restart", UNIT)
    ready.container.wait_until("the one before is back", ready.active, seconds=TRIES_SECONDS)
    assert in_use(ready) == "second"
    facts["bad model to the one before"] = f"{time.monotonic() - began:.0f} s"
    assert "third was given up" in ready.run("insect-edge", "model", "list")
    ready.run("insect-edge", "model", "use", "built-in")


def test_a_bad_model_is_not_even_kept(ready: PiMachine) -> None:
    """A bundle whose golden vector does not fit is refused when it is installed."""
    folder = put_bundle(ready, "fourth")
    card = ready.other_wheels / "fourth" / "card.json"
    content = json.loads(card.read_text(encoding="utf-8"))
    content["golden"]["score"] = 0.3
    card.write_text(json.dumps(content), encoding="utf-8")
    done = ready.ask("insect-edge", "model", "install", folder)
    assert done.returncode == 1
    assert "golden" in done.stderr
    assert "fourth" not in ready.run("insect-edge", "model", "list")
