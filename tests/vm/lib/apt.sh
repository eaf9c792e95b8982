# Sourced. A private apt (all suites, nothing of this machine's apt is touched) that fetches and unpacks packages.
# Needs: VM_CACHE (absolute). Sources and key are those of the machine's own Debian entry.

APT_HOME=$VM_CACHE/apt
apt_options() { # HOME: options that keep apt's state under HOME
  printf '%s\n' -o "Dir::State=$1/state" -o "Dir::State::status=$1/state/status" -o "Dir::Cache=$1/cache" \
    -o "Dir::Cache::archives=$1/cache/archives" -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin \
    -o "Dir::Etc::sourcelist=$1/sources.list" -o "Dir::Etc::sourceparts=$1/none" -o "Dir::Etc::preferencesparts=$1/none" \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Dpkg::Use-Pty=0 -qq
}
mapfile -t APT < <(apt_options "$APT_HOME")

apt_sources() { # one line for each suite the guests may use
  local entry=/etc/apt/sources.list.d/debian.sources uris key s
  [ -e "$entry" ] || die "no $entry to take the Debian mirror from"
  mapfile -t uris < <(awk '/^URIs:/{print $2}' "$entry")
  key=$(awk '/^Signed-By:/{print $2; exit}' "$entry")
  for s in bookworm bookworm-backports trixie trixie-backports sid; do echo "deb [signed-by=$key] ${uris[0]} $s main"; done
  for s in bookworm-security trixie-security; do echo "deb [signed-by=$key] ${uris[1]:-${uris[0]}-security} $s main"; done
}

apt_ready() {
  [ -e "$APT_HOME/ok" ] && return
  mkdir -p "$APT_HOME"/{state/lists/partial,cache/archives/partial,none}
  : >"$APT_HOME/state/status"
  apt_sources >"$APT_HOME/sources.list"
  apt-get "${APT[@]}" update >&2 || [ -n "$(ls "$APT_HOME"/state/lists/*Packages* 2>/dev/null)" ] || die "apt update failed"
  touch "$APT_HOME/ok"
}

fetch() { # PACKAGE...: downloads into debs/, prints the file names
  local p f
  mkdir -p "$VM_CACHE/debs"
  for p in "$@"; do
    f=$(cd "$APT_HOME/none" && apt-get "${APT[@]}" --print-uris download "$p" 2>/dev/null | awk '{print $2}') || true
    [ -n "$f" ] || die "no package $p"
    [ -e "$VM_CACHE/debs/$f" ] || (cd "$VM_CACHE/debs" && apt-get "${APT[@]}" download "$p" >&2)
    echo "$VM_CACHE/debs/$f"
  done
}

unpack() { # DIRECTORY PACKAGE...: no maintainer scripts are run
  local into=$1 list deb; shift
  list=$(fetch "$@") || exit 2
  while read -r deb; do dpkg -x "$deb" "$into"; done <<<"$list"
}

depends() { # PACKAGE: names of its direct dependencies
  apt-cache "${APT[@]}" show "$1" | awk '/^Depends:/{gsub(/[(][^)]*[)]/,""); sub(/^Depends: /,""); gsub(/,/," "); print; exit}'
}
