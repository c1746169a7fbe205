"""The camera: its device files, whether this user may open them, and the picture it gave."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.doctor.findings import Finding, failure, good, skipped, warning
from insect_edge.doctor.libraries import Attempt, why_it_ended
from insect_edge.health.judgement import DARK_BELOW
from insect_edge.health.words import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FAMILIES = {"picamera2": ("/dev/media", "/dev/video", "/dev/dma_heap/"), "opencv": ("/dev/video",)}
"""What the names of the device files begin with that each kind of camera needs at least one of."""
_ABSENT = {
    "/dev/media": "no camera hardware known to the kernel",
    "/dev/video": "no video device known to the kernel",
    "/dev/dma_heap/": "no dma_heap, from which libcamera takes its buffers",
}
_LOOK = {
    "picamera2": "check the ribbon cable and camera_auto_detect=1 in /boot/firmware/config.txt, then restart",
    "opencv": "plug the camera in, and look for it with v4l2-ctl --list-devices",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFile:
    """One device file.

    Attributes:
        path: of it.
        mode: its permissions.
        uid: of its owner.
        gid: of its group.
        group: the group's name.
    """

    path: str
    mode: int
    uid: int
    gid: int
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who will open the camera.

    Attributes:
        name: of the user.
        uid: number of the user.
        groups: numbers of all groups the user is in.
    """

    name: str
    uid: int
    groups: frozenset[int]


def may_use(device: DeviceFile, person: Person) -> bool:
    """Whether the permissions let somebody read and write a device (access control lists aside)."""
    if person.uid == 0:
        return True
    if person.uid == device.uid:
        wanted = stat.S_IRUSR | stat.S_IWUSR
    elif device.gid in person.groups:
        wanted = stat.S_IRGRP | stat.S_IWGRP
    else:
        wanted = stat.S_IROTH | stat.S_IWOTH
    return device.mode & wanted == wanted


def judge_devices(source: str, devices: Sequence[DeviceFile], *, person: Person, only: str | None = None) -> Finding:
    """Whether what a camera needs is there and may be used.

    Args:
        source: of the configuration: `picamera2`, `opencv` and so on.
        devices: all device files of cameras there are.
        person: who will open it.
        only: the one device file that is configured, if any.
    """
    if source not in FAMILIES:
        return skipped("devices", f"a camera of the kind {source} needs none")
    facts = {"user": person.name, "devices": [device.path for device in devices]}
    for family in (only,) if only else FAMILIES[source]:
        there = [device for device in devices if device.path == only or (not only and device.path.startswith(family))]
        if not there:
            return failure("devices", f"{only}: no such device" if only else _ABSENT[family], _LOOK[source], **facts)
        if not any(may_use(device, person) for device in there):
            first = there[0]
            remedy = f"put {person.name} into the group {first.group}: usermod -aG {first.group} {person.name}"
            if stat.S_IRGRP & first.mode == 0 or first.gid == 0:
                remedy = f"give the group video the right to it with a udev rule ({first.path} is for root alone)"
            return failure("devices", f"{person.name} may not use {first.path}", remedy, **facts)
    counted = ", ".join(
        f"{sum(device.path.startswith(family) for device in devices)} {family.removeprefix('/dev/').rstrip('/')}"
        for family in FAMILIES[source]
    )
    return good("devices", f"{only or counted}, {person.name} may use {'it' if only else 'them'}", **facts)


def judge_picture(attempt: Attempt, answer: Mapping[str, Any] | None) -> tuple[Finding, ...]:
    """What the child process says that opened the camera and took pictures.

    Args:
        attempt: how it ended.
        answer: what it said; None where that was no answer.
    """
    if answer is None:
        if attempt.code is None:
            what = f"its driver does not return within {attempt.seconds:g} s"
            return (failure("picture", what, "check its cable, and restart the board: only that frees a driver"),)
        text, remedy = why_it_ended(attempt, advice="upgrade the system and its camera packages")
        return (failure("picture", f"taking one {text}", remedy),)
    if "error" in answer:
        return (failure("picture", str(answer["error"]), None),)
    return (*_formats(answer), _picture(answer))


def _formats(answer: Mapping[str, Any]) -> tuple[Finding, ...]:
    formats = answer["formats"]
    if not formats:
        return ()
    return (good("formats", f"{answer['card'] or 'the camera'} offers {', '.join(formats)}", formats=list(formats)),)


def _picture(answer: Mapping[str, Any]) -> Finding:
    size = f"{answer['width']}x{answer['height']}"
    text = f"{size} from {answer['camera']} after {duration(answer['first_seconds'])}"
    text += f", mean brightness {answer['mean']:.0f}"
    if answer["saved"]:
        text += f", saved as {answer['saved']}"
    facts = {name: answer[name] for name in ("camera", "width", "height", "first_seconds", "mean", "spread", "saved")}
    if answer["live"] and answer["mean"] < DARK_BELOW:
        return warning("picture", f"{text}: too dark to see anything", "take the cap off, or wait for light", **facts)
    if answer["live"] and answer["spread"] == 0:
        return warning("picture", f"{text}: one single colour", "check that the camera shows what it should", **facts)
    return good("picture", text, **facts)


def judge_held(report: Mapping[str, Any]) -> Finding:
    """Of a camera that the daemon on this machine looks through, which alone can say how it is."""
    age = report.get("newest_frame_seconds")
    seen = "no picture yet" if age is None else f"newest picture {duration(age)} old, {report['frames']} so far"
    text = f"the daemon that runs holds the camera: {seen}"
    facts = {"held_by": "daemon", "newest_frame_seconds": age, "frames": report.get("frames")}
    if set(report["reasons"]) & {"camera_lost", "stalled"}:
        return failure(
            "picture", f"{text}; it does not work", "stop the service, then ask again for the cause", **facts
        )
    return good("picture", text, **facts)
