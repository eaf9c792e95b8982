#!/bin/bash
# In a guest with the module and the plugin installed: what operators type, literally, and what they must see.
# Everything here is text and firewall rules; packets are tried by the Rust tests.
set -u
fails=0 passes=0
ok() { passes=$((passes + 1)); }
bad() { fails=$((fails + 1)); echo "FAILED: $*"; }
is() { if [ "$2" = "$3" ]; then ok; else bad "$1: expected [$3], got [$2]"; fi; }                  # WHAT GOT EXPECTED
works() { local out; if out=$("$@" 2>&1); then ok; else bad "$*: $out"; fi; }
fails() { local want=$1 out; shift; if out=$("$@" 2>&1); then bad "$* should fail"; else case $out in *"$want"*) ok ;; *) bad "$*: expected [$want] in [$out]" ;; esac; fi; }
say() { bash -c "echo '$1' > /proc/rtpengine/control"; }
mode() { stat -c %a "/proc/rtpengine/$1"; }

works modprobe xt_RTPENGINE
is "control's mode" "$(mode control)" 220
is "list's mode" "$(mode list)" 444
is "tables after loading" "$(cat /proc/rtpengine/list)" ""

# Rules before tables, in INPUT and in a chain of one's own, with both iptables.
for tables in iptables ip6tables; do
  works $tables -I INPUT -p udp -j RTPENGINE --id 42
  works $tables -N rtpengine
  works $tables -A INPUT -p udp --dport 30000:40000 -j rtpengine
  works $tables -A rtpengine -j RTPENGINE --id 7
  case $($tables -L INPUT -n) in *"RTPENGINE id:42"*) ok ;; *) bad "$tables -L does not show the rule" ;; esac
  saved=$($tables-save)
  case $saved in *"-A INPUT -p udp -j RTPENGINE --id 42"*"-A rtpengine -j RTPENGINE --id 7"*) ok ;; *) bad "$tables-save: $saved" ;; esac
  works $tables -F; works $tables -X
  works $tables-restore <<<"$saved"
  is "$tables round trip" "$($tables-save | grep -- -j)" "$(grep -- -j <<<"$saved")"
done
for tables in iptables-legacy ip6tables-legacy; do
  works $tables -I INPUT -p udp -j RTPENGINE --id 42
  fails "" $tables -I FORWARD -p udp -j RTPENGINE --id 42
  fails "" $tables -t mangle -I PREROUTING -p udp -j RTPENGINE --id 42
  case $($tables-save) in *"-A INPUT -p udp -j RTPENGINE --id 42"*) ok ;; *) bad "$tables-save" ;; esac
done
fails "" iptables -I INPUT -p udp -j RTPENGINE --id 64
fails "--id" iptables -I INPUT -p udp -j RTPENGINE
is "rules do not make tables" "$(cat /proc/rtpengine/list)" ""

works say 'add 42'
is "list" "$(cat /proc/rtpengine/list)" 42
is "files" "$(cd /proc/rtpengine/42 && echo *)" "blist control list stats status"
is "directory's mode" "$(mode 42)" 555
is "modes" "$(cd /proc/rtpengine/42 && stat -c %a blist control list stats status | xargs)" "444 660 444 444 444"
is "status" "$(cat /proc/rtpengine/42/status)" "Refcount:    1
Control PID: 0
Targets:     0"
is "flows" "$(cat /proc/rtpengine/42/list)" ""
is "rules that name it" "$(awk '$1=="rules"{print $2}' /proc/rtpengine/42/stats)" 4
fails "File exists" say 'add 42'
fails "No such file or directory" say 'del 7'
fails "Invalid argument" say bogus
fails "Invalid argument" say 'add 64'
fails "Invalid argument" say 'add 4x'
works say 'add 63'; works say 'add 0'
is "list of three" "$(xargs </proc/rtpengine/list)" "0 42 63"
works say 'del 63'; works say 'del 0'
# As many as there are numbers, and not one twice.
fails "File exists" bash -c 'for id in $(seq 0 63); do echo "add $id" > /proc/rtpengine/control || exit 1; done'
works bash -c 'for id in $(seq 42 63); do [ $id = 42 ] || echo "add $id" > /proc/rtpengine/control || exit 1; done'
is "list of all" "$(xargs </proc/rtpengine/list)" "$(seq -s ' ' 0 63)"
is "a folder for each" "$(cd /proc/rtpengine && echo [0-9]* | wc -w)" 64
works bash -c 'for id in $(seq 0 63); do [ $id = 42 ] || echo "del $id" > /proc/rtpengine/control || exit 1; done'
is "list of one" "$(cat /proc/rtpengine/list)" 42

fails "in use" rmmod xt_RTPENGINE
works say 'del 42'
is "list after del" "$(cat /proc/rtpengine/list)" ""
fails "in use" rmmod xt_RTPENGINE
for tables in iptables ip6tables iptables-legacy ip6tables-legacy; do works $tables -F; done
for try in $(seq 50); do rmmod xt_RTPENGINE 2>/dev/null && break; sleep .1; done # rules of nftables go after a grace period
[ -e /proc/rtpengine ] && bad "the module does not go" || ok
works modprobe xt_RTPENGINE
echo "workflow: $passes passed, $fails failed"
[ $fails = 0 ]
