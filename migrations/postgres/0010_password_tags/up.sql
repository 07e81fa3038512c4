-- The first 32 bits of a digest of the password. Accounts of before have none.
ALTER TABLE break_glass_accounts ADD COLUMN password_tag bigint CHECK (password_tag BETWEEN 0 AND 4294967295);
