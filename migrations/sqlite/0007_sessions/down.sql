CREATE INDEX sessions_by_user ON sessions (user_id, last_used_at DESC, id DESC);
DROP INDEX sessions_of_user;
