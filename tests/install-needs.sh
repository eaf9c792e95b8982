#!/bin/bash
# Installs the Debian packages that `make demo`, `make test`, `tests/vm/run` or `make test-packages` need and that are missing. Again: nothing to do.
#   tests/install-needs.sh demo|test|vm|packages
# Without root or apt it says what is missing and goes on (status 0): tests that need it skip and say why.
set -uo pipefail

# The XDP program is C too, the libraries that load it are built from source, and there is OpenSSL.
build=(gcc libc6-dev m4 clang libclang-dev libelf-dev zlib1g-dev libssl-dev pkg-config)
demo=(iproute2 ethtool)
# The proxies and callers of the interop tests, firewall tools, a second SRTP and DTLS to compare ours with, and who
# speaks WebRTC: a browser, and Python for aiortc. Prometheus for our rules, node for a decoder of HEP and a server that
# speaks S3, a terminal, and tshark for traces and recordings.
test=(make openssl valgrind kamailio sip-tester nftables iptables libsrtp2-dev chromium python3-venv prometheus nodejs npm
	tmux tshark)

# What guests need (tests/vm): the emulator, what builds the module and its plugin, and what is typed in there.
vm=(qemu-system-x86 make xz-utils zstd binutils sparse libxtables-dev iptables nftables kmod)

# What builds the packages (packaging/build), looks at them, and makes the root they are installed in.
packages=(make debhelper dh-dkms dpkg-dev fakeroot libxtables-dev lintian rpm rpmlint debootstrap python3)

case ${1:-} in
	demo) wanted=("${build[@]}" "${demo[@]}") ;;
	test) wanted=("${build[@]}" "${demo[@]}" "${test[@]}") ;;
	vm) wanted=("${build[@]}" "${demo[@]}" "${vm[@]}") ;;
	packages) wanted=("${build[@]}" "${demo[@]}" "${packages[@]}") ;;
	*) echo "usage: ${0##*/} demo|test|vm|packages" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
	# Node from elsewhere than Debian brings npm along, and Debian's packages cannot stand beside it.
	case $package in nodejs) command -v node ;; npm) command -v npm ;; *) false ;; esac >/dev/null && continue
	status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)
	[[ $status == *' installed' ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "not installed (that takes root on Debian): ${missing[*]}"
	exit 0
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made_policy=
cleanup() {
	rm -f "$log"
	[ -z "$made_policy" ] || rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The tests start Kamailio themselves; its package must not start it as a service of this machine.
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made_policy=1
fi

export DEBIAN_FRONTEND=noninteractive
quiet() { # WHAT COMMAND…: shows WHAT and the seconds it takes; its output only if it fails
	local what=$1 start=$SECONDS pid
	shift
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	if [ -t 1 ]; then
		while kill -0 "$pid" 2>/dev/null; do
			printf '\r  %s … %d s\033[K' "$what" $((SECONDS - start))
			read -r -t 0.5 <> <(:) || true
		done
		printf '\r\033[K'
	fi
	if wait "$pid"; then
		echo "  $what: done in $((SECONDS - start)) s"
	else
		echo "  $what failed:" && tail -5 "$log"
		return 1
	fi
}

echo "Installing what is missing: ${missing[*]}"
quiet "reading package lists" apt-get update
install=(apt-get install -y --no-install-recommends)
quiet "installing ${#missing[@]} packages" "${install[@]}" "${missing[@]}" && exit 0
# One that cannot be had must not keep the others away.
for package in "${missing[@]}"; do
	quiet "installing $package" "${install[@]}" "$package" ||
		echo "Going on without $package; what needs it will say so."
done
exit 0
