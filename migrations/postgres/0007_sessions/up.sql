-- A refresh notes when its session was last used. While no index has that, the row's new version stays on its page
-- where there is room, and no index learns of it (a heap-only tuple). The index that has it, sessions_by_user, is dropped
-- once sessions_live_of_user of 0009 is there (adr/0034).
ALTER TABLE sessions SET (fillfactor = 80);
