#!/usr/bin/env bash
# Puts the certificate of a workflow's secrets into a keychain of its own, and prints what sign.sh wants to have in the
# environment. For the machine of a workflow, which is thrown away afterwards.
#
# MACOS_CERTIFICATE, MACOS_CERTIFICATE_PASSWORD    a .p12 file in base64 with a "Developer ID Application", and its password
# NOTARY_KEY_TEXT                                  the text of a key (.p8) for App Store Connect
set -euo pipefail

folder=${RUNNER_TEMP:?for the machine of a workflow}
keychain=$folder/signing.keychain-db
password=$(uuidgen)
umask 077

security create-keychain -p "$password" "$keychain"
security set-keychain-settings -lut 21600 "$keychain"
security unlock-keychain -p "$password" "$keychain"
base64 --decode <<<"$MACOS_CERTIFICATE" >"$folder/certificate.p12"
security import "$folder/certificate.p12" -f pkcs12 -P "$MACOS_CERTIFICATE_PASSWORD" -k "$keychain" -T /usr/bin/codesign >&2
rm "$folder/certificate.p12"
security set-key-partition-list -S apple-tool:,apple: -s -k "$password" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain" login.keychain-db

identity=$(security find-identity -v -p codesigning "$keychain" | sed -n 's/.*"\(Developer ID Application: .*\)".*/\1/p' | head -n 1)
[ -n "$identity" ] || { echo "The certificate is no Developer ID Application." >&2; exit 1; }
echo "SIGNING_IDENTITY=$identity"
if [ -n "${NOTARY_KEY_TEXT:-}" ]; then
    echo "$NOTARY_KEY_TEXT" >"$folder/notary.p8"
    echo "NOTARY_KEY=$folder/notary.p8"
fi
