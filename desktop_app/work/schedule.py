"""When jobs may be worked on, and what the computer does when all are done: the rules alone, without a clock."""

from __future__ import annotations

import enum
from datetime import datetime, time

IDLE_AFTER = 300.0  # seconds without a key or the mouse, until nobody is at the computer
BUSY_BELOW = 10.0  # seconds: somebody has come back
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)  # on the clock on the wall


class When(enum.StrEnum):
    """When a job may be worked on, as the user has chosen."""

    NOW = "now"
    IDLE = "idle"  # while nobody is at the computer
    MAINS = "mains"  # while it does not live on its battery
    TONIGHT = "tonight"  # between NIGHT_BEGINS and NIGHT_ENDS; what is left at the end goes on in the next night


class AfterAll(enum.StrEnum):
    """What the computer does when nothing is left to do."""

    NOTHING = "nothing"
    SLEEP = "sleep"
    SHUT_DOWN = "shut_down"


class Hindrance(enum.StrEnum):
    """Why a job waits for its time."""

    IN_USE = "in_use"
    ON_BATTERY = "on_battery"
    DAYTIME = "daytime"


def may_work(when: When, now: datetime, mains: bool | None, idle: float | None, working: bool) -> bool:
    """Return whether this is the time for a job."""
    return why_not(when, now, mains, idle, working) is None


def why_not(when: When, now: datetime, mains: bool | None, idle: float | None, working: bool) -> Hindrance | None:
    """Return what keeps a job from being worked on, or None if nothing does.

    `now` is local time; `idle` the seconds since a key or the mouse was touched; `working` tells that the job is being
    worked on already. What this computer cannot tell (None) hinders nothing: a time that can never be seen to have come
    would hold the job for ever.
    """
    if when is When.IDLE and _is_in_use(idle, working):
        return Hindrance.IN_USE
    if when is When.MAINS and mains is False:
        return Hindrance.ON_BATTERY
    if when is When.TONIGHT and not _is_night(now.time()):
        return Hindrance.DAYTIME
    return None


def _is_in_use(idle: float | None, working: bool) -> bool:
    """The two limits lie far apart, so that work begun is not stopped by a moment's doubt, only by a touch."""
    return idle is not None and idle < (BUSY_BELOW if working else IDLE_AFTER)


def _is_night(clock: time) -> bool:
    return clock >= NIGHT_BEGINS or clock < NIGHT_ENDS
