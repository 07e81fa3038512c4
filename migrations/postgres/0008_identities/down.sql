DROP TABLE known_names;
DROP TABLE identities;
ALTER TABLE users DROP COLUMN signed_in_first;
