-- What lists of people are answered from (adr/0022), however many people there are. The column is filled, and the indexes
-- are built, after this transaction and without locking the table (adr/0034).

-- The channels that an active person proved, as bits: 1 e-mail, 2 text messages, 4 push. 0 of whoever is not active. The
-- triggers below keep it, so that it follows what any release of Muster writes.
ALTER TABLE users ADD COLUMN reach smallint NOT NULL DEFAULT 0 CHECK (reach BETWEEN 0 AND 7);

CREATE FUNCTION reach_of(person uuid, active boolean, email_fingerprint bytea, phone_fingerprint bytea) RETURNS smallint
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN NOT $2 THEN 0::smallint ELSE (
        EXISTS (SELECT FROM proofs p WHERE p.user_id = $1 AND p.method = 'email' AND p.fingerprint = $3)::int
        + 2 * EXISTS (SELECT FROM proofs p WHERE p.user_id = $1 AND p.method = 'sms' AND p.fingerprint = $4)::int
        + 4 * EXISTS (SELECT FROM devices d WHERE d.user_id = $1 AND d.verified_at IS NOT NULL)::int
    )::smallint END
$$;
-- After the update and not before it: a trigger before it would have each update of a person lock them as if their key
-- changed, and whatever refers to them would wait.
CREATE FUNCTION keep_own_reach() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE users SET reach = now.reach
    FROM (SELECT reach_of(NEW.id, NEW.active, NEW.email_fingerprint, NEW.phone_fingerprint) AS reach) AS now
    WHERE users.id = NEW.id AND users.reach <> now.reach;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_reach AFTER UPDATE ON users FOR EACH ROW
    WHEN ((OLD.active, OLD.email_fingerprint, OLD.phone_fingerprint)
        IS DISTINCT FROM (NEW.active, NEW.email_fingerprint, NEW.phone_fingerprint))
    EXECUTE FUNCTION keep_own_reach();

-- The person is locked first, and their proofs are read by the next statement: it sees whatever was written by those who
-- had to be waited for.
CREATE FUNCTION keep_reach() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    person uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.user_id ELSE NEW.user_id END;
BEGIN
    PERFORM FROM users WHERE id = person FOR NO KEY UPDATE;
    UPDATE users SET reach = now.reach
    FROM (SELECT reach_of(id, active, email_fingerprint, phone_fingerprint) AS reach FROM users WHERE id = person OFFSET 0)
        AS now
    WHERE users.id = person AND users.reach <> now.reach;
    RETURN NULL;
END
$$;
CREATE TRIGGER proofs_reach AFTER INSERT OR DELETE ON proofs FOR EACH ROW EXECUTE FUNCTION keep_reach();
CREATE TRIGGER proofs_reach_again AFTER UPDATE ON proofs FOR EACH ROW
    WHEN (OLD.fingerprint <> NEW.fingerprint) EXECUTE FUNCTION keep_reach();
CREATE TRIGGER devices_reach AFTER INSERT ON devices FOR EACH ROW
    WHEN (NEW.verified_at IS NOT NULL) EXECUTE FUNCTION keep_reach();
CREATE TRIGGER devices_reach_again AFTER UPDATE ON devices FOR EACH ROW
    WHEN ((OLD.verified_at IS NULL) <> (NEW.verified_at IS NULL)) EXECUTE FUNCTION keep_reach();
CREATE TRIGGER devices_reach_no_more AFTER DELETE ON devices FOR EACH ROW
    WHEN (OLD.verified_at IS NOT NULL) EXECUTE FUNCTION keep_reach();

-- Every one, two and three characters that stand beside each other in a text.
CREATE FUNCTION search_grams(searched text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    letters text[] := string_to_array(searched, NULL);
    grams text[] := letters;
BEGIN
    FOR i IN 2 .. cardinality(letters) LOOP
        grams := grams || (letters[i - 1] || letters[i]);
        IF i > 2 THEN
            grams := grams || (letters[i - 2] || letters[i - 1] || letters[i]);
        END IF;
    END LOOP;
    RETURN grams;
END
$$;
