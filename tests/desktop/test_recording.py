"""The whole way of what is spoken: a real microphone, the real program, its backend and its window."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from speech import prompts
from work.microphone import RATE, Microphone, SoundServer, sound_server

from desktop_app import paths, settings
from desktop_app.settings import DictationChoices, RecordingChoices, Settings
from desktop_app.transcripts.transcript import JobState
from desktop_app.work import sound_file

from .display import Display, Lines, wait_for
from .program import LONG, Program

HERE = Path(__file__).parent
SAID = " ".join((paths.resources() / "sample.txt").read_text().split(". ")[:3])  # what the speech below says


@pytest.fixture
def server() -> Iterator[SoundServer]:
    """A sound server without any microphone."""
    with sound_server() as started:
        yield started


@pytest.fixture
def mic(server: SoundServer) -> Microphone:
    return server.plug_in()


@pytest.fixture
def choose(program: Program, server: SoundServer):
    """A function that writes the program's settings, and has it hear the microphone."""

    def write(recording: RecordingChoices, dictation: DictationChoices | None = None) -> None:
        chosen = Settings(
            model="tiny.en", recording=recording, dictation=dictation or DictationChoices(), welcomed=True
        )
        settings.save(chosen, program.home / "settings.json")
        program.env |= server.env

    return write


def samples_of(file: Path):
    samples, rate = soundfile.read(file, dtype="float32")
    assert rate == RATE
    return samples


def begin(program: Program, display: Display) -> Path:
    """Open the bar and press Record, by keys; return the recording's file once it grows."""
    display.key(program.window, "ctrl+r")
    folder = program.home / "recordings"
    display.key(program.window, "space")
    file = wait_for(lambda: next(iter(folder.glob("*.wav")), None), "a recording")
    wait_for(lambda: "Recording" in program.title, "the title to say so")
    return file


def test_what_is_spoken_is_text_in_the_window_while_one_speaks_and_stays_after_stop(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(live=True, refine=False))
    program.start()
    file = begin(program, display)

    mic.say(samples_of(speech))
    job = program.wait_until_heard(file.name)
    early = program.copied()
    wait_for(mic.is_quiet, "all to be said", LONG)
    display.key(program.window, "ctrl+period")
    program.wait_until_done(file.name)

    heard = program.text(job)
    assert early.split()[0] in heard
    assert prompts.word_error_rate(SAID, heard) <= 15
    assert " ".join(program.copied().split()) == " ".join(heard.split())
    assert soundfile.info(file).duration >= 12.8
    assert [entry.path for entry in program.jobs] == [file]


def test_after_stop_a_more_accurate_text_takes_the_place_of_the_live_one(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(live=True, refine=True))
    program.start()
    file = begin(program, display)
    mic.say(samples_of(speech))
    job = program.wait_until_heard(file.name)
    live = program.text(job)
    wait_for(mic.is_quiet, "all to be said", LONG)
    display.key(program.window, "ctrl+period")

    wait_for(lambda: program.library.job(job.id).state is JobState.DONE, "the live text to be whole", LONG)
    wait_for(lambda: len(program.jobs) == 2, "the second pass", LONG)
    wait_for(lambda: len(program.jobs) == 1, "the second text in the place of the first", LONG)

    heard = program.text(job)
    assert live
    assert prompts.word_error_rate(SAID, heard) <= 10
    wait_for(lambda: " ".join(program.copied().split()) == " ".join(heard.split()), "the window to show it")


def test_a_recording_without_live_text_is_transcribed_when_it_is_stopped(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(live=False))
    program.start()
    file = begin(program, display)

    mic.say(samples_of(speech))
    wait_for(mic.is_quiet, "all to be said", LONG)
    before = program.jobs
    display.key(program.window, "ctrl+period")
    job = program.wait_until_done(file.name)

    assert before == []
    assert prompts.word_error_rate(SAID, program.text(job)) <= 10


def test_a_recording_whose_program_was_killed_is_offered_and_transcribed(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(live=False))
    program.start()
    file = begin(program, display)
    mic.say(samples_of(speech))
    wait_for(mic.is_quiet, "all to be said", LONG)

    program.kill()
    program.start()
    display.key(program.window, "alt+n")  # Transcribe It
    job = program.wait_until_done(file.name)

    assert sound_file.mended(file) >= 11.8
    assert prompts.word_error_rate(SAID, program.text(job)) <= 15
    assert list((program.home / "unfinished").glob("*.json")) == []


def test_a_recording_whose_program_the_system_ended_is_whole_and_transcribed_at_the_next_start(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(live=False))
    program.start()
    file = begin(program, display)
    mic.say(samples_of(speech))
    wait_for(mic.is_quiet, "all to be said", LONG)

    program.process.terminate()
    program.wait_for_end()
    program.start()
    job = program.wait_until_done(file.name)

    assert prompts.word_error_rate(SAID, program.text(job)) <= 10
    assert len(program.jobs) == 1


def test_a_live_recording_whose_program_was_killed_goes_on_by_itself(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(live=True, refine=False))
    program.start()
    file = begin(program, display)
    mic.say(samples_of(speech))
    program.wait_until_heard(file.name)
    wait_for(mic.is_quiet, "all to be said", LONG)

    program.kill()
    program.start()
    job = program.wait_until_done(file.name)

    assert prompts.word_error_rate(SAID, program.text(job)) <= 20
    assert len(program.jobs) == 1


def test_what_is_dictated_is_typed_into_the_window_of_another_program(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(), DictationChoices(on=True, key="F9", to="window"))
    program.start()
    receiver = display.start([sys.executable, HERE / "receiver.py"], stdout=subprocess.PIPE)
    assert receiver.stdout
    said = Lines(receiver.stdout)
    window = display.find_window("Receiver")
    display.activate(window)
    folder = program.home / "recordings"

    display.press("F9")
    file = wait_for(lambda: next(iter(folder.glob("*.wav")), None), "a recording")
    mic.say(samples_of(speech))
    wait_for(mic.is_quiet, "all to be said", LONG)
    display.release("F9")
    job = program.wait_until_done(file.name)
    text = " ".join(program.text(job).split()) + " "

    def typed() -> str:
        display.key(window, "Return")
        what, value = json.loads(said.next())
        assert what == "typed"
        return value

    assert wait_for(typed, "the text in the other window") == text
    assert prompts.word_error_rate(SAID, text) <= 15


def test_the_next_sentence_is_dictated_while_the_last_one_is_still_being_written(
    program: Program, display: Display, choose, mic: Microphone, speech
) -> None:
    choose(RecordingChoices(), DictationChoices(on=True, key="F9", to="clipboard"))
    program.start()
    folder = program.home / "recordings"

    files: list[Path] = []
    for count in (1, 2):
        time.sleep(0.2)  # a key that is down again at once was held down all the time
        display.press("F9")
        wait_for(lambda count=count: len(list(folder.glob("*.wav"))) == count, f"recording {count}")
        files += [file for file in folder.glob("*.wav") if file not in files]
        mic.say(samples_of(speech)[: 6 * RATE])
        wait_for(mic.is_quiet, "all to be said", LONG)
        display.release("F9")
    first, second = (" ".join(program.text(program.wait_until_done(file.name)).split()) for file in files)
    wait_for(lambda: display.clipboard().endswith(f"{second} "), "the text on the clipboard")

    assert display.clipboard() in (f"{second} ", f"{first} {second} ")
    assert all(len(text.split()) > 5 for text in (first, second))


def test_an_unplugged_microphone_is_said_and_its_recording_goes_on_when_it_is_back(
    program: Program, display: Display, choose, server: SoundServer, speech
) -> None:
    choose(RecordingChoices(live=False))
    server.plug_in().say(samples_of(speech))
    program.start()
    file = begin(program, display)

    server.unplug()
    again = server.plug_in()
    again.say(samples_of(speech))
    wait_for(again.is_quiet, "all to be said", LONG)
    display.key(program.window, "ctrl+period")
    job = program.wait_until_done(file.name)

    assert job.state is JobState.DONE
    assert len(program.text(job)) > len(SAID) * 0.8


def test_captions_lie_above_the_other_windows_and_fill_the_screen(program: Program, display: Display) -> None:
    program.start()
    display.key(program.window, "ctrl+l")
    captions = display.find_window("^Captions$")
    states = subprocess.run(
        ["xprop", "-id", str(captions), "_NET_WM_STATE"], env=display.env, capture_output=True, text=True, check=True
    )

    display.key(captions, "F11")
    wait_for(lambda: display.geometry(captions)[2:] == (display.width, display.height), "the captions to fill it")
    display.key(captions, "Escape")
    wait_for(lambda: display.geometry(captions)[2] < display.width, "the captions to be a window again")
    display.key(captions, "Escape")

    assert "_NET_WM_STATE_ABOVE" in states.stdout
    display.wait_until_gone(captions)
