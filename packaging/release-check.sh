#!/usr/bin/env bash
# Proves that the package in dist/ installs on a bare Debian, works there, upgrades and goes; and that the .tar, if there is
# one, works wherever it is unpacked. Run by `make release-check`.
#
#   packaging/release-check.sh [--keep] [--without-lintian] [--suites "bookworm trixie"] [FOLDER]
#
#   --keep   leave the bare systems in FOLDER: the next run there starts sooner. The pictures stay in FOLDER/pictures.
#
# Needs root, debootstrap and an apt that is set up; the tests' tools (make test-tools) are the screen and the microphone.
set -euo pipefail

# A name space of its own: what is mounted here, and what runs here, ends with this script however it ends.
if [ "${CHECK_ALONE:-}" != yes ]; then
    CHECK_ALONE=yes exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi

repository=$(cd "$(dirname "$0")/.." && pwd)
python=$repository/.venv/bin/python
keep=no lintian=yes suites="bookworm trixie" folder=""
while [ $# -gt 0 ]; do
    case $1 in
        --keep) keep=yes ;;
        --without-lintian) lintian=no ;;
        --suites) suites=$2; shift ;;
        -*) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
        *) folder=$1 ;;
    esac
    shift
done
folder=$(mkdir -p "${folder:-/var/tmp/sottovoce-release}" && cd "${folder:-/var/tmp/sottovoce-release}" && pwd)
older=0.0.1 # what is upgraded from: the same bundle with a lower number

main() {
    cd "$repository"
    version=$("$python" -c "import desktop_app; print(desktop_app.__version__)")
    package=dist/sottovoce_${version}_amd64.deb
    archive=dist/sottovoce-$version-linux-x86_64.tar.xz
    [ -e "$package" ] || { echo "There is no $package: make deb" >&2; exit 1; }
    step "What the tools of Debian say"
    desktop-file-validate packaging/linux/sottovoce.desktop
    dpkg-deb --fsys-tarfile "$package" | tar -xO ./usr/share/metainfo/app.sottovoce.Sottovoce.metainfo.xml >"$folder/metainfo.xml"
    appstreamcli validate --no-net "$folder/metainfo.xml"
    rm "$folder/metainfo.xml"
    [ $lintian = no ] || lintian --allow-root --fail-on error,warning "$package"
    "$python" packaging/deb.py --version $older --fast --into "$folder"
    mkdir -p "$folder/pictures"
    local suite
    for suite in $suites; do
        check "$suite"
    done
    rm "$folder/sottovoce_${older}_amd64.deb"
    step "Installed, used, upgraded and removed on: $suites"
}

check() {
    root=$folder/$1
    step "A bare Debian: $1"
    [ -e "$root.bare/usr/bin/apt-get" ] ||
        debootstrap --variant=minbase "$1" "$root.bare" "$(packaging/debian-mirror.sh)" | tail -1
    chmod 755 "$root.bare"
    [ ! -e "$root" ] || rm -rf --one-file-system "$root"
    cp -a "$root.bare" "$root"
    prepare
    as_root "dpkg-query -W -f '.' | wc -c | sed 's/$/ packages/'"

    step "$1: the version before"
    install "$folder/sottovoce_${older}_amd64.deb"
    drive before "$1"
    step "$1: the upgrade"
    install "$package"
    look_at_libraries
    drive after "$1"
    step "$1: the removal"
    as_root "apt-get -qq purge -y sottovoce >/dev/null"
    ! as_root "find / -xdev -path /home -prune -o -path /proc -prune -o -iname '*sottovoce*' -print | grep ." ||
        { echo "That was left behind."; exit 1; }
    [ -s "$root/home/anna/.local/share/Sottovoce/library.sqlite3" ] || { echo "The user's library is gone."; exit 1; }
    echo "Nothing of the program is left, and all of the user's data."
    step "$1: the .tar, unpacked where the user likes"
    if [ -e "$archive" ]; then
        tar -C "$root/home/anna" -xf "$archive"
        as_root "mv /home/anna/sottovoce-$version-linux-x86_64 '/home/anna/Мои программы'; chown -R anna: /home/anna"
        drive unpacked "$1"
    else
        echo "Not tried: there is no $archive (make appdir)."
    fi

    umount "$root/proc" "$root/dev/shm" "$root/dev/pts" "$root/tmp/.X11-unix"
    rm -rf --one-file-system "$root"
    [ $keep = yes ] || rm -rf --one-file-system "$root.bare"
}

step() {
    printf '\n=== %s\n' "$*"
}

# Give the system its names, what the kernel has, a way to this machine's screens, and a user.
prepare() {
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/"
    mkdir -p "$root/etc/ssl/certs" "$root/tmp/.X11-unix" /tmp/.X11-unix "$root/run/sound"
    [ -e "$root/etc/ssl/certs/ca-certificates.crt" ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    mount -t proc proc "$root/proc"
    mount -t devpts devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
    as_root "useradd --create-home anna; apt-get -qq update"
}

install() {
    cp "$1" "$root/tmp/package.deb"
    as_root "apt-get -qq install -y --no-install-recommends /tmp/package.deb >/dev/null
        dpkg-query -W sottovoce; dpkg-query -W -f . | wc -c | sed 's/$/ packages/'"
    rm "$root/tmp/package.deb"
}

# Whatever is in the package, every library that it asks for must be there.
look_at_libraries() {
    # shellcheck disable=SC2016 # that is for the inner shell
    as_root '
        find /usr/lib/sottovoce -type f \( -name "*.so*" -o -name "sottovoce*" \) | while read -r file; do
            LD_LIBRARY_PATH=/usr/lib/sottovoce/_internal ldd "$file" 2>/dev/null | grep "not found" | sed "s#^#$file:#"
        done | sort -u >/tmp/missing
        ! grep . /tmp/missing'
    echo "No library is missing."
}

as_root() {
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
        sh -ec "$1" </dev/null 2> >(grep -v -e 'apt-utils is not installed' -e '^N: ' >&2)
}

# What a plain user does there, without network: drive before|after|unpacked SUITE
drive() {
    "$python" packaging/release_check.py "$1" "$root" "$folder/pictures/$2-$1"
}

main
