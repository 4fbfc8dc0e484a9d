# shellcheck shell=sh disable=SC2154,SC2034
# Sourced by .ci/run: provides the images of LocalStack and Node.js.
#
# On a machine that reaches an image registry these are the official images. Where no registry is reachable, stand-ins
# are made from Debian's packages and the npm and Python registries. They have the same releases of LocalStack and
# Node.js under other names, which LOCALSTACK_IMAGE and NODE_IMAGE carry.

localstack_official=localstack/localstack:4.14.0
node_official=node:24-slim

ensure_images() {
  if [ -n "${LOCALSTACK_IMAGE:-}" ] && [ -n "${NODE_IMAGE:-}" ]; then return; fi
  if pull "$localstack_official" && pull "$node_official"; then
    LOCALSTACK_IMAGE=$localstack_official NODE_IMAGE=$node_official
  else
    say "No image registry is reachable: making stand-in images"
    make_stand_ins
    LOCALSTACK_IMAGE=ra-standin-localstack NODE_IMAGE=ra-standin-node
  fi
  export LOCALSTACK_IMAGE NODE_IMAGE
}

pull() {
  docker image inspect "$1" >/dev/null 2>&1 || timeout 300 docker pull --quiet "$1" >>"$logs/pull.log" 2>&1
}

make_stand_ins() {
  has_image ra-standin-base || {
    tree=$(debian_tree)
    # On a network that inspects TLS the containers need the certificate authorities of this machine.
    cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"
    say "Importing the base image"
    tar -C "$tree" -c . | docker import --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt' \
      - ra-standin-base >>"$logs/images.log" 2>&1 || fail "docker import failed; its log is $logs/images.log"
  }
  has_image ra-standin-node || {
    say "Making the Node stand-in"
    npm install --prefix "$cache/stand-in/node" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error \
      "node-linux-$(node_architecture)@24" npm@11 >>"$logs/images.log" 2>&1 || fail "npm install failed; its log is $logs/images.log"
    image ra-standin-node "$root/.ci/stand-in/node.Dockerfile" "$cache/stand-in/node"
  }
  has_image ra-standin-localstack || {
    say "Making the LocalStack stand-in"
    image ra-standin-localstack "$root/.ci/stand-in/localstack.Dockerfile" "$root/packages/sandbox/python"
  }
}

# A small Debian 13 (Python 3.13) in a folder, made once.
debian_tree() {
  debian="$cache/stand-in/debian"
  if [ ! -f "$debian.complete" ]; then
    command -v debootstrap >/dev/null 2>&1 || apt_install debootstrap
    say "Making a Debian 13 tree with debootstrap (once, about two minutes)"
    rm -rf "$debian"
    mkdir -p "$(dirname "$debian")"
    debootstrap --variant=minbase --include=ca-certificates,libatomic1,libstdc++6,python3,python3-venv trixie "$debian" >>"$logs/debootstrap.log" 2>&1 ||
      fail "debootstrap failed; its log is $logs/debootstrap.log"
    touch "$debian.complete"
  fi
  echo "$debian"
}

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

image() {
  docker build --quiet --tag "$1" --file "$2" "$3" >>"$logs/images.log" 2>&1 || fail "docker build of $1 failed; its log is $logs/images.log"
}

node_architecture() {
  case "$(uname -m)" in x86_64) echo x64 ;; *) echo arm64 ;; esac
}
