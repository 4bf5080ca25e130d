"""Every sentence the user reads, in the window and in the terminal. Plain text, never rich."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.messages import Doubt, Failure, Stage, Task
from desktop_app.settings import Appearance, Quality
from desktop_app.transcripts.languages import LANGUAGES
from desktop_app.transcripts.transcript import Job, JobState

if TYPE_CHECKING:  # the command line's `history` and `--help` have no use for Qt
    from desktop_app.work.job_queue import JobProgress

APPLICATION = "Sottovoce"
PROMISE = "Nothing leaves this computer."

STAGES = {
    Stage.STARTING: "Starting",
    Stage.LOADING_MODEL: "Loading the model",
    Stage.READING_AUDIO: "Reading the recording",
    Stage.FINDING_SPEECH: "Listening for speech",
    Stage.TRANSCRIBING: "Transcribing",
}

STATES = {
    JobState.QUEUED: "Waiting",
    JobState.RUNNING: "Running",
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
    Failure.LINK_BROKEN: ("is a link to a file that is not there", "What it leads to was moved, renamed or deleted."),
    Failure.FILE_EMPTY: ("is empty", "It may not have been copied completely."),
    Failure.FILE_UNREADABLE: ("cannot be read", "Check that you may open it, and that its disk is connected."),
    Failure.NOT_A_FILE: ("is not a file", "Sottovoce reads recordings from files only."),
    Failure.NOT_MEDIA: ("is not a recording that can be read", "It may be damaged, or something else than sound."),
    Failure.NO_AUDIO: ("has no sound track", "There is nothing to transcribe in it."),
    Failure.TRACK_MISSING: ("does not have that sound track", "Choose another one; the first is number 1."),
    Failure.NAME_NOT_UNICODE: (
        "has a name that cannot be read",
        "Rename the file, or use the command: sottovoce transcribe FILE.",
    ),
    Failure.FOLDER_WITHOUT_MEDIA: ("has no recordings in it", "Neither the folder nor the folders inside it have any."),
    Failure.MODEL_MISSING: ("could not be started: its model is not on this computer", "Choose another model."),
    Failure.MODEL_BROKEN: (
        "could not be started: its model is damaged or of another kind",
        "Choose another model, or install this one again.",
    ),
    Failure.LANGUAGE_NOT_IN_MODEL: (
        "could not be started: the model does not know this language",
        "Choose a model that does, such as base, or the language English.",
    ),
    Failure.TRANSLATION_NOT_IN_MODEL: (
        "could not be started: the model cannot translate",
        "Choose a model for many languages, such as base.",
    ),
    Failure.DEVICE_MISSING: (
        "could not be started: there is no graphics card that can be used",
        "Choose the processor (CPU), or automatic.",
    ),
    Failure.COMPUTE_TYPE_MISSING: (
        "could not be started: this computer does not calculate in the way chosen",
        "Choose another arithmetic (compute type), or automatic.",
    ),
    Failure.OUT_OF_MEMORY: (
        "could not be finished: there was not enough memory",
        "Close other programs, or choose a smaller model.",
    ),
    Failure.BACKEND_DIED: (
        "could not be finished: the transcription process ended unexpectedly",
        "Try again. If it happens again, try a smaller model.",
    ),
    Failure.BACKEND_GARBLED: (
        "could not be finished: the transcription process could not be understood",
        "Try again. If it happens again, install Sottovoce again.",
    ),
    Failure.BACKEND_NOT_STARTED: (
        "could not be started: the transcription process does not start",
        "Install Sottovoce again.",
    ),
    Failure.INTERRUPTED: ("was interrupted when Sottovoce was closed", "Retry does it again from the beginning."),
    Failure.UNFORESEEN: (
        "could not be finished because of a fault in Sottovoce",
        "The log says more. Please report it.",
    ),
}


def failure(kind: Failure, name: str, kept: float = 0.0) -> str:
    """Return what happened to the file `name`, what is kept (the first `kept` seconds), and what to do next."""
    happened, advice = _FAILURES[kind]
    saved = f" {_saved(kept)}." if kept > 0 else ""
    return f"“{name}” {happened}.{saved} {advice}"


def job_failure(job: Job) -> str:
    return failure(job.failure or Failure.UNFORESEEN, job.name, job.position)


def job_status(job: Job, progress: JobProgress | None = None) -> str:
    """Return the line below a job's name: what it is doing, how long it will take, or how it ended."""
    if job.state is JobState.RUNNING and progress is not None:
        return _progress(progress)
    if job.state is JobState.FAILED:
        happened, _ = _FAILURES[job.failure or Failure.UNFORESEEN]
        return happened[0].upper() + happened[1:]
    parts = [STATES[job.state]]
    if job.state is JobState.DONE:
        if not job.language:
            return NO_SPEECH
        parts += [clock(job.duration or 0), language(job.language)]
        if job.options.task is Task.TRANSLATE:
            parts[-1] += " → English"
        parts.append(when(job.added_at))
        if job.partial:
            parts.append("the file breaks off")
    if job.state is JobState.CANCELLED and job.position > 0:
        parts.append(_saved(job.position).lower())
    return " · ".join(parts)


def passages(doubtful: int, left_out: int) -> str:
    """Return how much of a transcript should be listened to again, and how much was removed; empty if nothing."""
    sentences = []
    if doubtful:
        places = _count(doubtful, "passage")
        sentences.append(f"{places} should be listened to again: marked in the margin, point there to see why.")
    if left_out:
        texts = _count(left_out, "text")
        sentences.append(f"{texts} removed, because nobody speaks there.")
    return " ".join(sentences)


def job_notes(job: Job, has_text: bool) -> str:
    """Return what is to be said above a transcript; empty if nothing is."""
    if job.state is JobState.FAILED:
        return job_failure(job)
    if job.state is JobState.CANCELLED and job.position > 0:
        return f"Cancelled. {_saved(job.position)}."
    if job.state is JobState.DONE and job.partial:
        return PARTIAL
    if job.state is JobState.DONE and not has_text:
        return f"{NO_SPEECH} in this recording."
    return ""


NO_SPEECH = "No speech was found"
PARTIAL = "The file breaks off before its end. Everything that could be read was transcribed."


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
            parts.append(f"{speed(progress.speed)}")
    return " · ".join(parts)


def when(moment: float) -> str:
    """Return a moment (seconds since 1970) as one says it: the time if it is today, else the day."""
    then, now = time.localtime(moment), time.localtime()
    if then[:3] == now[:3]:
        return f"today {then.tm_hour}:{then.tm_min:02}"
    return f"{then.tm_mday} {time.strftime('%b', then)}" + (f" {then.tm_year}" if then.tm_year != now.tm_year else "")


def speed(times: float) -> str:
    """Return how many times faster than it is spoken: "12×"."""
    return f"{times:.0f}×" if times >= 10 else f"{times:.1f}×"


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
    return f"“{wanted}” was there already and is kept; this transcript is “{written}”."


def cannot_write(what: str, reason: str) -> str:
    return f"“{what}” could not be written: {reason}. The transcript is kept in the history."


def library_failure(error: Exception) -> str:
    """Return why the library cannot be used."""
    if type(error).__name__ == "NewerDatabase":
        return "The library was written by a newer version of Sottovoce. Install that version to open it."
    return f"The library cannot be used: {error}. Check the folder it lies in, and the space on its disk."


def finished_notice(job: Job) -> tuple[str, str]:
    """Return title and text of the notice that a job has ended."""
    if job.state is JobState.DONE:
        return job.name, "The transcript is ready."
    return job.name, "Not finished. The window says why."


# --- the command line ------------------------------------------------------------------------------------------------

NO_SCREEN = "There is no screen to open a window on. Use: sottovoce transcribe FILE"
WINDOW_DOES_NOT_ANSWER = "A window is open already, and does not answer. Close it and start again."
NOTHING_YET = "Nothing has been transcribed yet."
FAULT = "A fault in Sottovoce ended the run. The log says more. Please report it."


def did_you_mean(typed: str, command: str) -> str:
    return f"There is no file “{typed}”. Did you mean: sottovoce {command}"


def no_model(reason: str, installed: list[str]) -> str:
    return f"{reason.rstrip('.')}. Models on this computer: {', '.join(installed)}; or name a folder."


def english_only(model: str) -> str:
    return f"The model “{model}” understands English only."


def cannot_translate(model: str) -> str:
    return f"The model “{model}” cannot translate."


def no_folder(folder: str, reason: str) -> str:
    return f"The folder “{folder}” cannot be made: {reason}."


def no_job(number: str) -> str:
    return f"There is no job {number}. “sottovoce history list” shows those there are."


def not_finished(name: str) -> str:
    return f"“{name}” is not finished: cancel it first."


def nothing_to_export(name: str) -> str:
    return f"There is no transcript of “{name}”."


def removed_for_good(name: str) -> str:
    return f"Removed: “{name}”. The recording itself is not touched."


# --- the window ------------------------------------------------------------------------------------------------------

DROP_HERE = "Drop a recording here"
DROP_HERE_MORE = "Sound or video, one file or many, or a whole folder"
DROP_NOW = "Drop to transcribe"
OPEN = "&Open…"
OPEN_FOLDER = "Open &Folder…"
TRY_IT = "&Try it with a sample"
EXPORT = "&Export…"
QUIT = "&Quit"
COPY_ALL = "Copy &All"
FIND = "&Find…"
FIND_HINT = "Find in the transcript"
NEXT = "Next"
PREVIOUS = "Previous"
CLOSE_FIND = "Close"
NOT_FOUND = "Not found"
CANCEL = "&Cancel"
RETRY = "Re&try"
REMOVE = "&Remove"
UNDO_REMOVE = "&Undo Remove"
REVEAL = "Show in &Folder"
ABOUT = "&About Sottovoce"
SHOW_LOGS = "Show &Logs"
MENUS = {"file": "&File", "edit": "&Edit", "job": "&Recording", "view": "&View", "help": "&Help"}
APPEARANCES: dict[Appearance, str] = {"system": "Colours as the &System", "light": "&Light", "dark": "&Dark"}

JOBS = "Recordings"
TRANSCRIPT = "Transcript"
MODEL = "&Model"
LANGUAGE = "&Language"
TASK = "Tas&k"
WORDS = "&Word times"
AUTOMATIC = "Automatic"
MODEL_HINT = "The model that listens. Larger ones hear better and take longer."
LANGUAGE_HINT = "The language spoken. Type a part of its name to find it."
TASK_HINT = "Write down what is said, or say it in English."
WORDS_HINT = "Find the time of every single word, for subtitles and corrections. A little slower."
OPTIONS = "Options for the next recording"
QUALITY = "&Quality"
QUALITIES: dict[Quality, str] = {"accurate": "Accurate", "fast": "Fast"}
QUALITY_HINT = "Accurate follows several readings at once, Fast one. Both listen again where words seem missing."
MORE_OPTIONS = "M&ore…"
LISTENING_TITLE = "How to Listen"
LISTENING = {
    "prompt": ("What it is about", "A sentence or two in the style you want; helps with names and spelling."),
    "glossary": ("Names and terms", "Words that occur, separated by commas."),
    "languages": ("Languages spoken", "With the language on automatic: only these, changing as they like. Empty: any."),
    "begin": ("From second", "Begin there."),
    "end": ("To second", "End there. 0: the end of the recording."),
    "track": ("Sound track", "Of a film with several; the first is 1."),
    "split_channels": ("Left and right are two speakers", "As in recorded telephone calls, with one voice a channel."),
    "beam_size": ("Readings at once", "More hear a little better and take longer."),
    "temperatures": ("Temperatures", "Tried one after the other where the first reading is doubtful."),
    "speech_threshold": ("Speech from", "How sure it must be that somebody speaks, to listen. Lower for faint voices."),
    "speech_padding": ("Kept around speech", "Seconds before and after, so that no first or last sound is cut."),
    "batch_size": ("Pieces heard at once", "More are faster on a graphics card, and need more memory."),
    "compute_type": ("Arithmetic", "How the model calculates. Automatic is the fastest that keeps the accuracy."),
    "threads": ("Processor threads", "Automatic: one for each core."),
}
DOUBTS = {
    Doubt.MISSING_WORDS: "somebody speaks here, and some words may be missing",
    Doubt.REPETITION: "the same words again and again",
    Doubt.LOW_CONFIDENCE: "hard to understand",
    Doubt.TOO_MANY_WORDS: "more words than fit into the time",
    Doubt.NO_SPEECH: "perhaps nobody speaks here",
}

OPEN_TITLE = "Open Recordings"
OPEN_FOLDER_TITLE = "Open a Folder of Recordings"
EXPORT_TITLE = "Export Transcript"
RECORDINGS = "Recordings"
ALL_FILES = "All files"

WAITING = {
    JobState.QUEUED: "Its turn comes after the recordings that were added before it.",
    JobState.RUNNING: "The text appears here as it is heard.",
}
WAITING_FOR_TEXT = WAITING[JobState.RUNNING]
NOT_LOCAL = "Only files on this computer can be dropped here."
COPIED = "The transcript was copied."
SAMPLE_MISSING = "The sample recording is not there. Install Sottovoce again."

CLOSE_TITLE = "A recording is being transcribed"
CLOSE_QUESTION = "Close Sottovoce all the same? What was heard so far is saved."
CLOSE = "Close"
KEEP_WORKING = "Keep Working"


def removed(names: list[str]) -> str:
    what = f"“{names[0]}” was" if len(names) == 1 else f"{len(names)} recordings were"
    return f"{what} removed from the list. Undo with Ctrl+Z. No file is touched."


def export_several(count: int, label: str) -> str:
    return f"Export {count} Transcripts as {label}: Choose a Folder"


def exported_several(count: int, folder: str) -> str:
    return f"Written: {_count(count, 'transcript')} in {folder}"


def no_file_manager(folder: str) -> str:
    return f"No file manager answers. The folder is {folder}"


def exported(file: str) -> str:
    return f"Written: {file}"


def ready(model: str, device: str, compute_type: str) -> str:
    """Return what the status bar says when a model waits for work."""
    return f"Ready: model {model} on the {'graphics card' if device == 'cuda' else 'processor'} ({compute_type})"


def preparing(model: str) -> str:
    return f"Loading the model {model}…"


def not_ready(kind: Failure, model: str) -> str:
    happened, advice = _FAILURES[kind]
    return f"The model {model}: {happened.removeprefix('could not be started: ')}. {advice}"


def language_choice(code: str) -> str:
    """Return a language as one line to choose and to search: "French – français"."""
    known = LANGUAGES[code]
    return known.english if known.own.casefold() == known.english.casefold() else f"{known.english} – {known.own}"


def window_title(ended_unseen: int, percent: int | None) -> str:
    """Return the window's title: how many jobs ended while nobody looked, how far the running one is."""
    badge = f"({ended_unseen}) " if ended_unseen else ""
    running = f"{percent} % – " if percent is not None else ""
    return f"{badge}{running}{APPLICATION}"


def about_text(version: str, libraries: list[tuple[str, str, str]]) -> str:
    """Return the About box's text; `libraries` are (name, version, licence)."""
    lines = "\n".join(f"{name} {number} ({licence})" for name, number, licence in libraries)
    return (
        f"{APPLICATION} {version}\n\nTurns speech into text on your own computer. {PROMISE}\n\n"
        f"MIT licence. Made with:\n{lines}\n\n"
        "The starter model is Whisper base by OpenAI (MIT), converted by Systran. Speech is found by Silero VAD (MIT). "
        "The sample's voice is hibari (Apache-2.0)."
    )
