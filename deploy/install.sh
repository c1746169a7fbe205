#!/bin/bash
# Installs insect-edge as a service on Raspberry Pi OS or Debian, 64 bit, Bookworm or Trixie.
#
#   sudo deploy/install.sh                            from a checkout
#   sudo deploy/install.sh --wheel FILE               from a downloaded wheel
#   sudo deploy/install.sh --wheelhouse DIR           without network: all wheels are in DIR
#   sudo deploy/install.sh --upgrade [as above]       to another version; the old one is kept, and stays where it fails
#   sudo deploy/install.sh --rollback                 back to the version before, or forth again
#   sudo deploy/install.sh --uninstall [--purge]      away with it; --purge: configuration, data and user as well
#
# --dry-run says what would be done. --no-start installs without starting. Any number of runs does the same as one.
# Exit codes: 0 done, 1 failed and nothing changed that runs, 2 wrong options or a system it does not know.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
umask 022
# No module from the folder this is called in runs as root.
export PYTHONSAFEPATH=1

readonly RELEASES=/opt/insect-edge CONFIGURATION=/etc/insect-edge STATE=/var/lib/insect-edge
readonly CREDENTIALS=/etc/credstore ACCOUNT=insect-edge LAUNCHER=/usr/local/bin/insect-edge
readonly UNIT=/etc/systemd/system/insect-edge.service
readonly DROP_IN=/etc/systemd/system/insect-edge.service.d/50-systemd257.conf
# The compiled parts; each is imported by a process of its own.
readonly PARTS=(numpy cv2 pydantic_core ai_edge_litert.interpreter sqlite3 insect_edge.commands.run)
readonly NEEDED_MIB=700
HERE=$(cd "$(dirname "$0")" && pwd)
readonly HERE OS_RELEASE=${OS_RELEASE:-/etc/os-release}

action=install wheel='' wheelhouse='' dry='' purge='' start=yes

say() { echo "insect-edge: $*"; }
fail() {
    echo "insect-edge: $*" >&2
    exit 1
}
refuse() {
    echo "insect-edge: $*" >&2
    exit 2
}
# Does it, or with --dry-run says it.
run() {
    if [ -n "$dry" ]; then echo "would run: $*"; else "$@"; fi
}

check_wheel() {
    [[ -f $1 && ${1##*/} == insect_edge-*-none-any.whl ]] ||
        refuse "$1: no wheel of insect-edge: a file called insect_edge-VERSION-py3-none-any.whl is"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --upgrade | --rollback | --uninstall) action=${1#--} ;;
        --wheel | --wheelhouse)
            [ $# -ge 2 ] || refuse "$1 needs a path behind it"
            [ -e "$2" ] || refuse "$2: no such file or folder: name the one for $1"
            if [ "$1" = --wheel ]; then check_wheel "$2" && wheel=$2; else wheelhouse=$(realpath "$2"); fi
            shift
            ;;
        --dry-run) dry=yes ;;
        --purge) purge=yes ;;
        --no-start) start='' ;;
        -h | --help) sed -n '2,/^# Exit/s/^# \{0,1\}//p' "$0" && exit 0 ;;
        *) refuse "$1: no such option: --help lists them" ;;
        esac
        shift
    done
    [ -z "$purge" ] || [ "$action" = uninstall ] || refuse "--purge goes with --uninstall only"
}

. "$HERE/installer/system.sh"
. "$HERE/installer/release.sh"
. "$HERE/installer/service.sh"

do_install() {
    local current
    check_system
    get_packages
    [ -n "$dry" ] || check_python
    find_wheel
    name_release
    current=$(target_of current)
    if [ "$action" = install ] && [ -n "$current" ] && [ "$RELEASES/$current" != "$release" ]; then
        fail "$current is installed: to replace it with $(basename "$release"), add --upgrade"
    fi
    make_release
    make_folders
    activate "$release"
    remove_old_releases
    begin_service
    [ -n "$dry" ] || say "$(basename "$release") is installed; the configuration is $CONFIGURATION/insect-edge.toml"
}

do_rollback() {
    local previous
    previous=$(target_of previous)
    if [ -z "$previous" ] || [ "$previous" = "$(target_of current)" ]; then
        fail "there is no version to go back to: nothing was upgraded yet"
    fi
    is_usable "$RELEASES/$previous" || fail "$previous is not whole, or not for this system's Python: install it again"
    activate "$RELEASES/$previous"
    [ -n "$dry" ] || say "$previous is in use again; --rollback once more returns to the other one"
}

do_uninstall() {
    local packages=''
    [ ! -f $RELEASES/apt-packages ] || packages=$(sort -u $RELEASES/apt-packages | tr '\n' ' ')
    if [ -f $UNIT ]; then
        ! has_systemd || run systemctl --quiet stop insect-edge.service || true
        run systemctl --quiet disable insect-edge.service || true
    fi
    run rm -f $UNIT $DROP_IN
    [ ! -d "$(dirname $DROP_IN)" ] || run rmdir --ignore-fail-on-non-empty "$(dirname $DROP_IN)"
    ! has_systemd || run systemctl daemon-reload
    [ "$(readlink $LAUNCHER)" != $RELEASES/current/bin/insect-edge ] || run rm -f $LAUNCHER
    if [ -n "$purge" ]; then
        leave_the_broker
        run rm -rf $CONFIGURATION $STATE "$(dirname $DROP_IN)" $CREDENTIALS/insect-edge.*
        ! getent passwd $ACCOUNT >/dev/null || run userdel $ACCOUNT
    fi
    run rm -rf $RELEASES
    # Systemd's own on Trixie, made by the installation on Bookworm.
    if [ -d $CREDENTIALS ] && [ ! -e /usr/lib/tmpfiles.d/credstore.conf ]; then
        run rmdir --ignore-fail-on-non-empty $CREDENTIALS
    fi
    [ -n "$dry" ] || say "uninstalled"
    [ -n "$purge" ] || say "kept: $CONFIGURATION, $STATE, $CREDENTIALS/insect-edge.*, the user $ACCOUNT (--purge takes them away)"
    [ -z "$packages" ] || say "kept: packages that came with it: apt-get purge $packages"
    say "kept: its lines in the journal"
}

# Retained messages would show a trap that is gone for ever.
leave_the_broker() {
    local secrets name
    if [ ! -f $CONFIGURATION/insect-edge.toml ] || [ ! -x $RELEASES/current/bin/insect-edge ]; then return; fi
    if [ -n "$dry" ]; then
        echo "would clear: what the broker retains of this trap"
        return
    fi
    secrets=$scratch/credentials
    mkdir "$secrets"
    for name in password ca certificate key; do
        [ ! -f $CREDENTIALS/insect-edge.mqtt-$name ] || cp $CREDENTIALS/insect-edge.mqtt-$name "$secrets/mqtt-$name"
    done
    CREDENTIALS_DIRECTORY=$secrets timeout 30 $RELEASES/current/bin/insect-edge mqtt-clear \
        --config $CONFIGURATION/insect-edge.toml ||
        say "the broker may still show this trap: insect-edge mqtt-clear on another machine takes that away"
}

# shellcheck disable=SC2317 # called by the trap in main
clean_up() {
    [ -z "$scratch" ] || rm -rf "$scratch"
    # Half an installation would be taken for a whole one by nobody, but it takes room.
    [ -z "$unfinished" ] || rm -rf "$unfinished"
}

main() {
    scratch='' unfinished='' index=()
    read_options "$@"
    check_root
    trap clean_up EXIT
    trap 'exit 1' INT TERM HUP
    [ -n "$dry" ] || scratch=$(mktemp -d)
    [ -z "$wheelhouse" ] || index=(--no-index --find-links "$wheelhouse")
    case $action in
    install | upgrade) do_install ;;
    rollback) do_rollback ;;
    uninstall) do_uninstall ;;
    esac
    run sync -f /opt /etc
    # All was read before anything was done, and no line is read any more: this file may change meanwhile.
    exit
}

main "$@"
