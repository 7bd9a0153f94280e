#!/bin/bash
# build.sh: the one door. Installs what it needs on Debian 12/13, then builds, tests, demonstrates.
# Everything beyond the first steps is Python (`imagebuilder`) in a private environment.
set -euo pipefail

# Debian packages that the builder itself needs; all else comes from the Debian 13 tools root.
APT_PACKAGES=(
  ca-certificates codespell debian-archive-keyring e2fsprogs fontconfig git mmdebstrap python3
  python3-venv shellcheck util-linux
  # the console's letters
  fonts-dejavu-core
  # WeasyPrint, for the statements' PDF
  fonts-noto-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0
)

usage() {
  cat <<'TEXT'
usage: ./build.sh COMMAND

  demo [--firmware bios] [--bad-drive]   the whole main job in a virtual donated PC (dist/demo/)
  test [quick|full]                      checks and tests; quick: without virtual machines
  stick                                  dist/tajdeed.img, the live stick
  image PROFILE                          dist/images/PROFILE/, an OS image
  check profiles/*.yaml                  finds mistakes in profiles in seconds
  keygen                                 the organisation's image key
  usb /dev/sdX [--config DIR]            writes a personal stick to a USB medium
  run [--drives P,...]                   boots the stick in a virtual machine, to try by hand
  central                                the central server with its embedded database
  enroll ...                             its stations, tokens and tickets
  verify FILE, recheck STATEMENT DEVICE  is a certificate genuine; is a wiped drive as stated
  bench                                  benchmarks against nwipe, bmaptool, partclone, dd; boot times
  tools [COMMAND...]                     the Debian 13 tools root: where it is, or run a command in it
  clean                                  removes build/ and dist/ (not the download cache)
TEXT
}

main() {
  local caller=$PWD
  cd "$(dirname "$(readlink -f "$0")")"
  [ $# -gt 0 ] || { usage >&2; exit 2; }
  local command=$1
  shift
  case "$command" in
    demo|test|stick|image|check|keygen|usb|run|central|enroll|verify|recheck|bench) ;;
    tools) command=tools-root ;;
    clean) rm -rf build dist; exit 0 ;;
    -h|--help|help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "build.sh needs root, or sudo to become root" >&2; exit 1; }
    exec sudo XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" "$0" "$command" "$@"
  fi
  unset SOURCE_DATE_EPOCH PYTHONPATH PYTHONHOME
  export PYTHONDONTWRITEBYTECODE=1 PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  install_packages
  local python
  python=$(environment)/bin/python
  case "$command" in
    central|enroll|verify|recheck)
      "$python" -m imagebuilder catalogues
      # paths among the arguments are the caller's
      export PYTHONPATH=$PWD
      cd "$caller"
      exec "$python" -m appliance.cli "$command" "$@"
      ;;
    bench) exec "$python" -m tests.bench "$@" ;;
    *) exec "$python" -m imagebuilder "$command" "$@" ;;
  esac
}

# Installs the Debian packages that are not there yet; says so, and is silent when there are none.
install_packages() {
  local missing=() package
  for package in "${APT_PACKAGES[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "> installing ${missing[*]}" >&2
  local begun=$SECONDS log
  log=$(mktemp)
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    "${missing[@]}"; } >"$log" 2>&1 </dev/null || { cat "$log" >&2; rm -f "$log"; exit 1; }
  rm -f "$log"
  echo "= installing Debian packages: $((SECONDS - begun)) s" >&2
}

# Prints the private Python environment's directory, made once for each list of pinned packages.
environment() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/tajdeed key place
  key=$({ python3 --version; sed -n '/^\[dependency-groups\]/,/^\]/p' pyproject.toml; } |
    sha256sum | cut -c1-16)
  place=$cache/venv/$key
  mkdir -p "$cache/venv"
  exec 9>"$cache/venv/$key.lock"
  flock 9
  if [ ! -d "$place" ]; then
    echo "> private Python environment" >&2
    local begun=$SECONDS
    rm -rf "$place.new"
    python3 -m venv "$place.new"
    python3 - >"$place.new/requirements.txt" <<'PYTHON'
import tomllib
with open("pyproject.toml", "rb") as stream:
    print(*tomllib.load(stream)["dependency-groups"]["build"], sep="\n")
PYTHON
    "$place.new/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
      -r "$place.new/requirements.txt" >"$place.new/pip.log" 2>&1 ||
      { cat "$place.new/pip.log" >&2; exit 1; }
    mv "$place.new" "$place"
    echo "= private Python environment: $((SECONDS - begun)) s" >&2
  fi
  exec 9>&-
  echo "$place"
}

main "$@"
