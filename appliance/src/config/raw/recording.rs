//! Recording.

use super::schema::define_section;

define_section! {
    /// Recording of calls (`start recording`, `record-call`): a pcap file for each, and a text file that says of which call.
    pub struct Recording {
        /// The folder for recordings. Packets are written to `tmp` in it and moved to `pcaps` when the recording ends;
        /// the texts are in `metadata`. Without it: nothing is recorded.
        folder: Option<String> = None, "\"/var/spool/rtpengine\"";
        /// What a packet in a file begins with: `raw` (its IP header) or `eth` (an Ethernet header before that).
        format: String = "raw".to_owned();
        /// Record what leaves to the parties instead of what comes from them.
        egress: bool = false;
        /// Record both. Every packet that is passed on is in the file twice then.
        both: bool = false;
        /// Names of files below `pcaps`, without `.pcap`: %c Call-ID, %r random digits (must be there), %t tag of who called,
        /// %l its label, %{KEY} value of KEY in `metadata=KEY:VALUE|KEY:VALUE`, %Y %m %d %H %M %S %N date and time (UTC), %u
        /// seconds since 1970, %% a percent sign. A slash makes folders.
        pattern: String = "%c-%r".to_owned();
        /// Who may read and write files, in octal.
        file_mode: String = "0640".to_owned();
        /// The same for folders.
        folder_mode: String = "0750".to_owned();
        /// `pcap`. With `proc` and `all`, as rtpengine has them, it is recorded to pcap files too.
        method: String = "pcap".to_owned();
        /// Upload recordings when they end: URL of a server that speaks S3. Needs `s3-bucket` and `s3-credentials`. Without
        /// it: they stay in the folder.
        s3_endpoint: Option<String> = None, "\"https://s3.example.com\"";
        /// The bucket.
        s3_bucket: Option<String> = None, "\"recordings\"";
        /// Its region.
        s3_region: String = "us-east-1".to_owned();
        /// What names in the bucket begin with; behind it is the path below the folder.
        s3_prefix: String = String::new();
        /// File with lines `aws_access_key_id = …` and `aws_secret_access_key = …`. Without it: the environment
        /// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).
        s3_credentials: Option<String> = None, "\"/etc/rtpengine/s3\"";
        /// File with certificates (PEM) of who may have signed the server's. Without it: those that the system trusts.
        s3_authority: Option<String> = None, "\"/etc/rtpengine/s3-ca.pem\"";
        /// The bucket is in the path of the URL. `false`: in the host's name.
        s3_path_style: bool = true;
        /// Keep files that were uploaded.
        s3_keep: bool = false;
    }
}
