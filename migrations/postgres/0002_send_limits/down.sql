DROP TABLE send_refusals;
DROP TABLE send_counts;
ALTER TABLE challenges DROP COLUMN streak;
ALTER TABLE challenges DROP COLUMN resend_after;
