-- Only while one pepper is in use: without the keys' ids nothing tells which of several made a hash.
DROP INDEX IF EXISTS refresh_tokens_without_key;
ALTER TABLE devices DROP CONSTRAINT devices_by_destination;
ALTER TABLE audit_events DROP COLUMN seal_key;
ALTER TABLE refresh_tokens DROP COLUMN successor_key;
ALTER TABLE challenges DROP COLUMN code_key;
ALTER TABLE challenges DROP COLUMN fingerprint_key;
ALTER TABLE devices DROP COLUMN token_fingerprint_key;
ALTER TABLE proofs DROP COLUMN fingerprint_key;
ALTER TABLE users DROP COLUMN phone_fingerprint_key;
ALTER TABLE users DROP COLUMN email_fingerprint_key;
