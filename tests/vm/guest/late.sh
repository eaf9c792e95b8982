#!/bin/bash
# In a guest, before the kernel has made its first AES-GCM: the module that it is made of comes later than the kernel waits
# for a cipher (a minute), as on a starved machine. Loading must work all the same, self tests included. Takes 70 seconds.
#   tests/vm/run-guest -k bookworm -s BUILD -x BUILD/xt_RTPENGINE.ko -- "bash $PWD/tests/vm/guest/late.sh" (BUILD: what `DEBUG=1 tests/vm/kbuild` prints)
set -u
grep -q '^name *: gcm(aes)' /proc/crypto && { echo "late: gcm(aes) is there already" >&2; exit 2; }
program=$(cat /proc/sys/kernel/modprobe)
cat >/run/late <<END
#!/bin/bash
[ "\${*: -1}" = crypto-gcm ] && { echo >>/run/was-late; sleep 65; }
exec $program "\$@"
END
chmod +x /run/late
echo /run/late >/proc/sys/kernel/modprobe
modprobe xt_RTPENGINE; rc=$?
echo "$program" >/proc/sys/kernel/modprobe
dmesg | grep 'selftest:'
[ -s /run/was-late ] || { echo "late: nobody asked for it" >&2; exit 2; }
[ $rc = 0 ] && echo "late: the module came, and its self tests passed"
exit $rc
