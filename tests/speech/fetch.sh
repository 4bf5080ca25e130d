#!/bin/sh
# Fetches real human speech with known text into .cache/speech: the English and French prompts of Asterisk, one speaker
# each (CC-BY-SA-3.0; not ours to ship). The Debian packages are unpacked there, not installed:
#
#   .cache/speech/usr/share/asterisk/sounds/SPEAKER/KEY.wav     8 kHz
#   .cache/speech/usr/share/doc/PACKAGE/core-sounds-LANGUAGE.txt.gz     lines of "KEY: text"
set -eu
cd "$(dirname "$0")/../.."

speech=.cache/speech
packages="asterisk-core-sounds-en asterisk-core-sounds-en-wav asterisk-core-sounds-fr asterisk-core-sounds-fr-wav"

[ ! -d $speech ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "The tests on long human speech are left out: its recordings come as Debian packages, which this system lacks."
    exit 0
fi

echo "Fetching recordings of human speech for the tests (37 MB)."
mkdir -p .cache
unpacked=$(mktemp -d "$PWD/.cache/speech.XXXXXX")
trap 'rm -rf "$unpacked"' EXIT

download() {
    # shellcheck disable=SC2086 # the list is words
    (cd "$unpacked" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download $packages)
}

if ! download 2>/dev/null; then
    sudo=""
    if [ "$(id -u)" != 0 ]; then
        sudo="sudo"
        if ! command -v sudo >/dev/null; then
            echo "The tests on long human speech are left out: its recordings need an apt-get update by an administrator."
            exit 0
        fi
    fi
    $sudo apt-get -qq -o DPkg::Lock::Timeout=300 update
    download
fi
for package in "$unpacked"/*.deb; do
    dpkg -x "$package" "$unpacked"
    rm "$package"
done
chmod 755 "$unpacked"
mv -T "$unpacked" $speech 2>/dev/null || [ -d $speech ] # another run may have been faster
