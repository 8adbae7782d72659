#!/bin/sh
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes .venv in the checkout: a Python with requirements.txt, and the tree through which Ansible finds the collection
# in place. Does nothing when .venv is as it should be; makes it anew when it is half-made, was moved, or lost its Python.
set -euf

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
venv=$checkout/.venv
stamp=$venv/.ready

fail() {
    echo "$1" >&2
    exit 1
}

wanted() {
    echo "$checkout"
    cksum <"$checkout/requirements.txt"
}

is_ready() {
    [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted)" ] && "$venv/bin/python" -c 'import ansible.release' 2>/dev/null
}

# Prints the state of a Python (good, bare: without venv, old) and its version. Fails when it does not run at all.
probe() {
    "$1" - 2>/dev/null <<'EOF'
import sys
state = "good" if sys.version_info >= (3, 10) else "old"
try:
    import ensurepip, venv
except ImportError:
    state = state.replace("good", "bare")
print("%s %d.%d" % ((state,) + tuple(sys.version_info[:2])))
EOF
}

# Sets $python. Looks in every place of PATH, because the first of a name may be a shim that does not run.
find_python() {
    bare='' old=''
    for name in python3.14 python3.13 python3.12 python3.11 python3.10 python3 python; do
        IFS=:
        for place in $PATH; do
            unset IFS
            python=$place/$name
            [ -x "$python" ] || continue
            found=$(probe "$python") || continue
            case $found in
                good*) return ;;
                bare*) bare=${bare:-${found#* }} ;;
                old*) old=${old:-${found#* }} ;;
            esac
        done
        unset IFS
    done
    [ -z "$bare" ] || fail "Python $bare is here, but without its venv module. Remedy: $(remedy_for_venv "$bare")"
    fail "No Python 3.10 or newer on PATH${old:+, only $old}. Remedy: $(remedy_for_python "$old")"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

remedy_for_venv() {
    if has apt-get; then
        echo "apt-get install python$1-venv"
    else
        echo "install the packages that hold the modules venv and ensurepip of Python $1."
    fi
}

remedy_for_python() {
    if has dnf; then
        echo "dnf install python3.12"
    elif has apt-get && [ -z "$1" ]; then
        echo "apt-get install python3-venv"
    else
        echo "install a newer one beside it (for example with pyenv or uv) and put it on PATH."
    fi
}

make_venv() {
    find_python
    echo "Setting up .venv with $("$python" --version) (once) ..." >&2
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "Could not make $venv: see above."
    echo "Installing $(sed '/^#/d; s/ *;.*//' "$checkout/requirements.txt" | xargs) from the package index ..." >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$checkout/requirements.txt" >&2 ||
        fail "The package index did not give what is needed: see above. Run it again when that is mended."
    mkdir -p "$venv/tree/ansible_collections/listening"
    ln -s ../../../.. "$venv/tree/ansible_collections/listening/ports"
    wanted >"$stamp"
    echo "Ready: $("$venv/bin/python" -c 'import ansible.release as r; print("ansible-core " + r.__version__)')." >&2
}

is_ready && exit
if has flock; then
    exec 9<"$checkout/requirements.txt"
    flock 9 # somebody else may be making it at this moment
    is_ready && exit
fi
make_venv
