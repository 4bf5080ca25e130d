#!/bin/sh
# Installs what the program needs from the system, on Debian and its kin; on other systems it says what that is.
# Installs nothing that is there already; asks for rights only when something is missing.
#
#   packaging/system-packages.sh run     what the program needs
#   packaging/system-packages.sh test    what its tests need besides, which make the bundle and try it
#   packaging/system-packages.sh bundle  what making the bundle needs besides
#   packaging/system-packages.sh package what making packages for Linux of it, and trying them, needs besides
#   packaging/system-packages.sh windows what making the setup for Windows, and trying it, needs besides
set -eu
cd "$(dirname "$0")/.."

# Qt without a screen: the libraries that QtGui, QtWidgets and QtNetwork are linked with, and a font to write in.
qt="libegl1 libgl1 libglib2.0-0 libfontconfig1 libfreetype6 libxkbcommon0 libdbus-1-3 libx11-6 libzstd1 libbrotli1
    libgssapi-krb5-2 fonts-dejavu-core"
# A window on X11 and on Wayland, its notifications, and since when nobody touched the computer.
window="libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render0
    libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libx11-xcb1
    libwayland-client0 libwayland-cursor0 libwayland-egl1 libnotify-bin libxss1"
# A microphone: PortAudio, ALSA's way to PulseAudio or PipeWire, and what Qt's list of devices is linked with.
sound="libportaudio2 libasound2-plugins libpulse0 libxrandr2 libdrm2"
# A sound server with microphones in memory.
microphones="pulseaudio pulseaudio-utils"
# A screen in memory, a window manager, and a hand and an eye on it.
desktop="xvfb xauth openbox xdotool xterm x11-xkb-utils procps x11-utils imagemagick"

# Languages to run the program in; a repository to make things of.
languages="locales" repository="git"

# Debian's Python comes without the library of it that the bundle takes along; another Python has its own.
binary="binutils chrpath"
python=.venv/bin/python
if [ -x $python ] && [ "$($python -c 'import sys; print(sys.base_prefix)')" = /usr ]; then
    binary="$binary $($python -c 'import sys; print("libpython%d.%d" % sys.version_info[:2])')"
fi

# Looks at what packages bring for the system; makes the file system of an AppImage.
files="desktop-file-utils appstream squashfs-tools"
# Looks at packages, and at bare systems to install them in.
packages="debootstrap lintian xz-utils $files"
# The setup for Windows, a Windows to try it in, and a compiler for what plays the program there. 800 MB.
windows="nsis wine wine64 gcc-mingw-w64-x86-64-win32"

case ${1:-} in
    run) wanted="$qt $window $sound" purpose="The window" ;;
    test) wanted="$desktop $microphones $languages $repository $binary $files" purpose="Testing with a real window, a real microphone and the bundle" ;;
    bundle) wanted="$binary" purpose="Making the bundle" ;;
    package) wanted="$packages" purpose="Making and trying packages" ;;
    windows) wanted="$windows" purpose="Making and trying the setup for Windows" ;;
    *) echo "usage: $0 run|test|bundle|package|windows" >&2; exit 2 ;;
esac

if [ "$(uname -s)" != Linux ]; then
    exit 0 # macOS and Windows have all of it; the tests that need X11 are for Linux
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086 # the list is words
    [ -e .venv/.setup ] || echo "$purpose needs these libraries and programs, here by their Debian names:" $wanted
    exit 0
fi

# Debian splits venv from Python, and needs it only for Debian's own Python.
if [ "$1" = run ] && ! "${PYTHON:-python3}" -c "import ensurepip, venv" 2>/dev/null; then
    wanted="python3 python3-venv $wanted"
fi

installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' 2>/dev/null || true)"
missing=""
for package in $wanted; do
    case $installed in
        *" installed:$package "* | *" installed:${package}t64 "*) ;; # t64: its name since Debian 13
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

sudo=""
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "$purpose needs packages of the system that are not there, and installing them takes an administrator." >&2
        echo "Going on without. If that does not work, have somebody run:" >&2
        echo "    apt-get install --no-install-recommends$missing" >&2
        exit 0
    fi
    sudo="sudo"
fi
echo "$purpose needs these packages of the system, which are installed now:$missing"
apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0"
$apt update || echo "Not every list of packages could be brought up to date; going on with those there are." >&2
# shellcheck disable=SC2086 # the lists are words
$apt install -y --no-install-recommends $missing >/dev/null
