# Sourced. Four NICs whose drivers do zero-copy, in two joined pairs, for run-guest.

models_igb() { "$1" -device igb,help 2>&1 | grep -q '^igb options'; }

newer_qemu() { # sets QEMU and MORE to one that models igb, if there is one
  models_igb "${QEMU:-qemu-system-x86_64}" && return
  local at=$VM_CACHE/qemu
  if [ ! -e "$at/ok" ]; then
    # shellcheck source=lib/apt.sh
    (. "$VM_HOME/lib/apt.sh"; apt_ready; s=bookworm-backports
     unpack "$at" qemu-system-x86/$s qemu-system-common/$s qemu-system-data/$s seabios) && touch "$at/ok" || return 1
  fi
  QEMU=$at/usr/bin/qemu-system-x86_64 MORE="-L $at/usr/share/qemu -L $at/usr/share/seabios"
  export QEMU QEMU_MODULE_DIR=$at/usr/lib/x86_64-linux-gnu/qemu
  models_igb "$QEMU"
}

nics() { # virtio or igb -> NICS (options of run-guest), MODULE; fails if no qemu here models it
  local pair=virtio-net-pci,disable-legacy=on,iommu_platform=on n nics MORE=''
  case $1 in
    virtio) MODULE=virtio_net NICS=(-p $pair -p $pair) ;;
    igb)
      newer_qemu || return 1
      nics=$MORE
      for n in 0 1 2 3; do # each behind a port of its own, or their virtual functions collide
        nics+=" -device pcie-root-port,id=port$n,chassis=$n,slot=$n -netdev hubport,id=net$n,hubid=$((n / 2))"
        nics+=" -device igb,netdev=net$n,bus=port$n,mac=52:54:00:00:01:0$n"
      done
      MODULE=igb NICS=(-q "$nics") ;;
    *) die "unknown driver $1" ;;
  esac
}
