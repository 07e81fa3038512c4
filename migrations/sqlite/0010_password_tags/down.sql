ALTER TABLE break_glass_accounts DROP COLUMN password_tag;
