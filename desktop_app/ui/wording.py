"""Every sentence the user reads, in the window and in the terminal. Plain text, never rich."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from desktop_app.messages import Device, Doubt, Failure, Remark, SoundNote, Stage, Task
from desktop_app.settings import AfterAll, Appearance, DictateTo, HowToTalk, Quality, When
from desktop_app.transcripts.languages import LANGUAGES
from desktop_app.transcripts.transcript import HOTTEST, Job, JobState, LeftOut, Step, shown
from desktop_app.ui.display import PACKAGES
from desktop_app.work.causes import Cause, cause_in, code_in_words

if TYPE_CHECKING:  # the command line's `history` and `--help` have no use for Qt
    from desktop_app.settings import Loaded
    from desktop_app.transcripts.safekeeping import Contents, Mended, Restored
    from desktop_app.ui.display import Obstacle
    from desktop_app.work.audio_devices import AudioDevice
    from desktop_app.work.backend_process import Death
    from desktop_app.work.crash_reports import CrashReport, OwnCrash
    from desktop_app.work.job_queue import JobProgress
    from desktop_app.work.lock_files import Holder
    from desktop_app.work.machine import Machine
    from desktop_app.work.schedule import Hindrance

APPLICATION = "Sottovoce"
PROMISE = "Recordings and transcripts stay on this computer."
# Not strftime's %b: once Qt has set the locale that is in the system's language, within an English sentence.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

STAGES = {
    Stage.STARTING: "Starting",
    Stage.LOADING_MODEL: "Loading the model",
    Stage.READING_AUDIO: "Reading the recording",
    Stage.FINDING_SPEECH: "Detecting speech",
    Stage.TRANSCRIBING: "Transcribing",
}

STATES = {
    JobState.QUEUED: "Waiting",
    JobState.RUNNING: "Running",
    JobState.PAUSED: "Paused",
    JobState.DONE: "Done",
    JobState.FAILED: "Not finished",
    JobState.CANCELLED: "Cancelled",
}

TASKS = {
    Task.TRANSCRIBE: "Transcribe",
    Task.TRANSLATE: "Translate to English",
}

# What happened, and what to do next. The file's name stands before it, what is kept between the two.
_FAILURES: dict[Failure, tuple[str, str]] = {
    Failure.FILE_MISSING: ("cannot be found", "It may have been moved, renamed or deleted."),
    Failure.LINK_BROKEN: ("is a broken link", "The file it points to may have been moved, renamed or deleted."),
    Failure.FILE_EMPTY: ("is empty", "It may not have been copied completely."),
    Failure.FILE_CHANGED: (
        "has changed since the transcription began, so it cannot be continued",
        "Retry transcribes the current file from the beginning.",
    ),
    Failure.FILE_UNREADABLE: (
        "cannot be read",
        "Check that you have permission to open it, and that its disk is connected.",
    ),
    Failure.NOT_A_FILE: ("is not a file", "Sottovoce can only read recordings from files."),
    Failure.NOT_MEDIA: ("is not a recording that can be read", "It may be damaged, or not a media file."),
    Failure.NO_AUDIO: ("has no audio track", "There is nothing to transcribe in it."),
    Failure.TRACK_MISSING: ("does not have that audio track", "Choose another one; the first is number 1."),
    Failure.CODEC_UNKNOWN: (
        "contains audio in a format that Sottovoce cannot read",
        "Convert it with another program, to MP3 or WAV for example.",
    ),
    Failure.PROTECTED: (
        "is copy-protected (DRM), so its audio cannot be read",
        "Get a copy without copy protection.",
    ),
    Failure.MORE_THAN_DECLARED: (
        "contains more audio than its header says",
        "A program that repairs recordings may recover the rest.",
    ),
    Failure.NAME_NOT_UNICODE: (
        "has a name that cannot be read",
        "Rename the file, or use the command: sottovoce transcribe FILE.",
    ),
    Failure.FOLDER_WITHOUT_MEDIA: ("has no recordings in it", "Neither the folder nor its subfolders contain any."),
    Failure.MODEL_MISSING: ("could not be started: its model is not on this computer", "Choose another model."),
    Failure.MODEL_BROKEN: (
        "could not be started: its model is damaged or unsupported",
        "Choose another model, or repair this one under Models… if it can be downloaded.",
    ),
    Failure.MODEL_NO_ROOM: (
        "could not be started: there is not enough disk space for its model",
        "Free up some space, then retry.",
    ),
    Failure.MODELS_AWAY: (
        "could not be started: the models folder was not found",
        "Connect its disk, then retry.",
    ),
    Failure.LANGUAGE_NOT_IN_MODEL: (
        "could not be started: the model does not support this language",
        "Choose a model that does, such as base, or choose English.",
    ),
    Failure.TRANSLATION_NOT_IN_MODEL: (
        "could not be started: the model cannot translate",
        "Choose one that does: base, small, medium or large-v3.",
    ),
    Failure.DEVICE_MISSING: (
        "could not be started: the chosen device cannot be used on this computer",
        "Choose Automatic instead.",
    ),
    Failure.COMPUTE_TYPE_MISSING: (
        "could not be started: this computer does not support the chosen precision",
        "Choose another precision (compute type), or Automatic.",
    ),
    Failure.MODEL_TOO_LARGE: (
        "could not be started: its model does not fit into memory",
        "Choose a smaller model. If you chose the graphics card, try Automatic.",
    ),
    Failure.OUT_OF_MEMORY: (
        "could not be finished: there was not enough memory",
        "Close other programs, or choose a smaller model.",
    ),
    Failure.BACKEND_DIED: (
        "could not be finished: the transcription process ended unexpectedly",
        "Try again. If it happens again, try a smaller model.",
    ),
    Failure.BACKEND_STALLED: (
        "could not be finished: the transcription process stopped responding",
        "Try again. If it happens again, try a smaller model.",
    ),
    Failure.BACKEND_GARBLED: (
        "could not be finished: the transcription process sent invalid data",
        "Try again. If it happens again, reinstall Sottovoce.",
    ),
    Failure.BACKEND_NOT_STARTED: (
        "could not be started: the transcription process does not start",
        "Reinstall Sottovoce.",
    ),
    Failure.INTERRUPTED: ("was interrupted when Sottovoce was closed", "Use Continue to resume it."),
    Failure.UNFORESEEN: (
        "could not be finished because of a bug in Sottovoce",
        "See the log for more. Please report it.",
    ),
}

# The same for a backend that died, where it is known of what.
_CAUSES: dict[Cause, tuple[str, str]] = {
    Cause.ILLEGAL_INSTRUCTION: (
        "could not be finished: this computer's CPU lacks a required instruction set, most likely AVX2",
        "Use a computer with a newer CPU.",
    ),
    Cause.SEGFAULT: (
        "could not be finished: the transcription process crashed (segmentation fault)",
        "Try again. If it happens again, please report it: a crash report is in the logs.",
    ),
    Cause.ACCESS_VIOLATION: (
        "could not be finished: the transcription process crashed (access violation)",
        "Try again. If it happens again, please report it: a crash report is in the logs.",
    ),
    Cause.BUS_ERROR: (
        "could not be finished: a file that the transcription process needs became unreadable",
        "Check that the disks are connected and not full, then try again.",
    ),
    Cause.ABORT: (
        "could not be finished: the transcription process aborted, perhaps because a library is missing",
        "On a graphics card, check CUDA and cuDNN, or choose the CPU.",
    ),
    Cause.STACK_OVERRUN: (
        "could not be finished: the transcription process aborted (0xC0000409), perhaps because a library is missing",
        "On a graphics card, check CUDA and cuDNN, or choose the CPU.",
    ),
    Cause.DLL_MISSING: (
        "could not be started: a library (DLL) is missing or has the wrong version",
        "Install the Microsoft Visual C++ runtime, or reinstall Sottovoce.",
    ),
    Cause.OUT_OF_MEMORY_KILL: (
        "could not be finished: the transcription process was ended by the system, most likely because memory ran out",
        "Close other programs, or choose a smaller model.",
    ),
    Cause.ENDED_FROM_OUTSIDE: (
        "could not be finished: the transcription process was ended by another program",
        "Try again.",
    ),
}


def failure(kind: Failure, name: str, kept: float = 0.0, detail: str = "") -> str:
    """Return what happened to the file `name`, what is kept (the first `kept` seconds), and what to do next."""
    happened, advice = _told(kind, detail)
    saved = f" {_saved(kept)}." if kept > 0 else ""
    return f"“{name}” {happened}.{saved} {advice}"


def job_failure(job: Job) -> str:
    return failure(job.failure or Failure.UNFORESEEN, job.name, job.position, job.failure_detail)


def _told(kind: Failure, detail: str) -> tuple[str, str]:
    of_the_cause = _CAUSES.get(cause_in(detail)) if kind is Failure.BACKEND_DIED else None
    happened, advice = of_the_cause or _FAILURES[kind]
    if kind is Failure.CODEC_UNKNOWN and detail not in ("", "unknown"):  # what the format is called
        happened += f": {detail}"
    return happened, advice


def _beginning(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def job_status(
    job: Job,
    progress: JobProgress | None = None,
    number: int | None = None,
    is_held: bool = False,
    elsewhere: Literal["", "worked on", "left"] = "",
) -> str:
    """Return the line below a job's name: what it is doing, how long it will take, or how it ended.

    number: which turn it has, if it waits. is_held: nothing that waits has its turn now. elsewhere: another program
    works on it, or has left it.
    """
    if job.state is JobState.RUNNING and progress is not None:
        if job.options.live:
            return f"Live · {clock(progress.position)}"
        return f"{_progress(progress)}{SECOND_PASS if job.options.replaces is not None else ''}"
    if job.state in (JobState.RUNNING, JobState.QUEUED) and elsewhere:
        return _status_elsewhere(job, elsewhere == "left")
    if job.state is JobState.FAILED:
        happened, _ = _told(job.failure or Failure.UNFORESEEN, job.failure_detail)
        return _beginning(happened)
    parts = [STATES[job.state]]
    if number is not None:
        if is_held:
            parts[0] = QUEUE_IS_PAUSED
        parts.append("next" if number == 1 else f"{_ordinal(number)} in line")
    if job.state is JobState.DONE:
        if job.is_past_the_end:
            return f"The recording already ends at {clock(job.duration or 0)}"
        if job.is_silent:
            return NO_SPEECH
        parts.append(clock(job.duration or 0))
        if job.doubtful:
            parts.append(f"{_count(job.doubtful, 'passage')} to check")
        parts.append(language(job.language or ""))
        if job.options.task is Task.TRANSLATE:
            parts[-1] += " → English"
        parts.append(when(job.added_at))
        if job.partial:
            goes_on = job.failure is Failure.MORE_THAN_DECLARED
            parts.append("the file contains more" if goes_on else "incomplete file")
    if job.state in (JobState.CANCELLED, JobState.PAUSED, JobState.QUEUED) and job.position > 0:
        parts.append(_saved(job.position).lower())
    if job.options.replaces is not None and job.state is not JobState.DONE:
        return " · ".join(parts) + SECOND_PASS
    return " · ".join(parts)


def _status_elsewhere(job: Job, is_left: bool) -> str:
    if is_left:
        return f"Interrupted · {_saved(job.position).lower()}" if job.position > 0 else "Interrupted"
    if job.state is JobState.QUEUED:
        return "Waiting in another Sottovoce"
    how_far = f" · {clock(job.position)}" if job.position > 0 else ""
    return f"Running in another Sottovoce{how_far}{f' of {clock(job.duration)}' if how_far and job.duration else ''}"


QUEUE_IS_PAUSED = "Queue paused"
SECOND_PASS = " · second, more accurate pass"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


IN_THE_MARGIN = "marked in the margin. Press F8 to go to the next one and see why"
MARK = "(?)"  # behind a doubtful passage, in the terminal
MOST_REMOVED_SHOWN = 3


def passages(doubtful: int, left_out: int, seen: str = IN_THE_MARGIN) -> str:
    """Return how much of a transcript should be listened to again, and how much was removed; empty if nothing.

    seen: where it can be seen which passages that are.
    """
    sentences = []
    if doubtful:
        sentences.append(f"{_count(doubtful, 'passage')} should be checked: {seen}.")
    if left_out:
        sentences.append(f"{_count(left_out, 'passage')} removed, because no one is speaking there.")
    return " ".join(sentences)


def shown_by_history(job_id: int) -> str:
    return f"“sottovoce history show {job_id}” marks them"


def marked(why: Sequence[Doubt]) -> str:
    """Return what the mark behind passages means that are doubtful for these reasons."""
    return f"marked {MARK}. Why: " + "; ".join(DOUBTS[doubt] for doubt in why)


def removed_text(text: LeftOut) -> str:
    return f"Removed at {clock(text.start)}: “{' '.join(text.text.split())}”"


def removed_texts(left_out: Sequence[LeftOut]) -> str:
    """Return the first of the texts that were removed, a line each; empty if there are none."""
    lines = [removed_text(text) for text in left_out[:MOST_REMOVED_SHOWN]]
    if len(left_out) > MOST_REMOVED_SHOWN:
        lines.append("…")
    return "\n".join(lines)


_STEPS = {
    "batch_size": "the batch size is 1",
    "compute_type": "another precision is used",
    "device": "the CPU is used instead of the graphics card",
}
_WHY = {
    Failure.OUT_OF_MEMORY: "memory ran out",
    Failure.BACKEND_STALLED: "the transcription process stopped responding",
}


def step_taken(name: str, step: Step) -> str:
    """Return what was given up in the job `name`, where, and why."""
    why = _WHY.get(Failure(step.why), "the transcription process ended unexpectedly")
    at = clock(step.position)
    if step.what == "skip":
        return f"“{name}”: {why} at {at} on every attempt. That part is marked and left out; work continues after it."
    return f"“{name}”: {why} at {at}. It continues from there; now {_STEPS[step.what]}."


def going_on(jobs: Sequence[Job]) -> str:
    """Return that these jobs were interrupted and go on."""
    if len(jobs) == 1:
        return f"“{jobs[0].name}” was interrupted, and continues from {clock(jobs[0].position)}."
    return f"{len(jobs)} recordings were interrupted, and continue where they stopped."


NOTHING_INTERRUPTED = "Nothing was interrupted."


def cannot_go_on(job_id: int) -> str:
    return f"Job {job_id} cannot be resumed: it is done, does not exist, or another program is working on it."


def taken_away(name: str, job: Job | None) -> str:
    """Return what became of a job in the meantime, elsewhere. job: as it is now; None if it was removed."""
    if job is None:
        return f"“{name}” was removed in the meantime."
    return f"“{name}” is no longer being transcribed. Its state was changed elsewhere: {STATES[job.state].lower()}."


UPDATED_MEANWHILE = "Sottovoce has been updated in the meantime."
PUT_OFF = "What was transcribed so far is saved. To continue: sottovoce resume"


def storage_trouble(error: Exception) -> str:
    """Return that the library cannot be written, and what follows."""
    what = "The disk is full" if _is_full(error) else "The library cannot be written"
    return f"{what}. What was transcribed so far is safe; work continues automatically as soon as there is space."


def _is_full(error: Exception) -> bool:
    return "full" in str(error) or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT)


def job_notes(job: Job, has_text: bool) -> str:
    """Return what is to be said above a transcript; empty if nothing is."""
    return "\n".join(filter(None, [_end_note(job, has_text), *sound_notes(job.notes), *_step_notes(job.steps)]))


def sound_notes(notes: Sequence[SoundNote]) -> list[str]:
    """Return what was done about a recording's sound, a sentence each."""
    return [_sound_note(note) for note in notes]


_WHY_CHANNELS = {  # were left out: of one, of several
    Remark.CHANNELS_USED: (
        "the other one contains no speech, or the same speech less clearly",
        "the others contain no speech, or the same speech less clearly",
    ),
    Remark.CHANNELS_INVERTED: (
        "the other one has inverted polarity, so the two would cancel each other out",
        "others have inverted polarity, so they would cancel each other out",
    ),
    Remark.CHANNELS_LATE: (
        "the other one contains the same audio with a delay, like an echo",
        "others contain the same audio with a delay, like an echo",
    ),
}
_ABOUT_SOUND = {
    Remark.RAISED: "The speech is very quiet. It was amplified for transcription; the file is unchanged.",
    Remark.LOWERED: "The audio is far too loud. It was turned down for transcription; the file is unchanged.",
    Remark.FILTERED: "Strong hum or rumble was filtered out for transcription; the file is unchanged.",
}


def _sound_note(note: SoundNote) -> str:
    if note.remark in _ABOUT_SOUND:
        return _ABOUT_SOUND[note.remark]
    if note.remark in _WHY_CHANNELS:
        return _about_channels(note)
    numbers = _listed(note.numbers)
    if note.remark is Remark.TRACK_UNREADABLE:
        format_ = f": {note.detail}" if note.detail != "unknown" else ""
        return f"Audio track {numbers} is in a format that Sottovoce cannot read{format_}."
    if note.remark is Remark.OTHER_TRACKS_SPEAK:
        what = f"track {numbers}" if len(note.numbers) == 1 else f"tracks {numbers}"
        return f"There is also speech on {what}. To transcribe it, choose the audio track under More…, or with --track."
    why = ": no one speaks on the default track" if note.remark is Remark.TRACK_SPEAKS else ""
    return f"Audio track {numbers} of {note.total} was transcribed{why}."


def _about_channels(note: SoundNote) -> str:
    of_one, of_several = _WHY_CHANNELS[note.remark]
    if note.total == 2:
        return f"Only the {'left' if note.numbers == (1,) else 'right'} channel was used: {of_one}."
    were = (
        f"channel {_listed(note.numbers)} was" if len(note.numbers) == 1 else f"channels {_listed(note.numbers)} were"
    )
    return f"Of {note.total} channels, only {were} used: {of_several}."


def _listed(numbers: Sequence[int]) -> str:
    """Return numbers as one lists them: "1", "1 and 3", "1, 2 and 5"."""
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


STEPS_SHOWN = 5


def _step_notes(steps: Sequence[Step]) -> list[str]:
    """Return the last steps taken, a line each."""
    before = len(steps) - STEPS_SHOWN
    earlier = [f"Before that, other settings were tried {before} times."] if before > 0 else []
    return [*earlier, *map(_step_note, steps[-STEPS_SHOWN:])]


def _step_note(step: Step) -> str:
    why = _WHY.get(Failure(step.why), "the transcription process ended unexpectedly")
    what = "on every attempt. That part is left out" if step.what == "skip" else f"from there on {_STEPS[step.what]}"
    return f"At {clock(step.position)} {why}{' ' if step.what == 'skip' else '; '}{what}."


def _end_note(job: Job, has_text: bool) -> str:
    if job.state is JobState.FAILED:
        return job_failure(job)
    if job.state is JobState.CANCELLED and job.position > 0:
        return f"Cancelled. {_saved(job.position)}."
    if job.is_past_the_end:
        return f"The recording ends at {clock(job.duration or 0)}, before the part you asked for."
    if job.state is JobState.DONE and job.partial:
        return partial(job)
    if job.state is JobState.DONE and not has_text:
        return f"{NO_SPEECH} in this recording."
    return ""


NO_SPEECH = "No speech was found"
PARTIAL = "The file is incomplete. Everything that could be read was transcribed."
MORE_THAN_DECLARED = (
    "The file contains more audio than its header says, as happens when a recorder loses power. It was transcribed up"
    " to the point where players stop; a program that repairs recordings may recover the rest."
)


def partial(job: Job) -> str:
    """Return why a job is done and yet not all of its file was transcribed."""
    return MORE_THAN_DECLARED if job.failure is Failure.MORE_THAN_DECLARED else PARTIAL


def about_job(job: Job) -> str:
    """Return the facts of a job in one line: length, language, model, task."""
    facts = [clock(job.duration)] if job.duration is not None else []
    if job.language:
        facts.append(language(job.language))
    facts.append(f"model {Path(job.options.model).name}")
    if job.options.task is Task.TRANSLATE:
        facts.append("translated to English")
    return " · ".join(facts)


def language(code: str) -> str:
    """Return the English name of Whisper's language `code`."""
    return LANGUAGES[code].english if code in LANGUAGES else code


def _progress(progress: JobProgress) -> str:
    parts = [STAGES[progress.stage]]
    if progress.duration:
        if progress.position > 0:
            parts.append(f"{clock(progress.position)} of {clock(progress.duration)}")
        else:
            parts.append(clock(progress.duration))
    elif progress.position > 0:
        parts.append(clock(progress.position))
    if progress.stage is Stage.TRANSCRIBING:
        if progress.seconds_left is not None:
            parts.append(f"{about(progress.seconds_left)} left")
        if progress.speed is not None:
            parts.append(speed(progress.speed))
    return " · ".join(parts)


def when(moment: float) -> str:
    """Return a moment (seconds since 1970) as one says it: the time if it is today, else the day."""
    then, now = time.localtime(moment), time.localtime()
    if then[:3] == now[:3]:
        return f"today {then.tm_hour}:{then.tm_min:02}"
    return f"{then.tm_mday} {MONTHS[then.tm_mon - 1]}" + (f" {then.tm_year}" if then.tm_year != now.tm_year else "")


def speed(times: float) -> str:
    """Return how many times faster than it is spoken: "12× real time"."""
    return f"{times:.0f}× real time" if times >= 10 else f"{times:.1f}× real time"


def clock(seconds: float) -> str:
    """Return a position or a length as on a player: "1:05", "1:02:05"."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: float) -> str:
    """Return a length as one says it: "12 minutes", "1 hour 20 minutes", "8 seconds"."""
    if seconds < 60:
        return _count(max(1, int(seconds)), "second")
    minutes = int(seconds) // 60
    if minutes < 60:
        return _count(minutes, "minute")
    hours = _count(minutes // 60, "hour")
    return f"{hours} {_count(minutes % 60, 'minute')}" if minutes % 60 else hours


def _saved(seconds: float) -> str:
    return f"The first {length(seconds)} {'is' if length(seconds).startswith('1 ') else 'are'} saved"


def about(seconds: float) -> str:
    """Return a time that is only guessed: "3 min", "1 h 20 min", "20 s"."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def name_was_taken(wanted: str, written: str) -> str:
    return f"“{wanted}” already exists and was kept; this transcript is “{written}”."


def name_not_possible(wanted: str, written: str) -> str:
    return f"“{wanted}” is not a valid name on that disk; this transcript is “{written}”."


def cannot_write(what: str, reason: str) -> str:
    return f"“{what}” could not be written: {reason}. The transcript is kept in the library."


def library_failure(error: Exception) -> str:
    """Return why the library cannot be used."""
    if type(error).__name__ == "NewerDatabase":
        return "The library was written by a newer version of Sottovoce. Install that version to open it."
    if type(error).__name__ == "LibraryInUse":
        return (
            "The library needs maintenance, but another program has it open."
            " Close Sottovoce wherever it is running, and start it again."
        )
    if type(error).__name__ == "NoHome":
        return "There is no home folder for this user. Set HOME, or SOTTOVOCE_HOME, to a writable folder."
    if _is_full(error):
        return "The disk is full, and the library cannot be used. Free up some space, and restart Sottovoce."
    return f"The library cannot be used: {_reason(error)}. Check its folder, and the space on its disk."


# What is wrong with a file that is to be a backup, or was to be one.
_NO_BACKUP = {
    "FileExistsError": "already exists and was kept. Choose another name.",
    "SameFileError": "is part of the library itself. Choose another file.",
    "NotALibrary": "is not a Sottovoce library.",
    "NotSound": "is damaged.",
    "NewerDatabase": "was written by a newer version of Sottovoce. Install that version to restore it.",
}
LIBRARY_IS_SOUND = "The library is intact."


def mended(what: Mended) -> str:
    """Return that the library was damaged, and what was saved of it."""
    saved = f"{_count(what.saved.jobs, 'recording')} with {_count(what.saved.segments, 'passage')}"
    lost = "nothing seems to be lost" if what.saved.is_whole else "the rest could not be read"
    advice = "" if what.saved.is_whole else " If you have a backup, you can restore it."
    kept = f"The damaged file is kept: {shown(what.kept)}"
    return f"The library was damaged and has been repaired. Recovered: {saved}; {lost}.{advice} {kept}"


def not_backed_up(file: str, error: Exception) -> str:
    """Return why the library could not be backed up to `file`."""
    why = _NO_BACKUP.get(type(error).__name__, f"could not be written: {_reason(error)}.")
    return f"The library was not backed up: “{file}” {why}"


def not_restored(file: str, error: Exception) -> str:
    """Return why `file` could not be restored."""
    if type(error).__name__ == "LibraryInUse":
        return "Nothing was restored: the library is in use. Close Sottovoce wherever it is running, then try again."
    why = _NO_BACKUP.get(type(error).__name__, f"could not be read: {_reason(error)}.")
    return f"Nothing was restored: “{file}” {why}"


def restored(file: str, what: Restored) -> str:
    """Return what the library is now."""
    kept = f" The previous library is kept: {shown(what.kept)}" if what.kept else ""
    return f"The library was restored from “{file}”, with {_count(what.contents.jobs, 'recording')}.{kept}"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def crash_report(report: CrashReport) -> str:
    """Return a crash report as it is written and copied. Nothing of the user's is in it."""
    death, doing = report.death, report.doing
    happened, advice = _told(death.kind, death.cause)
    lines = [
        f"Crash report of {APPLICATION}, {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(report.moment))}",
        "",
        f"{_beginning(happened.partition(': ')[2])}. {advice}",
        "",
        f"Ended with: {_end_of(death)}",
        f"Cause: {death.cause} ({death.kind})",
        f"Stage: {STAGES[doing.stage].lower() if doing.stage else 'none'}, at {doing.position:.1f} s",
        f"Device: {doing.device or 'no model loaded yet'} {doing.compute_type}".rstrip(),
        f"Versions: {', '.join(f'{name} {version}' for name, version in report.versions.items())}",
        *_about_machine(report.machine),
        "",
        *(report.frames or [NO_TRACEBACK]),
    ]
    return "\n".join(lines) + "\n"


def own_crash_report(report: OwnCrash) -> str:
    """Return the report of a crash of the program itself, as it is written and copied."""
    lines = [
        f"Crash report of {APPLICATION}, {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(report.moment))}",
        "",
        "The window crashed. What was transcribed until then is in the library, and its jobs have since continued.",
        "",
        f"Versions: {', '.join(f'{name} {version}' for name, version in report.versions.items())}",
        *_about_machine(report.machine),
        "",
        *report.frames,
    ]
    return "\n".join(lines) + "\n"


NO_TRACEBACK = "There is no traceback."


def _end_of(death: Death) -> str:
    if death.kind is Failure.BACKEND_NOT_STARTED:
        return "it did not start"
    code = code_in_words(death.exit_code, death.crashed)
    return f"{code}, ended by {APPLICATION} itself; not a crash" if death.killed_by_us else code


def _about_machine(machine: Machine) -> list[str]:
    avx2 = {True: "with AVX2", False: "without AVX2", None: "AVX2 unknown"}[machine.has_avx2]
    lines = [f"System: {machine.system}", f"CPU: {_count(machine.processors, 'core')}, {avx2}"]
    if machine.memory is not None:
        free = machine.memory.available
        available = f", {_gigabytes(free)} available now" if free is not None else ""
        lines.append(f"Memory: {_gigabytes(machine.memory.total)}{available}")
    return lines


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GB"


_HINDRANCES = {
    "in_use": "Waiting until the computer has been idle for five minutes.",
    "on_battery": "Waiting for mains power.",
    "daytime": "Waiting until 22:00.",
}
QUEUE_PAUSED = "The queue is paused."
UPDATED = "Sottovoce has been updated. Restart it to continue the queue."


def waits(hindrance: Hindrance) -> str:
    """Return what the jobs wait for."""
    return _HINDRANCES[hindrance]


WHY_AWAKE = "A recording is being transcribed"  # read by those who ask the system why it does not sleep
WHY_AWAKE_TO_RECORD = "A recording is being made"


def finished_notice(jobs: Sequence[Job]) -> tuple[str, str]:
    """Return title and text of the notice that jobs have ended: one for all that were done together."""
    failed = [job for job in jobs if job.state is not JobState.DONE]
    if len(jobs) == 1:
        return jobs[0].name, "Not finished. See the window for the reason." if failed else "The transcript is ready."
    if not failed:
        return f"{len(jobs)} transcripts are ready", _some_names([job.name for job in jobs])
    title = f"{len(jobs) - len(failed)} of {len(jobs)} recordings are transcribed"
    return title, f"Not finished: {_some_names([job.name for job in failed])}"


NAMES_SHOWN = 3


def _some_names(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def working(stage: Stage, number: int, total: int, seconds_left: float | None) -> str:
    """Return what the status bar says while recordings are transcribed: "Transcribing 10 of 40 · 3 min left"."""
    parts = [f"Transcribing {number} of {total}" if total > 1 else STAGES[stage]]
    if seconds_left is not None:
        parts.append(f"{about(seconds_left)} left")
    return " · ".join(parts)


WRITING_LIVE = "Transcribing the recording"


def all_done(done: Sequence[Job], failed: Sequence[Job]) -> str:
    """Return that all there was to do is done, how it ended, and whether something should be looked at."""
    if len(done) + len(failed) == 1:
        (job,) = (*done, *failed)
        said = f"“{job.name}” could not be finished." if failed else f"“{job.name}” is transcribed."
    elif failed:
        said = f"All done: {len(done)} of {_count(len(done) + len(failed), 'recording')} transcribed."
    else:
        said = f"All done: {_count(len(done), 'recording')} transcribed."
    doubtful = sum(job.doubtful for job in done)
    return f"{said} {_count(doubtful, 'passage')} to check." if doubtful else said


QUEUE_BAR = "Why nothing is transcribed"
RESUME_QUEUE = "Resume"
START_NOW = "S&tart Now"


def held(why: str, waiting: int) -> str:
    """Return the line above the recordings that says why nothing runs. waiting: how many recordings wait."""
    return f"{why} {_count(waiting, 'recording')} {'waits' if waiting == 1 else 'wait'}." if waiting else why


WORKED_ON_ELSEWHERE = (
    "Another Sottovoce, such as one in a terminal, is transcribing this recording. You can only stop it there."
)
LEFT_ELSEWHERE = "The program that was transcribing this recording was stopped. Use Continue to resume it here."


# --- the command line ------------------------------------------------------------------------------------------------

NO_SCREEN = "There is no display to open a window on. Use: sottovoce transcribe FILE"
WINDOW_DOES_NOT_ANSWER = "Sottovoce is already open, but is not responding. Close it and start it again."
DOES_NOT_RUN_THERE = "Open Here"


def cannot_start(error: OSError, folder: str) -> str:
    """Return why the folder of all that is kept, `folder`, cannot be used."""
    if _is_full(error):
        return f"Sottovoce cannot start: the disk is full. Free up some space on the disk that has its folder, {folder}"
    if error.errno == errno.EROFS:
        return f"Sottovoce cannot start: its folder is on a read-only disk, {folder}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Sottovoce cannot start: you do not have permission to write to its folder. Check its owner: {folder}"
    return f"Sottovoce cannot start: its folder cannot be used ({_reason(error)}). Check its disk: {folder}"


def settings_trouble(loaded: Loaded) -> str:
    """Return what could not be read of the settings; empty if all of them were."""
    if loaded.trouble is not None:
        return (
            f"Your settings cannot be read now ({_reason(loaded.trouble)}), so Sottovoce uses the defaults."
            " Changes you make now are not saved; the file stays as it is."
        )
    if loaded.kept_aside is not None:
        return (
            "Your settings were damaged, so Sottovoce starts with the defaults."
            f" The damaged file is kept: {shown(loaded.kept_aside)}"
        )
    if loaded.not_understood:
        names = ", ".join(loaded.not_understood)
        return f"This version of Sottovoce does not understand some of your settings, and uses the defaults: {names}"
    return ""


def runs_elsewhere(holder: Holder) -> str:
    """Ask whether the program runs on another computer, which uses the same folder."""
    return (
        f"Sottovoce has been open on another computer, “{holder.computer}”, since {when(holder.since)}, with the same"
        " folder. If it is still running there, close it there first: two at once could damage your transcripts.\n\n"
        "If it is no longer running there, for example after a power cut, you can open it here."
    )


def open_elsewhere(holder: Holder, file: str) -> str:
    """Return why the window does not open: the program is, or was, open on another computer. file: its lock."""
    return (
        f"Sottovoce has been open on another computer, “{holder.computer}”, since {when(holder.since)}, with the same"
        f" folder. Close it there and start again here. If it is no longer running there, delete {file}"
    )


def not_open_here(holder: Holder) -> str:
    """Tell who asked for the window to be closed that it is not on this computer."""
    return f"Sottovoce is not open here. Another computer, “{holder.computer}”, may have it open with the same folder."


def cannot_show(obstacle: Obstacle) -> str:
    """Return why no window can be opened, and what to do."""
    first = obstacle.names[0] if obstacle.names else ""
    return {
        "NO_SCREEN": NO_SCREEN,
        "REFUSED": f"The display {first} does not let Sottovoce open a window. It may belong to another user.",
        "NO_PLATFORM": f"QT_QPA_PLATFORM is “{first}”, which is not available here. Unset it and try again.",
        "NO_LIBRARY": _missing(obstacle.names),
    }[obstacle.kind.name]


def _missing(libraries: Sequence[str]) -> str:
    """Return what to install. As Debian calls it: other systems have similar names."""
    packages = sorted({package for library in libraries if (package := PACKAGES.get(library))})
    missing = f"Sottovoce cannot start: the system lacks {', '.join(libraries)}."
    if not packages:
        return f"{missing} Install the package that contains it, and start again."
    return (
        f"{missing} On Debian or Ubuntu, install them with: sudo apt install {' '.join(packages)}"
        " (on other systems the names are similar)."
    )


CANNOT_QUIT_RECORDING = "Sottovoce is recording. Stop the recording first; nothing was closed."
CANNOT_QUIT_WINDOW = "The window was asked to close, but is still open. Close it yourself, then try again."


def cannot_quit_terminal(processes: Sequence[int]) -> str:
    which = ", ".join(map(str, sorted(processes)))
    return (
        f"Sottovoce is working in a terminal (process {which}). Wait until it is finished, or press Ctrl+C there;"
        " nothing was closed."
    )


NOTHING_YET = "Nothing has been transcribed yet."
NOT_UNICODE = "The name of the model, the folder or the files is not valid UTF-8. Only recordings may have such names."
FAULT = "Sottovoce stopped because of a bug. See the log for more. Please report it."


MANUAL_TOPICS = "Topics of the manual. To read one: sottovoce help TOPIC"


def no_topic(name: str, near: Sequence[str], mentioned_in: Sequence[str]) -> str:
    """Return that the manual has no such topic; near: what may have been meant; mentioned_in: topics with the word."""
    if near:
        advice = f" Did you mean: {', '.join(near)}?"
    else:
        advice = f" It is mentioned in: {', '.join(mentioned_in)}." if mentioned_in else ""
    return f"The manual has no topic “{name}”.{advice} To list all topics: sottovoce help"


def no_manual(error: Exception) -> str:
    return f"The manual cannot be read: {_reason(error)}. Reinstall Sottovoce."


FOLDER_IS_GONE = "The folder you are in was deleted. Change to another one, or give full paths."
STANDARD_INPUT_ALONE = "“-” is standard input, one recording; it cannot be combined with other files."
STANDARD_INPUT_IS_TERMINAL = "“-” reads a recording from standard input, as in: sottovoce transcribe - < talk.mp3"
STANDARD_INPUT_EMPTY = "Standard input was empty."
SKIPS_BY_NAME = (
    "--skip-existing needs to know the file names in advance: leave {date} and {time} out of --name, and set"
    " --language if it contains {language}."
)


def no_file_matches(pattern: str) -> str:
    return f"No file matches “{pattern}”."


def skipped(count: int) -> str:
    """Return that recordings are left out, since they have their transcripts."""
    return f"Skipped, because already transcribed: {_count(count, 'recording')}."


def name_of_standard_input(moment: float) -> str:
    """Return the name of the file in which a recording from standard input is kept. moment: seconds since 1970."""
    return time.strftime("Standard input %Y-%m-%d %H.%M.%S", time.localtime(moment))


def output_lost(why: str) -> str:
    return f"The output could not be written: {why}."


def did_you_mean(typed: str, command: str) -> str:
    return f"There is no file “{typed}”. Did you mean: sottovoce {command}"


def no_model(name: str, why: Failure, where: str, installed: Sequence[str], is_published: bool) -> str:
    """Return why the model `name` cannot be used, and what to do, in a terminal. where: the folder of the models."""
    if why is Failure.MODELS_AWAY:
        return f"The models folder, “{where}”, was not found. Connect its disk."
    if why is Failure.MODEL_NO_ROOM:
        return f"There is not enough disk space for the model “{name}”. Free up some space in “{where}”."
    is_missing = why is Failure.MODEL_MISSING
    what = "is not on this computer" if is_missing else "is damaged or unsupported"
    get = f" To {'download' if is_missing else 'repair'} it: sottovoce models download {name}." if is_published else ""
    here = f" Models on this computer: {', '.join(installed)}; or use a folder." if installed else ""
    return f"The model “{name}” {what}.{get}{here}"


def english_only(model: str) -> str:
    return f"The model “{model}” understands English only."


def cannot_translate(model: str) -> str:
    return f"The model “{model}” cannot translate into English. Models that can: base, small, medium and large-v3."


def no_folder(folder: str, reason: str) -> str:
    return f"The folder “{folder}” cannot be created: {reason}."


def no_job(number: str) -> str:
    return f"There is no job {number}. See “sottovoce history list”."


def not_finished(name: str) -> str:
    return f"“{name}” is not finished: cancel it first."


def nothing_to_export(name: str) -> str:
    return f"There is no transcript of “{name}”."


def removed_for_good(name: str) -> str:
    return f"Removed: “{name}”. The recording itself was not changed."


def put_away(name: str, job_id: int) -> str:
    return f"Removed: “{name}”. To restore it within 30 days: sottovoce history restore {job_id}"


def brought_back(name: str) -> str:
    return f"Restored: “{name}”."


NO_AUDIO_DEVICES = "No microphone was found, and no audio output to record from."
RECORDING_WELL = "Recording normally again."


def audio_device(device: AudioDevice) -> str:
    """Return a device as one line of a list."""
    kind = "microphone" if device.kind == "microphone" else "computer's own sound"
    default = ", default" if device.is_default else ""
    return f"{device.name}  [{device.id}]  {kind}{default}, {device.rate} Hz, {_count(device.channels, 'channel')}"


def no_such_device(typed: str, names: Sequence[str]) -> str:
    return f"No single device matches “{typed}”. Available: {', '.join(f'“{name}”' for name in names) or 'none'}."


def only_wav(file: str) -> str:
    return f"“{file}”: recordings are WAV files. Use a name that ends in .wav."


def no_such_folder(folder: str) -> str:
    return f"There is no folder “{folder}”."


def listening_first(seconds: float) -> str:
    return f"Listening for {length(seconds)} first."


def recording_now(seconds: float | None) -> str:
    return "Recording. Ctrl+C stops and keeps it." + (f" It ends after {clock(seconds)}." if seconds else "")


def recording_renamed(wanted: str, written: str) -> str:
    return f"“{wanted}” already exists and was kept; this recording is “{written}”."


def lost_blocks(count: int) -> str:
    return f"The computer was too slow {_count(count, 'time')}, so some audio is missing."


def sound_not_written(seconds: float, why: str | None) -> str:
    """Return how much of a recording is missing, and why: a recorder.Trouble."""
    reason = "the disk was full" if why == "disk_full" else "the disk reported an error"
    return f"{length(seconds).capitalize()} of audio could not be saved: {reason}. What was written before is safe."


def cannot_record_to(file: str, why: str) -> str:
    """Return that a recording cannot be begun, and why: a recorder.Trouble."""
    if why == "disk_full":
        return f"Cannot record: the disk of “{file}” is full."
    return f"Cannot record: “{file}” cannot be written. Choose another place with --output."


def no_recordings_folder(folder: str, error: Exception) -> str:
    return f"“{folder}” cannot be used as the recordings folder: {_reason(error)}. Choose another place with --output."


def recording_line(seconds: float, peak: float, space: float | None) -> str:
    """Return how a recording goes, as one line: its length, how loud it is (dBFS), and the room on the disk."""
    bars = max(0, min(20, round((peak + 60) / 3))) if peak > -60 else 0
    return "  ".join(filter(None, [clock(seconds), f"[{'#' * bars:<20}]", level(peak, peak >= 0), room_left(space)]))


# --- the window ------------------------------------------------------------------------------------------------------

DROP_HERE = "Drop a recording here"
DROP_HERE_MORE = "Audio or video: one file, many files or a whole folder. Or record."
DROP_NOW = "Drop to transcribe"
OPEN = "&Open…"
OPEN_FOLDER = "Open &Folder…"
BACK_UP = "&Back Up the Library…"
RESTORE = "Re&store a Library…"
TRY_IT = "&Try It with a Sample"
EXPORT = "&Export…"
QUIT = "&Quit"
COPY_ALL = "Copy &All"
FIND = "&Find…"
FIND_HINT = "Find in the transcript"
NEXT = "Next"
PREVIOUS = "Previous"
CLOSE_FIND = "Close"
NOT_FOUND = "Not found"


def found(number: int, total: int) -> str:
    """Return which of the places of what was searched is shown."""
    return f"{number} of {total}"


CANCEL = "&Cancel"
RETRY = "Re&try"
REMOVE = "&Remove"
UNDO_REMOVE = "&Undo Remove"
REVEAL = "Show in &Folder"
ABOUT = "&About Sottovoce"
MANUAL = "&Manual"
MANUAL_TITLE = "Manual"
MANUAL_LIST = "Topics"
MANUAL_FOUND = "Places found"
MANUAL_SEARCH = "Search the manual"
MANUAL_SEARCH_HINT = "Enter goes to the next place, Shift+Enter to the previous one."
MANUAL_BACK = "&Back"
SHORTCUTS = "Keyboard &Shortcuts"
SHORTCUTS_TITLE = "Keyboard Shortcuts"
SHORTCUTS_ACTION = "Command"
SHORTCUTS_KEYS = "Shortcut"
LARGER_TEXT = "Lar&ger Text"
SMALLER_TEXT = "S&maller Text"
NORMAL_TEXT = "&Normal Text Size"
SHOW_LOGS = "Show &Logs"
COPY_REPORT = "&Copy Crash Report"
MENUS = {
    "file": "&File",
    "edit": "&Edit",
    "job": "&Recording",
    "queue": "&Queue",
    "models": "Mo&dels",
    "microphone": "M&icrophone",
    "view": "&View",
    "help": "&Help",
}
PAUSE = "&Pause"
CONTINUE = "Contin&ue"
RUN_NEXT = "Run &Next"
EARLIER = "&Earlier in the Queue"
LATER = "&Later in the Queue"
CHANGE_OPTIONS = "&Options…"
GAPS_AGAIN = "Transcribe the &Gaps Again"
PAUSE_QUEUE = "&Pause the Queue"
WHEN = "&When to Transcribe"
WHENS: dict[When, str] = {
    "now": "&Right Away",
    "idle": "Only When the &Computer Is Idle",
    "mains": "Only on &Mains Power",
    "tonight": "&Tonight (22:00 to 6:00)",
}
AFTER_ALL = "When All Is &Done"
AFTER_ALLS: dict[AfterAll, str] = {"nothing": "Do &Nothing", "sleep": "&Sleep", "shut_down": "Shut &Down"}
FAREWELL_TITLE = "All done"
_FAREWELLS = {"sleep": "goes to sleep", "shut_down": "shuts down"}
AT_ONCE = {"sleep": "Sleep Now", "shut_down": "Shut Down Now"}
STAY_AWAKE = "Cancel"
NOT_OBEYED = "All done, but the system refused to sleep or shut down."
OPTIONS_TITLE = "Options for “{}”"
APPEARANCES: dict[Appearance, str] = {"system": "Follow &System", "light": "&Light", "dark": "&Dark"}

MORE_ACTIONS = "More Actions"

JOBS = "Recordings"
TRANSCRIPT = "Transcript"
TIMES = "Times and marks"
MODEL = "&Model"
LANGUAGE = "&Language"
TASK = "Tas&k"
WORDS = "&Word times"
AUTOMATIC = "Automatic"
MODEL_HINT = "The speech recognition model. Larger ones are more accurate, but slower."
LANGUAGE_HINT = "The language spoken. Type part of its name to find it."
TASK_HINT = "Transcribe in the language spoken, or translate to English."
WORDS_HINT = "Store the time of every word, for subtitles and corrections."
OPTIONS = "Options for the next recording"
QUALITY = "Q&uality"
QUALITIES: dict[Quality, str] = {"accurate": "Accurate", "fast": "Fast"}
QUALITY_HINT = "Fast: beam size 1 instead of 5, and fewer retries. About twice as fast, a little less accurate."
MORE_OPTIONS = "M&ore…"
LISTENING_TITLE = "Advanced Options"
LISTENING = {
    "prompt": (
        "Prompt",
        "A sentence or two about the recording, in the style you want. Helps with names and spelling.",
    ),
    "glossary": ("Names and terms", "Words to expect, separated by commas."),
    "languages": ("Languages spoken", "With Language set to Automatic: only these, in any order. Empty: any."),
    "begin": ("From", "Where to start: a time such as 1:30 or 0:01:30.5, or seconds such as 90.5."),
    "end": ("To", "Where to stop. Empty: the end of the recording."),
    "track": ("Audio track", "For videos with several. Automatic: the default one, or the first with speech."),
    "split_channels": ("Left and right are two speakers", "As in recorded phone calls, with one voice per channel."),
    "beam_size": ("Beam size", "Larger is a little more accurate, but slower."),
    "temperatures": ("Temperatures", "Tried in turn where the first result is doubtful."),
    "speech_threshold": (
        "Speech threshold",
        "How certain it must be that someone is speaking. Lower it for faint voices.",
    ),
    "speech_padding": ("Speech padding", "Seconds kept before and after speech, so that no sound is cut off."),
    "batch_size": ("Batch size", "Larger is faster on a graphics card, but needs more memory."),
    "device": ("Device", "Automatic uses an NVIDIA graphics card, if there is one that works."),
    "compute_type": (
        "Precision",
        "The compute type. Automatic: int8 on the CPU, float16 on a graphics card, where they work.",
    ),
    "threads": ("CPU threads", "Automatic: one per core."),
}
DEVICES: dict[Device, str] = {"auto": AUTOMATIC, "cpu": "CPU", "cuda": "NVIDIA graphics card"}
FROM_THE_BEGINNING, TO_THE_END = "the beginning of the recording", "the end of the recording"
NO_TIME = "This is not a time. Enter 1:30, 0:01:30.5, or seconds such as 90.5; up to 99 hours."
END_BEFORE_BEGINNING = "This must be later than From. Empty: the end of the recording."
NO_TEMPERATURES = f"Enter numbers from 0 to {HOTTEST:g}, separated by a comma and a space: 0, 0.2, 0.4."


def no_number(typed: str, least: float, most: float) -> str:
    return f"“{typed}” is not valid: enter a number from {least:g} to {most:g}."


def unknown_languages(names: Sequence[str]) -> str:
    return f"Unknown: {', '.join(f'“{name}”' for name in names)}. Enter names such as French, or codes such as fr."


DOUBTS = {
    Doubt.MISSING_WORDS: "there is speech here, but some words may be missing",
    Doubt.REPETITION: "the same words are repeated",
    Doubt.LOW_CONFIDENCE: "hard to understand",
    Doubt.TOO_MANY_WORDS: "too many words for this time",
    Doubt.NO_SPEECH: "there may be no speech here",
    Doubt.SKIPPED: "not transcribed: the transcription process crashed here on every attempt",
    Doubt.ONLY_LIVE: "in the live text, but not in the second pass",
}

NEXT_TO_CHECK = "Next Passage to &Check"
PREVIOUS_TO_CHECK = "&Previous Passage to Check"


def passage(start: float, why: str) -> str:
    """Return what stands in the margin beside a passage, in words: its time, and why it should be checked."""
    return f"{clock(start)}. {to_check(why)}" if why else clock(start)


def to_check(why: str) -> str:
    return f"Should be checked: {why}."


OPEN_TITLE = "Open Recordings"
OPEN_FOLDER_TITLE = "Open a Folder of Recordings"
EXPORT_NOW = "&Export"
EXPORT_FORMATS = "Formats"
EXPORT_PLACE = "Where"
EXPORT_FOLDER = "In one &folder:"
EXPORT_CHOOSE = "&Choose…"
EXPORT_CHOOSE_TITLE = "Choose a Folder"
EXPORT_NAMES = "File names"
EXPORT_NAMES_HINT = (
    "{name} stands for the name of the recording. There are also {language}, {date} and {time} (when it was added),"
    " {model} and {task}. Existing files are kept: the new one gets a number."
)
EXPORT_NO_FORMAT = "Choose at least one format."
EXPORT_NO_FOLDER = "Choose a folder for the files."
RECORDINGS = "Recordings"
ALL_FILES = "All files"

WAITING = {
    JobState.PAUSED: "Paused until you continue it.",
    JobState.RUNNING: "The text appears here while it is transcribed.",
}
NOTHING_SELECTED = "Select a recording in the list to read its transcript."
WAITING_FOR_TEXT = WAITING[JobState.RUNNING]


def waiting(job: Job, number: int | None = None, is_held: bool = False) -> str:
    """Return what stands where the text will be; empty if none will come by itself.

    number: which turn it has, if it waits. is_held: nothing that waits has its turn now.
    """
    if job.state is JobState.QUEUED and job.options.live:  # for a moment, before it is followed
        return WAITING_FOR_TEXT
    if job.state is not JobState.QUEUED or number is None:
        return WAITING.get(job.state, "")
    comes = "This recording comes first" if number == 1 else f"{_count(number - 1, 'recording')} before this one"
    if is_held:
        return f"The queue is paused. {comes}{' when it resumes' if number == 1 else ''}."
    return "It is the next one to be transcribed." if number == 1 else f"{comes} in the queue."


NOT_LOCAL = "Only files on this computer can be added. Download the file first."
NO_FILES_COPIED = "There are no copied files to paste. Copy some in your file manager first."
PASTE_FILES = "&Paste Files"


def left_out(count: int) -> str:
    """Return that something among dropped files was passed over."""
    what = "An address was" if count == 1 else f"{count} addresses were"
    return f"{what} left out: only files on this computer can be added."


COPIED = "The transcript was copied."
COPIED_REPORT = "The latest crash report was copied. It contains nothing of what was said."
SAMPLE_MISSING = "The sample recording is missing. Reinstall Sottovoce."

CLOSE_TITLE = "A recording is being transcribed"
CLOSE_QUESTION = "Close Sottovoce anyway? What was transcribed so far is saved."
CLOSE = "Close"
KEEP_WORKING = "Keep Working"


def farewell(after_all: AfterAll, seconds: int) -> str:
    return f"{FAREWELL_TITLE}. The computer {_FAREWELLS[after_all]} in {_count(seconds, 'second')}."


def now_in_line(names: list[str], number: int) -> str:
    what = f"“{names[0]}” is" if len(names) == 1 else f"{len(names)} recordings are"
    return f"{what} now {'next' if number == 1 else _ordinal(number)} in the queue."


def gaps_queued(count: int) -> str:
    return f"{_count(count, 'gap')} queued, each as a separate recording."


def several_selected(count: int) -> str:
    """Return what is said above a transcript while more recordings than this one are selected."""
    return (
        f"{count} recordings are selected, and this is one of them. Copy All, Export, Pause, Cancel, Retry and Remove"
        f" act on all {count}."
    )


def for_several(action: str, count: int) -> str:
    """Return what an action is called that acts on several recordings: "Remove: 3 recordings"."""
    return f"{action}: {_count(count, 'recording')}"


def added(names: Sequence[str]) -> str:
    """Return that recordings were added while another one is being read."""
    return f"Added: “{names[0]}”." if len(names) == 1 else f"Added: {len(names)} recordings."


def copied_several(count: int) -> str:
    return f"{_count(count, 'transcript')} copied."


def removed(names: list[str]) -> str:
    what = f"“{names[0]}” was" if len(names) == 1 else f"{len(names)} recordings were"
    return f"{what} removed from the list. Undo with Ctrl+Z. The files were not changed."


# --- the microphone --------------------------------------------------------------------------------------------------

RECORD = "Re&cord…"
PAUSE_RECORDING = "&Pause the Recording"
GO_ON_RECORDING = "Continue the Recordin&g"
STOP_RECORDING = "&Stop the Recording"
CAPTIONS = "Captio&ns"
START = "Record"
STOP = "Stop"
PAUSE_BUTTON = "Pause"
GO_ON_BUTTON = "Continue"
CLOSE_PANEL = "Close"
MICROPHONE = "Micro&phone"
MICROPHONE_HINT = "Records what is said in the room."
SYSTEM_SOUND = "Computer’s &sound"
SYSTEM_SOUND_HINT = (
    "What this computer plays, such as the other side of a call. With a microphone as well, each has its own channel:"
    " the microphone left, the computer right."
)
THE_DEFAULT = "Follow system"
WITHOUT = "None"
CHANNELS = "Ch&annels"
CHANNELS_HINT = "Mono is right for one microphone."
CHANNEL_CHOICES: dict[Literal[1, 2], str] = {1: "Mono", 2: "Stereo"}
PRE_ROLL = "In&clude the last"
PRE_ROLL_HINT = "Also keeps these seconds before you press Record, so that no first word is cut off."
SECONDS = " s before Record"
AT_THE_BUTTON = "0 s before Record"
LIVE = "Live te&xt"
LIVE_HINT = "Words are grey while they may still change, and black once they are final."
REFINE = "Then transcribe a&gain, more accurately"
REFINE_TWO_SIDES = "Then transcribe a&gain, more accurately, and separate the two sides"
REFINE_HINT = "After Stop, the whole recording is transcribed again. The new text replaces the live text."
NOTHING_TO_RECORD = "Choose a microphone or the computer’s sound."
LEVEL = "Level"
NOT_LISTENING = "Not listening"

RECORDING_NOTICE = "Recording"
TROUBLES: dict[str, str] = {
    "no_portaudio": "Nothing can be recorded: the library PortAudio is missing (on Debian, the package libportaudio2).",
    "no_loopback": (
        "This system does not let programs record the computer’s sound. Install a virtual loopback device and choose it"
        " as the microphone."
    ),
    "no_device": "There is no such microphone. Plug one in, or choose another.",
    "no_system_sound": (
        "There is no audio output to record from. Connect one, or record without the computer’s sound."
    ),
    "device_gone": "The device was unplugged. What was recorded is safe; recording continues when the device is back.",
    "device_silent": "The device sends no audio. What was recorded is safe. Unplug it and plug it in again.",
    "other_device": "The device was unplugged, or the system switched to another. Recording continues with that one.",
    "chosen_away": "The device you chose is not connected. The default one is used until it is back.",
    "disk_full": "The disk is full. What was recorded is safe; recording continues as soon as there is space.",
    "cannot_write": "The recording cannot be saved. What was recorded is safe. Check its disk.",
    "nothing_heard": "There has been no sound for ten seconds. Is the microphone switched off, or turned down?",
    "system_silent": "No audio is coming from the computer: its side of the recording stays silent.",
    "not_noted": (
        "The recording is saved. If Sottovoce ends unexpectedly, though, it cannot offer the recording at the next"
        " start. Check the disk with Sottovoce’s folder."
    ),
    "clipping": "Too loud: the sound is distorted. Turn the microphone down, or move away from it.",
    "slept": "The computer was asleep. Recording continues; what was said in the meantime is missing.",
}


def recorded_so_far(elapsed: str) -> str:
    """Return how a screen reader calls the time that is shown while something is recorded."""
    return f"Recorded so far: {elapsed}"


def trouble(kind: str) -> str:
    """Return what is wrong with a recording, and what to do; `kind` is a recorder.Trouble."""
    return _no_server() if kind == "no_server" else TROUBLES[kind]


def _no_server() -> str:
    """Return which sound server does not run, and how it is started."""
    from desktop_app.work.pulse import WhyNoServer, why_no_server

    named = os.environ.get("PULSE_SERVER", "")
    return {
        WhyNoServer.NO_LIBRARY: (
            "The library libpulse is missing. Install it with: sudo apt install libpulse0 (on Fedora pulseaudio-libs),"
            " then start Sottovoce again."
        ),
        WhyNoServer.ELSEWHERE: (
            f"The sound server that PULSE_SERVER names, {named}, does not answer. Start it, or unset PULSE_SERVER."
        ),
        WhyNoServer.NO_SESSION: (
            "There is no sound server: this user is not logged in on this computer. Start Sottovoce as the user who is,"
            " without sudo."
        ),
        WhyNoServer.PIPEWIRE_STOPPED: (
            "The sound server PipeWire is not running. Start it in a terminal with:"
            " systemctl --user start pipewire wireplumber pipewire-pulse"
        ),
        WhyNoServer.PULSEAUDIO_STOPPED: (
            "The sound server PulseAudio is not running. Start it in a terminal with: pulseaudio --start"
        ),
        WhyNoServer.NONE_INSTALLED: (
            "Recording needs a sound server, and none is installed. Install PipeWire with:"
            " sudo apt install pipewire-pulse wireplumber (elsewhere the names are similar). Then log out and back in."
        ),
    }[why_no_server()]


def not_stereo(name: str) -> str:
    """Return why the speakers of a recording are not told apart, though that was asked for."""
    return f"“{name}” does not have two channels with speech: left and right cannot be separated as two speakers."


def sound_is_missing(seconds: float) -> str:
    """Return how much sound was lost, because it could not be written in time."""
    return f"{length(seconds)} of audio could not be recorded: the disk or the computer was too slow."


def level(peak: float, clipped: bool) -> str:
    """Return how loud it is (dBFS) in words."""
    if clipped:
        return "Too loud"
    if peak <= -60:
        return "Silence"
    return f"{'Quiet' if peak < -35 else 'Loud' if peak > -6 else 'Good'}, {peak:.0f} dB"


def recording_state(state: str, name: str) -> str:
    """Return what the recorder does; `state` is a recorder.RecorderState."""
    return {
        "off": "Not listening.",
        "listening": "Ready. Not recording yet.",
        "recording": f"Recording “{name}”.",
        "paused": f"Paused: “{name}”.",
    }[state]


def room_left(seconds: float | None) -> str:
    """Return for how long the disk has room; empty if that is not known."""
    if seconds is None:
        return ""
    if seconds < 60:
        return "Space for less than a minute"
    if seconds >= 48 * 3600:
        return f"Space for {int(seconds) // 86400} days"
    return f"Space for {length(seconds)}" if seconds < 3600 else f"Space for {_count(int(seconds) // 3600, 'hour')}"


def device_gone(name: str) -> str:
    """Return a device that was chosen and is not there, as a choice."""
    return f"{name} (not connected)"


CHOSEN_DEVICE = "Previously chosen device"


def recording_name(moment: float) -> str:
    """Return the name of the file of a recording begun at `moment` (seconds since 1970)."""
    return time.strftime("Recording %Y-%m-%d %H.%M.%S.wav", time.localtime(moment))


def recording_kept(name: str, missing: float = 0.0) -> str:
    """Return that a recording is complete; missing: seconds of it that were lost."""
    return f"“{name}” is recorded." + (f" {sound_is_missing(missing)}" if missing > 0 else "")


def recording_stays(where: str) -> str:
    return f"The recording stays where it is: {where}"


CLOSE_RECORDING_TITLE = "A recording is in progress"
CLOSE_RECORDING_QUESTION = "Stop recording and close Sottovoce? What was recorded is kept."
STOP_AND_CLOSE = "Stop and Close"
KEEP_RECORDING = "Keep Recording"
STOP_FIRST = "A recording is in progress. Stop it first."

TRANSCRIBE_IT = "Tra&nscribe It"
SHOW_IT = "Show"
DISMISS = "Dismiss"
UNFINISHED_BAR = "Recordings that were interrupted"


def unfinished(begun_at: float, seconds: float, more: int) -> str:
    """Return that a recording was interrupted and is kept; `more` others were too."""
    others = f" There {'is' if more == 1 else 'are'} {more} more." if more else ""
    return f"A recording from {when(begun_at)} was interrupted. {_kept_whole(seconds)}{others}"


def left_recording(file: str, begun_at: float, seconds: float, more: int) -> str:
    """Return the same in a terminal: with where it is."""
    return f"{unfinished(begun_at, seconds, more)} It is “{file}”: transcribe it with sottovoce transcribe."


def _kept_whole(seconds: float) -> str:
    said = length(seconds)
    return f"{said} {'is' if said.startswith('1 ') and said.count(' ') == 1 else 'are'} kept."


CAPTIONS_TITLE = "Captions"
CAPTIONS_WAIT = "Press Start and speak: what is said appears here."
CAPTIONS_START = "Start"
CAPTIONS_START_HINT = "Records what is said, and shows it here as text. The recording is added to the list."
CAPTIONS_WITHOUT_TEXT = "This recording was started without live text. Stop it, then start again here."
LARGER = "Larger"
SMALLER = "Smaller"
COLOURS = "Colours"
CAPTION_COLOURS: dict[tuple[str, str], str] = {
    ("#ffffff", "#000000"): "White on black",
    ("#ffe14d", "#000000"): "Yellow on black",
    ("#7dff9b", "#001b08"): "Green on black",
    ("#000000", "#ffffff"): "Black on white",
    ("#00235c", "#fff6d6"): "Blue on cream",
}
OWN_COLOURS = "Custom"
TEXT_COLOUR = "Text…"
GROUND_COLOUR = "Background…"
FULL_SCREEN = "Full Screen"
FULL_SCREEN_HINT = "F11; Esc leaves it"

DICTATION = "&Dictation"
DICTATION_SETTINGS = "Dictation Se&ttings…"
DICTATION_TITLE = "Dictation"
DICTATION_ABOUT = (
    "While dictation is on, one key works in every program. What you say becomes text, and is also kept as a recording"
    " in the list, so that nothing is lost."
)
DICTATION_KEY = "&Key"
DICTATION_KEY_HINT = "With Ctrl, Alt or the Windows key, or one of F1 to F24."
DICTATION_HOW = "&Mode"
HOWS_TO_TALK: dict[HowToTalk, str] = {
    "hold": "Hold the key down while you speak",
    "toggle": "Press it to start, and again to stop",
}
DICTATION_TO = "The &text goes"
DICTATE_TOS: dict[DictateTo, str] = {
    "clipboard": "to the clipboard",
    "window": "into the window with the keyboard, and to the clipboard",
}
CANNOT_PASTE = "This system does not let a program type into other windows: the text goes to the clipboard."
KEY_IS_NONE = "Choose a key with Ctrl, Alt or the Windows key, or one of F1 to F24."
_KEY_REFUSALS = {
    "key_unknown": "That key cannot be used in all programs. Choose one with Ctrl or Alt, or one of F1 to F24.",
    "key_taken": "Another program uses that key. Choose another one.",
    "not_allowed": "The system did not give Sottovoce the key.",
    "no_portal": (
        "This desktop does not support global shortcuts (it lacks the GlobalShortcuts portal). An X11 session, or a"
        " newer desktop, does."
    ),
    "not_here": "This system does not support a key that works in all programs.",
    "lost": "The system no longer gives Sottovoce the key.",
}


def no_dictation(refusal: str) -> str:
    """Return why dictation is off; `refusal` is a hot_key.Refusal."""
    return f"Dictation is off. {_KEY_REFUSALS[refusal]}"


def dictation_on(key: str, how: HowToTalk) -> str:
    return (
        f"Dictation is on: hold {key} and speak."
        if how == "hold"
        else f"Dictation is on: press {key}, speak, press it again."
    )


def dictation_name(moment: float) -> str:
    """Return the name of the file of something dictated at `moment` (seconds since 1970)."""
    return time.strftime("Dictation %Y-%m-%d %H.%M.%S.wav", time.localtime(moment))


DICTATION_OFF = "Dictation is off."
SPEAK_NOW = "Speak now"
WRITING = "Transcribing…"
NOTHING_UNDERSTOOD = "Nothing was understood"
PUT_IN_CLIPBOARD = "Copied. Paste it where you want it."
PUT_INTO_WINDOW = "Inserted"
NOT_PUT_INTO_WINDOW = "That window did not accept the text. It was copied: paste it where you want it."
DICTATION_FAILED = "That could not be transcribed. See the window for the reason."
TURN_OFF = "Turn Dictation Off"
SHOW_WINDOW = "Show Sottovoce"


THIS_COMPUTER = "This &Computer…"
FREE_MEMORY = "Unload Model &from Memory"
FREE_MEMORY_HINT = "Unloads the model. The next recording loads it again."
MEMORY_FREED = "The model was unloaded. The next recording loads it again."
MEMORY_IN_USE = "A recording is being transcribed. Cancel or pause it first."
COMPUTER_TITLE = "This Computer"
COMPUTER_PAGE = "What this computer can do"
LOOK_AGAIN = "Check A&gain"
LOOKING_AT_COMPUTER = "Checking what this computer can do. This waits while a recording is transcribed."
NOT_LOOKED_AT = "This computer has not been checked yet."
LOOKING_FAILED = "This computer could not be checked completely. You can still transcribe recordings."
COPY_PAGE = "&Copy"
COPIED_PAGE = "The information about this computer was copied."
CLOSE_PAGE = "Close"
FOR_EVERY_JOB = "For every recording"
DEVICE = "&Device"
COMPUTE_TYPE = "&Precision"
THREADS = "CPU &threads"
BATCH_SIZE = "&Batch size"
UNLOAD_AFTER = "Unload an idle &model after"
MINUTES = " min"
NEVER = "Never"


LIBRARY_FILES = "Libraries"
BACK_UP_TITLE = "Back Up the Library"
RESTORE_TITLE = "Restore a Library"
AT_THE_NEXT_START = "Restore at the Next Start"
DO_NOT_RESTORE = "Do Not Restore"


def backup_name() -> str:
    """Return the name proposed for a backup: it tells the day."""
    return time.strftime("sottovoce-library-%Y-%m-%d.sqlite3")


def backed_up(file: str, contents: Contents) -> str:
    return f"Library backed up: {_count(contents.jobs, 'recording')} in {file}"


def whether_to_restore(file: str, contents: Contents) -> str:
    """Return what is in the backup `file`, and what will happen."""
    newest = f", the last from {when(contents.newest)}" if contents.newest is not None else ""
    return (
        f"“{file}” contains {_count(contents.jobs, 'recording')}{newest}. It will replace the library when you next"
        " start Sottovoce. The current library is kept beside it."
    )


WILL_BE_RESTORED = "The backup will replace the library at the next start."


def export_title(count: int) -> str:
    return "Export Transcript" if count == 1 else f"Export {count} Transcripts"


def export_beside(count: int) -> str:
    return "&Beside the recording" if count == 1 else "&Beside each recording"


def export_example(name: str) -> str:
    return f"For example: {name}"


def export_unknown_field(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."


def exported_several(files: Sequence[str], folder: str, left_out: int, failed: Sequence[tuple[str, str]]) -> str:
    """Return what became of an export. files, folder: what was written; failed: names of files, and why each failed."""
    if len(files) == 1:
        written = f"Written: {files[0]}"
    else:
        written = f"{_count(len(files), 'file')} written" + (f" in {folder}" if files and folder else "")
    parts = [written] if files or not (left_out or failed) else []
    if left_out:
        parts.append(f"{_count(left_out, 'recording')} without text left out")
    if failed:
        parts.append(f"{_count(len(failed), 'file')} could not be saved")
    sentence = f"{', '.join(parts)}."
    return "\n".join([sentence, *(f"“{name}”: {reason}." for name, reason in failed)])


def no_file_manager(folder: str) -> str:
    return f"No file manager is responding. The folder is {folder}"


def exported(file: str) -> str:
    return f"Written: {file}"


def ready(model: str, device: str, compute_type: str) -> str:
    """Return what the status bar says when a model waits for work."""
    return f"Ready: model {model} on the {'graphics card' if device == 'cuda' else 'CPU'} ({compute_type})"


def preparing(model: str) -> str:
    return f"Loading the model {model}…"


def not_ready(kind: Failure, model: str) -> str:
    happened, advice = _FAILURES[kind]
    return f"The model {model}: {happened.removeprefix('could not be started: ')}. {advice}"


LOADED_WHEN_NEEDED = "The model will be loaded when needed"


_NOT_LOADED = {
    Failure.MODEL_MISSING: "There is no model {} on this computer. Choose or download one under Models…",
    Failure.MODEL_BROKEN: "The model {} is damaged or unsupported. Repair it or choose another under Models…",
    Failure.MODEL_NO_ROOM: "The disk is full: no space for the model {}. Free up some space, then open Models…",
    Failure.MODELS_AWAY: "The models folder was not found: is its disk unplugged? Connect it, then open Models…",
}


def not_loaded(error: Exception, model: str) -> str:
    """Return why a model cannot be loaded ahead of its first recording, and what to do."""
    kind = getattr(error, "kind", None)
    if kind in _NOT_LOADED:
        return _NOT_LOADED[kind].format(model)
    return f"The model {model} cannot be read: {_reason(error)}. Choose another one under Models…"


def language_choice(code: str) -> str:
    """Return a language as one line to choose and to search: "French – français"."""
    known = LANGUAGES[code]
    return known.english if known.own.casefold() == known.english.casefold() else f"{known.english} – {known.own}"


def window_title(
    ended_unseen: int, percent: int | None, recording: bool = False, number: int = 1, total: int = 1
) -> str:
    """Return the window's title: how many jobs ended while nobody looked, what is recorded or how far the work is.

    percent: of the job that runs, which is the one of this `number` of `total`.
    """
    badge = f"({ended_unseen}) " if ended_unseen else ""
    how_far = f"{percent} % – " if total <= 1 else f"{number} of {total} – "
    running = "● Recording – " if recording else how_far if percent is not None else ""
    return f"{badge}{running}{APPLICATION}"


def about_text(version: str, libraries: list[tuple[str, str, str]], licences: Path | None) -> str:
    """Return the About box's text; `libraries` are (name, version, licence), `licences` is the file with all texts."""
    all_texts = f"\n\nAll licences, with their texts: {shown(licences)}" if licences else ""
    lines = "\n".join(f"{name} {number} ({licence})" for name, number, licence in libraries)
    return (
        f"{APPLICATION} {version}\n\nTranscribes recordings on this computer. {PROMISE}\n\n"
        f"MIT licence. Made with:\n{lines}\n\n"
        "The starter model is Whisper base by OpenAI (MIT), converted by Systran. Speech is detected by Silero VAD"
        f" (MIT). The sample's voice is hibari (Apache-2.0).{all_texts}"
    )
