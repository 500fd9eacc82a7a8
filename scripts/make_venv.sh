#!/bin/sh
# Make a virtual environment: make_venv.sh FOLDER PYTHON...
# Takes the first Python >= 3.11 of those named. On Debian and Ubuntu, whose Python comes without venv, python3-venv
# is installed when that is allowed without asking.
set -eu

folder=$1
shift

if [ -x "$folder/bin/python" ] && "$folder/bin/python" -c 'import pip' 2>/dev/null; then
    exit 0
fi

python=
for candidate in "$@"; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "hypecut needs Python 3.11 or newer; none of these is: $*. Install one and run make again." >&2
    exit 1
fi

make_venv() {
    "$python" -m venv --clear "$folder" >/dev/null 2>&1
}

install_venv() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root='sudo -n'
    fi
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    echo "installing $package" >&2
    $as_root apt-get update -qq && $as_root apt-get install -y -qq "$package" >/dev/null
}

make_venv || { install_venv && make_venv; } || {
    echo "$python can't make a virtual environment; install its venv module" \
        "(on Debian and Ubuntu: sudo apt-get install python3-venv) and run make again." >&2
    exit 1
}
