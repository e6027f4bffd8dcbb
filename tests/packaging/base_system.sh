#!/usr/bin/env bash
# Each command of ./dev on a Debian that has its base and nothing else, in a chroot: it has to install what it needs.
#   base_system.sh FOLDER [COMMAND...]   FOLDER keeps the base system and what was built; a COMMAND is one string
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mkdir -p "$1" && realpath "$1")
shift
commands=("$@")
((${#commands[@]})) || commands=(
  "build" "demo" "format" "package" "fuzz fst_image 5" "test tsan"
  "bench core --scale 20k --rounds 1" "bench sql --scale 20k --rounds 1" "bench durable --scale 2k" "bench zset --scale 2k"
  "bench delta --scale 20k" "bindings")

root=$folder/root kept=$folder/kept
((EUID == 0)) || { echo "skipped: a chroot takes root"; exit 0; }

# Keeps the project, with what was built in it, and the packages that apt fetched; drops the rest.
drop_root() {
  umount -l "$root/proc" 2>/dev/null || true
  mkdir -p "$kept/archives"
  [[ ! -d $root/project ]] || { rm -rf "$kept/project" && mv "$root/project" "$kept/project"; }
  [[ ! -d $root/var/cache/apt/archives ]] || find "$root/var/cache/apt/archives" -name '*.deb' -exec mv -t "$kept/archives" {} +
  rm -rf --one-file-system "$root"
}

# A new copy of the base system, with what was kept.
fresh_root() {
  drop_root
  mkdir -p "$root"
  tar xf "$folder/base.tar" -C "$root"
  mv "$kept/project" "$root/project"
  find "$root/project" -maxdepth 2 -name CMakeCache.txt -delete  # what was found there is gone with the old system
  find "$kept/archives" -name '*.deb' -exec mv -t "$root/var/cache/apt/archives" {} +
  echo 'Binary::apt::APT::Keep-Downloaded-Packages "true"; APT::Keep-Downloaded-Packages "true";' >"$root/etc/apt/apt.conf.d/keep"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  mount -t proc proc "$root/proc" 2>/dev/null || true
}

if [[ ! -f $folder/base.tar ]]; then
  debootstrap --variant=minbase bookworm "$folder/new" http://deb.debian.org/debian >"$folder/debootstrap.log" 2>&1 || {
    echo "skipped: debootstrap failed: $(tail -n 1 "$folder/debootstrap.log")"
    exit 0
  }
  tar cf "$folder/base.tar.part" -C "$folder/new" .
  rm -rf "$folder/new"
  mv "$folder/base.tar.part" "$folder/base.tar"
fi
trap drop_root EXIT
drop_root  # of a run that was cut off
mkdir -p "$kept/project"
find "$kept/project" -mindepth 1 -maxdepth 1 ! -name 'build*' -exec rm -rf {} +  # files that are gone, or renamed
git ls-files -z | xargs -0 cp --parents --preserve=timestamps -t "$kept/project"

failed=()
for command in "${commands[@]}"; do
  fresh_root
  printf '== on a base system: ./dev %s\n' "$command"
  # shellcheck disable=SC2086  # a command's words
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 /project/dev $command \
    >"$folder/log" 2>&1 || { failed+=("$command"); tail -n 40 "$folder/log"; }
done
((${#failed[@]} == 0)) || { printf 'failed: ./dev %s\n' "${failed[@]}"; exit 1; }
echo "${#commands[@]} commands passed"
