//! What there is to say.

/// What `help` prints.
pub(super) const HELP: &str = "\
usage                              all of this with what upstream has too
list numsessions                   how many calls there are
list sessions all|own|CALLID       calls, or one call in full
list totals                        what was counted since the start
list counters                      packets per second
list interfaces                    addresses and their ports
list jsonstats                     all statistics as JSON
list maxsessions                   and the other limits and timeouts: see `usage`
list loglevels                     parts of the daemon that have a log level
list paths                         who carries how many streams, and why; how NIC queues are used
list handshakes                    what ICE and DTLS came to
list oneway                        who is not heard now, and why
list recordings                    calls that are recorded, what is written, lost and uploaded
list streams N                     N streams with what is measured of them, as JSON
list drain                         whether new calls are refused
set NAME VALUE                     another limit, timeout or log level
params start|current|diff|revert   limits, timeouts and log levels, then and now
explain CALLID                     in plain words: who carries each stream and why, and who is not heard
trace CALLID                       the packets of a call, in clear where we have the keys (rtpengine-ctl writes a file)
drain [exit|stay]                  refuse new calls; the daemon ends with the last call, or stays
undrain                            take new calls again
terminate CALLID|all|own           end calls now
call CALLID info|terminate|debug   one call; also tag TAG info
debug CALLID on|off                log the messages of a call
help                               this list
";

const LISTED: &str = "        \
numsessions                               : print the number of sessions
        sessions <callid> | all | own | foreign   : list sessions, or print one in full
        totals                                    : print total statistics
        counters                                  : print per-second counters
        maxopenfiles                              : print how many files may be open
        maxsessions                               : print how many sessions there may be
        maxcpu                                    : print the CPU usage past which calls are refused
        maxload                                   : print the load average past which calls are refused
        maxbw                                     : print the bandwidth past which calls are refused
        timeout                                   : print the timeout parameter
        silenttimeout                             : print the silent-timeout parameter
        offertimeout                              : print the offer-timeout parameter
        finaltimeout                              : print the final-timeout parameter
        loglevels                                 : list parts that have a log level
        loglevel [<system>]                       : print all log levels, or one
        redisallowederrors                        : print the redis-allowed-errors parameter
        redisdisabletime                          : print the redis-disable-time parameter
        redisconnecttimeout                       : print the redis-connect-timeout parameter
        rediscmdtimeout                           : print the redis-cmd-timeout parameter
        controltos                                : print the control-tos parameter
        deletedelay                               : print the delete-delay parameter
        interfaces                                : print addresses and their ports
        jsonstats                                 : print total statistics in JSON format
        transcoders                               : print transcoding statistics
        paths                                     : print who carries how many streams, and why
        handshakes                                : print what ICE and DTLS came to
        oneway                                    : print who is not heard now, and why
        recordings                                : print calls that are recorded
        streams [<uint>]                          : print streams with what is measured, as JSON
        drain                                     : print whether new calls are refused
";

/// What `usage` prints.
pub(super) fn usage() -> String {
    format!(
        "    Supported commands are:

    usage                                         : print this list
    help                                          : print a short list

    list <option>
{LISTED}
    terminate <callid> | all | own | foreign      : end one call, or all of a kind

    set <option>
        maxopenfiles <uint>                       : set how many files may be open
        maxsessions <int>                         : set how many sessions there may be, -1 for any number
        maxcpu <float>                            : set the CPU usage past which calls are refused
        maxload <float>                           : set the load average past which calls are refused
        maxbw <uint>                              : set the bandwidth past which calls are refused
        timeout <uint>                            : set the --timeout parameter
        silenttimeout <uint>                      : set the --silent-timeout parameter
        offertimeout <uint>                       : set the --offer-timeout parameter
        finaltimeout <uint>                       : set the --final-timeout parameter
        loglevel <uint> | <sys> <uint>            : set all log levels, or one
        controltos <uint>                         : set the --control-tos parameter
        deletedelay <uint>                        : set the --delete-delay parameter

    get <option>
{LISTED}
    params <option>
        start                                     : print the values of the start
        current                                   : print the values of now
        diff                                      : print what has changed since the start
        revert                                    : set everything back to the values of the start

    ksadd <uint> | ksrm <uint> | kslist           : keyspaces of Redis (not available in this build)
    active | standby                              : make all calls owned (foreign ones there are none)

    debug <callid> on | off                       : log the messages of a call, or do not any more

    call <callid> <option>
        info                                      : print the call in full
        terminate                                 : end it
        debug on | off                            : log its messages
        tag <tag> info                            : print one party

    explain <callid>                              : say who carries each stream and why, and who is not heard
    trace <callid>                                : print packets (start, read, stop: what rtpengine-ctl sends)
    drain [exit | stay]                           : refuse new calls; end with the last one, or stay
    undrain                                       : take new calls again
"
    )
}
