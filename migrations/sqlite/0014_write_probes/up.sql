-- Where the server tries, every few seconds, whether the file can be written (adr/0034).
CREATE TABLE write_probes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    filler BLOB NOT NULL
) STRICT;
