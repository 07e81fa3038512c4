-- What the directory sent as contacts, where it is not what was understood (adr/0032).
ALTER TABLE users ADD COLUMN email_given TEXT;
ALTER TABLE users ADD COLUMN phone_given TEXT;
