#!/bin/sh
# Install what tests use beside Python packages: browsers, FFmpeg's command line tools, fonts of many scripts.
# Done on Debian and Ubuntu where that is allowed without asking; elsewhere the tests that need a missing one say so.
set -eu

missing=
want() { # command or file, package
    command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing="$missing $2"
}
want chromium chromium
want firefox-esr firefox-esr
want ffmpeg ffmpeg
want /usr/share/fonts/truetype/noto/NotoSans-Bold.ttf fonts-noto-core
want /usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc fonts-noto-cjk
want /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf fonts-noto-color-emoji

[ -n "$missing" ] || exit 0
as_root=
[ "$(id -u)" = 0 ] || as_root='sudo -n'
if command -v apt-get >/dev/null 2>&1 && $as_root true 2>/dev/null; then
    echo "installing for the tests:$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq || true
    for package in $missing; do # one by one: a name that this system lacks costs only itself
        $as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
            echo "$package can't be installed; tests that need it are skipped." >&2
    done
else
    echo "not installed, tests that need them are skipped:$missing" >&2
fi
