#!/bin/sh
# Copies one EBS volume of a running Linux host, the source, to another, the target, and reads the copy back.
# For any POSIX shell under SSM Run Command, below lines that set UNLATCH_…
#   CASE, SOURCE_VOLUME, TARGET_VOLUME (vol-…), BYTES (the size of both), RUN_SECONDS (what SSM gives the command)
# and may set
#   SPARSE=1      blocks of zeros are not written: a new EBS volume reads as zeros
#   WAIT_SECONDS  how long a volume that was just attached may take to appear
#   ROOT          /dev, /proc and /sys are below this directory, and a plain file may stand for a device
# INVARIANT: a byte is written only to the one disk that carries the target's volume id, is unused and is empty.
# It makes no file on the host, whose disk is evidence; killed at any time, it leaves nothing but a target half written.

export LC_ALL=C
unset CDPATH
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

id=$(printf %s "${UNLATCH_CASE:-}" | tr -cd 'A-Za-z0-9-')
size=${UNLATCH_BYTES:-}
run_seconds=${UNLATCH_RUN_SECONDS:-}
wait_seconds=${UNLATCH_WAIT_SECONDS:-20}
sha256='' target_sha256='' bytes=0 source_name='' target_name='' copied=false failure='' worker='' timer=''
newline='
'

# Since boot, if told: the time of day can be set.
now() { cut -d. -f1 /proc/uptime 2>/dev/null || date +%s; }
begun=$(now)

# Stops a process, then looks for its children: none is born meanwhile.
kill_tree() {
  kill -STOP "$1"
  for status in /proc/[0-9]*/status; do
    while read -r key value _; do
      [ "$key" = PPid: ] || continue
      [ "$value" != "$1" ] || { status=${status%/status}; kill_tree "${status##*/}"; }
      break
    done <"$status"
  done
  kill -KILL "$1"
}

# Where a descriptor of this shell stands; every `dd` that inherits it moves it.
position() { sed -n 's/^pos:[[:space:]]*//p' "/proc/$$/fdinfo/$1" 2>/dev/null; }

device_name() { [ -z "$1" ] || printf '/dev/%s' "$1" | tr -cd 'A-Za-z0-9/_.-' | cut -c1-64; }

finish() {
  trap '' HUP INT TERM
  [ -z "$timer" ] || kill -KILL "$timer" 2>/dev/null
  if [ -n "$worker" ]; then
    kill_tree "$worker" 2>/dev/null
    bytes=$(position 3)
  fi
  [ "$copied" = true ] || error=$(printf %s "${failure:-failed}" | tr -cd 'A-Za-z0-9 .:-' | cut -c1-100)
  printf 'unlatch-result {"case":"%s","sha256":"%s","targetSha256":"%s","bytes":%s,' \
    "$id" "$sha256" "$target_sha256" "${bytes:-0}"
  printf '"sourceDevice":"%s","targetDevice":"%s","copied":%s%s}\n' "$(device_name "$source_name")" \
    "$(device_name "$target_name")" "$copied" "${error:+,\"error\":\"$error\"}"
}

fail() { failure=$1 && exit 1; }

has() { command -v "$1" >/dev/null 2>&1; }

is_number() { case $1 in '' | 0?* | *[!0-9]* | ?????????????????*) return 1 ;; esac; }

checksum() {
  if has sha256sum; then sha256sum
  elif has shasum; then shasum -a 256
  else openssl dgst -sha256 -r; fi | cut -c1-64
}

is_checksum() { case $1 in *[!0-9a-f]*) return 1 ;; esac && [ ${#1} -eq 64 ]; }

# --- finding the disks

# The disks that say they are the volume. An NVMe disk of EBS has the volume id, without its dash, as its serial number
# (Amazon EBS user guide, "Map Amazon EBS volumes to NVMe device names"); `by-id` is what udev made of it. Names of
# devices change with each start and prove nothing.
candidates() {
  for block in "$root"/sys/block/*; do
    [ -r "$block/device/serial" ] || continue
    [ "$(cat "$block/hidden" 2>/dev/null)" != 1 ] || continue # one path of several, without a device
    read -r serial _ <"$block/device/serial"
    [ "$serial" != "$1" ] || readlink -f "$root/dev/${block##*/}"
  done
  link=$root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$1
  for link in "$link" "$link"_[0-9]* "$link"-ns-[0-9]*; do
    case $link in *-part*) continue ;; esac
    [ ! -e "$link" ] || readlink -f "$link"
  done
}

candidates_of_lsblk() {
  [ -n "$on_host" ] && has lsblk || return
  lsblk -dnro NAME,SERIAL 2>/dev/null | while read -r name serial; do
    [ "$serial" != "$1" ] || readlink -f "/dev/$name"
  done
}

is_device() { [ -b "$1" ] || { [ -z "$on_host" ] && [ -f "$1" ]; }; }

# locate ROLE VOLUME: sets `device`. All that name the volume must name one disk.
locate() {
  number=${2#vol-}
  [ "$number" != "$2" ] && [ ${#number} -ge 8 ] && [ ${#number} -le 17 ] || fail 'invalid volume id'
  case $number in *[!0-9a-f]*) fail 'invalid volume id' ;; esac
  while :; do
    device=$(candidates "vol$number" | sort -u)
    [ -n "$device" ] || device=$(candidates_of_lsblk "vol$number" | sort -u)
    [ -z "$device" ] && [ "$(now)" -lt $((begun + wait_seconds)) ] && [ "$(now)" -lt "$deadline" ] || break
    sleep 1
  done
  case $device in
    *"$newline"*) fail "more than one disk says it is the $1" ;;
    /*)
      is_device "$device" || fail "the $1 is no block device"
      return
      ;;
  esac
  for block in "$root"/sys/block/xvd*; do
    [ ! -e "$block" ] || fail "the $1 was not found: disks of Xen carry no volume id"
  done
  fail "the $1 was not found"
}

# inspect ROLE DESCRIPTOR NAME: what was opened is the whole disk of that name, and as large as it must be.
inspect() {
  opened=/proc/$$/fd/$2 sys=$root/sys/block/$3
  [ -d "$sys" ] || fail "the $1 is not a whole disk"
  if [ -b "$opened" ]; then
    IFS=: read -r major minor <"$sys/dev"
    [ "$(stat -Lc %t:%T "$opened")" = "$(printf '%x:%x' "$major" "$minor")" ] || fail "the $1 is another device"
    found=$(($(cat "$sys/size") * 512)) # whatever the size of its sectors: kernel.org, "sysfs-block"
  else
    found=$(stat -Lc %s "$opened")
  fi
  [ "$found" = "$size" ] || fail "the $1 has $found bytes instead of $size"
}

# --- what must not be overwritten

# Reads lines of /proc/mounts and /proc/swaps, which begin with the device, and of mountinfo, whose third word is its
# number: a root file system may be mounted from `/dev/root`.
names_target() {
  while read -r mounted _ number _ || [ -n "$mounted" ]; do
    case $mounted in "/dev/$target_name" | "/dev/$partition"[0-9]*) return 0 ;; esac
    case $numbers in *" ${number:-none} "*) return 0 ;; esac
  done
  return 1
}

# zeros SECTOR: the MiB there. A read that fails or falls short has another checksum.
zeros() {
  [ "$(dd if="/proc/$$/fd/4" bs=512 skip="$1" count=2048 2>/dev/null | checksum)" = \
    "$(dd if=/dev/zero bs=512 count=2048 2>/dev/null | checksum)" ]
}

refuse_used() {
  sys=$root/sys/block/$target_name
  case $target_name in *[0-9]) partition=${target_name}p ;; *) partition=$target_name ;; esac
  numbers=" $(cat "$sys/dev" "$sys/$partition"[0-9]*/dev 2>/dev/null | tr '\n' ' ')"
  [ "$(cat "$sys/ro" 2>/dev/null)" != 1 ] || fail 'the target is read-only'
  [ -r "$root/proc/mounts" ] || fail 'no list of what is mounted'
  # Of every process: a container has mounts of its own.
  { cat "$root/proc/mounts" && echo && cat "$root"/proc/[0-9]*/mountinfo; } 2>/dev/null | names_target &&
    fail 'the target is mounted'
  [ ! -r "$root/proc/swaps" ] || ! names_target <"$root/proc/swaps" || fail 'the target is swap'
  for part in "$sys/$partition"[0-9]*; do [ ! -e "$part" ] || fail 'the target has partitions'; done
  for holder in "$sys"/holders/*; do [ ! -e "$holder" ] || fail 'the target is in use'; done # by LVM, RAID, …
  # Every file system, partition table, RAID and volume manager marks the first or the last MiB, and so does a copy
  # that an earlier run began.
  zeros 0 && zeros $((size / 512 - 2048)) || fail 'the target is not empty'
}

# --- the copy

takes() { dd if=/dev/null of=/dev/null "$@" 2>/dev/null; }

# Past the page cache, where that works: it would be pushed out, and with it volatile evidence; and what is read back is
# what is on the disk. `dd` of BusyBox lacks some options.
choose_options() {
  in='' out='' conv=notrunc,fsync direct=''
  ! takes iflag=fullblock || in=iflag=fullblock
  if dd if="/proc/$$/fd/4" of=/dev/null bs=4096 count=1 iflag=fullblock,direct 2>/dev/null &&
    dd if="/proc/$$/fd/5" of=/dev/null bs=4096 count=1 iflag=fullblock,direct 2>/dev/null; then
    direct=1 out=oflag=direct
  fi
  [ "${UNLATCH_SPARSE:-}" != 1 ] || ! takes conv=sparse || conv=$conv,sparse
}

read_source() {
  dd bs=4194304 count=$(((size + 4194303) / 4194304)) ${in:+"$in${direct:+,direct}"} <&5 2>/dev/null
}

# The source is read once: `tee` gives it to the checksum by a descriptor, for a named pipe would be a file on the host.
copy() {
  {
    {
      { read_source; echo "read $?" >&9; } |
        tee /proc/self/fd/7 |
        { dd bs=4194304 $in $out conv="$conv" >&3 2>/dev/null; echo "write $?" >&9; }
    } 7>&1 | checksum >&9
  } 9>&1
}

work() {
  # What file systems have not written yet: the kernel would, at any time.
  [ ! -b "/proc/$$/fd/5" ] || sync
  choose_options
  outcome=$newline$(copy)$newline
  bytes=$(position 3)
  case $outcome in *"${newline}write 0$newline"*) ;; *) fail "write error at byte $bytes" ;; esac
  case $outcome in *"${newline}read 0$newline"*) ;; *) fail "read error at byte $(position 5)" ;; esac
  [ "$bytes" = "$size" ] || fail "the copy ended at byte $bytes"
  sum=$(printf %s "$outcome" | sed -n '/^[0-9a-f]*$/p' | tr -d '\n')
  is_checksum "$sum" || fail 'no checksum of the source'
  sha256=$sum
  if [ -b "/proc/$$/fd/4" ] && has blockdev; then
    # Until it is detached: udev looks at a disk that was written, and what mounts it by itself would change the copy.
    blockdev --setro "/proc/$$/fd/4" 2>/dev/null
    [ -n "$direct" ] || blockdev --flushbufs "/proc/$$/fd/4" 2>/dev/null
  fi
  sum=$(dd bs=4194304 ${in:+"$in${direct:+,direct}"} <&4 2>/dev/null | checksum)
  [ "$(position 4)" = "$size" ] && is_checksum "$sum" || fail "the target was read back to byte $(position 4) only"
  target_sha256=$sum
  [ "$sha256" = "$target_sha256" ] || fail 'the target reads back otherwise'
  copied=true
}

trap finish EXIT
trap 'fail interrupted' HUP INT TERM

[ -n "${id%%-*}" ] && [ "$id" = "$UNLATCH_CASE" ] || fail 'invalid case'
is_number "$size" && [ "$size" -ge 1048576 ] && [ $((size % 512)) -eq 0 ] || fail 'invalid size'
is_number "$run_seconds" && [ "$run_seconds" -gt 0 ] || fail 'invalid time limit'
is_number "$wait_seconds" || fail 'invalid time to wait'
for tool in dd tee sort stat readlink sed; do has "$tool" || fail "no $tool"; done
[ "$(checksum </dev/null | cut -c1-8)" = e3b0c442 ] || fail 'no tool for SHA-256'
deadline=$((begun + run_seconds - run_seconds / 50 - 2))

on_host=1 root=''
[ -z "${UNLATCH_ROOT:-}" ] || { on_host='' && root=$(cd -P -- "$UNLATCH_ROOT" && pwd -P); } || fail 'invalid root'
root=${root%/}

[ "${UNLATCH_SOURCE_VOLUME:-}" != "${UNLATCH_TARGET_VOLUME:-}" ] || fail 'the target is the source'
locate source "${UNLATCH_SOURCE_VOLUME:-}"
source=$device source_name=${device##*/}
locate target "${UNLATCH_TARGET_VOLUME:-}"
target=$device target_name=${device##*/}
[ "$source" != "$target" ] || fail 'the target is the source'

# Opened once: whatever happens to names meanwhile, what was inspected is what is read and written. A shell may end
# where a redirection of `exec` fails.
failure='the source cannot be opened'
exec 5<"$source" || exit 1
failure='the target cannot be opened'
exec 4<"$target" || exit 1
failure=''
inspect source 5 "$source_name"
inspect target 4 "$target_name"
refuse_used
failure='the target cannot be written'
exec 3<>"/proc/$$/fd/4" || exit 1
failure=''

has renice && renice -n 10 -p "$$" >/dev/null 2>&1
has ionice && ionice -c 2 -n 7 -p "$$" >/dev/null 2>&1

# In the background, for a shell handles no signal while a foreground command runs. The agent cancels by SIGKILL to the
# process group (amazon-ssm-agent, agent/executers/executers_unix.go), which this leaves together.
(
  trap - HUP INT TERM
  trap finish EXIT
  work
) </dev/null &
worker=$!
(
  while kill -0 "$$" && [ "$(now)" -lt "$deadline" ]; do sleep 1; done
  ! kill -0 "$$" || kill_tree "$worker"
) </dev/null >/dev/null 2>&1 3>&- 4<&- 5<&- & # its last `sleep` outlives this, and would keep the disks open
timer=$!
wait "$worker" 2>/dev/null
code=$?
if [ "$code" -le 1 ]; then # it has told its result
  trap - EXIT
  kill -KILL "$timer" 2>/dev/null
  exit "$code"
fi
[ "$(now)" -lt "$deadline" ] || fail 'out of time'
fail 'the copy was ended from outside'
