-- A refresh notes when its session was last used. While no index has that, it writes to one page and not to two. What a
-- person has of sessions is sorted in no time.
CREATE INDEX sessions_of_user ON sessions (user_id);
DROP INDEX sessions_by_user;
