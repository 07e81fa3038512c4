-- A refresh notes when its session was last used. While no index has that, the row's new version stays on its page
-- where there is room, and no index learns of it (a heap-only tuple). What a person has of sessions is sorted in no time.
CREATE INDEX sessions_of_user ON sessions (user_id);
DROP INDEX sessions_by_user;
ALTER TABLE sessions SET (fillfactor = 80);
