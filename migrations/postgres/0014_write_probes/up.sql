-- Where servers try, every few seconds, whether the database can be written (adr/0034). Of PostgreSQL's it stays empty:
-- the attempt is rolled back. Values are stored as they are, so that they take the room that they say.
CREATE TABLE write_probes (filler bytea NOT NULL);
ALTER TABLE write_probes ALTER COLUMN filler SET STORAGE EXTERNAL;
