#!/usr/bin/env bash
# Makes dist/Sottovoce-VERSION-arm64.dmg of dist/Sottovoce.app, with a link to the folder that it is to be dragged to. For macOS.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
app=dist/Sottovoce.app
[ -d "$app" ] || { echo "There is no $app: make bundle" >&2; exit 1; }
version=$(plutil -extract CFBundleShortVersionString raw "$app/Contents/Info.plist")
image=dist/Sottovoce-$version-$(uname -m).dmg

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ditto "$app" "$folder/Sottovoce.app"
ln -s /Applications "$folder/Applications"
hdiutil create -quiet -volname "Sottovoce $version" -srcfolder "$folder" -fs HFS+ -format ULMO -ov "$image"
"$here/sign.sh" "$image"
hdiutil verify -quiet "$image"
echo "$image"
