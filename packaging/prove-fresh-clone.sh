#!/usr/bin/env bash
# Proves that a fresh clone runs and passes its tests on a bare Debian 12: in a chroot with Python, pip and make.
#
#   packaging/prove-fresh-clone.sh [--working-tree | --archive] [--setup-only] [--keep] [FOLDER]
#
#   --working-tree  take the files as they are now, without the ignored ones, instead of the last commit
#   --archive       take the last commit as a source archive has it: without .git
#   --setup-only    stop after `make setup`, and look whether the window's libraries are all there
#   --keep          leave the chroot in FOLDER, and use the one that is there: the next run starts sooner
#
# Needs root and debootstrap, and this machine's apt and pip to be set up: the chroot gets copies of their settings.
set -euo pipefail

# A name space of its own: what is mounted here, and what runs here, ends with this script however it ends.
if [ "${PROOF_ALONE:-}" != yes ]; then
    PROOF_ALONE=yes exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi

repository=$(cd "$(dirname "$0")/.." && pwd)
source=commit setup_only=no keep=no root=""
for argument in "$@"; do
    case $argument in
        --working-tree) source=working-tree ;;
        --archive) source=archive ;;
        --setup-only) setup_only=yes ;;
        --keep) keep=yes ;;
        -*) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
        *) root=$argument ;;
    esac
done
root=${root:-$(mktemp -d /var/tmp/sottovoce-proof.XXXXXX)}
mounted=() # below the chroot

main() {
    trap 'remove_chroot' EXIT
    step "A bare Debian 12"
    [ -e "$root/usr/bin/make" ] || make_bare_system
    copy_settings
    mount_what_a_system_has
    within "dpkg-query -W -f '.' | wc -c | sed 's/$/ packages/'; python3 --version; pip --version | cut -d' ' -f1-2; make --version | head -1"

    step "The $source"
    copy_source
    within "ls -a | tr '\n' ' '"

    step "make setup"
    within "time make setup && time make setup"
    look_at_libraries
    [ $setup_only = no ] || return 0

    step "make run, without a display"
    within "time make run && ls -l out"
    step "make test"
    within "time make test"
    if [ "$source" = commit ] && [ -n "$(git -C "$root/srv/sottovoce" status --porcelain)" ]; then
        echo "But they leave files behind that git does not ignore:"
        git -C "$root/srv/sottovoce" status --short
        exit 1
    fi
    echo "The $source runs and passes its tests on a bare Debian 12."
}

step() {
    printf '\n=== %s\n' "$*"
}

make_bare_system() {
    mkdir -p "$root"
    chmod 755 "$root" # mktemp's is closed to apt's own user
    debootstrap --variant=minbase --include=ca-certificates,make,python3,python3-pip bookworm "$root" \
        "$("$repository/packaging/debian-mirror.sh")" | tail -1
}

# Give the chroot this machine's sources of packages, its certificates and its names.
copy_settings() {
    rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
    cp -a /etc/apt/sources.list.d "$root/etc/apt/"
    [ ! -e /etc/apt/sources.list ] || cp /etc/apt/sources.list "$root/etc/apt/"
    cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/"
    cp -a /etc/apt/keyrings/. "$root/etc/apt/keyrings/" 2>/dev/null || true
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    python3 -m pip config list | python3 -c '
import ast, sys
print("[global]")
for line in sys.stdin:
    name, _, value = line.strip().partition("=")
    if name.startswith("global."):
        print(name.removeprefix("global."), "=", ast.literal_eval(value).replace("\n", "\n    "))
' >"$root/etc/pip.conf"
    local file
    named_by_pip | while read -r file; do # a list of constraints, certificates
        [ ! -f "$file" ] || install -D -m 644 "$file" "$root$file"
    done
}

# Print the files and folders of this machine that pip's settings name, those in the environment as well.
named_by_pip() {
    python3 -m pip config list | python3 -c '
import ast, os, sys
for line in sys.stdin:
    for word in ast.literal_eval(line.strip().partition("=")[2]).split():
        path = word.removeprefix("file://").rstrip("/")
        path = path.removesuffix("/simple")  # an index; what it leads to lies beside it
        if os.path.isabs(path) and os.path.exists(path):
            print(path)
' | sort -u
}

mount_what_a_system_has() {
    mount_at /proc -t proc proc
    mount_at /dev/pts -t devpts devpts
    mount_at /dev/shm -t tmpfs tmpfs
    local folder folders
    mapfile -t folders < <(named_by_pip) # of packages that pip is told to look into
    for folder in "${folders[@]}"; do
        [ ! -d "$folder" ] || mount_at "$folder" --bind -o ro "$folder"
    done
}

# mount_at FOLDER ARGUMENTS... : mount something in the chroot's FOLDER.
mount_at() {
    local folder=$1
    shift
    mkdir -p "$root$folder"
    mount "$@" "$root$folder"
    mounted+=("$root$folder")
}

copy_source() {
    rm -rf "$root/srv/sottovoce"
    if [ "$source" = commit ]; then
        git clone --quiet --no-hardlinks "$repository" "$root/srv/sottovoce"
    elif [ "$source" = archive ]; then
        mkdir -p "$root/srv/sottovoce"
        git -C "$repository" archive HEAD | tar -C "$root/srv/sottovoce" -x --no-same-owner
    else
        mkdir -p "$root/srv/sottovoce"
        # shellcheck disable=SC2016 # that is for the inner shell
        git -C "$repository" ls-files -z --cached --others --exclude-standard |
            (cd "$repository" && xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh) |
            tar -C "$repository" --null -T - -c | tar -C "$root/srv/sottovoce" -x --no-same-owner
    fi
}

# Run a line of shell in the chroot's copy of the source, with an environment as bare as the system.
within() {
    local settings
    mapfile -t settings < <(env | grep -E '^PIP_' || true)
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
        bash -c "cd /srv/sottovoce 2>/dev/null; set -e; $1" </dev/null
}

look_at_libraries() {
    # shellcheck disable=SC2016 # that is for the inner shell
    within '
        qt=$(.venv/bin/python -c "import PySide6; print(PySide6.__path__[0])")/Qt/plugins
        for plugin in platforms/libqxcb.so platforms/libqoffscreen.so platforms/libqwayland.so \
                      imageformats/libqsvg.so iconengines/libqsvgicon.so platformthemes/libqxdgdesktopportal.so; do
            ! LD_LIBRARY_PATH= ldd $qt/$plugin | grep "not found" || { echo "$plugin lacks libraries"; exit 1; }
        done
        QT_QPA_PLATFORM=offscreen .venv/bin/python -c "
from PySide6 import QtNetwork, QtSvg, QtWidgets
application = QtWidgets.QApplication([])
label = QtWidgets.QLabel(\"Grüße, мир\")
label.show()
application.processEvents()
print(\"Qt\", application.platformName(), label.font().family(), label.sizeHint().width(), \"pixels wide\")
import faster_whisper
print(\"faster-whisper\", faster_whisper.__version__)
"'
}

remove_chroot() {
    local folder
    for folder in "${mounted[@]}"; do
        umount "$folder"
    done
    [ $keep = yes ] || rm -rf --one-file-system "$root"
}

main
