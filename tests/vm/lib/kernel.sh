# Sourced after apt.sh. Kernels (uncompressed, with modules), their headers, and the initramfs, all in VM_CACHE.

resolve() { # suite or release -> KREL
  local memo=$VM_CACHE/suite-$K version
  case $K in *[0-9].[0-9]*) KREL=$K; return ;; esac
  if [ ! -s "$memo" ]; then
    apt_ready
    version=$(apt-cache "${APT[@]}" madison linux-image-amd64 | awk -v s="$K" -F'[|]' \
      '{gsub(/ /,"",$2); split($3,a," "); if (a[2]==s"/main" || a[2]==s"-security/main") {print $2; exit}}')
    [ -n "$version" ] || die "no kernel in $K"
    apt-cache "${APT[@]}" show "linux-image-amd64=$version" | grep -oE 'linux-image-[0-9][^ ,]*' | head -1 | sed 's/linux-image-//' >"$memo"
  fi
  KREL=$(cat "$memo")
}

tools() { # static busybox for the initramfs, and kmod
  [ -x "$VM_CACHE/tools/bin/kmod" ] && return
  apt_ready; rm -rf "$VM_CACHE/tools.new"; mkdir -p "$VM_CACHE/tools.new"
  unpack "$VM_CACHE/tools.new" busybox-static/bookworm kmod/bookworm libkmod2/bookworm
  mv "$VM_CACHE/tools.new" "$VM_CACHE/tools"
}

kmod_as() { # NAME ARG...: kmod under one of its names
  local name=$1; shift
  ln -sf "$VM_CACHE/tools/bin/kmod" "$KDIR/$name"
  LD_LIBRARY_PATH=$VM_CACHE/tools/usr/lib/x86_64-linux-gnu "$KDIR/$name" "$@"
}

kernel() { # -> KDIR
  local p packages=("linux-image-$KREL")
  KDIR=$VM_CACHE/kernel/$KREL
  tools
  [ -e "$KDIR/ok" ] && return
  apt_ready; rm -rf "$KDIR"; mkdir -p "$KDIR"
  for p in $(depends "linux-image-$KREL"); do
    case $p in linux-binary-* | linux-modules-* | linux-base-*) packages+=("$p") ;; esac
  done
  unpack "$KDIR" "${packages[@]}"
  [ -d "$KDIR/lib/modules" ] || { mkdir -p "$KDIR/lib"; ln -s ../usr/lib/modules "$KDIR/lib/modules"; }
  kmod_as depmod -b "$KDIR" "$KREL"
  uncompress_kernel "$(find "$KDIR" -name 'vmlinuz*' -type f | head -1)"
  touch "$KDIR/ok"
}

extra_modules() { # FILE.ko...: depmod is slow in a guest, so it is done here
  local at=$KDIR/lib/modules/$KREL/extra file new=
  for file in "$@"; do cmp -s "$file" "$at/$(basename "$file")" || new=1; done
  [ -n "$new" ] || return 0
  mkdir -p "$at"; cp "$@" "$at/"
  kmod_as depmod -b "$KDIR" "$KREL"
}

uncompress_kernel() { # IMAGE: an ELF kernel is entered by PVH and skips the decompressor, which is slow in emulation
  local magic offset
  for magic in '\xfd7zXZ\x00:xz -dc' '\x28\xb5\x2f\xfd:zstd -dcq' '\x02\x21\x4c\x18:lz4 -dc' '\x1f\x8b\x08:gzip -dcq'; do
    for offset in $(LC_ALL=C grep -aobUP "${magic%%:*}" "$1" | cut -d: -f1); do
      tail -c +$((offset + 1)) "$1" | ${magic#*:} >"$KDIR/vmlinux" 2>/dev/null || true
      [ "$(head -c4 "$KDIR/vmlinux" | od -An -tx1 | tr -d ' \n')" = 7f454c46 ] && return
    done
  done
  cp "$1" "$KDIR/vmlinux"
}

BOOT_MODULES="virtio_pci virtio_console 9p 9pnet_virtio overlay"

initramfs() { # -> INITRD; made anew when guest/init changes
  local tree=$KDIR/initramfs.tree n=0 module name
  INITRD=$KDIR/initramfs-$(sha256sum <"$VM_HOME/guest/init" | cut -c1-12).img
  [ -e "$INITRD" ] && return
  rm -rf "$tree"; mkdir -p "$tree"/{bin,m,proc,sys,dev,lower,rw,ctl,new}
  cp "$VM_CACHE/tools/bin/busybox" "$tree/bin/"
  # shellcheck disable=SC2086
  kmod_as modprobe -d "$KDIR" -S "$KREL" -aq --show-depends $BOOT_MODULES | awk '$1=="insmod" && !s[$2]++ {print $2}' >"$KDIR/boot-modules"
  while read -r module; do
    n=$((n + 1)); name=$(printf '%s/m/%02d-%s' "$tree" $n "$(basename "$module")")
    case $module in
      *.xz) xz -dc "$module" >"${name%.xz}" ;;
      *.zst) zstd -dcq "$module" >"${name%.zst}" ;;
      *) cp "$module" "$name" ;;
    esac
  done <"$KDIR/boot-modules"
  install -m 755 "$VM_HOME/guest/init" "$tree/init"
  (cd "$tree" && find . | LC_ALL=C sort | "$VM_CACHE/tools/bin/busybox" cpio -o -H newc 2>/dev/null) >"$INITRD.new"
  rm -rf "$tree"; mv "$INITRD.new" "$INITRD"
}

headers() { # -> HDIR, a build directory for external modules
  local root=$VM_CACHE/headers/$KREL p target packages=("linux-headers-$KREL")
  HDIR=$root/usr/src/linux-headers-$KREL
  [ -e "$root/ok" ] && return
  apt_ready; rm -rf "$root"; mkdir -p "$root"
  for p in $(depends "linux-headers-$KREL"); do
    case $p in linux-headers-*-common | linux-headers-*-common-rt | linux-kbuild-*) packages+=("$p") ;; esac
  done
  unpack "$root" "${packages[@]}"
  # The packages name each other by absolute path: those names are pointed into the cache.
  grep -rlIE '(^|[ =])/usr/(src/linux-headers|lib/linux-kbuild)' "$root"/usr/src/linux-headers-*/{Makefile,.kernelvariables,scripts/Makefile*} 2>/dev/null |
    xargs -r sed -i -E "s#(^|[ =])/usr/(src/linux-headers|lib/linux-kbuild)#\1$root/usr/\2#g"
  find "$root" -type l | while read -r p; do
    target=$(readlink "$p"); case $target in /usr/*) ln -sfn "$root$target" "$p" ;; esac
  done
  touch "$root/ok"
}
