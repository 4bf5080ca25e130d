"""The door: what the two processes say to each other, and how it is written on the pipe.

One JSON line a message, UTF-8, ended by a newline; the class name is on the wire as "type" and decoding checks every
field's type. Commands go to the backend, events come from it. A path crosses as bytes (`os.fsencode`), since a file's
name need not be valid Unicode. Times are seconds as float, counted from the start of the recording.
"""

from __future__ import annotations

import datetime
import enum
import os
import threading
from collections.abc import Callable
from typing import IO, Literal, TypeAlias, TypeVar

import msgspec

from desktop_app import __version__
from desktop_app.exit_codes import OTHER_VERSION

LONGEST_LINE = 4 * 1024 * 1024  # bytes; no honest message comes near it
GAP_MARK = "[…]"  # what users and exports see of a segment whose words are not known


VERSION_OF_PARENT = "SOTTOVOCE_VERSION"  # in its environment


class Garbled(Exception):
    """A line on the pipe that is no message."""


def end_if_parent_is_of_another_version() -> None:
    """End this process before it says or hears a word, if the program was updated after its parent had started.

    They might not understand each other, so the exit code tells.
    """
    if os.environ.get(VERSION_OF_PARENT, __version__) != __version__:
        os._exit(OTHER_VERSION)


class Message(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """What every command and every event is."""


class Task(enum.StrEnum):
    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"  # to English


class Stage(enum.StrEnum):
    """What the backend is doing for a job, in the order it happens."""

    STARTING = "starting"
    LOADING_MODEL = "loading_model"
    READING_AUDIO = "reading_audio"
    FINDING_SPEECH = "finding_speech"
    TRANSCRIBING = "transcribing"


class Failure(enum.StrEnum):
    """Every way a job can fail that we foresee; `ui/wording.py` has the sentence for each."""

    FILE_MISSING = "file_missing"
    LINK_BROKEN = "link_broken"  # it leads to nothing
    FILE_EMPTY = "file_empty"
    FILE_CHANGED = "file_changed"  # it is not the file any more that was begun with
    FILE_UNREADABLE = "file_unreadable"  # no permission, or the disk does not deliver
    NOT_A_FILE = "not_a_file"  # a device, a pipe, a socket
    NOT_MEDIA = "not_media"
    NO_AUDIO = "no_audio"
    TRACK_MISSING = "track_missing"
    CODEC_UNKNOWN = "codec_unknown"  # the sound is in a format that is not known here; the detail names it
    PROTECTED = "protected"  # by copy protection
    MORE_THAN_DECLARED = "more_than_declared"  # sound behind the end in its header: done, and partial
    NAME_NOT_UNICODE = "name_not_unicode"
    FOLDER_WITHOUT_MEDIA = "folder_without_media"
    MODEL_MISSING = "model_missing"
    MODEL_BROKEN = "model_broken"
    MODEL_NO_ROOM = "model_no_room"  # on the disk, to put the starter model together
    MODELS_AWAY = "models_away"  # the folder they were moved to is not there
    LANGUAGE_NOT_IN_MODEL = "language_not_in_model"
    TRANSLATION_NOT_IN_MODEL = "translation_not_in_model"
    DEVICE_MISSING = "device_missing"
    COMPUTE_TYPE_MISSING = "compute_type_missing"  # the device does not calculate so, or nothing does
    MODEL_TOO_LARGE = "model_too_large"  # its weights alone are more than the memory
    OUT_OF_MEMORY = "out_of_memory"
    BACKEND_DIED = "backend_died"
    BACKEND_STALLED = "backend_stalled"  # it made no progress, and was ended
    BACKEND_GARBLED = "backend_garbled"  # what it wrote on the pipe was no message
    BACKEND_NOT_STARTED = "backend_not_started"
    INTERRUPTED = "interrupted"  # the program that ran the job ended before the job did
    UNFORESEEN = "unforeseen"  # a bug of ours


Device: TypeAlias = Literal["auto", "cpu", "cuda"]


class Word(msgspec.Struct, frozen=True):
    start: float
    end: float
    text: str  # with the space before it, if the language has one: the words joined are the segment's text
    probability: float


class Doubt(enum.StrEnum):
    """Why a piece of the transcript should be listened to again; or why a text was left out."""

    MISSING_WORDS = "missing_words"  # somebody speaks here, and there are no words for it
    REPETITION = "repetition"  # the model went round in circles
    LOW_CONFIDENCE = "low_confidence"  # the model was not sure
    TOO_MANY_WORDS = "too_many_words"  # more than anybody can say in the time
    NO_SPEECH = "no_speech"  # hardly anybody speaks here
    SKIPPED = "skipped"  # the backend died here, whatever was tried
    ONLY_LIVE = "only_live"  # the live text has words here, the accurate pass that followed has none


class SegmentKind(enum.StrEnum):
    SPEECH = "speech"
    NOT_UNDERSTOOD = "not_understood"  # somebody speaks here, and no word of it was decoded
    SKIPPED = "skipped"  # never decoded: the backend crashed here on every attempt


class Segment(msgspec.Struct, frozen=True):
    """A stretch of speech and its words, or of speech without any (see `kind`). Final once sent."""

    start: float
    end: float
    text: str  # empty if no words are known
    words: tuple[Word, ...] = ()  # empty if they were not asked for
    average_log_probability: float = 0.0
    no_speech_probability: float = 0.0
    language: str = ""  # Whisper's code
    speaker: str = ""  # "left" or "right" where each channel has one; else empty
    doubts: tuple[Doubt, ...] = ()
    kind: SegmentKind = SegmentKind.SPEECH

    @property
    def shown_text(self) -> str:
        """The text as it is shown and exported: speech without words is marked."""
        return self.text or (GAP_MARK if self.kind is not SegmentKind.SPEECH else "")


class LeftOut(msgspec.Struct, frozen=True):
    """A text that the model gave and that was not believed."""

    start: float
    end: float
    text: str
    reason: Doubt


class Remark(enum.StrEnum):
    """What was done so that speech could be heard, or what else there is to be heard; for the user to know."""

    TRACK_USED = "track_used"  # numbers: that one, of several
    TRACK_SPEAKS = "track_speaks"  # likewise: nobody speaks in the one that players play
    OTHER_TRACKS_SPEAK = "other_tracks_speak"  # numbers: those
    TRACK_UNREADABLE = "track_unreadable"  # numbers: that one; detail: its format
    CHANNELS_USED = "channels_used"  # numbers: those; the others carry no speech, or the same less clearly
    CHANNELS_INVERTED = "channels_inverted"  # likewise: others carry the same sound upside down
    CHANNELS_LATE = "channels_late"  # likewise: others carry the same sound later
    RAISED = "raised"  # speech was far too quiet
    LOWERED = "lowered"  # and far too loud
    FILTERED = "filtered"  # hum or rumble below the voices was taken out


class SoundNote(msgspec.Struct, frozen=True):
    remark: Remark
    numbers: tuple[int, ...] = ()  # of tracks or channels, counted from 1
    total: int = 0  # how many tracks or channels there are
    detail: str = ""


class Tuning(msgspec.Struct, frozen=True):
    """How to listen. The defaults are right for nearly everybody."""

    beam_size: int = 5  # how many readings are followed at once
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # tried one after the other on doubtful speech
    speech_threshold: float = 0.5  # how probable speech must be to be listened to
    speech_padding: float = 0.4  # seconds kept before and after speech
    batch_size: int = 0  # spans heard at once; 0: what the device likes
    compute_type: str = ""  # of CTranslate2; empty: the best for the device
    threads: int = 0  # on the CPU; 0: one a core


ACCURATE = Tuning()
FAST = Tuning(beam_size=1, temperatures=(0.0, 0.4))
TUNINGS = {"fast": FAST, "accurate": ACCURATE}  # by the names most people ever see


class Way(msgspec.Struct, frozen=True):
    """One way of running a model."""

    device: Literal["cpu", "cuda"]
    index: int = 0  # of several cards, as CTranslate2 counts them
    compute_type: str = ""


# --- commands: to the backend ---------------------------------------------------------------------------------------


class LoadModel(Message, frozen=True):
    """Load a model before there is a job for it, so that the first job does not wait."""

    model: bytes  # its folder
    device: Device = "auto"
    compute_type: str = ""
    threads: int = 0
    ways: tuple[Way, ...] = ()  # as with Transcribe


class Transcribe(Message, frozen=True):
    job_id: int
    audio: bytes  # the file
    model: bytes  # its folder
    device: Device = "auto"
    language: str | None = None  # None: detect it
    task: Task = Task.TRANSCRIBE
    words: bool = True
    languages: tuple[str, ...] = ()  # to choose from, window by window; empty: all. Only if `language` is None
    prompt: str = ""  # what came before, or what it is about: sets style and spelling
    glossary: str = ""  # names and terms to expect
    begin: float = 0.0  # seconds into the recording
    end: float | None = None
    track: int | None = None  # of the sound tracks, counted from 0; None: the default, or one with speech in it
    split_channels: bool = False  # left and right are two speakers
    tuning: Tuning = ACCURATE
    resume_at: float | None = None  # go on there: a position that was reported before
    main_language: str | None = None  # what was detected at the start, when going on
    live: bool = False  # the recording still grows: follow it
    ways: tuple[Way, ...] = ()  # of running the model, to be tried in this order; empty: what the device allows


class RecordingEnded(Message, frozen=True):
    """The file of a live job is complete now: read it to its end and finish."""

    job_id: int


class Cancel(Message, frozen=True):
    job_id: int


class Ping(Message, frozen=True):
    number: int


Command: TypeAlias = LoadModel | Transcribe | RecordingEnded | Cancel | Ping


# --- events: from the backend ---------------------------------------------------------------------------------------


class BackendReady(Message, frozen=True):
    """The backend reads commands now."""

    pid: int
    engine: str  # names and versions, for the log and the About box


class ModelLoaded(Message, frozen=True):
    model: bytes
    device: Literal["cpu", "cuda"]
    compute_type: str
    seconds: float  # that loading took


class ModelFailed(Message, frozen=True):
    """A model that was to be loaded ahead of any job could not be."""

    model: bytes
    kind: Failure
    detail: str


class JobStarted(Message, frozen=True):
    job_id: int
    duration: float | None  # None: the file does not tell
    language: str  # as detected, or as asked for
    language_probability: float  # 1.0 if asked for
    device: Literal["cpu", "cuda"]
    split: bool = False  # left and right are heard as two speakers, as asked for: the recording is stereo
    notes: tuple[SoundNote, ...] = ()  # about its tracks


class Progress(Message, frozen=True):
    """What the backend does now. It comes at least as often as a stage makes progress."""

    job_id: int
    stage: Stage
    position: float  # everything before it has been dealt with
    duration: float | None
    until: float | None = None  # the end of what is worked on, while it is listened to


class SpeechHeard(Message, frozen=True):
    """What was said up to a position. Everything before the position is final."""

    job_id: int
    segments: tuple[Segment, ...]
    left_out: tuple[LeftOut, ...]
    position: float


class Provisional(Message, frozen=True):
    """What a live job heard last, and may still change. It replaces the one before, and is never stored."""

    job_id: int
    words: tuple[Word, ...]
    position: float  # how far it has listened


class JobFinished(Message, frozen=True):
    job_id: int
    duration: float  # of the audio that was really there
    partial: bool  # the file broke off: it was cut, or damaged
    detail: str  # what the reader said where it broke off, for the log
    notes: tuple[SoundNote, ...] = ()  # all there are about its sound
    why: Failure | None = None  # it is partial, if not because it broke off


class JobFailed(Message, frozen=True):
    job_id: int
    kind: Failure
    detail: str  # for the log; never shown alone


class JobCancelled(Message, frozen=True):
    job_id: int


class Pong(Message, frozen=True):
    number: int


Event: TypeAlias = (
    BackendReady
    | ModelLoaded
    | ModelFailed
    | JobStarted
    | Progress
    | SpeechHeard
    | Provisional
    | JobFinished
    | JobFailed
    | JobCancelled
    | Pong
)


# --- the porter: the process that fetches, checks, moves and removes what is big. It gets one command and ends --------


class ModelTrouble(enum.StrEnum):
    """Why something about a model could not be done; `ui/model_wording.py` has the sentence for each.

    Packs and updates come to some of them as well, and to some of their own.
    """

    NO_NETWORK = "no_network"  # nobody answers there: no network, no such host
    STALLED = "stalled"  # nothing more came, again and again
    CERTIFICATE = "certificate"  # whoever answers cannot prove to be the hub
    TOKEN_NEEDED = "token_needed"  # the hub does not know who asks, or there is no such model
    TOKEN_NOT_SENT = "token_not_sent"  # likewise, and it cannot be told: others could read it on the way there
    NOT_ALLOWED = "not_allowed"  # it does, and says no: a licence is to be accepted there, perhaps
    NOT_FOUND = "not_found"  # no such repository, revision or file
    TOO_MANY_REQUESTS = "too_many_requests"
    HUB_FAILED = "hub_failed"  # it has a fault of its own, or talks nonsense
    DAMAGED = "damaged"  # what is here, or what came, is not what was published
    NOT_A_MODEL = "not_a_model"  # no Whisper model in CTranslate2's form
    INCOMPLETE = "incomplete"  # it is one, and lacks a file: `detail` is its name
    NOT_CONVERTED = "not_converted"  # a model as PyTorch or Transformers has it
    FOR_WHISPER_CPP = "for_whisper_cpp"  # ggml or gguf
    OTHER_ARCHIVE = "other_archive"  # none that is opened here: tar, 7z, rar
    WEIGHTS_ALONE = "weights_alone"  # a model.bin without what belongs beside it
    UPDATED = "updated"  # the program, under its window: the porter is of another version
    CANNOT_RUN = "cannot_run"  # it looks like one, but a few seconds of speech could not be transcribed with it
    NAME_TAKEN = "name_taken"
    NAME_WRONG = "name_wrong"  # no name a folder can have, or no OWNER/NAME
    NO_SUCH_MODEL = "no_such_model"
    READ_ONLY = "read_only"  # it came with the program
    IN_USE = "in_use"  # a job that runs or waits needs it, or another process works on it
    NO_PACK = "no_pack"  # this and the next two are about the graphics pack: there is none for this kind of computer
    NOT_THE_PACK = "not_the_pack"  # the file is not the one that this version of the program knows
    NO_PACK_HERE = "no_pack_here"  # there is nothing to be removed
    DISK_FULL = "disk_full"
    CANNOT_WRITE = "cannot_write"
    CANNOT_READ = "cannot_read"  # the folder or the archive
    ARCHIVE_BROKEN = "archive_broken"  # it is no zip archive, or not whole
    NO_KEYRING = "no_keyring"  # the system has none, or it is locked: nothing is kept
    NOT_SIGNED = "not_signed"  # this and the next five are about updates: not by those who make the program
    REPLAYED = "replayed"  # by them, and older than what came before
    EXPIRED = "expired"  # by them, and too long ago
    NOT_UNDERSTOOD = "not_understood"  # by them, and about something else, or in a form of later versions
    NO_UPDATE = "no_update"  # there is nothing of that version for this computer
    NEWER_UPDATE = "newer_update"  # that version is not the newest one any more
    UNFORESEEN = "unforeseen"  # a bug of ours


# `ui/pack_wording.py` has the sentences for these, and for all else that a pack can come to.
ABOUT_PACKS = frozenset({ModelTrouble.NO_PACK, ModelTrouble.NOT_THE_PACK, ModelTrouble.NO_PACK_HERE})
# And `ui/update_wording.py` for these, and for all else that an update can come to.
ABOUT_UPDATES = frozenset(
    {
        ModelTrouble.NOT_SIGNED,
        ModelTrouble.REPLAYED,
        ModelTrouble.EXPIRED,
        ModelTrouble.NOT_UNDERSTOOD,
        ModelTrouble.NO_UPDATE,
        ModelTrouble.NEWER_UPDATE,
    }
)


class PorterStage(enum.StrEnum):
    ASKING = "asking"  # the hub, what there is
    FETCHING = "fetching"
    CHECKING = "checking"
    COPYING = "copying"
    UNPACKING = "unpacking"
    TRYING = "trying"  # a few seconds of speech, with the model
    REMOVING = "removing"


class FetchModel(Message, frozen=True):
    """Download a model, going on where an earlier attempt ended; what is there and damaged is fetched anew."""

    name: str  # on the shelf
    repo: str  # OWNER/NAME on the hub
    revision: str = ""  # a commit; empty: the newest
    hub: str = ""  # the address of the hub or of a mirror of it; empty: Hugging Face
    token: str = ""  # empty: the one in the system's keyring, if there is one


class TakeInModel(Message, frozen=True):
    """Check a model in a folder (or its model.bin) or in a zip archive, try it, and put a copy of it on the shelf."""

    source: bytes
    name: str = ""  # empty: as the folder or the archive is called


class VerifyModel(Message, frozen=True):
    """Read every byte of a model and compare it with what was published, or with what it was when it came."""

    name: str


class RemoveModel(Message, frozen=True):
    name: str


class MoveModels(Message, frozen=True):
    """Move the folder of the user's models, with its content."""

    folder: bytes


class KeepToken(Message, frozen=True):
    """Keep what lets this user in at the hub in the system's keyring."""

    hub: str  # its address; empty: Hugging Face
    token: str  # empty: forget the one that is kept


class InstallCardPack(Message, frozen=True):
    """Put the libraries for the graphics card into their folder; what came of the archive before is gone on with."""

    source: bytes = b""  # the archive; empty: it is downloaded


class RemoveCardPack(Message, frozen=True):
    """Remove what `InstallCardPack` has brought, half an archive too, and nothing else."""


class CheckForUpdate(Message, frozen=True):
    """Ask whether there is a newer version of the program: `UpdateChecked` is the answer."""


class FetchUpdate(Message, frozen=True):
    """Download the installer of the version that was told of last, if it is not here, and read every byte of it."""

    version: str
    folder: bytes = b""  # where it goes; empty: a folder of ours


class TidyUpdates(Message, frozen=True):
    """Delete the installers that are of no more use by what was told last: the one that brought this version, say."""


PorterCommand: TypeAlias = (
    FetchModel
    | TakeInModel
    | VerifyModel
    | RemoveModel
    | MoveModels
    | KeepToken
    | InstallCardPack
    | RemoveCardPack
    | CheckForUpdate
    | FetchUpdate
    | TidyUpdates
)


class PorterProgress(Message, frozen=True):
    stage: PorterStage
    done: int = 0  # bytes
    total: int = 0  # bytes; 0: not known
    retrying: ModelTrouble | None = None  # it came to this, and is tried again


class PorterDone(Message, frozen=True):
    name: str = ""  # of the model; the graphics pack's version
    folder: bytes = b""
    size_bytes: int = 0  # of the model; what was freed, if it was removed


class PorterFailed(Message, frozen=True):
    kind: ModelTrouble
    detail: str = ""  # for the log; never shown alone
    needed_bytes: int = 0  # where there was no room
    free_bytes: int = 0


class Installation(enum.StrEnum):
    """How this program came onto this computer, and so, how a newer one does."""

    SETUP = "setup"  # of Windows
    IMAGE = "image"  # a .dmg of macOS
    ARCHIVE = "archive"  # unpacked anywhere on Linux
    APPIMAGE = "appimage"  # one file, anywhere on Linux
    PACKAGE = "package"  # for all users of a Linux computer: only its administrator can put a newer one there
    FLATPAK = "flatpak"  # which updates what it has brought
    SOURCE = "source"


class Release(msgspec.Struct, frozen=True):
    """A published version of the program."""

    version: str
    date: datetime.date
    notes: str = ""  # what is new in it: plain text


class UpdateChecked(Message, frozen=True):
    """What there is that is newer than this program."""

    releases: tuple[Release, ...] = ()  # the newest first; empty: this is the newest
    size_bytes: int = 0  # of the newest one's installer; 0: there is none for this computer, or none is needed


PorterEvent: TypeAlias = PorterProgress | PorterDone | PorterFailed | UpdateChecked


# --- the probe: the process that looks what this computer can do. It tells each fact as it finds it, and ends ---------


class ProcessorFound(Message, frozen=True):
    name: str  # as its maker calls it; empty if it cannot be told
    level: Literal["", "none", "avx", "avx2", "avx512"]  # the best of these that it calculates with; empty: not known
    cores: int  # that this program may use
    memory_bytes: int  # 0 if it cannot be told
    free_bytes: int  # likewise


class CardFound(Message, frozen=True):
    """A graphics card of NVIDIA's."""

    index: int  # as CTranslate2 counts them; -1: it is in this computer, and no program can calculate with it
    name: str
    memory_bytes: int  # 0 if it cannot be told
    free_bytes: int | None  # None if it cannot be told
    capability: tuple[int, int]  # of its arithmetic, as NVIDIA counts; (0, 0) if it cannot be told
    driver: str  # its version; empty if it cannot be told
    cuda: tuple[int, int] = (0, 0)  # the newest version of CUDA that the driver knows; (0, 0) if it cannot be told


class LibraryFound(Message, frozen=True):
    """A library without which no graphics card is of use here, or its absence."""

    name: str  # as CTranslate2 asks for it
    found: bool
    where: bytes = b""  # the file, if it can be told
    detail: str = ""  # what the system says of one that it does not open


class EngineFound(Message, frozen=True):
    """The libraries that do the work, and how many cards CTranslate2 sees."""

    versions: str
    cards: int


class Trying(Message, frozen=True):
    """If the probe ends after this without `Tried`, that is what it died of."""

    device: Literal["cpu", "cuda"]
    index: int
    compute_type: str


class Tried(Message, frozen=True):
    device: Literal["cpu", "cuda"]
    index: int
    compute_type: str
    works: bool
    seconds: float = 0.0
    detail: str = ""  # what CTranslate2 says; for the log
    crashed: bool = False  # the process died of it


class Measuring(Message, frozen=True):
    """If the probe ends after this without `Measured` or `Unmeasured`, that is what it died of."""

    model: str  # its name
    device: Literal["cpu", "cuda"]
    index: int


class Unmeasured(Message, frozen=True):
    """A model that could not be measured on a device."""

    model: str
    device: Literal["cpu", "cuda"]
    index: int
    detail: str  # for the log


class Measured(Message, frozen=True):
    """How fast a model ran."""

    model: str  # its name
    device: Literal["cpu", "cuda"]
    index: int
    compute_type: str
    encoding: float  # seconds, of 30 s of sound
    writing: float  # seconds a token, at the usual number of readings


ProbeEvent: TypeAlias = (
    ProcessorFound | CardFound | LibraryFound | EngineFound | Trying | Tried | Measuring | Measured | Unmeasured
)


Decoded = TypeVar("Decoded")
_encoder = msgspec.json.Encoder()
_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_porter_commands: msgspec.json.Decoder[PorterCommand] = msgspec.json.Decoder(PorterCommand)
_porter_events: msgspec.json.Decoder[PorterEvent] = msgspec.json.Decoder(PorterEvent)
_probe_events: msgspec.json.Decoder[ProbeEvent] = msgspec.json.Decoder(ProbeEvent)


def to_line(message: Message) -> bytes:
    """Return `message` as one line for the pipe, its newline included."""
    return _encoder.encode(message) + b"\n"


class Pipe:
    """A child's way to its parent. Messages from several threads are written whole.

    The pipe is moved to descriptors of our own, and descriptor 1 is pointed at stderr: a library's stray print then
    lands in the log and not between two messages.
    """

    def __init__(self, leave: Callable[[], object]) -> None:
        """leave: ends the process; called when nobody listens any more."""
        self.commands: IO[bytes] = os.fdopen(os.dup(0), "rb")
        self._events = os.dup(1)
        self._leave = leave
        self._writing = threading.Lock()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def send(self, message: Message) -> None:
        line = memoryview(to_line(message))
        with self._writing:
            try:
                while line:
                    line = line[os.write(self._events, line) :]
            except OSError:
                self._leave()


def command_from(line: bytes) -> Command:
    """Return the command on `line`. Raise Garbled if it is none."""
    return _decoded(_commands, line)


def event_from(line: bytes) -> Event:
    """Return the event on `line`. Raise Garbled if it is none."""
    return _decoded(_events, line)


def porter_command_from(line: bytes) -> PorterCommand:
    """Return the porter's command on `line`. Raise Garbled if it is none."""
    return _decoded(_porter_commands, line)


def porter_event_from(line: bytes) -> PorterEvent:
    """Return the porter's event on `line`. Raise Garbled if it is none."""
    return _decoded(_porter_events, line)


def probe_event_from(line: bytes) -> ProbeEvent:
    """Return what the probe tells on `line`. Raise Garbled if it is nothing of the kind."""
    return _decoded(_probe_events, line)


def _decoded(decoder: msgspec.json.Decoder[Decoded], line: bytes) -> Decoded:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Neither the line itself nor what quotes it: it may hold what somebody said.
        what = str(error) if str(error).startswith("Expected") else type(error).__name__
        raise Garbled(f"{what} (a line of {len(line)} bytes)") from None
