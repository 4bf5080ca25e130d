"""The watch over the backend: who is given how long. The clock is a false one, at the door; the real one is in
test_job_queue.py."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Signal

from desktop_app.messages import Ping, Pong, Progress, Stage
from desktop_app.work import watch
from desktop_app.work.watch import Watch


class Backend(QObject):
    event_received = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.is_ready = self.is_running = True
        self.answers = True

    def send(self, command: Ping) -> None:
        if self.answers:
            self.event_received.emit(Pong(command.number))


class Scene:
    def __init__(self) -> None:
        self.now = 1000.0
        self.backend = Backend()
        self.watch = Watch(self.backend, clock=lambda: self.now)  # type: ignore[arg-type]
        self.reasons: list[str] = []
        self.watch.stalled.connect(self.reasons.append)
        self.watch.begin(model_bytes=150_000_000, resume_at=0.0)

    def pass_time(self, seconds: float) -> None:
        """Let time pass as the timer sees it, second by second, until the watch gives up."""
        for _ in range(round(seconds)):
            self.now += 1.0
            if not self.reasons:
                self.watch._look()

    def hears(self, seconds: float) -> None:
        self.backend.event_received.emit(Progress(1, Stage.TRANSCRIBING, 0.0, None, until=seconds))


@pytest.fixture
def scene(qapp) -> Scene:
    return Scene()


def test_a_backend_that_gets_on_is_left_alone(scene):
    for _ in range(50):
        scene.hears(240.0)
        scene.pass_time(100)

    assert not scene.reasons


def test_one_that_does_not_answer_is_given_up_soon(scene):
    scene.hears(240.0)
    scene.backend.answers = False
    scene.pass_time(watch.ANSWERS_WITHIN - 2)
    assert not scene.reasons

    scene.pass_time(10)

    assert len(scene.reasons) == 1


@pytest.mark.parametrize("sound", [10.0, 240.0])
def test_the_more_there_is_to_hear_the_longer_it_may_take(scene, sound):
    scene.hears(sound)
    allowed = 2 * (watch.A_STAGE + watch.SLOWEST * sound)
    scene.pass_time(allowed - 5)
    assert not scene.reasons

    scene.pass_time(10)

    assert scene.reasons


def test_a_machine_known_to_be_slow_gets_longer_and_a_fast_one_not_so_long(scene):
    scene.watch.speed = 0.1
    scene.hears(100.0)
    scene.pass_time(2 * (watch.A_STAGE + 100 * 100) - 5)
    assert not scene.reasons

    scene.watch.speed = 20.0
    scene.hears(100.0)
    scene.pass_time(2 * (watch.A_STAGE + 50) + 5)

    assert scene.reasons


def test_a_large_model_may_take_long_to_load(scene):
    scene.watch.begin(model_bytes=3_000_000_000, resume_at=0.0)
    scene.backend.event_received.emit(Progress(1, Stage.LOADING_MODEL, 0.0, None))
    scene.pass_time(1500)

    assert not scene.reasons


def test_time_in_which_we_stood_still_ourselves_does_not_count(scene):
    scene.hears(10.0)
    scene.now += 8 * 3600  # the computer slept
    scene.watch._look()
    scene.pass_time(100)

    assert not scene.reasons


def test_a_backend_that_still_starts_is_not_asked_for_answers(scene):
    scene.backend.is_ready = scene.backend.answers = False
    scene.pass_time(100)

    assert not scene.reasons
