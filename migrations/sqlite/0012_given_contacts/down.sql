ALTER TABLE users DROP COLUMN phone_given;
ALTER TABLE users DROP COLUMN email_given;
