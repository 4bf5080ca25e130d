#!/usr/bin/env bash
# Signs the app or the disk image that is named, has Apple notarise it, and staples the ticket to it. For macOS.
#
#   packaging/macos/sign.sh dist/Sottovoce.app | dist/Sottovoce-VERSION-arm64.dmg
#
# SIGNING_IDENTITY                              "Developer ID Application: ..." in the keychain; without it an app is signed
#                                               ad hoc, which lets it run but tells nobody whose it is
# NOTARY_KEY NOTARY_KEY_ID NOTARY_ISSUER        the file of a key for App Store Connect, and its two numbers;
#                                               without them it is not notarised
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
target=${1:?which app or disk image?}
identity=${SIGNING_IDENTITY:-}

if [ -n "$identity" ]; then
    how=(--force --timestamp --options runtime --sign "$identity")
else
    echo "SIGNING_IDENTITY is not set: $target gets no signature of ours." >&2
    how=(--force --sign -) # no hardened runtime: it would refuse libraries that nobody has signed
fi

main() {
    case $target in
        *.app) sign_app ;;
        *.dmg) [ -z "$identity" ] || codesign --force --timestamp --sign "$identity" "$target" ;;
        *) echo "$target is neither an app nor a disk image." >&2; exit 2 ;;
    esac
    notarise
}

# From the inside out: what is signed later seals what was signed before.
sign_app() {
    local executable=(--entitlements "$here/entitlements.plist")
    local inside=("$target/Contents/Frameworks" "$target/Contents/Resources")
    find "${inside[@]}" -type f -print0 | while IFS= read -r -d '' file; do
        ! is_binary "$file" || codesign "${how[@]}" "$file"
    done
    find "${inside[@]}" -depth -type d -name '*.framework' -print0 | while IFS= read -r -d '' framework; do
        codesign "${how[@]}" "$framework"
    done
    codesign "${how[@]}" "${executable[@]}" "$target/Contents/MacOS/sottovoce-backend"
    codesign "${how[@]}" "${executable[@]}" "$target/Contents/MacOS/sottovoce"
    codesign "${how[@]}" "${executable[@]}" "$target"
    codesign --verify --deep --strict "$target"
}

# Is it a library or an executable? Those begin with one of these four bytes, of one processor or of several.
is_binary() {
    case $(head -c 4 "$1" | od -An -tx1 | tr -d ' \n') in
        cffaedfe | cefaedfe | cafebabe) return 0 ;;
    esac
    return 1
}

notarise() {
    if [ -z "$identity" ] || [ -z "${NOTARY_KEY:-}" ]; then
        echo "$target is not notarised." >&2
        return
    fi
    local sent=$target
    if [ -d "$target" ]; then
        sent=$(mktemp -d)/app.zip
        ditto -c -k --keepParent "$target" "$sent"
    fi
    xcrun notarytool submit "$sent" --wait --timeout 1h --key "$NOTARY_KEY" --key-id "$NOTARY_KEY_ID" --issuer "$NOTARY_ISSUER"
    xcrun stapler staple "$target"
}

main
