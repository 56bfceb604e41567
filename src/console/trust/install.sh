#!/bin/sh
# Installs the Telovix sensor on this host: checks it, fetches the executable from the Console whose public key is pinned,
# puts it in place at once or not at all, enrols with a one-time token and starts the service.
# Nothing in this text was typed by anybody: everything variable is an argument, and each is checked below.
set -eu
umask 077

fail() {
  printf 'telovix: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '         %s\n' "$line" >&2; done
  exit 1
}

say() { printf 'telovix: %s\n' "$1"; }

# matches TEXT PATTERN: the whole text, on one line, fits the extended regular expression.
matches() {
  case "$1" in *'
'*) return 1 ;; esac
  printf '%s\n' "$1" | grep -Eqx -- "$2"
}

parse() {
  console='' pin='' token='' node_name='' role='' flavor='' cluster='' replace=''
  while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value."
    case "$1" in
      --console) console=$2 ;;
      --pin) pin=$2 ;;
      --token) token=$2 ;;
      --node-name) node_name=$2 ;;
      --role) role=$2 ;;
      --flavor) flavor=$2 ;;
      --cluster) cluster=$2 ;;
      --replace) replace=$2 ;;
      *) fail "there is no option $1." "Paste the line from the Console as it is: Sensors > Deploy Sensor." ;;
    esac
    shift 2
  done
  matches "$console" 'https://([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?' || fail '--console must be https://host:port.'
  matches "$pin" 'sha256//[A-Za-z0-9+/]{43}=' || fail '--pin must be sha256//… as the Console prints it.'
  matches "$token" 'tse_[A-Za-z0-9_-]{43}' || fail '--token must be a token of the Console (tse_…).'
  [ -z "$node_name" ] || matches "$node_name" '[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?' || fail '--node-name holds a character a node name may not have.'
  [ -z "$role" ] || matches "$role" '[a-z][a-z0-9_]{0,31}' || fail '--role must be a lower-case word such as generic_linux.'
  [ -z "$flavor" ] || matches "$flavor" 'standard|telecom' || fail '--flavor must be standard or telecom.'
  [ -z "$cluster" ] || matches "$cluster" '[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?' || fail '--cluster holds a character a cluster name may not have.'
  [ -z "$replace" ] || matches "$replace" 'yes' || fail '--replace can only be yes.'
}

check_host() {
  [ "$(uname -s)" = Linux ] || fail 'this is not Linux.'
  if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
    fail 'this needs root.' 'Put sudo before sh in the line you pasted: … | sudo sh -s -- …'
  fi
  arch=$(uname -m)
  case "$arch" in
    x86_64 | aarch64) ;;
    *) fail "there is no sensor for $arch." 'x86_64 and aarch64 are supported.' ;;
  esac
  release=$(uname -r)
  major=${release%%.*}
  minor=${release#*.}
  minor=${minor%%[!0-9]*}
  if [ "$major" -lt 5 ] || { [ "$major" -eq 5 ] && [ "$minor" -lt 8 ]; }; then
    fail "the kernel $release is too old." 'Linux 5.8 or newer is needed.'
  fi
  for tool in curl sha256sum mktemp grep; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing." "Install it with the package manager of this host."
  done
  [ -r /sys/kernel/btf/vmlinux ] || say 'warning: no BTF at /sys/kernel/btf/vmlinux; the sensor will see less. telovix doctor says more.'
}

# The Console's certificate is trusted by its pinned key alone, so that no CA has to be on this host.
# One that is busy or just starting is asked again for ten minutes.
fetch() { curl -fsSk --proto '=https' --retry 60 --retry-connrefused --retry-max-time 600 --connect-timeout 10 --pinnedpubkey "$pin" -o "$2" -- "$1"; }

install_file() {
  mkdir -p "$root/usr/local/bin"
  work=$(mktemp -d "$root/usr/local/bin/.telovix.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  say "fetching the sensor from $console"
  fetch "$console/download/telovix.sha256?arch=$arch" "$work/sum" || fail 'the Console could not be reached, or its key is not the pinned one.' "Check that $console answers from here; if the Console was set up anew, copy a new line from it."
  fetch "$console/download/telovix?arch=$arch" "$work/telovix" || fail 'the download failed.' "Try again; if it fails for ever, look at the Console's log."
  want=$(cut -c1-64 "$work/sum")
  have=$(sha256sum "$work/telovix" | cut -c1-64)
  [ "$want" = "$have" ] || fail 'the download is damaged: its SHA-256 is not the one the Console names.' 'Try again.'
  chmod 755 "$work/telovix"
  mv -f "$work/telovix" "$root/usr/local/bin/telovix"
  say "installed $root/usr/local/bin/telovix"
}

enroll() {
  set -- enroll --console "$console" --pin "$pin" --token-file -
  [ -z "$node_name" ] || set -- "$@" --node-name "$node_name"
  [ -z "$role" ] || set -- "$@" --role "$role"
  [ -z "$flavor" ] || set -- "$@" --flavor "$flavor"
  [ -z "$cluster" ] || set -- "$@" --cluster "$cluster"
  if [ -n "$replace" ]; then
    set -- "$@" --force
    # It holds the state directory; what it has not sent yet stays there and is sent afterwards.
    if [ -z "$root" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
      systemctl stop telovix-sensor.service >/dev/null 2>&1 || true
    fi
  fi
  [ -z "$root" ] || set -- "$@" --state-dir "$root/var/lib/telovix-sensor"
  # By standard input, so that the token stands in no list of processes.
  printf '%s\n' "$token" | "$root/usr/local/bin/telovix" "$@" || fail 'the node could not enrol (see above).' 'Tokens work once and for a short time: make a new one and paste its line.'
}

write_unit() {
  mkdir -p "$root/etc/systemd/system"
  cat >"$work/unit" <<'UNIT'
[Unit]
Description=Telovix sensor
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/local/bin/telovix sensor run
Restart=always
RestartSec=5
KillMode=mixed
TimeoutStopSec=30
LimitMEMLOCK=infinity
LimitNOFILE=65536
# The node is not ours alone: a smaller heap, collected more often.
Environment=BUN_OPTIONS=--smol
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
UNIT
  chmod 644 "$work/unit"
  mv -f "$work/unit" "$root/etc/systemd/system/telovix-sensor.service"
}

start() {
  if [ -z "$root" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
    write_unit
    systemctl daemon-reload
    systemctl enable telovix-sensor.service >/dev/null 2>&1
    systemctl restart telovix-sensor.service
    say 'the sensor runs; systemctl status telovix-sensor shows it.'
  elif [ -n "$root" ]; then
    write_unit
    say "installed below $root; nothing was started."
  else
    say 'there is no systemd here. Start the sensor with: /usr/local/bin/telovix sensor run'
  fi
}

# All in one function called last: a download that breaks off runs nothing.
main() {
  # An image or a test root to install below instead of this host.
  root=${TELOVIX_INSTALL_ROOT:-}
  parse "$@"
  check_host
  install_file
  enroll
  start
}

main "$@"
