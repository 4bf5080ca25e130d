"""The whole journey in the real window: files dropped, typed and keyed in, and what can go wrong on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from speech import prompts

from desktop_app import paths, settings
from desktop_app.messages import Failure
from desktop_app.transcripts.transcript import JobState

from .display import Display, Lines, wait_for
from .program import Program, children, runs

AT_ONCE = 1.0  # seconds: within these the window does what it promises to do at once
CLOSE_QUESTION = "being transcribed"

# What goes wrong in the backend, in Python: it is run there before anything else.
NOISY = """
import os, subprocess, threading, time

def chatter():
    while "desktop_app.backend.worker" not in sys.modules:  # by then the pipe has been moved away
        time.sleep(0.01)
    subprocess.run(["echo", "a stray child"])
    while True:
        print("a stray print", flush=True)
        os.write(1, b"a stray write without end")
        time.sleep(0.005)

threading.Thread(target=chatter, daemon=True).start()
"""
MAD = r"""
import os, pathlib

real_write = os.write
once = pathlib.Path(os.environ["ONCE"])

def write(descriptor, data):
    if b"SpeechHeard" in bytes(data) and not once.exists():
        once.write_text(str(os.getpid()))
        real_write(descriptor, b'{"type": "SegmentRea\xff\n')
    return real_write(descriptor, data)

os.write = write
"""


def copy(file: Path, folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(file, folder / name))


def words(text: str) -> str:
    return " ".join(text.split())


def in_the_backend(folder: Path, code: str) -> dict[str, str]:
    """Return the environment in which the backend, and no other process, runs `code` before anything else."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import sys\n\nif 'desktop_app.backend' in sys.orig_argv:\n" + textwrap.indent(code, "    ")
    )
    return {"PYTHONPATH": str(folder)}


# --- files come in ---


def test_a_dropped_recording_becomes_a_transcript(program: Program, display: Display, sample) -> None:
    window = program.start()

    taken = display.drop([sample], window)

    assert taken
    job = program.wait_until_done(sample.name)
    heard = program.text(job)
    assert (job.path, job.options.model, job.language, job.partial) == (sample, "tiny.en", "en", False)
    assert prompts.word_error_rate((paths.resources() / "sample.txt").read_text(), heard) <= 5
    assert words(program.copied()) == words(heard)


def test_human_speech_is_heard(program: Program, display: Display, tmp_path) -> None:
    said = prompts.write(tmp_path / "prompts.wav", "en", 25)
    window = program.start()

    display.drop([tmp_path / "prompts.wav"], window)

    heard = program.text(program.wait_until_done("prompts.wav"))
    assert prompts.word_error_rate(said.text, heard) <= 15


def test_two_files_dropped_at_once_are_done_in_their_order(
    program: Program, display: Display, tmp_path, speech, sample
) -> None:
    files = [copy(speech, tmp_path, "z first.wav"), copy(sample, tmp_path, "a second.flac")]
    window = program.start()

    display.drop(files, window)

    first, second = (program.wait_until_done(file.name) for file in files)
    assert [job.path for job in program.jobs] == files
    assert first.ended_at <= second.started_at
    assert program.text(second).startswith(program.text(first)[:60])


def test_a_folder_dropped_is_searched_for_recordings(program: Program, display: Display, tmp_path, silence) -> None:
    folder = tmp_path / "a folder"
    wanted = [copy(silence, folder, "one.WAV"), copy(silence, folder / "deep" / "down", "two.wav")]
    (folder / "notes.txt").write_text("no recording")
    copy(silence, folder, ".hidden.wav")
    (tmp_path / "nothing here").mkdir()
    window = program.start()

    display.drop([folder, tmp_path / "nothing here"], window)

    refused = program.wait_for_state("nothing here", JobState.FAILED)
    for file in wanted:
        program.wait_until_done(file.name)
    assert [job.path for job in program.jobs] == [*wanted, tmp_path / "nothing here"]
    assert refused.failure is Failure.FOLDER_WITHOUT_MEDIA


def test_files_can_be_dropped_anywhere_on_the_window(program: Program, display: Display, tmp_path, silence) -> None:
    window = program.start(copy(silence, tmp_path, "there already.wav"))
    program.wait_until_done("there already.wav")
    _, _, width, height = display.geometry(window)
    places = {
        "menu bar": (width // 2, 8),
        "list": (120, height // 2),
        "transcript": (width - 200, height // 2),
        "options": (width - 60, height - 50),
        "model box": (130, height - 50),
        "status bar": (width // 2, height - 6),
    }

    files = {place: copy(silence, tmp_path, f"{place}.wav") for place in places}
    taken = {place: display.drop([files[place]], window, at) for place, at in places.items()}

    assert taken == dict.fromkeys(places, True)
    for place in places:
        program.wait_until_done(f"{place}.wav")


def test_files_with_odd_names_are_taken_as_they_are(program: Program, display: Display, tmp_path, silence) -> None:
    names = ['<b>bold<b> & "quoted".wav', "😀 laughing.wav", "100% déjà vu #1?.wav", "日本語.wav"]
    files = [copy(silence, tmp_path, name) for name in names]
    not_unicode = copy(silence, tmp_path, os.fsdecode(b"caf\xe9.wav"))
    window = program.start()

    display.drop([*files, not_unicode], window)

    for file in files:
        assert program.wait_until_done(file.name).path == file
    assert program.wait_for_state("caf�.wav", JobState.FAILED).failure is Failure.NAME_NOT_UNICODE


def test_paths_are_typed_into_the_file_dialog(program: Program, display: Display, tmp_path, silence) -> None:
    files = [copy(silence, tmp_path, name) for name in ("plain.wav", "😀 <b>it's<b> 100%.wav")]
    window = program.start()

    for file in files:
        display.key(window, "ctrl+o")
        display.choose_file(file, "^Open Recordings$")

        assert program.wait_until_done(file.name).path == file


def test_a_folder_is_typed_into_the_folder_dialog(program: Program, display: Display, tmp_path, silence) -> None:
    copy(silence, tmp_path / "folder", "inside.wav")
    window = program.start()

    display.key(window, "ctrl+shift+o")
    display.choose_file(tmp_path / "folder", "^Open a Folder")

    assert program.wait_until_done("inside.wav").path == tmp_path / "folder" / "inside.wav"


def test_what_is_no_recording_is_refused_and_the_next_one_done(program: Program, tmp_path, silence) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "prose.mp3").write_text("Once upon a time" * 100)
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "nowhere")
    good = copy(silence, tmp_path, "good.wav")

    program.start(tmp_path / "empty.wav", tmp_path / "prose.mp3", tmp_path / "dangling.wav", good)

    program.wait_until_done("good.wav")
    assert [(job.name, job.failure) for job in program.jobs] == [
        ("empty.wav", Failure.FILE_EMPTY),
        ("prose.mp3", Failure.NOT_MEDIA),
        ("dangling.wav", Failure.LINK_BROKEN),
        ("good.wav", None),
    ]


# --- the keyboard alone ---


def test_everything_can_be_done_by_keyboard_alone(program: Program, display: Display, tmp_path) -> None:
    window = program.start()

    display.key(window, "Tab", "Tab", "space")  # from Open past Record to Try it
    job = program.wait_until_done("sample.flac")
    heard = words(program.text(job))

    assert words(program.copied()) == heard

    display.key(window, "ctrl+e")
    dialog = display.find_window("^Export Transcript$")
    display.key(dialog, "alt+f")  # in one folder
    time.sleep(0.5)  # Qt shows the button pressed for 0.1 s before it is, and nothing outside tells
    display.key(dialog, "Tab")
    display.paste(str(tmp_path))
    display.key(dialog, "Return")
    exported = wait_for(lambda: (tmp_path / "sample.txt").exists() and (tmp_path / "sample.txt"), "the export")
    assert words(wait_for(exported.read_text, "its text")) == heard

    for _ in range(20):  # walk until it is the list that Delete speaks to
        if not program.jobs:
            break
        display.key(window, "Tab", "Delete")
        time.sleep(0.2)  # what another control makes of the key cannot be waited for
    assert program.jobs == []

    display.key(window, "ctrl+z")
    assert program.job("sample.flac").id == job.id

    display.key(window, "ctrl+q")
    assert program.wait_for_end() == 0


# --- what runs is cancelled, dies, goes mad ---


def test_a_running_job_is_cancelled_at_once_and_the_next_one_runs(
    program: Program, display: Display, long_speech, speech
) -> None:
    window = program.start(long_speech, speech)
    program.wait_until_heard(long_speech.name)

    display.activate(window)
    pressed = time.time()
    display.key(None, "Escape")

    cancelled = program.wait_for_state(long_speech.name, JobState.CANCELLED)
    assert cancelled.ended_at - pressed <= AT_ONCE
    assert program.library.segments(cancelled.id)
    assert program.wait_until_done(speech.name).started_at >= cancelled.ended_at


def test_a_job_whose_backend_was_killed_goes_on_where_it_was(program: Program, long_speech, speech) -> None:
    program.start(long_speech, speech)
    job = program.wait_until_heard(long_speech.name)
    kept = program.library.segments(job.id)

    program.kill_backend()

    program.wait_until_done(long_speech.name)
    assert program.library.segments(job.id)[: len(kept)] == kept
    assert program.wait_until_done(speech.name)


def test_stray_prints_in_the_backend_break_nothing(program: Program, tmp_path, speech) -> None:
    program.env = in_the_backend(tmp_path / "noisy", NOISY)

    program.start(speech)

    job = program.wait_until_done(speech.name)
    assert program.text(job).startswith("Hello")
    assert "a stray print" in (program.home / "logs" / "backend.log").read_text()


def test_a_garbled_line_ends_that_backend_and_not_the_window(program: Program, tmp_path, long_speech, speech) -> None:
    once = tmp_path / "once"
    program.env = {**in_the_backend(tmp_path / "mad", MAD), "ONCE": str(once)}

    program.start(long_speech, speech)

    program.wait_until_done(long_speech.name)
    program.wait_until_done(speech.name)
    mad = int(once.read_text())
    assert not runs(mad)
    assert children(program.process.pid) != [mad]


# --- the window comes and goes ---


def test_a_second_start_hands_its_files_to_the_first_window(
    program: Program, display: Display, tmp_path, silence
) -> None:
    window = program.start()
    other = OtherWindow(display)
    file = copy(silence, tmp_path, "handed over.wav")

    second = program.start_again(Path(os.path.relpath(file, Path(__file__).parents[2])))

    assert second.wait(10) == 0
    assert program.wait_until_done("handed over.wav").path.resolve() == file
    wait_for(lambda: other.is_behind(window), "the first window to come forward")
    assert display.windows("Sottovoce$") == [window]


def test_a_notice_tells_of_a_job_that_ended_in_the_background(
    program: Program, display: Display, tmp_path, silence
) -> None:
    noted = tmp_path / "noted"
    notify_send = tmp_path / "bin" / "notify-send"
    notify_send.parent.mkdir()
    notify_send.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {noted}\n")
    notify_send.chmod(0o755)
    program.env = {"PATH": f"{notify_send.parent}:{os.environ['PATH']}"}
    window = program.start()
    OtherWindow(display)

    display.drop([copy(silence, tmp_path, "<b>background<b>.wav")], window)

    program.wait_until_done("<b>background<b>.wav")
    wait_for(lambda: program.title == "(1) Sottovoce", "the badge in the title")
    assert wait_for(noted.exists, "the notice")
    assert noted.read_text().splitlines()[-3:] == ["--", "<b>background<b>.wav", "The transcript is ready."]
    display.activate(window)
    wait_for(lambda: program.title == "Sottovoce", "the badge to go")


def test_closing_while_a_job_runs_asks_first(program: Program, display: Display, long_speech) -> None:
    window = program.start(long_speech)
    program.wait_until_heard(long_speech.name)

    x, y, width, _ = display.geometry(window)
    display.click(x + width - 10, y - 9)  # the cross in the title bar
    question = display.find_window(CLOSE_QUESTION)
    display.key(question, "Return")  # Keep Working
    display.wait_until_gone(question)

    assert program.job(long_speech.name).state is JobState.RUNNING

    display.key(window, "ctrl+q")
    display.key(display.find_window(CLOSE_QUESTION), "Tab", "space")  # Close

    assert program.wait_for_end() == 0
    job = program.job(long_speech.name)
    assert (job.state, job.failure) == (JobState.QUEUED, None)  # it goes on at the next start
    assert program.library.segments(job.id)


def test_a_signal_closes_the_window_and_everything_heard_is_kept(program: Program, long_speech) -> None:
    program.start(long_speech)
    program.wait_until_heard(long_speech.name)
    backend = program.backend()

    program.process.terminate()

    assert program.wait_for_end() == 0
    assert not runs(backend)
    job = program.job(long_speech.name)
    assert job.state is JobState.QUEUED
    assert program.library.segments(job.id)


def test_after_the_window_was_killed_its_queue_goes_on(program: Program, long_speech, speech) -> None:
    program.start(long_speech, speech)
    program.wait_until_heard(long_speech.name)
    backend = program.backend()

    program.kill()

    wait_for(lambda: not runs(backend), "the end of the backend", AT_ONCE)
    kept = program.library.segments(program.job(long_speech.name).id)
    assert program.job(speech.name).state is JobState.QUEUED

    program.start()

    job = program.wait_until_done(long_speech.name)
    assert program.library.segments(job.id)[: len(kept)] == kept
    program.wait_until_done(speech.name)


def test_place_size_and_options_are_the_same_after_a_restart(
    program: Program, display: Display, tmp_path, silence
) -> None:
    window = program.start()
    display.key(window, "alt+w")  # no word times

    def is_chosen() -> bool:  # a moment later: Qt shows the box pressed before it changes
        program.start_again(copy(silence, tmp_path, "now.wav")).wait(10)
        return not program.wait_until_done("now.wav").options.words

    wait_for(is_chosen, "recordings to be done without word times")
    for change in ("windowmove", "windowsize"):
        place = ("140", "90") if change == "windowmove" else ("910", "560")
        subprocess.run(["xdotool", change, "--sync", str(window), *place], env=display.env, check=True, timeout=10)
    before = wait_for(lambda: (g := display.geometry(window))[2:] == (910, 560) and g, "the new size")
    display.key(window, "ctrl+q")
    assert program.wait_for_end() == 0

    window = program.start(copy(silence, tmp_path, "later.wav"))

    wait_for(lambda: display.geometry(window) == before, f"the window at {before}")
    assert program.wait_until_done("later.wav").options.words is False
    assert settings.load(program.home / "settings.json").words is False


def test_what_was_chosen_is_kept_though_the_program_is_killed(program: Program, display: Display) -> None:
    window = program.start()
    display.key(window, "ctrl+p")  # the queue is to pause

    wait_for(lambda: settings.load(program.home / "settings.json").paused, "what was chosen in the file")
    program.kill()

    assert settings.load(program.home / "settings.json").paused


class OtherWindow:
    """A window of some other program, in front of ours and with the keyboard."""

    def __init__(self, display: Display) -> None:
        self._display = display
        receiver = Path(__file__).with_name("receiver.py")
        process = display.start([sys.executable, receiver], stdout=subprocess.PIPE)
        assert process.stdout
        self._lines = Lines(process.stdout)
        self._window = display.find_window("^Receiver$")
        display.activate(self._window)

    def is_behind(self, window: int) -> bool:
        """Tell whether `window` has the keyboard now."""
        said = subprocess.run(
            ["xprop", "-root", "_NET_ACTIVE_WINDOW"],
            env=self._display.env,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return int(said.stdout.split()[-1], 16) == window
