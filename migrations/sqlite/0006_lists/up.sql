-- What lists of people are answered from (adr/0022), however many people there are.

-- The channels that an active person proved, as bits: 1 e-mail, 2 text messages, 4 push. 0 of whoever is not active. The
-- triggers below keep it, so that it follows what any release of Muster writes.
ALTER TABLE users ADD COLUMN reach INTEGER NOT NULL DEFAULT 0 CHECK (reach BETWEEN 0 AND 7);

-- What the column must be.
CREATE VIEW user_reach AS SELECT users.id, CASE WHEN NOT users.active THEN 0 ELSE
    EXISTS (SELECT 1 FROM proofs WHERE user_id = users.id AND method = 'email' AND fingerprint = users.email_fingerprint)
    + 2 * EXISTS (SELECT 1 FROM proofs WHERE user_id = users.id AND method = 'sms' AND fingerprint = users.phone_fingerprint)
    + 4 * EXISTS (SELECT 1 FROM devices WHERE user_id = users.id AND verified_at IS NOT NULL)
END AS reach FROM users;
UPDATE users SET reach = (SELECT user_reach.reach FROM user_reach WHERE user_reach.id = users.id);

CREATE TRIGGER users_reach AFTER UPDATE OF active, email_fingerprint, phone_fingerprint ON users FOR EACH ROW
BEGIN
    UPDATE users SET reach = (SELECT reach FROM user_reach WHERE id = NEW.id) WHERE id = NEW.id;
END;
CREATE TRIGGER proofs_reach AFTER INSERT ON proofs FOR EACH ROW
BEGIN
    UPDATE users SET reach = (SELECT reach FROM user_reach WHERE id = NEW.user_id) WHERE id = NEW.user_id;
END;
CREATE TRIGGER proofs_reach_again AFTER UPDATE ON proofs FOR EACH ROW
BEGIN
    UPDATE users SET reach = (SELECT reach FROM user_reach WHERE id = NEW.user_id) WHERE id = NEW.user_id;
END;
CREATE TRIGGER proofs_reach_no_more AFTER DELETE ON proofs FOR EACH ROW
BEGIN
    UPDATE users SET reach = (SELECT reach FROM user_reach WHERE id = OLD.user_id) WHERE id = OLD.user_id;
END;
CREATE TRIGGER devices_reach AFTER INSERT ON devices FOR EACH ROW
    WHEN NEW.verified_at IS NOT NULL
BEGIN
    UPDATE users SET reach = (SELECT reach FROM user_reach WHERE id = NEW.user_id) WHERE id = NEW.user_id;
END;
CREATE TRIGGER devices_reach_again AFTER UPDATE ON devices FOR EACH ROW
    WHEN (OLD.verified_at IS NULL) <> (NEW.verified_at IS NULL)
BEGIN
    UPDATE users SET reach = (SELECT reach FROM user_reach WHERE id = NEW.user_id) WHERE id = NEW.user_id;
END;
CREATE TRIGGER devices_reach_no_more AFTER DELETE ON devices FOR EACH ROW
    WHEN OLD.verified_at IS NOT NULL
BEGIN
    UPDATE users SET reach = (SELECT reach FROM user_reach WHERE id = OLD.user_id) WHERE id = OLD.user_id;
END;

CREATE INDEX users_listed ON users (user_name_key) WHERE source = 'scim' AND removed_at IS NULL;
CREATE INDEX users_listed_by_reach ON users (active, reach, user_name_key) WHERE source = 'scim' AND removed_at IS NULL;
CREATE INDEX users_listed_admins ON users (user_name_key)
    WHERE source = 'scim' AND removed_at IS NULL AND role = 'admin';
