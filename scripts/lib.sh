# shellcheck shell=bash disable=SC2034,SC2016,SC2001
# scripts/lib.sh: what scripts/demo and scripts/test share: what must be installed, and building. Read
# with `.`, by bash. Nothing here starts or stops a service of the system.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
log_dir=build-logs

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# A tree in which somebody else has built (root, before us) fails late and with strange words.
writable() {
    local place
    for place; do
        [ ! -e "$place" ] || [ -w "$place" ] ||
            die "cannot write to $(realpath "$place"): it belongs to $(stat -c %U "$place")"
    done
}
writable . "$log_dir"
mkdir -p "$log_dir" || exit 1

# Needs, one a line: what tells that it is there, Debian's package. `cmd` is a program of PATH or sbin or
# PostgreSQL's own directories, `pc` a pkg-config module, `header` a file that the compiler finds,
# `clanglib` a library of clang, `path` a file, `term` a kind of terminal, `py` a module of the system's own
# python3, `ruby` a library of ruby.
needs_build='
cmd:gcc                    gcc
header:stdio.h             libc6-dev
cmd:meson                  meson
cmd:ninja                  ninja-build
cmd:pkg-config             pkg-config
pc:ncursesw                libncurses-dev
pc:libcurl>=7.87           libcurl4-openssl-dev
pc:libpq>=14               libpq-dev
pc:openssl>=3.0            libssl-dev
pc:hiredis                 libhiredis-dev
pc:libuv                   libuv1-dev
pc:yaml-0.1                libyaml-dev
pc:expat                   libexpat1-dev
pc:sqlite3>=3.35           libsqlite3-dev
pc:zlib                    zlib1g-dev
'
needs_servers='
cmd:postgres               postgresql
cmd:redis-server           redis-server
'
needs_test='
pc:libcjson                libcjson-dev
pc:cmocka                  libcmocka-dev
pc:vterm                   libvterm-dev
cmd:python3                python3
py:jsonschema              python3-jsonschema
py:yaml                    python3-yaml
cmd:nginx                  nginx-light
cmd:prometheus             prometheus
cmd:openssl                openssl
path:/etc/ssl/certs/ca-certificates.crt ca-certificates
cmd:clang                  clang
clanglib:fuzzer            libclang-rt-14-dev
cmd:llvm-symbolizer        llvm
cmd:valgrind               valgrind
path:/usr/lib/debug/.build-id libc6-dbg
cmd:scdoc                  scdoc
cmd:tmux                   tmux
cmd:strace                 strace
cmd:ps                     procps
cmd:infocmp                ncurses-bin
term:xterm-direct          ncurses-term
cmd:script                 bsdutils
cmd:setpriv                util-linux
cmd:node                   nodejs
cmd:npm                    npm
cmd:logrotate              logrotate
cmd:jq                     jq
py:rq                      python3-rq
py:celery                  python3-celery
ruby:sidekiq               ruby-sidekiq
cmd:pgbackrest             pgbackrest
cmd:barman                 barman
cmd:restic                 restic
'

needs_cmd() {
    local place
    command -v "$1" >/dev/null && return
    for place in /usr/sbin /sbin /usr/local/sbin /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
        [ -x "$place/$1" ] && return
    done
    return 1
}

needs_met() { # is the one need met?
    local what=${1#*:}
    case $1 in
    cmd:*) needs_cmd "$what" ;;
    pc:*) pkg-config --exists "${what/>=/ >= }" 2>/dev/null ;;
    header:*) echo "#include <$what>" | gcc -E -xc - >/dev/null 2>&1 ;;
    clanglib:*) [ -e "$(clang -print-file-name="libclang_rt.$what-$(uname -m).a" 2>/dev/null)" ] ;;
    path:*) [ -e "$what" ] ;;
    py:*) /usr/bin/python3 -c "import $what" >/dev/null 2>&1 ;;
    ruby:*) ruby -e "require '$what'" >/dev/null 2>&1 ;;
    term:*) infocmp "$what" >/dev/null 2>&1 ;;
    esac
}

# The needs that are not met, as `NEED PACKAGE` lines.
needs_missing() {
    local need package
    while read -r need package; do
        [ -z "$need" ] || needs_met "$need" || echo "$need $package"
    done <<<"$1"
}

# What root does. A package that brings a server would start it: while apt runs, and only then, a
# policy-rc.d says no, unless the machine has one of its own. Should this script be killed on the way,
# what it left allows everything again and removes itself when it is next asked.
install_as_root='
policy=/usr/sbin/policy-rc.d ours=
if [ ! -e "$policy" ]; then
    printf "#!/bin/sh\n# of a script of midwatch, while it installs packages: starts and stops nothing\n" >"$policy"
    printf "[ -d /proc/%s ] && exit 101\nrm -f \"\$0\"\nexit 0\n" $$ >>"$policy"
    chmod 755 "$policy"
    ours=1
fi
trap "[ -z \"$ours\" ] || rm -f $policy" EXIT
trap "exit 1" HUP INT TERM
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
apt-get -q -o DPkg::Lock::Timeout=120 update ||
    echo "apt-get update failed; trying with what is known" >&2
apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
'

# Everything of the given tables is there afterwards, or the script ends and says what to install.
need() {
    local missing packages how=()
    missing=$(needs_missing "$*")
    [ -n "$missing" ] || return 0
    packages=$(awk '{print $2}' <<<"$missing" | sort -u | tr '\n' ' ')
    if ! command -v apt-get >/dev/null; then
        say "missing here:"
        sed 's/^[a-z]*://' <<<"$missing" | awk '{print "  " $1 "   (Debian: " $2 ")"}' >&2
        die "install these with the package manager of this system, then run $0 again"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "not root and no sudo; as root: apt-get install --no-install-recommends $packages"
        how=(sudo)
    fi
    say "installing: $packages"
    # shellcheck disable=SC2086 # one word a package
    "${how[@]}" sh -c "$install_as_root" sh $packages >"$log_dir/apt.log" 2>&1 </dev/null || {
        tail -n 15 "$log_dir/apt.log" >&2
        die "could not install; by hand, as root: apt-get install --no-install-recommends $packages"
    }
    missing=$(needs_missing "$*")
    [ -z "$missing" ] || die "still missing after the installation: $missing"
}

# The queue libraries and loggers that no Debian has, for tests/probes/test_queue_peer.py and
# test_jsonlog_peer.py: into build-npm/. Nothing of them runs while they are installed.
npm_modules() {
    local log="$log_dir/npm.log"
    [ -d build-npm/node_modules/bullmq50 ] && [ -d build-npm/node_modules/bull3 ] &&
        [ -d build-npm/node_modules/pino ] && [ -d build-npm/node_modules/winston ] && return
    mkdir -p build-npm
    npm install --prefix build-npm --ignore-scripts --no-audit --no-fund --no-save \
        bullmq@6 bullmq5@npm:bullmq@5 bullmq50@npm:bullmq@5.0.0 bullmq4@npm:bullmq@4 bullmq3@npm:bullmq@3 \
        ioredis@5 bull@4 bull3@npm:bull@3 pino@9 winston@3 >"$log" 2>&1 && return
    tail -n 15 "$log" >&2
    die "npm could not install bullmq 3 to 6, ioredis, bull 3 and 4, pino and winston"
}

# build DIR OPTION...: sets DIR up once (again when the options are others now, or the tree was moved) and
# compiles it. A DIR that somebody else set up keeps its options. Quiet; what went wrong is shown.
build() {
    local dir=$1 log="$log_dir/$1.log" stamp="$1/set-up-by-scripts"
    shift
    writable "$dir" "$log"
    if [ -e "$stamp" ] && [ "$(cat "$stamp")" != "${CC-} $*" ]; then
        rm -rf "$dir"
    elif [ -d "$dir" ] &&
        ! grep -qsF "\"source\": \"$(pwd -P)\"" "$dir/meson-info/meson-info.json"; then
        rm -rf "$dir"
    fi
    if [ ! -e "$dir/build.ninja" ]; then
        meson setup "$dir" "$@" >"$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }
        echo "${CC-} $*" >"$stamp"
    fi
    meson compile -C "$dir" >"$log" 2>&1 && return
    grep -E -A8 'error:|warning:|FAILED:|ERROR:' "$log" | head -n 60 >&2
    say "building $dir failed; all of it is in $log"
    return 1
}
