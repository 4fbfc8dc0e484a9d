# shellcheck shell=sh disable=SC2154,SC2034
# Sourced by .ci/run: starts the Docker daemon, and installs Docker, the compose plugin, Chromium and act where they are
# missing (Debian, as root).

ensure_docker() {
  docker info >/dev/null 2>&1 && return
  if ! command -v dockerd >/dev/null 2>&1; then
    say "Installing Docker"
    apt_install docker.io iptables
  fi
  say "Starting the Docker daemon"
  # Files that a killed daemon left would keep the next daemon from starting.
  pgrep -x dockerd >/dev/null || rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
  dockerd >"$logs/dockerd.log" 2>&1 </dev/null &
  dockerd_pid=$!
  trap 'kill "$dockerd_pid" || :; wait "$dockerd_pid" || :' EXIT
  waited=0
  until docker info >/dev/null 2>&1; do
    waited=$((waited + 1))
    [ "$waited" -lt 60 ] || fail "the Docker daemon did not start within a minute; its log is $logs/dockerd.log"
    sleep 1
  done
}

apt_install() {
  apt-get update -qq >>"$logs/apt.log" 2>&1 || fail "apt-get update failed; its log is $logs/apt.log"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >>"$logs/apt.log" 2>&1 ||
    fail "apt-get could not install $*; its log is $logs/apt.log"
}

# Docker's own packages include compose, Debian's package docker.io does not. The plugin of Debian 13 works with both.
ensure_compose() {
  # Without buildx the docker command uses the classic builder. Compose must use it too, and so reuses the same layers.
  docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
  docker compose version >/dev/null 2>&1 && return
  say "Installing docker compose"
  tree=$(debian_tree)
  cp /etc/resolv.conf "$tree/etc/resolv.conf"
  chroot "$tree" sh -c 'apt-get update -qq && cd /tmp && apt-get download -qq docker-compose' >>"$logs/apt.log" 2>&1 ||
    fail "the docker-compose package could not be downloaded; the log is $logs/apt.log"
  dpkg-deb -x "$tree"/tmp/docker-compose_*.deb "$cache/stand-in/compose"
  rm -f "$tree"/tmp/docker-compose_*.deb
  mkdir -p "$HOME/.docker/cli-plugins"
  cp "$cache/stand-in/compose/usr/libexec/docker/cli-plugins/docker-compose" "$HOME/.docker/cli-plugins/docker-compose"
  docker compose version >&2 || fail "the docker compose plugin does not run"
}

# Tests of keys in hardware use tokens of SoftHSM, and pkcs11js, which npm builds with the compiler.
ensure_softhsm() {
  packages=
  command -v softhsm2-util >/dev/null 2>&1 || packages="$packages softhsm2"
  command -v pkcs11-tool >/dev/null 2>&1 || packages="$packages opensc"
  command -v c++ >/dev/null 2>&1 || packages="$packages g++"
  command -v cc >/dev/null 2>&1 || packages="$packages gcc libc6-dev"
  command -v make >/dev/null 2>&1 || packages="$packages make"
  if [ -n "$packages" ]; then
    say "Installing$packages"
    # shellcheck disable=SC2086
    apt_install --no-install-recommends $packages
  fi
  # These tests then fail instead of being skipped.
  export RA_SOFTHSM=required
}

# Some tests open web pages in a real browser that try to reach the mock and the sample.
ensure_chromium() {
  command -v chromium >/dev/null 2>&1 && return
  say "Installing Chromium"
  apt_install --no-install-recommends chromium
}

# act runs GitHub's workflows. tools/workflows/find-act.ts would install it as well, but not meanwhile.
ensure_act() {
  act=$(sed -n 's/^export const ACT_VERSION = "\(.*\)";$/\1/p' "$root/tools/workflows/find-act.ts")
  [ "$(act --version 2>/dev/null)" != "act version $act" ] || return 0
  [ "$("$root/.cache/bin/act" --version 2>/dev/null)" != "act version $act" ] || return 0
  say "Installing act"
  GOBIN="$root/.cache/bin" go install "github.com/nektos/act@v$act" >"$logs/act.log" 2>&1
}
