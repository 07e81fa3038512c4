ALTER TABLE sessions RESET (fillfactor);
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user_id, last_used_at DESC, id DESC);
DROP INDEX IF EXISTS sessions_of_user;
